"""What came in, day by day and by mode of payment, and how bank and cash moved.

Four things of one day, each in its own rows: payments received, payments at the counter (those of a
POS sale are in its Sales Invoice, less the change given back), movements of Bank and Cash accounts
in the GL, differences found at the closing of POS shifts. Movements summed from the beginning to a
day are the balance of that day.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from warehouse.cleaning import vouchers
from warehouse.cleaning.currency import is_unconverted
from warehouse.datasets.columns import amount, link, text
from warehouse.datasets.declaration import Dataset, Feed, Partition, Source, TieOut
from warehouse.datasets.lines import (
    HAS_RATE,
    SETTINGS,
    as_flag,
    calendar_columns,
    place_in_time,
    reject_undated,
    sum_whole,
)
from warehouse.datasets.money import exact_or_zero, literal

if TYPE_CHECKING:
    from warehouse.datasets.declaration import Expression, Stages
    from warehouse.datasets.scope import Scope

PAYMENT, SALES = "Payment Entry", "Sales Invoice"
GENERAL, CLOSING = "GL Entry", "POS Closing Entry"
MONEY_ACCOUNTS = ("Bank", "Cash")
MEASURES = ("collected", "money_in", "money_out", "balance_change", "pos_difference")
ZERO = literal("0")


def build(scope: Scope) -> list[Feed]:
    """Return a day's sums of payments, of account movements, of closing differences."""
    feeds = (_feed_payments, _feed_counter, _feed_accounts, _feed_closings)
    return [replace(feed(scope), rejects=[reject_undated(scope)]) for feed in feeds]


def _feed_payments(scope: Scope) -> Feed:
    # What the bank or cash account received, in the company's currency.
    received = {"$multiply": [exact_or_zero("$base_received_amount"), "$inr_rate"]}
    counted = {"docstatus": vouchers.SUBMITTED, "payment_type": "Receive"}
    stages: Stages = [
        {"$match": counted | {"is_opening": {"$ne": "Yes"}}},
        {"$set": place_in_time(scope, "$posting_date")},
        _group_day("$paid_to", "$mode_of_payment", "$party_type", collected=received),
    ]
    return Feed(of=PAYMENT, stages=stages, row=_row(scope, "payment", "collected"))


def _feed_counter(scope: Scope) -> Feed:
    change = {
        "account": "$account_for_change_amount",
        "base_amount": {"$multiply": [exact_or_zero("$base_change_amount"), -1]},
    }
    paid = {"$concatArrays": [{"$ifNull": ["$payments", []]}, [change]]}
    collected = {"$multiply": [exact_or_zero("$paid.base_amount"), "$inr_rate"]}
    counted = {"docstatus": vouchers.SUBMITTED, "is_pos": 1, "is_opening": {"$ne": "Yes"}}
    stages: Stages = [
        {"$match": counted},
        {"$set": {"paid": paid, **place_in_time(scope, "$posting_date")}},
        {"$unwind": "$paid"},
        {"$match": {"paid.base_amount": {"$nin": [None, 0]}}},
        _group_day("$paid.account", "$paid.mode_of_payment", "Customer", collected=collected),
    ]
    return Feed(of=SALES, stages=stages, row=_row(scope, "counter", "collected"))


def _feed_accounts(scope: Scope) -> Feed:
    debit, credit = exact_or_zero("$debit"), exact_or_zero("$credit")
    in_inr = {
        name: {"$multiply": [value, "$inr_rate"]}
        for name, value in (
            ("money_in", debit),
            ("money_out", credit),
            ("balance_change", {"$subtract": [debit, credit]}),
        )
    }
    stages: Stages = [
        {"$match": {"is_cancelled": {"$ne": 1}}},
        *scope.lookup("Account", "account", "of_account", company="$company"),
        {"$match": {"of_account.account_type": {"$in": list(MONEY_ACCOUNTS)}}},
        {"$set": place_in_time(scope, "$posting_date")},
        _group_day("$account", None, None, **in_inr),
    ]
    row = _row(scope, "account", *in_inr)
    return Feed(of=GENERAL, stages=stages, row=row)


def _feed_closings(scope: Scope) -> Feed:
    difference = {"$multiply": [exact_or_zero("$payment_reconciliation.difference"), "$inr_rate"]}
    mode = "$payment_reconciliation.mode_of_payment"
    stages: Stages = [
        {"$match": {"docstatus": vouchers.SUBMITTED}},
        {"$unwind": "$payment_reconciliation"},
        {"$set": place_in_time(scope, "$posting_date")},
        _group_day(None, mode, None, pos_difference=difference),
    ]
    return Feed(of=CLOSING, stages=stages, row=_row(scope, "pos_closing", "pos_difference"))


def _group_day(
    account: str | None, mode: str | None, party_type: str | None, **sums: Expression
) -> dict[str, Any]:
    key = {
        "company": "$company",
        "posting_date": "$posting_date",
        "account": account,
        "mode_of_payment": mode,
        "party_type": party_type,
    }
    sums["rate_missing"] = as_flag(is_unconverted())
    return {"$group": {"_id": key, **{name: {"$sum": value} for name, value in sums.items()}}}


