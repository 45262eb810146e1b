"""What parties owe and are owed, by age: ERPNext's own rule over its payment ledger.

An entry counts for the voucher that it goes against; a credit note for the invoice that it returns,
unless it stands by itself.
Before version 14 there is no payment ledger, and the GL entries of party accounts say the same.
Unlike ERPNext's report, what is not yet due has a bucket of its own, and what is negative (an
advance, a credit not yet used) a column of its own: buckets and advances add up to the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from warehouse.cleaning.currency import is_unconverted, rate_to_inr, round_money
from warehouse.cleaning.vouchers import has_text, mark
from warehouse.datasets.columns import balance, day, integer, known_by, link, text
from warehouse.datasets.declaration import Feed, Source
from warehouse.datasets.lines import as_flag
from warehouse.datasets.money import exact_or_zero, literal
from warehouse.identity.parties import PARTY_EVIDENCE

if TYPE_CHECKING:
    from warehouse.datasets.declaration import Dimension, Expression, Measure, Stages
    from warehouse.datasets.scope import Scope

# What is looked up of the invoice that an entry goes against.
INVOICE_FIELDS = ("is_return", "return_against", "update_outstanding_for_self")
LEDGER, GENERAL = "Payment Ledger Entry", "GL Entry"
# The last day of each bucket, as in ERPNext's report.
BUCKETS = (("d0_30", 30), ("d31_60", 60), ("d61_90", 90), ("d91_120", 120))
OLDEST, NOT_DUE, ADVANCES = "d121_plus", "not_due", "advances"
COLUMNS = (NOT_DUE, *(name for name, _ in BUCKETS), OLDEST, ADVANCES)
_SPANS = ("0 to 30 days", "31 to 60", "61 to 90", "91 to 120", "Over 120 days")
TITLES = dict(zip(COLUMNS, ("Not yet due", *_SPANS, "Advances"), strict=True))

_VOUCHER = ("voucher_type", "voucher_no", "posting_date", "due_date", "company", "account")
LEDGER_SOURCE = Source(
    LEDGER,
    (
        *(*_VOUCHER, "account_type", "party_type", "party", "against_voucher_type"),
        *("against_voucher_no", "amount", "delinked"),
    ),
    is_optional=True,
)
GENERAL_SOURCE = Source(
    GENERAL,
    (
        *(*_VOUCHER, "party_type", "party", "against_voucher_type", "against_voucher"),
        *("debit", "credit", "is_cancelled"),
    ),
)
ACCOUNT_SOURCE = Source("Account", ("account_type",))


@dataclass(frozen=True, slots=True)
class Side:
    """One side of the books: its accounts' type, its parties and their invoices.

    `sign`: of a debit.
    """

    account_type: str
    party_type: str
    invoice: str
    sign: int


RECEIVABLE = Side("Receivable", "Customer", "Sales Invoice", 1)
PAYABLE = Side("Payable", "Supplier", "Purchase Invoice", -1)


def make_feeds(scope: Scope, side: Side, more: dict[str, Expression]) -> list[Feed]:
    """Return a feed of what is outstanding, over the payment ledger or, without one, the GL.

    `more`: columns beyond those that both sides have, of `$party` and the row's own.
    """
    ledger: Stages = [
        {"$match": {"delinked": {"$ne": 1}, "account_type": side.account_type, **_until(scope)}}
    ]
    row = {**_row(side), **more}
    return [
        Feed(of=LEDGER, stages=[*ledger, *_balance(scope, side)], row=row),
        Feed(of=GENERAL, stages=[*_read_general(scope, side), *_balance(scope, side)], row=row),
    ]


def _until(scope: Scope) -> dict[str, Any]:
    return {"posting_date": {"$lte": scope.as_of}}


def _read_general(scope: Scope, side: Side) -> Stages:
    """Return stages that make GL entries look like the payment ledger's; none if there is one."""
    any_ledger: Stages = [
        {"$match": {"doctype": LEDGER}},
        {"$limit": 1},
        {"$project": {"_id": 0, "doctype": 1}},
    ]
    found = {"from": scope.collection(LEDGER), "pipeline": any_ledger, "as": "ledger"}
    is_of_party = {"is_cancelled": {"$ne": 1}, "party": {"$nin": [None, ""]}, **_until(scope)}
    debit = {"$subtract": [exact_or_zero("$debit"), exact_or_zero("$credit")]}
    against = has_text("$against_voucher")
    entry = {
        "amount": {"$multiply": [debit, side.sign]},
        "against_voucher_type": {"$cond": [against, "$against_voucher_type", "$voucher_type"]},
        "against_voucher_no": {"$cond": [against, "$against_voucher", "$voucher_no"]},
    }
    return [
        {"$match": is_of_party},
        {"$lookup": found},
        {"$match": {"ledger": []}},
        *scope.lookup("Account", "account", "of_account"),
        {"$match": {"of_account.account_type": side.account_type}},
        {"$set": entry},
    ]


