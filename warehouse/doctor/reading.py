"""May a key read what is to be stored: DocTypes, permission tables, every document of them?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from warehouse.doctor.catalog import Answers, ask_for, choose_doctypes
from warehouse.doctor.findings import Finding, error, list_names, warning, well
from warehouse.doctor.rules import (
    ADMINISTRATOR,
    SYSTEM_MANAGER,
    Reach,
    Rules,
    choose_roles,
    known_reader,
)
from warehouse.erpnext.query import ListQuery
from warehouse.errors import ErpContractBroken, ErpRejected
from warehouse.ingestion.feeds import DELETIONS, RENAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from warehouse.doctor.catalog import ListedDocType
    from warehouse.erpnext.client import ErpClient

# Without these no DocType can be ingested: a document's fields are not known.
CATALOG_TABLES = ("Custom Field", "Property Setter")
# Without these, what left is found by inventory alone.
FEEDS = {DELETIONS: "deletions", RENAMES: "renames"}
# Who may see what, and what was deleted; a child table is asked with a parent.
PERMISSION_TABLES = {
    "DocPerm": "DocType",
    "DocField": "DocType",
    "Has Role": "User",
    "Custom DocPerm": None,
    "Role": None,
    "User": None,
    "User Type": None,
    "User Permission": None,
    "DocShare": None,
    **dict.fromkeys(FEEDS),
    "Server Script": None,
    "System Settings": None,
    "Installed Applications": None,
}


@dataclass(frozen=True, slots=True)
class Key:
    """A key at work: its client, the ERP user that it belongs to, and what its site has."""

    client: ErpClient
    user: str
    catalog: dict[str, ListedDocType]

    @property
    def instance(self) -> str:
        """The instance that the key opens."""
        return self.client.instance


async def check_doctypes(key: Key, *, every_doctype: bool) -> list[Finding]:
    """Return which DocTypes the key may not read, or not wholly, and the roles to add."""
    subject = f"{key.instance} DocTypes"
    answers = await ask_for(key.client, choose_doctypes(key.catalog, every_doctype=every_doctype))
    rules = await read_rules(key)
    lacking = dict.fromkeys((doctype.name for doctype in answers.denied), "")
    if rules:
        lacking |= await _find_partial(key, answers, rules)
    asked = len(answers.readable) + len(answers.denied) + len(answers.failed)
    more = "" if every_doctype else " asked for, the important ones; --all asks for every one"
    read = asked - len(lacking) - len(answers.failed)
    findings = [well(subject, f"The key reads {read} of {asked} DocTypes{more}.")] if read else []
    findings += _name_roles(subject, key, lacking, rules)
    return findings + _name_failures(subject, answers)


async def check_permission_tables(key: Key) -> list[Finding]:
    """Return which tables that the catalog and the access rules come from the key may not read."""
    subject = f"{key.instance} permission tables"
    parents = dict.fromkeys(CATALOG_TABLES) | PERMISSION_TABLES
    tables = [
        replace(key.catalog[table], parent=parent)
        for table, parent in parents.items()
        if table in key.catalog
    ]
    answers = await ask_for(key.client, tables)
    denied = {table.name for table in answers.denied}
    findings = []
    if needed := denied & {*CATALOG_TABLES}:
        message = f"The key may not read {list_names(needed)}, so nothing can be ingested."
        findings.append(error(subject, message, give_role(key.user, SYSTEM_MANAGER)))
    by_role = choose_roles(
        denied - needed, lambda table: frozenset({known_reader(table, key.catalog[table].module)})
    )
    for role, of_role in by_role.items():
        findings.append(_tell_denied(subject, of_role, give_role(key.user, role)))
    if answers.readable and not denied:
        findings.append(well(subject, f"The key reads all {len(answers.readable)} of them."))
    return findings + _name_failures(subject, answers)


def _tell_denied(subject: str, tables: Sequence[str], cure: str) -> Finding:
    """Return what it means that the key may not read `tables`, all of which one role would open."""
    if FEEDS.keys() >= set(tables):
        said = " and ".join(FEEDS[table] for table in tables)
        message = f"The key may not read {list_names(tables)}; {said} are found by inventory alone."
        return warning(subject, message, cure)
    message = f"The key may not read {list_names(tables)}; who may see what stays unknown, and "
    return error(subject, message + "so nobody is shown anything.", cure)


async def check_user_permissions(key: Key) -> list[Finding]:
    """Return whether User Permissions hide documents from the key's user."""
    subject = f"{key.instance} User Permissions"
    try:
        allowed = await key.client.read_user_permissions()
    except (ErpRejected, ErpContractBroken) as failure:
        message = (
            f"Whether User Permissions hide documents from {key.user} is unknown, so nothing that "
            f"is missing is removed. {failure.message}"
        )
        cure = "Any user may ask: let a proxy or firewall before the ERP pass the request on."
        return [warning(subject, message, cure)]
    if not allowed:
        return [well(subject, f"None hides documents from {key.user}.")]
    listed = list_names(f"{allow} ({len(rows)})" for allow, rows in sorted(allowed.items()))
    return [
        error(
            subject,
            f"User Permissions hide documents from {key.user}, so the store is incomplete and no "
            f"deletion can be trusted: {listed}.",
            f"Remove them in ERPNext: User Permission list, filtered by {key.user}.",
        )
    ]


