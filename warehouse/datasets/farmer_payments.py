"""What was paid to suppliers, bill by bill, how late, and what was paid in advance.

A Payment Entry is one row for each bill that it settles, and one for what it leaves unallocated.
Allocated amounts are in the currency of the party's account; for money that goes out that is the
account paid to, so the target rate makes them the company's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from warehouse.cleaning import vouchers
from warehouse.cleaning.currency import is_unconverted
from warehouse.datasets.columns import (
    amount,
    distinct,
    empty_in,
    flag,
    known_by,
    link,
    ratio,
    share,
    text,
)
from warehouse.datasets.declaration import Dataset, Feed, Partition, Reject, Source, Upstream
from warehouse.datasets.lines import (
    HAS_RATE,
    SETTINGS,
    as_flag,
    calendar_columns,
    place_in_time,
    reject_undated,
)
from warehouse.datasets.money import exact_or_zero, literal
from warehouse.identity.parties import PARTY_EVIDENCE

if TYPE_CHECKING:
    from warehouse.datasets.declaration import Expression, Stages
    from warehouse.datasets.scope import Scope

PAYMENT, JOURNAL, BILL = "Payment Entry", "Journal Entry", "Purchase Invoice"
PARTY_TYPE = "Supplier"
# Journal Entries of these types move money; others only move balances.
MONEY_JOURNALS = ("Bank Entry", "Cash Entry")
UNALLOCATED = "unallocated"
ON_TIME_DAYS = (7, 15, 30)
ZERO = literal("0")

REJECTS = (
    Reject("C1", vouchers.is_draft()),
    Reject("C2", vouchers.is_cancelled()),
    Reject("C4", vouchers.is_opening()),
    Reject("company_missing", {"$not": [vouchers.has_text("$company")]}),
)


def build(scope: Scope) -> list[Feed]:
    """Return one row for each allocation, unallocated rest, and journal row of a supplier."""
    return [_feed_payments(scope), _feed_journals(scope)]


def _feed_payments(scope: Scope) -> Feed:
    rest = {
        "name": UNALLOCATED,
        "allocated_amount": "$unallocated_amount",
        "is_advance": {"$literal": True},
    }
    has_rest = {"$ne": [{"$ifNull": ["$unallocated_amount", 0]}, 0]}
    allocations = {
        "$concatArrays": [{"$ifNull": ["$references", []]}, {"$cond": [has_rest, [rest], []]}]
    }
    rate = exact_or_zero({"$ifNull": ["$target_exchange_rate", 1]})
    return Feed(
        of=PAYMENT,
        stages=[
            {"$match": {"payment_type": "Pay", "party_type": PARTY_TYPE}},
            {"$set": {"paid_for": allocations}},
            {"$unwind": "$paid_for"},
            {
                "$set": {
                    **_read_allocation(),
                    "in_company": {
                        "$multiply": [exact_or_zero("$paid_for.allocated_amount"), rate]
                    },
                }
            },
            *_complete(scope),
        ],
        row=_row(PAYMENT, "$paid_for.name", "$mode_of_payment"),
        rejects=[*REJECTS, reject_undated(scope)],
    )


def _read_allocation() -> dict[str, Expression]:
    is_bill = {"$eq": ["$paid_for.reference_doctype", BILL]}
    # What is paid against an order comes before there is a bill: an advance as well.
    is_order = {"$eq": ["$paid_for.reference_doctype", "Purchase Order"]}
    is_rest = {"$eq": ["$paid_for.is_advance", True]}
    return {
        "bill": {"$cond": [is_bill, "$paid_for.reference_name", None]},
        "reference_type": "$paid_for.reference_doctype",
        "reference": "$paid_for.reference_name",
        "is_advance": {"$or": [is_rest, is_order]},
    }


def _feed_journals(scope: Scope) -> Feed:
    debit = {"$subtract": [exact_or_zero("$accounts.debit"), exact_or_zero("$accounts.credit")]}
    is_bill = {"$eq": ["$accounts.reference_type", BILL]}
    return Feed(
        of=JOURNAL,
        stages=[
            {"$match": {"voucher_type": {"$in": list(MONEY_JOURNALS)}}},
            {"$unwind": "$accounts"},
            {"$match": {"accounts.party_type": PARTY_TYPE}},
            {
                "$set": {
                    "party": "$accounts.party",
                    "in_company": debit,
                    "bill": {"$cond": [is_bill, "$accounts.reference_name", None]},
                    "reference_type": "$accounts.reference_type",
                    "reference": "$accounts.reference_name",
                    "is_advance": {"$eq": ["$accounts.is_advance", "Yes"]},
                }
            },
            *_complete(scope),
        ],
        row=_row(JOURNAL, "$accounts.name", "$mode_of_payment"),
        rejects=[*REJECTS, reject_undated(scope)],
    )


def _complete(scope: Scope) -> Stages:
    """Return stages that add the bill's date, the supplier, the calendar and the rate."""
    billed_on, paid_on = (
        {"$dateFromString": {"dateString": path, "onNull": None, "onError": None}}
        for path in ("$of_bill.posting_date", "$posting_date")
    )
    days = {"$dateDiff": {"startDate": billed_on, "endDate": paid_on, "unit": "day"}}
    return [
        *scope.lookup(BILL, "bill", "of_bill"),
        *scope.crosswalk("parties", "party", "of_party", {"party_type": PARTY_TYPE}),
        {"$set": {**place_in_time(scope, "$posting_date"), "days": days}},
        {"$set": {"inr": {"$multiply": ["$in_company", "$inr_rate"]}}},
    ]


