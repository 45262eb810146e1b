"""What customers owe, by age, as of today; see ageing.py for the rule."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from warehouse.cleaning import vouchers
from warehouse.cleaning.currency import is_unconverted, rate_to_inr, to_inr
from warehouse.datasets.ageing import COLUMNS, INVOICE_FIELDS, RECEIVABLE, make_feeds
from warehouse.datasets.ageing_columns import (
    ADDS_UP,
    KEY,
    ageing_columns,
    ageing_measures,
    ageing_sources,
    tie_to_ledger,
)
from warehouse.datasets.columns import balance, link, ratio
from warehouse.datasets.declaration import Dataset, Feed, Partition, Source
from warehouse.datasets.lines import HAS_RATE, as_flag, sum_whole
from warehouse.datasets.money import exact_or_zero, literal

if TYPE_CHECKING:
    from warehouse.datasets.declaration import Expression
    from warehouse.datasets.scope import Scope

SALES_DAYS = 90
SALES = "sales"
SALES_FIELDS = (
    *("company", "posting_date", "customer", "customer_group", "territory", "base_net_total"),
    *("docstatus", "is_opening", *INVOICE_FIELDS),
)


def build(scope: Scope) -> list[Feed]:
    """Return a row for each voucher that is outstanding, and one for each customer's sales."""
    of_party = {
        "customer_group": "$party.party_group",
        "territory": "$party.territory",
        "net_sales_90d": literal("0"),
    }
    return [*make_feeds(scope, RECEIVABLE, of_party), _sum_sales(scope)]


def _sum_sales(scope: Scope) -> Feed:
    """Return the feed of net sales of the last 90 days, for the days that sales are outstanding."""
    since = (date.fromisoformat(scope.as_of) - timedelta(days=SALES_DAYS)).isoformat()
    rate = rate_to_inr(scope.books, "$company", "$posting_date", scope.month)
    sums = {
        "net_sales_90d": {"$sum": to_inr(exact_or_zero("$base_net_total"))},
        "rate_missing": {"$sum": as_flag(is_unconverted())},
    }
    counted = {
        "docstatus": vouchers.SUBMITTED,
        "is_opening": {"$ne": "Yes"},
        "posting_date": {"$gt": since, "$lte": scope.as_of},
    }
    group = {"_id": {"company": "$company", "party": "$customer"}, **sums}
    empty: dict[str, Expression] = dict.fromkeys(
        ("account", "voucher", "posting_date", "due_date", "age")
    )
    zeros = dict.fromkeys(
        ("invoiced", "paid", "credit_note", "outstanding", *COLUMNS), literal("0")
    )
    return Feed(
        of="Sales Invoice",
        stages=[
            {"$match": counted},
            {"$set": {"inr_rate": rate}},
            {"$group": group},
            *scope.crosswalk("parties", "_id.party", "party", {"party_type": "Customer"}),
        ],
        row={
            **empty,
            **zeros,
            "company": "$_id.company",
            "party_type": "Customer",
            "party": "$_id.party",
            "party_id": "$party.party_id",
            "voucher_type": {"$literal": SALES},
            "bucket": {"$literal": SALES},
            "customer_group": "$party.party_group",
            "territory": "$party.territory",
            **sum_whole("net_sales_90d"),
        },
    )


DATASET = Dataset(
    slug="receivables_ageing",
    title="Receivables by age",
    description=(
        "What is outstanding of each invoice, and advances not yet used, as of the day; and each "
        "customer's net sales of the last 90 days, for the days that sales are outstanding (DSO)."
    ),
    owner="Accounts",
    grain="one document that is outstanding with one customer, as of a day",
    key=KEY,
    partition=Partition.INSTANCE_AS_OF,
    sources=ageing_sources(Source("Sales Invoice", SALES_FIELDS)),
    cleaning=("C1", "C2", "C3", "C4", "C7", "C9", "C12"),
    dimensions=(
        *ageing_columns(RECEIVABLE),
        link("customer_group", "Customer Group", "Customer.customer_group"),
        link("territory", "Territory", "Customer.territory"),
    ),
    measures=(
        *ageing_measures(),
        balance("net_sales_90d", "Net sales of 90 days", "INR", "Sales Invoice.base_net_total"),
        ratio("dso", "Days outstanding", "days", ("outstanding", "net_sales_90d"), factor=90),
    ),
    checks=(ADDS_UP, HAS_RATE),
    tie_outs=(tie_to_ledger(RECEIVABLE),),
    freshness_hours=30,
    build=build,
)  # fmt: skip