def _balance(scope: Scope, side: Side) -> Stages:
    """Return stages: entries → one document a voucher that is outstanding, with its party."""
    key = ("company", "account", "party_type", "party")
    against = {"voucher_type": "$against_voucher_type", "voucher": "$against_voucher_no"}
    sums = {name: {"$sum": f"${name}"} for name in ("invoiced", "paid", "credit_note", "missing")}
    dates = {
        "posting_date": {"$max": "$own_date"},
        "due_date": {"$max": "$own_due"},
        "first_date": {"$min": "$first_date"},
    }
    outstanding = {"$subtract": ["$invoiced", {"$add": ["$paid", "$credit_note"]}]}
    return [
        {"$set": {"inr_rate": rate_to_inr(scope.books, "$company", "$posting_date", scope.month)}},
        {"$set": _split_entry()},
        {"$group": {"_id": {**{one: f"${one}" for one in key}, **against}, **sums, **_own_dates()}},
        *scope.lookup(side.invoice, "_id.voucher", "of_invoice"),
        {"$set": _follow_return(side)},
        {"$group": {"_id": "$_id", **sums, **dates}},
        {"$set": {"outstanding": outstanding}},
        {"$match": {"outstanding": {"$ne": literal("0")}}},
        *scope.crosswalk("parties", "_id.party", "party", {"party_type": side.party_type}),
        {"$set": _age(scope)},
    ]


def _split_entry() -> dict[str, Expression]:
    """Return what an entry is: invoiced, paid or credited, as ERPNext's report splits it."""
    inr = {"$multiply": [exact_or_zero("$amount"), {"$ifNull": ["$inr_rate", literal("0")]}]}
    negative = {"$multiply": [inr, -1]}
    is_payment = {"$in": ["$voucher_type", ["Journal Entry", "Payment Entry"]]}
    is_other = {"$ne": ["$voucher_no", "$against_voucher_no"]}
    is_positive = {"$gt": ["$amount", 0]}
    is_invoice = {"$in": ["$voucher_type", ["Sales Invoice", "Purchase Invoice"]]}
    zero = literal("0")
    invoiced = {"$and": [is_positive, {"$not": [{"$and": [is_payment, is_other]}]}]}
    credited = {"$and": [{"$not": [is_positive]}, is_invoice]}
    return {
        "invoiced": {"$cond": [invoiced, inr, zero]},
        "credit_note": {"$cond": [credited, negative, zero]},
        "paid": {"$cond": [{"$or": [invoiced, credited]}, zero, negative]},
        "missing": as_flag(is_unconverted()),
        "is_own": {"$not": [is_other]},
    }


def _own_dates() -> dict[str, Expression]:
    return {
        "own_date": {"$max": {"$cond": ["$is_own", "$posting_date", None]}},
        "own_due": {"$max": {"$cond": ["$is_own", "$due_date", None]}},
        "first_date": {"$min": "$posting_date"},
    }


def _follow_return(side: Side) -> dict[str, Expression]:
    """Return what moves a return's balance to the invoice that it goes against.

    From version 15 on a return may keep its balance for itself.
    """
    follows = {
        "$and": [
            {"$eq": ["$_id.voucher_type", side.invoice]},
            {"$eq": ["$of_invoice.is_return", 1]},
            {"$ne": ["$of_invoice.update_outstanding_for_self", 1]},
            has_text("$of_invoice.return_against"),
        ]
    }
    return {
        "_id.voucher": {"$cond": [follows, "$of_invoice.return_against", "$_id.voucher"]},
        "own_date": {"$cond": [follows, None, "$own_date"]},
        "own_due": {"$cond": [follows, None, "$own_due"]},
    }


def _age(scope: Scope) -> dict[str, Expression]:
    dated = {"$ifNull": ["$posting_date", "$first_date"]}
    due = {"$ifNull": ["$due_date", dated]}
    today = {"$dateFromString": {"dateString": scope.as_of}}
    age = {"$dateDiff": {"startDate": _to_date(due), "endDate": today, "unit": "day"}}
    return {"posting_date": dated, "due_date": due, "age": {"$toInt": age}}


def _to_date(text_of_date: Expression) -> Expression:
    return {"$dateFromString": {"dateString": text_of_date}}


