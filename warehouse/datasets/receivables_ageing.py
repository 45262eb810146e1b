"""What customers owe, by age, as of today; see ageing.py for the rule."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from warehouse.cleaning import vouchers
from warehouse.cleaning.currency import rate_to_inr, round_money
from warehouse.datasets.ageing import (
    ACCOUNT_SOURCE,
    COLUMNS,
    GENERAL_SOURCE,
    INVOICE_FIELDS,
    LEDGER_SOURCE,
    RECEIVABLE,
    ageing_columns,
    ageing_measures,
    make_feeds,
    tie_to_ledger,
    total_by_party,
)
from warehouse.datasets.columns import balance, link, ratio, share
from warehouse.datasets.declaration import (
    Check,
    Dataset,
    Feed,
    Partition,
    Source,
    TieOut,
    Upstream,
)
from warehouse.datasets.lines import SETTINGS
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
    net = {"$multiply": [exact_or_zero("$base_net_total"), {"$ifNull": [rate, literal("0")]}]}
    counted = {
        "docstatus": vouchers.SUBMITTED,
        "is_opening": {"$ne": "Yes"},
        "posting_date": {"$gt": since, "$lte": scope.as_of},
    }
    group = {"_id": {"company": "$company", "party": "$customer"}, "net": {"$sum": net}}
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
            "net_sales_90d": round_money("$net"),
            "rate_missing": {"$literal": 0},
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
    key=("instance", "company", "account", "party_type", "party", "voucher_type", "voucher"),
    partition=Partition.INSTANCE_AS_OF,
    sources=(
        LEDGER_SOURCE,
        GENERAL_SOURCE,
        ACCOUNT_SOURCE,
        Source("Sales Invoice", SALES_FIELDS),
        *SETTINGS,
        Upstream("parties"),
    ),
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
        share("old_share", "Share over 120 days", "d121_plus", "outstanding"),
    ),
    checks=(
        Check(
            "adds_up",
            "Buckets and advances are what is outstanding",
            {"$ne": [{"$add": [f"${name}" for name in COLUMNS]}, "$outstanding"]},
        ),
    ),
    tie_outs=(
        TieOut(
            "general_ledger",
            "Outstanding is the GL's balance of each customer",
            total_by_party,
            lambda scope: tie_to_ledger(scope, RECEIVABLE),
        ),
    ),
    freshness_hours=30,
    build=build,
)  # fmt: skip
