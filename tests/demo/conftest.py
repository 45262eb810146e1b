"""Sample sites for the tests: a tiny one of our own, and clients that speak to it in-process."""

from __future__ import annotations

import copy
import gzip
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from demo.site.app import create_app
from demo.site.auth import DEMO_KEY, DEMO_SECRET
from demo.site.dataset import Dataset
from demo.site.site import SampleSite

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

TOKEN = f"token {DEMO_KEY}:{DEMO_SECRET}"


def field(fieldname: str, fieldtype: str = "Data", options: str | None = None, **more: Any) -> dict:
    return {"fieldname": fieldname, "fieldtype": fieldtype, "options": options, **more}


def described(name: str, *fields: dict, **more: Any) -> tuple[dict, dict]:
    row = {"name": name, "istable": 0, "issingle": 0, "modified": "2026-01-01 00:00:00", **more}
    return row, {**row, "doctype": "DocType", "fields": list(fields)}


def document(doctype: str, name: str | int, modified: str, **values: Any) -> dict:
    return {
        "doctype": doctype,
        "name": name,
        "owner": "Administrator",
        "creation": "2026-01-01 00:00:00",
        "modified": modified,
        "modified_by": "Administrator",
        "docstatus": 0,
        "idx": 0,
        **values,
    }


def child(doctype: str, parent: dict, parentfield: str, idx: int, **values: Any) -> dict:
    name = f"{parent['name']}-{parentfield}-{idx}"
    row = document(doctype, name, parent["modified"], **values)
    return row | {
        "idx": idx,
        "parent": parent["name"],
        "parentfield": parentfield,
        "parenttype": parent["doctype"],
    }


CUSTOMERS = [
    ("Raju Das", "2026-03-01 10:00:00.000002", "Telangana", 10.5, None),
    ("A/B Agro (P) Ltd", "2026-03-01 10:00:00.000001", "Odisha", 0.0, "1990-05-04"),
    ("100% Organic", "2026-03-01 10:00:00.000002", "Odisha", 7.0, "1990-05-05"),
    ("రైతు మిత్ర", "2026-03-02 00:00:00", None, 1.0, None),
    ("Trailing Slash/", "2026-03-02 00:00:00", "", 2.0, None),
    ("Ünïcödé Café 🌾", "2026-03-03 12:30:00.5", "telangana ", 3.0, "2001-01-01"),
    ("what? #1 & more;", "2026-03-04 00:00:00", "Odisha", 4.0, None),
]
INVOICES = [("INV-1", "Raju Das", 3), ("INV-2", "Raju Das", 0), ("INV/3", "100% Organic", 2)]


def make_dataset() -> Dataset:
    pairs = [
        described(
            "Customer",
            field("territory", "Link", "Territory"),
            field("balance", "Currency"),
            field("born", "Date"),
            field("display", is_virtual=1),
            field("heading", "Section Break"),
        ),
        described(
            "Sales Invoice",
            field("customer", "Link", "Customer"),
            field("party_type", "Link", "DocType"),
            field("party", "Dynamic Link", "party_type"),
            field("posting_time", "Time"),
            field("items", "Table", "Sales Invoice Item"),
        ),
        described(
            "Sales Invoice Item",
            field("item_code", "Link", "Item"),
            field("qty", "Float"),
            field("customer", "Link", "Customer"),
            istable=1,
        ),
        described("Log", field("text"), autoname="autoincrement"),
        described("Settings", field("rate", "Float"), field("note"), issingle=1),
        described("Empty", field("title"), field("items", "Table", "Sales Invoice Item")),
        described("Secret", field("title")),
        described("Comment", field("comment_type"), field("content"), field("reference_name")),
        described(
            "Deleted Document", field("deleted_name"), field("deleted_doctype"), field("data")
        ),
        described("DocType"),
    ]
    customers = [
        document(
            "Customer", name, modified, territory=territory, balance=balance, born=born, display="x"
        )
        for name, modified, territory, balance, born in CUSTOMERS
    ]
    return Dataset(
        doctypes=[row for row, _ in pairs],
        metas={meta["name"]: meta for _, meta in pairs},
        documents={
            "Customer": customers,
            "Sales Invoice": [_invoice(*each) for each in INVOICES],
            "Log": [
                document("Log", n, f"2026-03-01 00:00:{n:02}", text=str(n)) for n in (2, 10, 1)
            ],
            "Settings": [
                {"name": "Settings", "idx": "0", "docstatus": 0, "rate": 2.5, "note": None}
            ],
        },
        refused={"Secret": 403},
    )


def _invoice(name: str, customer: str, items: int) -> dict:
    invoice = document(
        "Sales Invoice",
        name,
        "2026-04-01 09:00:00",
        customer=customer,
        party_type="Customer",
        party=customer,
        posting_time="7:05:00",
    )
    rows = [
        child(
            *("Sales Invoice Item", invoice, "items", number),
            item_code=f"I-{number}",
            qty=float(number),
            customer=None,
        )
        for number in range(1, items + 1)
    ]
    return {**invoice, "items": rows}


@pytest.fixture
def dataset() -> Dataset:
    return make_dataset()


@pytest.fixture
def site(dataset: Dataset) -> SampleSite:
    return SampleSite(copy.deepcopy(dataset))


def client_of(site: SampleSite, **headers: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(create_app(site)),
        base_url="http://site",
        headers={"Accept": "application/json", **headers},
    )


@pytest.fixture
async def client(site: SampleSite) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(site, Authorization=TOKEN) as opened:
        yield opened


@pytest.fixture
async def guest(site: SampleSite) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(site) as opened:
        yield opened


def write_folder(dataset: Dataset, folder: Path) -> Path:
    """Write a dataset as the folders of recorded ones are."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "doctypes.json").write_text(json.dumps(dataset.doctypes))
    stats = {name: {"status": status} for name, status in dataset.refused.items()}
    (folder / "stats.json").write_text(json.dumps(stats))
    files = {"_metas": list(dataset.metas.values())}
    for doctype, documents in dataset.documents.items():
        files[doctype.lower().replace(" ", "-")] = [
            {**each, "doctype": doctype} for each in documents
        ]
    for stem, rows in files.items():
        with gzip.open(folder / f"{stem}.jsonl.gz", "wt") as lines:
            lines.writelines(json.dumps(row) + "\n" for row in rows)
    return folder


async def rows_of(client: httpx.AsyncClient, doctype: str, **params: Any) -> list[dict[str, Any]]:
    """Ask for a list by POST and give its rows."""
    body = {"doctype": doctype, "limit_page_length": 0, **params}
    answer = await client.post("/api/method/frappe.client.get_list", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["message"]


async def names_of(client: httpx.AsyncClient, doctype: str, **params: Any) -> list[Any]:
    """Ask for a list by POST and give its names."""
    return [row["name"] for row in await rows_of(client, doctype, **params)]


def order(site: SampleSite, do: str, **values: Any) -> Any:
    """Carry out a control command that must succeed."""
    status, answer = site.command(json.dumps({"do": do, **values}).encode())
    assert status == 200, answer
    return answer["result"]