def _row(side: Side) -> dict[str, Expression]:
    is_of_side = {"$eq": ["$_id.party_type", side.party_type]}
    bucket = name_bucket()
    return {
        "company": "$_id.company",
        "account": "$_id.account",
        "party_type": "$_id.party_type",
        "party": "$_id.party",
        "party_id": {"$cond": [is_of_side, "$party.party_id", None]},
        "voucher_type": "$_id.voucher_type",
        "voucher": "$_id.voucher",
        "posting_date": "$posting_date",
        "due_date": "$due_date",
        "age": "$age",
        "bucket": bucket,
        "invoiced": round_money("$invoiced"),
        "paid": round_money("$paid"),
        "credit_note": round_money("$credit_note"),
        "outstanding": round_money("$outstanding"),
        **{name: _in_bucket(bucket, name) for name in COLUMNS},
        "rate_missing": as_flag({"$gt": ["$missing", 0]}),
        "cleaned": mark(C7={"$gt": ["$missing", 0]}),
    }


def name_bucket() -> Expression:
    """Return an expression: the bucket of `$age` days since the due date, or advances."""
    branches = [
        {"case": {"$lt": ["$outstanding", 0]}, "then": ADVANCES},
        {"case": {"$lt": ["$age", 0]}, "then": NOT_DUE},
        *({"case": {"$lte": ["$age", last]}, "then": name} for name, last in BUCKETS),
    ]
    return {"$switch": {"branches": branches, "default": OLDEST}}


def _in_bucket(bucket: Expression, name: str) -> Expression:
    return {"$cond": [{"$eq": [bucket, name]}, round_money("$outstanding"), literal("0")]}


def of_entries(*fields: str) -> tuple[str, ...]:
    """Return fields of entries of either ledger, as columns are declared to be of them."""
    return tuple(f"{doctype}.{field}" for doctype in (LEDGER, GENERAL) for field in fields)


def ageing_columns(side: Side) -> tuple[Dimension, ...]:
    """Return the dimensions that both sides have."""
    party = of_entries("party")
    due = of_entries("due_date", "posting_date")
    against = (f"{LEDGER}.against_voucher_no", f"{GENERAL}.against_voucher")
    return (
        link("company", "Company", *of_entries("company")),
        link("account", "Account", *of_entries("account")),
        text("party_type", "Party type", *of_entries("party_type")),
        text("party", side.party_type, *party),
        known_by(text("party_id", f"{side.party_type} across instances", *party), PARTY_EVIDENCE),
        text("voucher_type", "Document type", *of_entries("against_voucher_type", "voucher_type")),
        text("voucher", "Document", *against, *of_entries("voucher_no")),
        day("posting_date", "Date", *of_entries("posting_date")),
        day("due_date", "Due", *due, description="The date, where nothing is agreed."),
        integer("age", "Days since due", *due),
        text("bucket", "Bucket", *due, description=", ".join(COLUMNS)),
    )


def ageing_measures() -> tuple[Measure, ...]:
    """Return the measures that both sides have."""
    money = (f"{LEDGER}.amount", f"{GENERAL}.debit", f"{GENERAL}.credit")
    return (
        balance("invoiced", "Invoiced", "INR", *money),
        balance("paid", "Paid", "INR", *money),
        balance("credit_note", "Credited", "INR", *money),
        balance("outstanding", "Outstanding", "INR", *money),
        *(balance(name, TITLES[name], "INR", *money) for name in COLUMNS),
        balance("rate_missing", "Documents without a rate to INR", "documents"),
    )


def tie_to_ledger(scope: Scope, side: Side) -> Feed:
    """Return the other side of the tie-out: the GL's balance of party accounts, by party."""
    debit = {"$subtract": [exact_or_zero("$debit"), exact_or_zero("$credit")]}
    rate = rate_to_inr(scope.books, "$company", "$posting_date", scope.month)
    stages: Stages = [
        {"$match": {"is_cancelled": {"$ne": 1}, "party": {"$nin": [None, ""]}, **_until(scope)}},
        *scope.lookup("Account", "account", "of_account"),
        {"$match": {"of_account.account_type": side.account_type}},
        {"$set": {"inr": {"$multiply": [debit, side.sign, {"$ifNull": [rate, literal("0")]}]}}},
        {"$group": {"_id": {"company": "$company", "party": "$party"}, "total": {"$sum": "$inr"}}},
    ]
    return Feed(of=GENERAL, row={}, stages=stages)


def total_by_party(_scope: Scope) -> Stages:
    """Return our side of the tie-out."""
    total = {"$sum": "$outstanding"}
    return [{"$group": {"_id": {"company": "$company", "party": "$party"}, "total": total}}]
