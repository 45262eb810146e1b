"""What access rules would stumble on: tables and fields shown in part, unknown apps.

A table that is refused outright is told of beside the other tables (`check_permission_tables`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from warehouse.access.hooks import is_known_app
from warehouse.access.refresh import read_apps
from warehouse.access.tables import RULED
from warehouse.doctor.findings import Finding, error, list_names, warning, well
from warehouse.doctor.levels import check_levels
from warehouse.doctor.reading import FEEDS, give_role, read_roles, read_rules
from warehouse.doctor.rules import ADMINISTRATOR, SYSTEM_MANAGER, Reach, known_reader
from warehouse.errors import ErpRejected

if TYPE_CHECKING:
    from warehouse.doctor.reading import Key


async def check_access_rules(key: Key) -> list[Finding]:
    """Return what of permission tables and fields the key can't see, and apps to be attested."""
    findings = []
    for check in (_check_reach, check_levels, _check_apps):
        try:
            findings += await check(key)
        except ErpRejected:
            continue
    return findings


async def _check_reach(key: Key) -> list[Finding]:
    """Return the tables that ERPNext shows the key in part, without a word."""
    subject = f"{key.instance} access rules"
    rules = None if key.user == ADMINISTRATOR else await read_rules(key)
    if rules is None:
        return []
    roles = await read_roles(key)
    if not roles:
        return []
    reached = {table: rules.reach(table, roles) for table in (*RULED, *FEEDS)}
    own = [feed for feed in FEEDS if feed in key.catalog and reached[feed] is Reach.OWN]
    findings = [_tell_own(key, feed) for feed in own]
    in_part = [
        table for table in RULED if table in key.catalog and reached[table] is not Reach.FULL
    ]
    if not in_part:
        whole = f"{key.user} is shown the permission tables whole."
        return [*findings, well(subject, whole)]
    to_add = dict.fromkeys(known_reader(table, SYSTEM_MANAGER) for table in in_part)
    message = (
        f"{key.user} may not be shown every row of {list_names(in_part)}, so employees are shown "
        "nothing: a row that is missing could be the one that hides a document."
    )
    return [*findings, error(subject, message, give_role(key.user, " and ".join(to_add)))]


def _tell_own(key: Key, feed: str) -> Finding:
    """Return what it means that the key sees of a feed what its own user wrote only."""
    message = (
        f"{key.user} is shown its own rows of {feed} only; {FEEDS[feed]} are found by inventory "
        "alone."
    )
    return warning(f"{key.instance} feeds", message, give_role(key.user, SYSTEM_MANAGER))


async def _check_apps(key: Key) -> list[Finding]:
    subject = f"{key.instance} apps"
    apps = await read_apps(key.client)
    unknown = [app for app, version in sorted(apps.items()) if not is_known_app(app, version)]
    if not unknown:
        return [well(subject, "The permission hooks of all of them are known.")]
    message = (
        f"Nobody knows the permission hooks of {list_names(unknown)}: until they are attested, "
        "employees are shown what is shared with them, and nothing else."
    )
    cure = f"csa access attest {key.instance} FILE; docs/access.md tells how FILE is made."
    return [warning(subject, message, cure)]
