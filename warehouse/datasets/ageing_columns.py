"""What receivables and payables by age declare alike: sources, columns, check and tie-out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from warehouse.cleaning.currency import to_inr
from warehouse.datasets.ageing import COLUMNS, GENERAL, LEDGER, OLDEST, Side, until
from warehouse.datasets.columns import balance, day, integer, known_by, link, share, text
from warehouse.datasets.declaration import Check, Feed, Source, TieOut, Upstream
from warehouse.datasets.lines import SETTINGS, rate_of_balance
from warehouse.datasets.money import exact_or_zero
from warehouse.identity.parties import PARTY_EVIDENCE

if TYPE_CHECKING:
    from warehouse.datasets.declaration import Dimension, Measure, Stages
    from warehouse.datasets.scope import Scope

KEY = ("instance", "company", "account", "party_type", "party", "voucher_type", "voucher")
ADDS_UP = Check(
    "adds_up",
    "Buckets and advances are what is outstanding",
    {"$ne": [{"$add": [f"${name}" for name in COLUMNS]}, "$outstanding"]},
)
_SPANS = ("0 to 30 days", "31 to 60", "61 to 90", "91 to 120", "Over 120 days")
TITLES = dict(zip(COLUMNS, ("Not yet due", *_SPANS, "Advances"), strict=True))
_VOUCHER = ("voucher_type", "voucher_no", "posting_date", "due_date", "company", "account")
_LEDGER_SOURCE = Source(
    LEDGER,
    (
        *(*_VOUCHER, "account_type", "party_type", "party", "against_voucher_type"),
        *("against_voucher_no", "amount", "delinked"),
    ),
    is_optional=True,
)
_GENERAL_SOURCE = Source(
    GENERAL,
    (
        *(*_VOUCHER, "party_type", "party", "against_voucher_type", "against_voucher"),
        *("debit", "credit", "is_cancelled"),
    ),
)


def ageing_sources(invoice: Source) -> tuple[Source | Upstream, ...]:
    """Return the sources of a side, whose invoices are `invoice`."""
    accounts = Source("Account", ("account_type", "company"))
    return (_LEDGER_SOURCE, _GENERAL_SOURCE, accounts, invoice, *SETTINGS, Upstream("parties"))


def ageing_columns(side: Side) -> tuple[Dimension, ...]:
    """Return the dimensions that both sides have."""
    party = _of_entries("party")
    due = _of_entries("due_date", "posting_date")
    looked_up = ("Account.company", f"{side.invoice}.company")
    against = (f"{LEDGER}.against_voucher_no", f"{GENERAL}.against_voucher")
    return (
        link("company", "Company", *_of_entries("company"), *looked_up),
        link("account", "Account", *_of_entries("account")),
        text("party_type", "Party type", *_of_entries("party_type")),
        text("party", side.party_type, *party),
        known_by(text("party_id", f"{side.party_type} across instances", *party), PARTY_EVIDENCE),
        text("voucher_type", "Document type", *_of_entries("against_voucher_type", "voucher_type")),
        text("voucher", "Document", *against, *_of_entries("voucher_no")),
        day("posting_date", "Date", *_of_entries("posting_date")),
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
        share("old_share", "Share over 120 days", OLDEST, "outstanding"),
    )


def tie_to_ledger(side: Side) -> TieOut:
    """Return the tie-out with the GL's balance of party accounts."""
    return TieOut(
        "general_ledger",
        f"Outstanding is the GL's balance of each {side.party_type.lower()}",
        _add_rows,
        lambda scope: _add_ledger(scope, side),
    )


def _of_entries(*fields: str) -> tuple[str, ...]:
    """Return fields of entries of either ledger, as columns are declared to be of them."""
    return tuple(f"{doctype}.{field}" for doctype in (LEDGER, GENERAL) for field in fields)


def _add_ledger(scope: Scope, side: Side) -> Feed:
    """Return the other side of the tie-out: the GL's balance of party accounts, by party."""
    debit = {"$subtract": [exact_or_zero("$debit"), exact_or_zero("$credit")]}
    balance = {"$sum": {"$multiply": [debit, side.sign]}}
    total = to_inr("$balance", rate_of_balance(scope, "$_id.company"))
    stages: Stages = [
        {"$match": {"is_cancelled": {"$ne": 1}, "party": {"$nin": [None, ""]}, **until(scope)}},
        *scope.lookup("Account", "account", "of_account"),
        {"$match": {"of_account.account_type": side.account_type}},
        {"$group": {"_id": {"company": "$company", "party": "$party"}, "balance": balance}},
        {"$project": {"total": total}},
    ]
    return Feed(of=GENERAL, row={}, stages=stages)


def _add_rows(_scope: Scope) -> Stages:
    """Return our side of the tie-out."""
    total = {"$sum": "$outstanding"}
    return [{"$group": {"_id": {"company": "$company", "party": "$party"}, "total": total}}]
