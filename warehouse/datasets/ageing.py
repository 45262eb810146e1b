"""What parties owe and are owed, by age: ERPNext's own rule over its payment ledger.

An entry counts for the voucher that it goes against; a credit note for the invoice that it returns,
unless it stands by itself.
Before version 14 there is no payment ledger, and the GL entries of party accounts say the same.
Unlike ERPNext's report, what is not yet due has a bucket of its own, and what is negative (an
advance, a credit not yet used) a column of its own: buckets and advances add up to the ledger.
What is settled is settled in the company's currency; what is left is worth INR at the day's rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from warehouse.cleaning.currency import is_unconverted, round_money, to_inr
from warehouse.cleaning.vouchers import has_text, mark
from warehouse.datasets.declaration import Feed
from warehouse.datasets.lines import as_flag, rate_of_balance
from warehouse.datasets.money import exact_or_zero, literal

if TYPE_CHECKING:
    from warehouse.datasets.declaration import Expression, Stages
    from warehouse.datasets.scope import Scope

# What is looked up of the invoice that an entry goes against.
INVOICE_FIELDS = ("is_return", "return_against", "update_outstanding_for_self")
LEDGER, GENERAL = "Payment Ledger Entry", "GL Entry"
# The last day of each bucket, as in ERPNext's report.
BUCKETS = (("d0_30", 30), ("d31_60", 60), ("d61_90", 90), ("d91_120", 120))
ZERO = literal("0")
OLDEST, NOT_DUE, ADVANCES = "d121_plus", "not_due", "advances"
COLUMNS = (NOT_DUE, *(name for name, _ in BUCKETS), OLDEST, ADVANCES)


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
        {"$match": {"delinked": {"$ne": 1}, "account_type": side.account_type, **until(scope)}}
    ]
    row = {**_row(side), **more}
    return [
        Feed(of=LEDGER, stages=[*ledger, *_balance(scope, side)], row=row),
        Feed(of=GENERAL, stages=[*_read_general(scope, side), *_balance(scope, side)], row=row),
    ]


def _read_general(scope: Scope, side: Side) -> Stages:
    """Return stages that make GL entries look like the payment ledger's; none if there is one."""
    any_ledger: Stages = [
        {"$match": {"doctype": LEDGER}},
        {"$limit": 1},
        {"$project": {"_id": 0, "doctype": 1}},
    ]
    found = {"from": scope.collection(LEDGER), "pipeline": any_ledger, "as": "ledger"}
    is_of_party = {"is_cancelled": {"$ne": 1}, "party": {"$nin": [None, ""]}, **until(scope)}
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
        *scope.lookup("Account", "account", "of_account", company="$company"),
        {"$match": {"of_account.account_type": side.account_type}},
        {"$set": entry},
    ]


def _balance(scope: Scope, side: Side) -> Stages:
    """Return stages: entries → one document a voucher that is outstanding, with its party."""
    key = ("company", "account", "party_type", "party")
    against = {"voucher_type": "$against_voucher_type", "voucher": "$against_voucher_no"}
    sums = {name: {"$sum": f"${name}"} for name in ("invoiced", "paid", "credit_note")}
    dates = {
        "posting_date": {"$max": "$own_date"},
        "due_date": {"$max": "$own_due"},
        "first_date": {"$min": "$first_date"},
    }
    balance = {"$subtract": ["$invoiced", {"$add": ["$paid", "$credit_note"]}]}
    return [
        {"$set": _split_entry()},
        {"$group": {"_id": {**{one: f"${one}" for one in key}, **against}, **sums, **_own_dates()}},
        *scope.lookup(side.invoice, "_id.voucher", "of_invoice", company="$_id.company"),
        {"$set": _follow_return(side)},
        {"$group": {"_id": "$_id", **sums, **dates}},
        {"$set": {"balance": balance}},
        {"$match": {"balance": {"$ne": ZERO}}},
        *scope.crosswalk("parties", "_id.party", "party", {"party_type": side.party_type}),
        {"$set": {**_age(scope), "inr_rate": rate_of_balance(scope, "$_id.company")}},
    ]


def _split_entry() -> dict[str, Expression]:
    """Return what an entry is: invoiced, paid or credited, as ERPNext's report splits it."""
    amount = exact_or_zero("$amount")
    negative = {"$multiply": [amount, -1]}
    is_payment = {"$in": ["$voucher_type", ["Journal Entry", "Payment Entry"]]}
    is_other = {"$ne": ["$voucher_no", "$against_voucher_no"]}
    is_positive = {"$gt": ["$amount", 0]}
    is_invoice = {"$in": ["$voucher_type", ["Sales Invoice", "Purchase Invoice"]]}
    invoiced = {"$and": [is_positive, {"$not": [{"$and": [is_payment, is_other]}]}]}
    credited = {"$and": [{"$not": [is_positive]}, is_invoice]}
    return {
        "invoiced": {"$cond": [invoiced, amount, ZERO]},
        "credit_note": {"$cond": [credited, negative, ZERO]},
        "paid": {"$cond": [{"$or": [invoiced, credited]}, ZERO, negative]},
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
    due = {"$cond": [has_text("$due_date"), "$due_date", dated]}
    today = {"$dateFromString": {"dateString": scope.as_of}}
    age = {"$dateDiff": {"startDate": _to_date(due), "endDate": today, "unit": "day"}}
    return {"posting_date": dated, "due_date": due, "age": {"$toInt": age}}


def _to_date(text_of_date: Expression) -> Expression:
    return {"$dateFromString": {"dateString": text_of_date}}


def _row(side: Side) -> dict[str, Expression]:
    is_of_side = {"$eq": ["$_id.party_type", side.party_type]}
    bucket = _name_bucket()
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
        **{name: _in_inr(name) for name in ("invoiced", "paid", "credit_note")},
        "outstanding": _in_inr("balance"),
        **{name: _in_bucket(bucket, name) for name in COLUMNS},
        "rate_missing": as_flag(is_unconverted()),
        "cleaned": mark(C7=is_unconverted()),
    }


def until(scope: Scope) -> dict[str, Any]:
    """Return the condition of the entries that count on the day; those of no date never do."""
    return {"posting_date": {"$gt": "", "$lte": scope.as_of}}


def _name_bucket() -> Expression:
    """Return an expression: the bucket of `$age` days since the due date, or advances."""
    branches = [
        {"case": {"$lt": ["$balance", 0]}, "then": ADVANCES},
        {"case": {"$lt": ["$age", 0]}, "then": NOT_DUE},
        *({"case": {"$lte": ["$age", last]}, "then": name} for name, last in BUCKETS),
    ]
    return {"$switch": {"branches": branches, "default": OLDEST}}


def _in_bucket(bucket: Expression, name: str) -> Expression:
    return {"$cond": [{"$eq": [bucket, name]}, _in_inr("balance"), ZERO]}


def _in_inr(name: str) -> Expression:
    # Rounded as the company's books are, not as rupees: a party's rows are summed.
    return to_inr(round_money(f"${name}"))