def _row(doctype: str, line: str, mode: str) -> dict[str, Any]:
    is_dated = {"$ne": [{"$ifNull": ["$days", None]}, None]}
    dated = {"$cond": [is_dated, "$inr", ZERO]}
    return {
        "company": "$company",
        "voucher_type": {"$literal": doctype},
        "voucher": "$name",
        "line": line,
        "posting_date": "$posting_date",
        "fiscal_year": "$fiscal_year",
        "fiscal_month": "$fiscal_month",
        "fiscal_quarter": "$fiscal_quarter",
        "season": "$season",
        "season_year": "$season_year",
        "supplier": "$party",
        "party_id": "$of_party.party_id",
        "supplier_group": "$of_party.party_group",
        "village": "$of_party.village",
        "reference_type": "$reference_type",
        "reference": "$reference",
        "mode_of_payment": mode,
        "project": "$project",
        "advance_payment": as_flag("$is_advance"),
        "paid": "$inr",
        "advance": {"$cond": ["$is_advance", "$inr", ZERO]},
        "paid_dated": dated,
        "days_weighted": {"$cond": [is_dated, {"$multiply": ["$inr", "$days"]}, ZERO]},
        **{f"paid_{days}d": _if_within(days, is_dated) for days in ON_TIME_DAYS},
        "payments": {"$literal": 1},
        "rate_missing": as_flag(is_unconverted()),
        "cleaned": vouchers.mark(C2=vouchers.is_amended(), C7=is_unconverted()),
    }


def _if_within(days: int, is_dated: Expression) -> Expression:
    return {"$cond": [{"$and": [is_dated, {"$lte": ["$days", days]}]}, "$inr", ZERO]}


_ENTRY = (PAYMENT, JOURNAL)
_COMMON = ("company", "posting_date", "docstatus", "is_opening", "amended_from", "mode_of_payment")
_PARTY = (f"{PAYMENT}.party", f"{JOURNAL}.accounts.party")
_MONEY = (f"{PAYMENT}.references.allocated_amount", f"{PAYMENT}.unallocated_amount",
          f"{PAYMENT}.target_exchange_rate", f"{JOURNAL}.accounts.debit",
          f"{JOURNAL}.accounts.credit")  # fmt: skip
