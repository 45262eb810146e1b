"""Stock of batches that expire soon, however a version of ERPNext names them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.warehouse.datasets.golden import fill
from warehouse.datasets.registry import Registry, load_registry

if TYPE_CHECKING:
    from tests.transforming import Books

# Within thirty days of 15 July 2025, and not.
SOON, LATER = "2025-08-14", "2025-08-15"


def move(name: str, qty: float, **named: Any) -> dict[str, Any]:
    entry = {"doctype": "Stock Ledger Entry", "name": name, "posting_date": "2025-07-01"}
    place = {"item_code": "RICE", "warehouse": "Stores", "stock_uom": "Kg"}
    return fill("one", entry | place | {"actual_qty": qty} | named)


def bundle(name: str, **parts: float) -> dict[str, Any]:
    """Return a bundle; ERPNext signs the quantities of what goes out."""
    entries = [{"batch_no": batch, "qty": qty} for batch, qty in parts.items()]
    return fill("one", {"doctype": "Serial and Batch Bundle", "name": name, "entries": entries})


async def near_expiry(books: Books, *documents: dict[str, Any]) -> str:
    books.registry = Registry(load_registry().get(slug) for slug in ("items", "stock_snapshot"))
    batches = [("SOON", SOON), ("LATER", LATER), ("NEVER", None)]
    await books.put(
        *({"doctype": "Batch", "name": name, "expiry_date": day} for name, day in batches),
        *documents,
        instance="one",
    )
    await books.transform("items", "stock_snapshot")
    [row] = await books.rows("stock_snapshot")
    found: str = row["near_expiry"]
    return found


async def test_an_entry_names_its_batch(books: Books):
    found = await near_expiry(
        books,
        move("1", 10.5, batch_no="SOON"),
        move("2", -4, batch_no="SOON"),
        move("3", 7, batch_no="LATER"),
        move("4", 8, batch_no="NEVER"),
        move("5", 9),
    )
    assert found == "6.5"


async def test_a_bundle_names_batches_each_with_its_part(books: Books):
    found = await near_expiry(
        books,
        bundle("IN", SOON=10.1, LATER=5, NEVER=2),
        bundle("OUT", SOON=-4.2, LATER=-1),
        move("1", 17.1, serial_and_batch_bundle="IN"),
        move("2", -5.2, serial_and_batch_bundle="OUT"),
        move("3", 3, serial_and_batch_bundle="GONE"),
        # From before the site went on to bundles.
        move("4", 1, batch_no="SOON"),
    )
    assert found == "6.9"
