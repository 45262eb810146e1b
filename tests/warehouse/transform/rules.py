"""Small datasets that use everything that the engine offers, and nothing of the business."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from warehouse.datasets.declaration import (
    Check,
    Dataset,
    Dimension,
    Feed,
    Measure,
    MeasureKind,
    Partition,
    Reject,
    Source,
    TieOut,
    Upstream,
)
from warehouse.datasets.money import exact, exact_or_zero
from warehouse.datasets.registry import Registry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from warehouse.datasets.scope import Scope

Document = dict[str, Any]
COMMON: dict[str, Any] = {"description": "", "owner": "Tests", "freshness_hours": 24}
COMPANY = Dimension("company", "Company")


def sale(name: str, day: str, *lines: tuple[str, float], **more: Any) -> Document:
    """Return an invoice with lines (item, net)."""
    items = [
        {"name": f"{name}-{number}", "item_code": item, "net": net}
        for number, (item, net) in enumerate(lines, 1)
    ]
    document = {"doctype": "Sales Invoice", "name": name, "company": "Co", "docstatus": 1}
    return document | {"posting_date": day, "customer": "A", "items": items} | more


def item(name: str, group: str, **more: Any) -> Document:
    """Return an Item."""
    return {"doctype": "Item", "name": name, "item_group": group, **more}


def build_lines(scope: Scope) -> list[Feed]:
    return [
        Feed(
            of="Sales Invoice",
            stages=[
                {"$match": {"docstatus": 1}},
                {"$unwind": "$items"},
                *scope.lookup("Item", "items.item_code", "item"),
            ],
            row={
                "company": "$company",
                "invoice": "$name",
                "line": "$items.name",
                "customer": "$customer",
                "item_code": "$items.item_code",
                "item_group": "$item.item_group",
                "net": exact("$items.net"),
            },
            rejects=[Reject("item_unknown", {"$not": ["$item"]})],
        )
    ]


def our_net(_scope: Scope) -> list[Document]:
    return [{"$group": {"_id": "$company", "total": {"$sum": "$net"}}}]


def their_net(_scope: Scope) -> Feed:
    grouped = {"$group": {"_id": "$company", "total": {"$sum": exact_or_zero("$total")}}}
    return Feed(of="Sales Invoice", stages=[{"$match": {"docstatus": 1}}, grouped], row={})


LINES = Dataset(
    slug="lines",
    title="Lines",
    grain="an item row of an invoice",
    key=("instance", "company", "invoice", "line"),
    partition=Partition.INSTANCE_MONTH,
    sources=(
        Source(
            "Sales Invoice",
            date="posting_date",
            fields=(
                *("company", "customer", "docstatus", "total"),
                *("items.name", "items.item_code", "items.net"),
            ),
        ),
        Source("Item", fields=("item_group",), by=("item_code",)),
    ),
    rows_of=("Sales Invoice",),
    dimensions=(
        Dimension("company", "Company", of=("Sales Invoice.company",), link="Company"),
        Dimension("invoice", "Invoice", of=("Sales Invoice.name",)),
        Dimension("line", "Line"),
        Dimension("customer", "Customer", of=("Sales Invoice.customer",)),
        Dimension("item_code", "Item", of=("Sales Invoice.items.item_code",)),
        Dimension("item_group", "Item Group", of=("Item.item_group",), link="Item Group"),
    ),
    measures=(Measure("net", "Net", "INR", of=("Sales Invoice.items.net",)),),
    checks=(
        Check("too_dear", "No line is above a million", {"$gt": ["$net", 1_000_000]}),
        Check("negative", "Lines are positive", {"$lt": ["$net", 0]}, blocks=False),
    ),
    tie_outs=(TieOut("net_total", "Lines add up to the invoices' totals", our_net, their_net),),
    build=build_lines,
    **COMMON,
)


def build_monthly(_scope: Scope) -> list[Feed]:
    by = {"company": "$company", "item_group": "$item_group"}
    sums = {"net": {"$sum": "$net"}, "least": {"$min": "$net"}, "most": {"$max": "$net"}}
    return [
        Feed(
            of="lines",
            stages=[{"$group": {"_id": by, "lines": {"$sum": 1}, **sums}}],
            row={
                "company": "$_id.company",
                "item_group": "$_id.item_group",
                "lines": "$lines",
                **{name: f"${name}" for name in sums},
            },
        )
    ]


MONTHLY = Dataset(
    slug="monthly",
    title="Monthly",
    grain="a month and an item group",
    key=("instance", "company", "month", "item_group"),
    partition=Partition.INSTANCE_MONTH,
    sources=(Upstream("lines", is_same_month=True),),
    dimensions=(
        Dimension("company", "Company", of=("Sales Invoice.company",), link="Company"),
        Dimension("item_group", "Item Group", of=("Item.item_group",), link="Item Group"),
    ),
    measures=(
        Measure("net", "Net", "INR", of=("Sales Invoice.items.net",)),
        Measure("lines", "Lines", "lines"),
        Measure("least", "Least net", "INR", MeasureKind.MIN, of=("Sales Invoice.items.net",)),
        Measure("most", "Most net", "INR", MeasureKind.MAX, of=("Sales Invoice.items.net",)),
        Measure("rate", "Net of a line", "INR", MeasureKind.RATIO, parts=("net", "lines")),
        Measure("growth", "Growth", "%", MeasureKind.GROWTH, parts=("net",), factor=100),
    ),
    checks=(),
    build=build_monthly,
    **COMMON,
)


def build_balance(_scope: Scope) -> list[Feed]:
    grouped = {"$group": {"_id": "$company", "balance": {"$sum": exact_or_zero("$total")}}}
    return [
        Feed(
            of="Sales Invoice",
            stages=[{"$match": {"docstatus": 1}}, grouped],
            row={"company": "$_id", "balance": "$balance"},
        )
    ]


BALANCE = Dataset(
    slug="balance",
    title="Balance",
    grain="a day and a company",
    key=("instance", "company", "as_of"),
    partition=Partition.INSTANCE_AS_OF,
    sources=(Source("Sales Invoice", fields=("company", "docstatus", "total")),),
    dimensions=(Dimension("company", "Company", of=("Sales Invoice.company",), link="Company"),),
    measures=(Measure("balance", "Balance", "INR", MeasureKind.LAST, of=("Sales Invoice.total",)),),
    checks=(),
    build=build_balance,
    **COMMON,
)


async def stream_customers(scope: Scope) -> AsyncIterator[Document]:
    """Yield customers of all instances; those of one name are one."""
    known: dict[str, str] = {}
    for instance in scope.instances:
        async for customer in scope.read("Customer", instance):
            first = known.setdefault(customer["name"].casefold(), f"{instance} {customer['name']}")
            yield {
                "instance": instance,
                "company": None,
                "name": customer["name"],
                "party": first,
                "limit": Decimal(str(customer.get("credit_limit") or 0)),
                "source": {"doctype": "Customer", "name": customer["name"]},
            }


CUSTOMERS = Dataset(
    slug="customers",
    title="Customers",
    grain="a customer of an instance",
    key=("instance", "company", "name"),
    partition=Partition.ACROSS,
    sources=(Source("Customer", fields=("credit_limit",)),),
    rows_of=("Customer",),
    dimensions=(COMPANY, Dimension("name", "Name"), Dimension("party", "Party")),
    measures=(Measure("limit", "Limit", "INR", of=("Customer.credit_limit",)),),
    checks=(),
    build=stream_customers,
    **COMMON,
)

REGISTRY = Registry([LINES, MONTHLY, BALANCE, CUSTOMERS])
