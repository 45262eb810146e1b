"""Are the settings right, and do they name what there is to do?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from warehouse.doctor.findings import Finding, error, failed, warning, well
from warehouse.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from warehouse.settings import Settings

SUBJECT = "settings"


def check_settings(load: Callable[[], Settings]) -> tuple[Settings | None, list[Finding]]:
    """Return what `load` returns and what is to be said of it, or None and every problem."""
    try:
        settings = load()
    except ConfigurationError as failure:
        return None, _itemize(failure)
    findings = [_check_instances(settings)]
    if settings.csa_secret_key is None:
        findings.append(
            warning(
                SUBJECT,
                "CSA_SECRET_KEY is not set; csa serve does not start without it.",
                'Make one: python -c "import secrets; print(secrets.token_urlsafe(32))".',
            )
        )
    return settings, findings


def _check_instances(settings: Settings) -> Finding:
    if not settings.instances:
        return error(
            SUBJECT,
            "No ERPNext instance is configured.",
            "Set ERP__<ID>__URL, ERP__<ID>__API_KEY and ERP__<ID>__API_SECRET in the environment "
            "or in .env, once for each ERPNext; <ID> is a short name of your choice.",
        )
    names = ", ".join(settings.instances)
    return well(SUBJECT, f"{len(settings.instances)} ERPNext configured: {names}.")


def _itemize(failure: ConfigurationError) -> list[Finding]:
    """Return one finding for each of the problems that `load_settings` puts into one error."""
    problems = failure.message.split("\n- ")[1:]
    if not problems:
        return [failed(SUBJECT, failure)]
    findings = []
    for variable, problem in zip(failure.context["variables"], problems, strict=True):
        what, _, cure = problem.removeprefix(variable).partition(". ")
        findings.append(error(SUBJECT, f"{variable}{what.removesuffix('.')}.", cure))
    return findings
