"""What was sold, line by line: the submitted Sales Invoices' items, returns with their sign."""

from __future__ import annotations

from typing import TYPE_CHECKING

from warehouse.datasets.declaration import (
    Check,
    ColumnKind,
    Dataset,
    Dimension,
    Feed,
    Measure,
    MeasureKind,
    Partition,
    Reject,
    Source,
)
from warehouse.datasets.money import exact, exact_or_zero

if TYPE_CHECKING:
    from warehouse.datasets.scope import Scope

SUBMITTED = 1


def build(_scope: Scope) -> list[Feed]:
    """Return one row for each item row of a submitted invoice that opens no books."""
    return [
        Feed(
            of="Sales Invoice",
            stages=[
                {"$match": {"docstatus": SUBMITTED, "is_opening": {"$ne": "Yes"}}},
                {"$unwind": "$items"},
            ],
            row={
                "company": "$company",
                "invoice": "$name",
                "line": "$items.name",
                "posting_date": "$posting_date",
                "customer": "$customer",
                "item_code": "$items.item_code",
                "item_group": "$items.item_group",
                "warehouse": "$items.warehouse",
                "is_return": {"$ifNull": ["$is_return", 0]},
                "net": exact_or_zero("$items.base_net_amount"),
                "qty_stock": exact("$items.stock_qty"),
                "lines": {"$literal": 1},
            },
            rejects=[Reject("company_missing", {"$not": ["$company"]})],
        )
    ]


DATASET = Dataset(
    slug="sales_lines",
    title="Sales by line",
    description="Every item row of every submitted Sales Invoice, at its net amount before tax.",
    owner="Sales",
    grain="one item row of a submitted Sales Invoice",
    key=("instance", "company", "invoice", "line"),
    partition=Partition.INSTANCE_MONTH,
    sources=(
        Source(
            "Sales Invoice",
            date="posting_date",
            fields=(
                *("company", "posting_date", "customer", "docstatus", "is_opening", "is_return"),
                *("items.name", "items.item_code", "items.item_group", "items.warehouse"),
                *("items.base_net_amount", "items.stock_qty"),
            ),
        ),
    ),
    rows_of=("Sales Invoice",),
    cleaning=("C1", "C2", "C3", "C4", "C7", "C9"),
    dimensions=(
        Dimension(
            "company", "Company", ColumnKind.LINK, of=("Sales Invoice.company",), link="Company"
        ),
        Dimension(
            "invoice", "Invoice", ColumnKind.LINK, of=("Sales Invoice.name",), link="Sales Invoice"
        ),
        Dimension("line", "Line", of=("Sales Invoice.items.name",)),
        Dimension("posting_date", "Date", ColumnKind.DATE, of=("Sales Invoice.posting_date",)),
        Dimension(
            "customer", "Customer", ColumnKind.LINK, of=("Sales Invoice.customer",), link="Customer"
        ),
        Dimension(
            "item_code", "Item", ColumnKind.LINK, of=("Sales Invoice.items.item_code",), link="Item"
        ),
        Dimension(
            "item_group",
            "Item Group",
            ColumnKind.LINK,
            of=("Sales Invoice.items.item_group",),
            link="Item Group",
        ),
        Dimension(
            "warehouse",
            "Warehouse",
            ColumnKind.LINK,
            of=("Sales Invoice.items.warehouse",),
            link="Warehouse",
        ),
        Dimension("is_return", "Return", ColumnKind.CHECK, of=("Sales Invoice.is_return",)),
    ),
    measures=(
        Measure("net", "Net sales", "INR", of=("Sales Invoice.items.base_net_amount",)),
        Measure("qty_stock", "Quantity", "stock UOM", of=("Sales Invoice.items.stock_qty",)),
        Measure("lines", "Lines", "lines"),
        Measure("avg_rate", "Average rate", "INR", MeasureKind.RATIO, parts=("net", "qty_stock")),
        Measure("customers", "Customers", "customers", MeasureKind.DISTINCT, parts=("customer",)),
    ),
    checks=(
        Check(
            "returns_are_negative",
            "A return takes away",
            {"$and": [{"$eq": ["$is_return", 1]}, {"$gt": ["$net", 0]}]},
            blocks=False,
        ),
    ),
    freshness_hours=30,
    build=build,
)
