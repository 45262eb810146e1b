"""Small sites of our own making: what their permission tables say, and what they hold."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from warehouse.access.compiler import compile_access
from warehouse.access.rules import ADMINISTRATOR
from warehouse.access.snapshot import (
    Attestation,
    Kind,
    Rule,
    Share,
    Snapshot,
    User,
    UserPermission,
)
from warehouse.access.verdict import Access, Denial

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pymongo.collection import Collection

    Raw = Collection[dict[str, Any]]

EMPLOYEE, READER = "u@x", "key@x"
INVOICE = "Sales Invoice"
Document = dict[str, Any]


def make_field(fieldname: str, fieldtype: str = "Data", options: str = "", **more: Any) -> dict:
    return {"fieldname": fieldname, "fieldtype": fieldtype, "options": options, **more}


def make_meta(name: str, *fields: dict, **more: Any) -> dict:
    return {"name": name, "fields": list(fields), **more}


def read_rule(role: str = "A", permlevel: int = 0, **more: Any) -> Rule:
    return Rule(role, permlevel, reads=True, **more)


@dataclass
class World:
    """A site with one employee, whom nothing is granted until a test says so.

    The warehouse's key is Administrator's, or that of READER.
    """

    versions: dict[str, str] = field(default_factory=lambda: {"frappe": "15.44.2"})
    user_type: str = "System User"
    is_enabled: bool = True
    roles: set[str] = field(default_factory=lambda: {"A"})
    disabled_roles: frozenset[str] = frozenset()
    rules: dict[str, list[Rule]] = field(default_factory=lambda: defaultdict(list))
    custom_rules: dict[str, list[Rule]] = field(default_factory=lambda: defaultdict(list))
    permissions: list[UserPermission] = field(default_factory=list)
    shares: dict[str, list[Share]] = field(default_factory=lambda: defaultdict(list))
    trees: dict[str, dict[str, tuple[int, int]]] = field(default_factory=dict)
    kinds: dict[str, Kind] = field(default_factory=dict)
    metas: dict[str, dict] = field(default_factory=dict)
    is_strict: bool = False
    scripted: frozenset[str] = frozenset()
    attestation: Attestation = field(default_factory=Attestation)
    reader: str = ADMINISTRATOR
    reader_roles: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for name in ("Company", "Customer", "Cost Center", "Territory", "Employee"):
            self.add_doctype(make_meta(name))

    def add_doctype(self, meta: dict, **kind: bool) -> None:
        self.metas[meta["name"]] = meta
        self.kinds[meta["name"]] = Kind(**kind)

    def grant(self, doctype: str, *rules: Rule) -> World:
        self.rules[doctype] += rules
        return self

    def permit(self, allow: str, *values: str, **more: Any) -> World:
        self.permissions += [UserPermission(allow, value, **more) for value in values]
        return self

    def share(self, doctype: str, name: str, user: str = EMPLOYEE, **more: Any) -> World:
        self.shares[doctype].append(Share(name, user, **more))
        return self

    def snapshot(self) -> Snapshot:
        return Snapshot(
            instance="site",
            versions=self.versions,
            users={
                EMPLOYEE: User(EMPLOYEE, self.is_enabled, self.user_type, "2026-01-01"),
                READER: User(READER, True, "System User", "2026-01-01"),  # noqa: FBT003
            },
            roles={
                EMPLOYEE: frozenset(self.roles),
                READER: frozenset(self.reader_roles),
            },
            disabled_roles=self.disabled_roles,
            standard_rules={doctype: tuple(rows) for doctype, rows in self.rules.items()},
            custom_rules={doctype: tuple(rows) for doctype, rows in self.custom_rules.items()},
            user_permissions={EMPLOYEE: tuple(self.permissions)},
            shares={doctype: tuple(rows) for doctype, rows in self.shares.items()},
            kinds=self.kinds,
            metas=self.metas,
            trees=self.trees,
            is_strict=self.is_strict,
            scripted=self.scripted,
            attestation=self.attestation,
            reader=self.reader,
            version="1",
        )

    def compile(self, doctype: str = INVOICE) -> Access | Denial:
        return compile_access(self.snapshot(), EMPLOYEE, doctype)

    def access(self, doctype: str = INVOICE) -> Access:
        compiled = self.compile(doctype)
        assert isinstance(compiled, Access), compiled
        return compiled

    def denial(self, doctype: str = INVOICE) -> str:
        compiled = self.compile(doctype)
        assert isinstance(compiled, Denial)
        return compiled.code

    def shown(self, raw: Raw, documents: Iterable[Document], doctype: str = INVOICE) -> list[str]:
        """Store `documents` in MongoDB and return the names of those that the filter finds."""
        compiled = self.compile(doctype)
        raw.delete_many({})
        raw.insert_many([make_row(doctype, document) for document in documents])
        if isinstance(compiled, Denial):
            return []
        return sorted(row["name"] for row in raw.find({"doctype": doctype, **compiled.condition}))


def make_row(doctype: str, document: Document) -> dict[str, Any]:
    """Return a document as it is stored: without nulls."""
    data = {"owner": "o@x"} | {key: value for key, value in document.items() if value is not None}
    return {
        "doctype": doctype,
        "name": str(data["name"]),
        "owner_lc": data["owner"].lower(),
        "content_hash": "1",
        "document_data": data | {"doctype": doctype},
    }


def make_selling_world(**more: Any) -> World:
    """A site with Sales Invoices: of a company and customer, their rows of a cost center."""
    world = World(**more)
    world.add_doctype(
        make_meta(
            "Sales Invoice Item",
            make_field("cost_center", "Link", "Cost Center"),
            make_field("rate", "Currency"),
        ),
        is_child=True,
    )
    world.add_doctype(
        make_meta(
            INVOICE,
            make_field("company", "Link", "Company"),
            make_field("customer", "Link", "Customer"),
            make_field("represents_company", "Link", "Company", ignore_user_permissions=1),
            make_field("margin", "Currency", permlevel=1),
            make_field("items", "Table", "Sales Invoice Item"),
        )
    )
    return world
