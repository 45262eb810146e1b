"""Examine one ERPNext instance; what concerns the whole site ends it early."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from warehouse.doctor.access import check_access_rules
from warehouse.doctor.address import check_address
from warehouse.doctor.catalog import is_refusal, read_catalog
from warehouse.doctor.findings import Finding, Status, error, failed, warning, well
from warehouse.doctor.reading import (
    Key,
    check_doctypes,
    check_permission_tables,
    check_user_permissions,
    give_role,
)
from warehouse.doctor.rules import ADMINISTRATOR, SYSTEM_MANAGER
from warehouse.erpnext.client import ErpClient
from warehouse.erpnext.retrying import RetryBudget
from warehouse.errors import ErpContractBroken, ErpError, ErpRejected, ErpUnauthorized

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    import httpx

    from warehouse.erpnext.retrying import Sleep
    from warehouse.settings import ErpInstance

RETRIES = 5
SUPPORTED_MAJORS = range(13, 17)


@dataclass(frozen=True, slots=True)
class Scope:
    """How far to look, and what a look takes from outside (tests inject their own)."""

    every_doctype: bool = False
    transport: httpx.AsyncBaseTransport | None = None
    sleep: Sleep = asyncio.sleep


async def check_erp(erp: ErpInstance, scope: Scope) -> list[Finding]:
    """Return the findings of one instance, whatever becomes of it."""
    findings = [await check_address(erp, scope.transport)]
    if findings[0].status is not Status.OK:
        return findings
    budget = RetryBudget(RETRIES)
    async with ErpClient(
        erp, transport=scope.transport, sleep=scope.sleep, budget=budget
    ) as client:
        try:
            async for finding in _examine(client, erp, every_doctype=scope.every_doctype):
                findings.append(finding)  # noqa: PERF401 an error keeps what was found before
        except ErpError as failure:
            findings.append(failed(erp.instance, failure))
    return findings


async def _examine(
    client: ErpClient, erp: ErpInstance, *, every_doctype: bool
) -> AsyncIterator[Finding]:
    """Yield what is found; raise what concerns the whole site: a rate limit, maintenance."""
    user, finding = await _check_key(client)
    yield finding
    if user is None:
        return
    for finding in [
        *await _contain(f"{erp.instance} time zone", _check_time_zone(client)),
        *await _contain(f"{erp.instance} versions", _check_versions(client)),
    ]:
        yield finding
    try:
        key = Key(client, user, await read_catalog(client, erp))
    except (ErpRejected, ErpContractBroken) as failure:
        yield _explain_catalog(client, user, failure)
        return
    checks: dict[str, Callable[[], Awaitable[list[Finding]]]] = {
        "DocTypes": lambda: check_doctypes(key, every_doctype=every_doctype),
        "permission tables": lambda: check_permission_tables(key),
        "User Permissions": lambda: check_user_permissions(key),
        "access rules": lambda: check_access_rules(key),
    }
    for part, check in checks.items():
        for finding in await _contain(f"{erp.instance} {part}", check()):
            yield finding


async def _contain(subject: str, check: Awaitable[list[Finding]]) -> list[Finding]:
    """Return what `check` finds, or that this one question has no answer."""
    try:
        return await check
    except (ErpRejected, ErpContractBroken) as failure:
        return [failed(subject, failure)]


async def _check_key(client: ErpClient) -> tuple[str | None, Finding]:
    """Return the user of the key, or None if it opens nothing, and what is to be said of it."""
    subject = f"{client.instance} key"
    try:
        user = await client.read_logged_user()
    except (ErpRejected, ErpContractBroken, ErpUnauthorized) as failure:
        if not is_refusal(failure):
            return None, failed(subject, failure)
        user = "Guest"
    if user == "Guest":
        message = "The site answers as if no key had been sent."
        cure = "A proxy before it seems to drop the Authorization header; let it through."
        return None, error(subject, message, cure)
    if user == ADMINISTRATOR:
        message = "The key belongs to Administrator, who may change everything."
        cure = "Make an integration user with roles that read, and use its key."
        return user, warning(subject, message, cure)
    return user, well(subject, f"The key belongs to {user}.")


async def _check_time_zone(client: ErpClient) -> list[Finding]:
    subject = f"{client.instance} time zone"
    zone = await client.read_time_zone()
    if zone in available_timezones():
        return [well(subject, f"{zone}.")]
    message = f"{zone!r} is no IANA time zone, so the site's times can't be placed."
    return [error(subject, message, "Correct Time Zone in the System Settings of ERPNext.")]


async def _check_versions(client: ErpClient) -> list[Finding]:
    subject = f"{client.instance} versions"
    versions = await client.read_versions()
    listed = ", ".join(f"{app} {version}" for app, version in versions.items())
    found = re.match(r"\d+", versions.get("frappe", ""))
    if found and int(found[0]) in SUPPORTED_MAJORS:
        return [well(subject, f"{listed}.")]
    return [
        warning(
            subject,
            f"{listed or 'No app is named'}: the warehouse knows Frappe 13 to 16.",
            "Try csa ingest and csa verify on this site before relying on it.",
        )
    ]


def _explain_catalog(client: ErpClient, user: str, failure: ErpError) -> Finding:
    subject = f"{client.instance} DocTypes"
    if not is_refusal(failure):
        return failed(subject, failure)
    message = "The key may not list the site's DocTypes, so nothing can be ingested."
    return error(subject, message, give_role(user, SYSTEM_MANAGER))