_PAID_FOR = (f"{PAYMENT}.references.reference_doctype", f"{JOURNAL}.accounts.reference_type")
_ADVANCE = (*_PAID_FOR, f"{PAYMENT}.unallocated_amount", f"{JOURNAL}.accounts.is_advance")
_DAYS = (*_MONEY, f"{BILL}.posting_date")

DATASET = Dataset(
    slug="farmer_payments",
    title="Payments to farmers and other suppliers",
    description="Each amount paid to a supplier for a bill, or in advance, and how late it came.",
    owner="Accounts",
    grain="one bill that a payment settles, or what it leaves unallocated",
    key=("instance", "company", "voucher_type", "voucher", "line"),
    partition=Partition.INSTANCE_MONTH,
    sources=(
        Source(
            PAYMENT,
            (
                *(*_COMMON, "payment_type", "party_type", "party", "unallocated_amount", "project"),
                *("target_exchange_rate", "references.name", "references.reference_doctype"),
                *("references.reference_name", "references.allocated_amount"),
            ),
            date="posting_date",
        ),
        Source(
            JOURNAL,
            (
                *(*_COMMON, "voucher_type", "accounts.name", "accounts.party_type"),
                *("accounts.party", "accounts.debit", "accounts.credit", "accounts.is_advance"),
                *("accounts.reference_type", "accounts.reference_name"),
            ),
            date="posting_date",
        ),
        Source(BILL, ("posting_date",), by=("reference",)),
        *SETTINGS,
        Upstream("parties", by=("supplier",)),
    ),
    rows_of=_ENTRY,
    cleaning=("C1", "C2", "C4", "C7", "C9", "C10", "C12"),
    dimensions=(
        link("company", "Company", *(f"{one}.company" for one in _ENTRY)),
        text("voucher_type", "Document type", description=" or ".join(_ENTRY)),
        text("voucher", "Document", *(f"{one}.name" for one in _ENTRY)),
        text("line", "Line", f"{PAYMENT}.references.name", f"{JOURNAL}.accounts.name"),
        *calendar_columns(*(f"{one}.posting_date" for one in _ENTRY)),
        link("supplier", "Supplier", *_PARTY),
        known_by(text("party_id", "Supplier across instances", *_PARTY), PARTY_EVIDENCE),
        text("supplier_group", "Supplier Group", *_PARTY, "Supplier.supplier_group"),
        text("village", "Village", *_PARTY, "Supplier.village", "Supplier.custom_village"),
        text("reference_type", "Paid for a", *_PAID_FOR),
        text(
            "reference",
            "Paid for",
            f"{PAYMENT}.references.reference_name",
            f"{JOURNAL}.accounts.reference_name",
        ),
        link("mode_of_payment", "Mode of Payment", *(f"{one}.mode_of_payment" for one in _ENTRY)),
        empty_in(link("project", "Project", f"{PAYMENT}.project"), JOURNAL),
        flag("advance_payment", "In advance", *_ADVANCE),
    ),
    measures=(
        amount("paid", "Paid", "INR", *_MONEY),
        amount("advance", "Of it in advance", "INR", *_MONEY, *_ADVANCE),
        amount("paid_dated", "Paid for a bill", "INR", *_MONEY),
        amount("days_weighted", "Days times rupees", "INR days", *_DAYS),
        amount("paid_7d", "Paid within 7 days", "INR", *_DAYS),
        amount("paid_15d", "Paid within 15 days", "INR", *_DAYS),
        amount("paid_30d", "Paid within 30 days", "INR", *_DAYS),
        amount("payments", "Payments", "rows"),
        amount("rate_missing", "Payments without a rate to INR", "rows"),
        ratio("days_to_pay", "Days to pay", "days", ("days_weighted", "paid_dated")),
        share("within_7d", "Share within 7 days", "paid_7d", "paid_dated"),
        share("within_15d", "Share within 15 days", "paid_15d", "paid_dated"),
        share("within_30d", "Share within 30 days", "paid_30d", "paid_dated"),
        distinct("suppliers", "Suppliers", "suppliers", "party_id"),
    ),
    checks=(HAS_RATE,),
    freshness_hours=30,
    build=build,
)