def _row(scope: Scope, kind: str, *given: str) -> dict[str, Expression]:
    calendar = place_in_time(scope, "$_id.posting_date", "$_id.company")
    del calendar["inr_rate"]
    return {
        **calendar,
        "company": "$_id.company",
        "posting_date": "$_id.posting_date",
        "kind": {"$literal": kind},
        "account": "$_id.account",
        "mode_of_payment": "$_id.mode_of_payment",
        "party_type": "$_id.party_type",
        **dict.fromkeys(MEASURES, ZERO),
        **sum_whole(*given),
    }


def _add_accounts(_scope: Scope) -> Stages:
    group = {"account": "$account"}
    total = {"$sum": "$balance_change"}
    return [{"$match": {"kind": "account"}}, {"$group": {"_id": group, "total": total}}]


def _add_ledger(scope: Scope) -> Feed:
    change = {"$subtract": [exact_or_zero("$debit"), exact_or_zero("$credit")]}
    total = {"$sum": {"$multiply": [change, "$inr_rate"]}}
    stages: Stages = [
        {"$match": {"is_cancelled": {"$ne": 1}}},
        {"$set": place_in_time(scope, "$posting_date")},
        {"$group": {"_id": {"account": "$account"}, "total": total}},
        *scope.lookup("Account", "_id.account", "of_account"),
        {"$match": {"of_account.account_type": {"$in": list(MONEY_ACCOUNTS)}}},
    ]
    return Feed(of=GENERAL, row={}, stages=stages)


_RECEIVED = (f"{PAYMENT}.base_received_amount", f"{SALES}.payments.base_amount",
             f"{SALES}.base_change_amount")  # fmt: skip
_ALL = (PAYMENT, SALES, GENERAL, CLOSING)
_ACCOUNTS = (f"{PAYMENT}.paid_to", f"{SALES}.payments.account",
             f"{SALES}.account_for_change_amount", f"{GENERAL}.account")  # fmt: skip
_MODES = (f"{PAYMENT}.mode_of_payment", f"{SALES}.payments.mode_of_payment",
          f"{CLOSING}.payment_reconciliation.mode_of_payment")  # fmt: skip
_MOVED = (f"{GENERAL}.debit", f"{GENERAL}.credit")

DATASET = Dataset(
    slug="collections_cash",
    title="Collections, bank and cash",
    description=(
        "A day's payments received by account and mode, movements of Bank and Cash accounts, and "
        "differences of POS closings. balance_change summed from the beginning is the balance."
    ),
    owner="Accounts",
    grain="one day, account, mode of payment and kind of party, of one kind of row",
    key=(
        *("instance", "company", "posting_date", "kind", "account", "mode_of_payment"),
        "party_type",
    ),
    partition=Partition.INSTANCE_MONTH,
    sources=(
        Source(
            PAYMENT,
            (
                *("company", "posting_date", "docstatus", "is_opening", "payment_type", "paid_to"),
                *("party_type", "mode_of_payment", "base_received_amount"),
            ),
            date="posting_date",
        ),
        Source(
            SALES,
            (
                *("company", "posting_date", "docstatus", "is_opening", "is_pos"),
                *("payments.account", "payments.mode_of_payment", "payments.base_amount"),
                *("account_for_change_amount", "base_change_amount"),
            ),
            date="posting_date",
        ),
        Source(
            GENERAL,
            ("company", "posting_date", "account", "debit", "credit", "is_cancelled"),
            date="posting_date",
        ),
        Source(
            CLOSING,
            (
                *("company", "posting_date", "docstatus", "payment_reconciliation.difference"),
                "payment_reconciliation.mode_of_payment",
            ),
            date="posting_date",
            is_optional=True,
        ),
        Source("Account", ("account_type", "company"), by=("account",)),
        *SETTINGS,
    ),
    cleaning=("C1", "C2", "C4", "C7", "C9", "C10"),
    dimensions=(
        link("company", "Company", *(f"{one}.company" for one in (*_ALL, "Account"))),
        *calendar_columns(*(f"{one}.posting_date" for one in _ALL)),
        text("kind", "Kind of row", description="payment, counter, account or pos_closing"),
        link("account", "Account", *_ACCOUNTS),
        link("mode_of_payment", "Mode of Payment", *_MODES),
        text("party_type", "Party type", f"{PAYMENT}.party_type"),
    ),
    measures=(
        amount("collected", "Payments received", "INR", *_RECEIVED),
        amount("money_in", "Into bank and cash", "INR", *_MOVED),
        amount("money_out", "Out of bank and cash", "INR", *_MOVED),
        amount("balance_change", "Change of the balance", "INR", *_MOVED),
        amount(
            "pos_difference",
            "Difference at POS closings",
            "INR",
            f"{CLOSING}.payment_reconciliation.difference",
        ),
        amount("rate_missing", "Entries without a rate to INR", "entries"),
    ),
    checks=(HAS_RATE,),
    tie_outs=(TieOut("general_ledger", "Movements are the GL's", _add_accounts, _add_ledger),),
    freshness_hours=30,
    build=build,
)
