"""What an operator attests of an instance's apps: the hooks that `bench` printed.

Only DocTypes matter, not what a hook does: one that is hooked is not shown by roles. Frappe's own
hooks are known and left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from warehouse.access.hooks import is_judged
from warehouse.documents.access import AccessAttestation
from warehouse.errors import ConfigurationError

if TYPE_CHECKING:
    from datetime import datetime

HOOKS = ("has_permission", "permission_query_conditions", "override_doctype_class")
_OWN = "frappe."
_decoder = msgspec.json.Decoder(dict[str, dict[str, str | list[str]]])


def read_hooked(content: bytes) -> list[str]:
    """Return the DocTypes that the hooks of a file are for, "*" among them.

    Raises:
        ConfigurationError: if the file is not what `frappe.get_hooks` gives for `HOOKS`.
    """
    try:
        hooks = _decoder.decode(content)
    except msgspec.DecodeError as error:
        raise _refuse(f"it is not an object of hooks ({error})") from None
    if missing := [hook for hook in HOOKS if hook not in hooks]:
        raise _refuse(f"it lacks {', '.join(missing)}")
    hooked = {
        doctype
        for of_doctype in hooks.values()
        for doctype, methods in of_doctype.items()
        if not (is_judged(doctype) and _are_own(methods))
    }
    return sorted(hooked)


async def attest(instance: str, apps: dict[str, str], hooked: list[str], now: datetime) -> None:
    """Remember that `apps`, in these versions, hook `hooked` and nothing else."""
    values: dict[str, Any] = {"apps": apps, "hooked": hooked, "attested_at": now}
    await AccessAttestation.get_pymongo_collection().replace_one(
        {"_id": instance}, values, upsert=True
    )


def _are_own(methods: str | list[str]) -> bool:
    each = [methods] if isinstance(methods, str) else methods
    return all(method.startswith(_OWN) for method in each)


def _refuse(why: str) -> ConfigurationError:
    return ConfigurationError(
        f"The file attests nothing: {why}.", cure="docs/access.md says how bench writes it."
    )
