"""Who may read a document: what `frappe.client.has_permission` answers, one document at a time.

Written from how Frappe decides it, over the site's own tables, and not from the warehouse's way of
making a filter of them: tests hold the two against each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from demo.site.dataset import Row

_AUTOMATIC = ("All", "Guest", "Desk User", "Administrator")
_TABLES = ("Table", "Table MultiSelect")


class Tables(Protocol):
    """What a site knows: rows of any DocType, merged metas, and the versions of its apps."""

    versions: dict[str, str]

    def rows(self, doctype: str) -> Iterable[Row]:
        """Give the rows of a DocType."""

    def meta(self, doctype: str) -> Row:
        """Give the merged meta of a DocType."""


class Permissions:
    """Decides as Frappe 13 to 16 do."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._major, minor = (int(part) for part in tables.versions["frappe"].split(".")[:2])
        self._has_desk_users = (self._major, minor) >= (14, 80)

    def may_read(self, user: str, doctype: str, document: Row) -> bool:
        """Tell if `user` may read a document, given with its child tables."""
        if user == "Administrator":
            return True
        if user == "Guest" or self._tables.meta(doctype).get("istable"):
            return False
        return self._is_shared(user, doctype, document) or (
            self._may_by_role(user, doctype, document) and self._hook_agrees(user, document)
        )

    def roles(self, user: str) -> set[str]:
        """Give the roles that count for a user."""
        given = {
            row["role"]
            for row in self._tables.rows("Has Role")
            if row["parent"] == user and row["parenttype"] == "User"
        }
        if not self._has_desk_users:
            return given | {"All", "Guest"}
        kinds = (row.get("user_type") for row in self._tables.rows("User") if row["name"] == user)
        desk = {"Desk User"} if "System User" in kinds else set()
        return {role for role in given if role not in _AUTOMATIC} | desk | {"All", "Guest"}

    def rules(self, doctype: str) -> list[Row]:
        """Give the permission rows in force: the custom ones, if there is any, or the standard."""
        custom = [row for row in self._tables.rows("Custom DocPerm") if row["parent"] == doctype]
        return custom or [row for row in self._tables.rows("DocPerm") if row["parent"] == doctype]

    def _is_shared(self, user: str, doctype: str, document: Row) -> bool:
        return any(
            row.get("read") and (row.get("everyone") or row.get("user") == user)
            for row in self._tables.rows("DocShare")
            if row["share_doctype"] == doctype and row["share_name"] == str(document["name"])
        )

    def _may_by_role(self, user: str, doctype: str, document: Row) -> bool:
        roles = self.roles(user)
        granting = [
            row
            for row in self.rules(doctype)
            if row["role"] in roles and row.get("read") and not row.get("permlevel")
        ]
        if granting and all(row.get("if_owner") for row in granting):
            return str(document["owner"]).lower() == user.lower()
        return bool(granting) and self._passes_user_permissions(user, doctype, document)

    def _passes_user_permissions(self, user: str, doctype: str, document: Row) -> bool:
        names = self._allowed(user, doctype, doctype)
        if names and not self._is_among(document["name"], names):
            return False
        is_strict = self._is_strict(doctype)
        for meta, row in self._parts(doctype, document):
            for field in meta["fields"]:
                if field["fieldtype"] != "Link" or int(field.get("ignore_user_permissions") or 0):
                    continue
                value = row.get(field["fieldname"])
                if not value and not is_strict:
                    continue
                names = self._allowed(user, field["options"], doctype)
                if names and not self._is_among(value, names):
                    return False
        return True

    def _allowed(self, user: str, allow: str, doctype: str) -> set[str]:
        """Give the names of `allow` that a user is let see in documents of `doctype`."""
        names: set[str] = set()
        for row in self._tables.rows("User Permission"):
            if row.get("user") != user or row["allow"] != allow:
                continue
            if row["applicable_for"] and row["applicable_for"] != doctype:
                continue
            names.add(row["for_value"])
            if not row["hide_descendants"]:
                names.update(self._descendants(allow, row["for_value"]))
        return names

    def _descendants(self, doctype: str, name: str) -> Iterator[str]:
        nodes = [row for row in self._tables.rows(doctype) if row.get("lft")]
        for top in nodes:
            if top["name"] == name:
                yield from (
                    node["name"]
                    for node in nodes
                    if node["lft"] > top["lft"] and node["rgt"] < top["rgt"]
                )

    def _is_among(self, value: Any, names: set[str]) -> bool:
        """Compare as the version does: until 15 a number is never equal to a text."""
        return (str(value) if self._major > 15 and value else value) in names  # noqa: PLR2004

    def _is_strict(self, doctype: str) -> bool:
        if self._tables.meta(doctype).get("issingle") and self._major > 13:  # noqa: PLR2004
            return False
        settings = self._tables.rows("System Settings")
        return any(int(row.get("apply_strict_user_permissions") or 0) for row in settings)

    def _parts(self, doctype: str, document: Row) -> Iterator[tuple[Row, Row]]:
        """Give the document and each row of its child tables, with their metas."""
        meta = self._tables.meta(doctype)
        yield meta, document
        for field in meta["fields"]:
            if field["fieldtype"] in _TABLES:
                child = self._tables.meta(field["options"])
                yield from ((child, row) for row in document.get(field["fieldname"]) or ())

    def _hook_agrees(self, user: str, document: Row) -> bool:
        """Ask the hook that Frappe itself ships for a DocType, if it does."""
        is_owner = document["owner"] == user
        match document["doctype"]:
            case "Event":
                return is_owner or document.get("event_type") == "Public"
            case "Note":
                return is_owner or bool(document.get("public"))
            case "Kanban Board":
                return is_owner or not document.get("private")
            case "ToDo":
                return self._may_read_todo(user, document)
            case "File":
                return is_owner or not document.get("is_private") or self._may_see(user, document)
        return True

    def _may_read_todo(self, user: str, todo: Row) -> bool:
        reading = {row["role"] for row in self.rules("ToDo") if row.get("read")}
        if reading & self.roles(user) - set(_AUTOMATIC):
            return True
        allocated = "owner" if self._major == 13 else "allocated_to"  # noqa: PLR2004
        return user in (todo.get(allocated), todo.get("assigned_by"))

    def _may_see(self, user: str, file: Row) -> bool:
        """Tell if the document that a file is attached to may be read."""
        doctype, name = file.get("attached_to_doctype"), file.get("attached_to_name")
        found = self._tables.rows(doctype) if doctype else ()
        return any(self.may_read(user, str(doctype), row) for row in found if row["name"] == name)