async def read_rules(key: Key) -> Rules | None:
    """Return the site's permission rules, or None if the key may not read them.

    All columns, because `read` and `select` are SQL words that not every version quotes.
    """
    if "DocPerm" not in key.catalog:
        return None
    try:
        standard = await key.client.list_rows(ListQuery("DocPerm", ("*",), parent="DocType"))
        custom = await key.client.list_rows(ListQuery("Custom DocPerm", ("*",)))
    except (ErpRejected, ErpContractBroken):
        return None
    return Rules(standard, custom)


async def read_roles(key: Key) -> set[str]:
    """Return the roles given to the key's user; none on a site that hides the rows."""
    of_user = (("parent", "=", key.user), ("parenttype", "=", "User"))
    query = ListQuery("Has Role", ("role",), filters=of_user, parent="User")
    return {str(row.get("role")) for row in await key.client.list_rows(query)}


async def _find_partial(key: Key, answers: Answers, rules: Rules) -> dict[str, str]:
    """Return DocType → what alone the key sees of it, where that is not everything."""
    if key.user == ADMINISTRATOR:
        return {}
    try:
        roles = await read_roles(key)
    except (ErpRejected, ErpContractBroken):
        return {}
    if not roles:  # a site that hides the rows, since this key reads something
        return {}
    reached = {doctype.name: rules.reach(doctype.name, roles) for doctype in answers.readable}
    return {name: reach.value for name, reach in reached.items() if reach is not Reach.FULL}


def _name_roles(
    subject: str, key: Key, lacking: dict[str, str], rules: Rules | None
) -> list[Finding]:
    """Return a warning for each role to add. `lacking`: DocType → what is seen of it, if any."""

    def readers(doctype: str) -> frozenset[str]:
        if rules:
            return rules.readers(doctype)
        return frozenset({known_reader(doctype, key.catalog[doctype].module)})

    chosen = choose_roles(lacking, readers, *([rules.written_by] if rules else []))
    findings = []
    for role, doctypes in chosen.items():
        named = ", ".join(
            f"{doctype} ({lacking[doctype]})" if lacking[doctype] else doctype
            for doctype in doctypes
        )
        message = f"The key may not read, or not wholly: {named}."
        cure = give_role(key.user, role) if role else _make_rule(key)
        findings.append(warning(subject, message, cure))
    return findings


def _name_failures(subject: str, answers: Answers) -> list[Finding]:
    if not answers.failed:
        return []
    first = next(iter(answers.failed.values()))
    message = f"{len(answers.failed)} can't be read: {list_names(answers.failed)}. {first.message}"
    return [warning(subject, message, first.cure)]


def give_role(user: str, role: str) -> str:
    """Return the cure for a missing role."""
    return (
        f"Give {user} the role {role} in ERPNext (User > Roles), or a role of your own that may "
        "read them (Role Permissions Manager)."
    )


def _make_rule(key: Key) -> str:
    return (
        "No role reads them: add one at level 0 in ERPNext's Role Permissions Manager, or leave "
        f"them out by ERP__{key.instance.upper()}__EXCLUDE."
    )
