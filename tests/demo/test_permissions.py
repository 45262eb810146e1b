"""The sample site says who may read a document as a real ERPNext does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from demo.books import generate_books
from demo.books.people import TERRITORY_OF_FIELD
from demo.site.folder import load_folder
from demo.site.permissions import Permissions
from demo.site.tables import Store
from tests.oracle import SITE, oracle
from tests.reference import needs_reference, reference_folder

if TYPE_CHECKING:
    from demo.site.process import SiteProcess

DOMAIN = "vaanajallu.example"


@pytest.fixture(scope="module")
def store() -> Store:
    return Store(generate_books(600, seed=2))


def readable(store: Store, employee: str, doctype: str) -> list[dict[str, Any]]:
    judge = Permissions(store)
    user = employee if "@" in employee else f"{employee}@{DOMAIN}"
    return [row for row in store.rows(doctype) if judge.may_read(user, doctype, row)]


def test_employees_see_what_their_roles_read(store: Store) -> None:
    invoices = len(list(store.rows("Sales Invoice")))
    assert len(readable(store, "accounts", "Sales Invoice")) == invoices > 20
    assert not readable(store, "sales", "Sales Invoice")
    assert not readable(store, "stock", "Sales Invoice")
    assert readable(store, "stock", "Item")


def test_the_field_officer_sees_one_territory(store: Store) -> None:
    customers = readable(store, "field", "Customer")
    assert {row["territory"] for row in customers} == {TERRITORY_OF_FIELD}
    assert len(customers) < len(list(store.rows("Customer")))
    territories = {row["territory"] for row in readable(store, "field", "Sales Invoice")}
    assert territories == {TERRITORY_OF_FIELD}


def test_rules_of_the_sites_own_replace_those_of_the_doctype(store: Store) -> None:
    farmers = readable(store, "sales", "Farmer")
    assert {row["owner"] for row in farmers} == {f"sales@{DOMAIN}"}
    assert len(readable(store, "accounts", "Farmer")) > len(farmers)


def test_what_is_shared_is_seen_without_a_role(store: Store) -> None:
    assert [row["name"] for row in readable(store, "sales", "Supplier Group")] == ["Grower"]


def test_nobody_reads_as_guest_and_the_administrator_reads_all(store: Store) -> None:
    assert not readable(store, "Guest@", "Item")
    judge, (item, *_) = Permissions(store), store.rows("Item")
    assert not judge.may_read("Guest", "Item", item)
    assert judge.may_read("Administrator", "Item", item)


@pytest.mark.parametrize(
    ("asked", "status", "body"),
    [
        ({"docname": "Telangana"}, 200, {"message": {"has_permission": True}}),
        ({"docname": "Nowhere"}, 404, None),
        ({"docname": "Telangana", "perm_type": "write"}, 417, None),
    ],
)
def test_a_site_answers_has_permission(
    sample_site: SiteProcess, asked: dict[str, str], status: int, body: Any
) -> None:
    answer = httpx.get(
        f"{sample_site.url}/api/method/frappe.client.has_permission",
        params={"doctype": "Territory", **asked},
        headers={"Authorization": f"token {sample_site.key}:{sample_site.secret}"},
    )
    assert answer.status_code == status
    assert body is None or answer.json() == body


@needs_reference
def test_a_real_site_is_judged_as_it_judged() -> None:
    store = Store(load_folder(Path(reference_folder(), "dataset", SITE)))
    judge, checks, different = Permissions(store), 0, []
    for user, answers in oracle().items():
        for doctype, answer in answers.items():
            for row in store.rows(doctype) if doctype != "User" else ():
                if row["name"] in answer["get"]:
                    checks += 1
                    may = answer["get"][row["name"]]
                    if judge.may_read(user, doctype, row) is not may:
                        different.append((user, doctype, row["name"]))
    assert checks > 6_000
    assert not different
