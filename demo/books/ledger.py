"""General Ledger and Payment Ledger: what every voucher leaves there, balanced to the paisa.

A cancelled voucher leaves its rows twice, the second time with the sides changed, all of them
marked `is_cancelled` (in the Payment Ledger `delinked`), as ERPNext 15 does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from demo.books.book import Book
    from demo.books.voucher import Voucher
    from demo.site.dataset import Row

DOLLAR_ACCOUNT = "Debtors USD"
NOBODY = ("", "")


class Entry(NamedTuple):
    """One side of a voucher: `amount` in rupees, a debit above zero, a credit below.

    `in_account`: the same in the account's currency, where that is not the rupee.
    `settles`: the document that a party's amount belongs to; without one, the voucher itself in
    the Payment Ledger and none in the General Ledger.
    """

    account: str
    amount: float
    against: str = ""
    party: tuple[str, str] = NOBODY
    settles: tuple[str, str] | None = None
    due_date: str | None = None
    in_account: float | None = None


class Ledger:
    """Posts vouchers."""

    def __init__(self, book: Book) -> None:
        self._book = book
        own, company = book.company.own, book.company.name
        self._main = own("Main")
        common: Row = {"company": company, "docstatus": 1}
        book.prefill("GL Entry", common | {"is_advance": "No", "to_rename": 1})
        book.prefill("Payment Ledger Entry", common)

    def post(self, voucher: Voucher, entries: Sequence[Entry]) -> None:
        """Write what a voucher leaves in the ledgers; entries of nothing are left out.

        Raises:
            ValueError: debit and credit differ.
        """
        if difference := sum(round(entry.amount * 100) for entry in entries):
            raise ValueError(f"{voucher.name} is out of balance by {difference} paise")
        written = [entry for entry in entries if entry.amount]
        for entry in written:
            self._write(voucher, entry)
        if voucher.cancelled:
            for entry in written:
                self._write(voucher, _turn_round(entry), reverses=True)

    def _write(self, voucher: Voucher, entry: Entry, *, reverses: bool = False) -> None:
        stamp = self._book.clock.follow(voucher.created, later=reverses)
        currency = "USD" if entry.account == self._book.company.own(DOLLAR_ACCOUNT) else "INR"
        shared: Row = {
            "account": entry.account,
            "account_currency": currency,
            "posting_date": voucher.posted_on,
            "due_date": entry.due_date,
            "voucher_type": voucher.doctype,
            "voucher_no": voucher.name,
            "remarks": voucher.remarks,
        }
        values = shared | self._fill_sides(voucher, entry) | self._fill_party(entry)
        self._book.add("GL Entry", self._book.make_name(), stamp, values)
        if entry.party is not NOBODY:
            self._write_payment(voucher, entry, shared, reverses=reverses)

    def _fill_sides(self, voucher: Voucher, entry: Entry) -> Row:
        amount = abs(entry.amount)
        in_account = amount if entry.in_account is None else abs(entry.in_account)
        in_transaction = amount if voucher.currency == "INR" else round(amount / voucher.rate, 2)
        side = "debit" if entry.amount > 0 else "credit"
        return {
            side: amount,
            f"{side}_in_account_currency": in_account,
            f"{side}_in_transaction_currency": in_transaction,
            "against": entry.against,
            "fiscal_year": voucher.fiscal_year,
            "voucher_subtype": voucher.subtype,
            "transaction_currency": voucher.currency,
            "transaction_exchange_rate": voucher.rate,
            "is_opening": "Yes" if voucher.opening else "No",
            "is_cancelled": int(voucher.cancelled),
        }

    def _fill_party(self, entry: Entry) -> Row:
        if entry.party is NOBODY:
            return {"cost_center": self._main}
        kind, name = entry.settles or (None, None)
        against = {"against_voucher_type": kind, "against_voucher": name}
        return against | {"party_type": entry.party[0], "party": entry.party[1]}

    def _write_payment(
        self, voucher: Voucher, entry: Entry, shared: Row, *, reverses: bool
    ) -> None:
        """A claim is above zero, whichever side it is on, and what settles it below."""
        receivable = entry.party[0] == "Customer"
        sign = 1 if receivable else -1
        in_account = entry.amount if entry.in_account is None else entry.in_account
        kind, name = entry.settles or (voucher.doctype, voucher.name)
        values = {
            **shared,
            "account_type": "Receivable" if receivable else "Payable",
            "party_type": entry.party[0],
            "party": entry.party[1],
            "against_voucher_type": kind,
            "against_voucher_no": name,
            "amount": sign * entry.amount,
            "amount_in_account_currency": sign * in_account,
            "delinked": int(voucher.cancelled),
        }
        stamp = self._book.clock.follow(voucher.created, later=reverses)
        self._book.add("Payment Ledger Entry", self._book.make_name(), stamp, values)


def _turn_round(entry: Entry) -> Entry:
    in_account = None if entry.in_account is None else -entry.in_account
    return entry._replace(amount=-entry.amount, in_account=in_account)
