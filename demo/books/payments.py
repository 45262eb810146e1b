"""Payment Entries: money received for Sales Invoices and paid for Purchase Invoices.

A submitted one lowers what is outstanding of the invoices it names, as ERPNext does: without a
change of their `modified`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING

from demo.books.clock import LAST
from demo.books.deal import CANCELLED, DRAFT, SUBMITTED
from demo.books.people import list_clerks
from demo.books.words import spell_rupees

if TYPE_CHECKING:
    from collections.abc import Sequence

    from demo.books.book import Book
    from demo.site.dataset import Row

BANK = "Current Bank Account"

_STATUS = {DRAFT: "Draft", SUBMITTED: "Submitted", CANCELLED: "Cancelled"}
_DOCSTATUS = (DRAFT, CANCELLED, *([SUBMITTED] * 23))
_MOST_REFERENCES = 3


def add_payments(book: Book, count: int, sold: Sequence[Row], bought: Sequence[Row]) -> None:
    """Add Payment Entries: one in four pays a supplier, the others come from customers."""
    writer = _PaymentWriter(book)
    queues = {"Receive": _Queue(sold, "customer"), "Pay": _Queue(bought, "supplier")}
    for place in range(count):
        kind = "Pay" if place % 4 == 3 else "Receive"  # noqa: PLR2004
        moment = (place + book.rng.random()) / count
        writer.write(kind, moment, queues[kind].take(moment))


class _Queue:
    """Open invoices, to be taken by time and by party."""

    def __init__(self, invoices: Sequence[Row], party_column: str) -> None:
        self._invoices = invoices
        self._party_column = party_column
        self._by_party: defaultdict[str, list[Row]] = defaultdict(list)
        for invoice in invoices:
            self._by_party[invoice[party_column]].append(invoice)

    def take(self, moment: float) -> list[Row]:
        """Take an invoice of a while before `moment`, with older ones of the same party."""
        if not self._invoices:
            return []
        chosen = self._invoices[int(len(self._invoices) * moment * 0.95)]
        party = self._by_party[chosen[self._party_column]]
        while party and party[0]["outstanding_amount"] == 0:
            party.pop(0)
        due = [row for row in party[:_MOST_REFERENCES] if row["creation"] <= chosen["creation"]]
        return [row for row in due if row["outstanding_amount"] > 0]


class _PaymentWriter:
    """Writes Payment Entries in order of their creation."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._clerks = list_clerks(book)
        self._numbers: Counter[int] = Counter()
        values: Row = {"naming_series": "ACC-PAY-.YYYY.-", "company": book.company.name}
        values |= {"payment_order_status": "Initiated", "mode_of_payment": "UPI"}
        values |= {"source_exchange_rate": 1.0, "target_exchange_rate": 1.0, "is_opening": "No"}
        values |= {"paid_from_account_currency": "INR", "paid_to_account_currency": "INR"}
        book.prefill("Payment Entry", values)
        book.prefill("Payment Entry Reference", {"exchange_rate": 1.0})

    def write(self, kind: str, moment: float, invoices: list[Row]) -> None:
        """Write one payment; without invoices it is an advance."""
        book, rng = self._book, self._book.rng
        stamp = book.clock.stamp(moment)
        docstatus = rng.choice(_DOCSTATUS)
        shares = [self._draw_share(invoice) for invoice in invoices]
        allocated = round(sum(shares), 2)
        advance = float(rng.randrange(100, 5_000)) if not shares or rng.random() < 0.05 else 0.0  # noqa: PLR2004
        charge = 11.8 if allocated > 500 and rng.random() < 0.03 else 0.0  # noqa: PLR2004
        posted = max([str(stamp.created.date()), *(row["posting_date"] for row in invoices)])
        values = self._fill_party(kind, invoices)
        values |= self._fill_amounts(allocated, advance, charge if kind == "Receive" else 0.0)
        values |= {"docstatus": docstatus, "status": _STATUS[docstatus], "posting_date": posted}
        values |= {"reference_no": f"UTR{rng.randrange(10**9):09d}", "reference_date": posted}
        values["remarks"] = f"Amount INR {values['paid_amount']} for {values['party_name']}"
        values["owner"] = values["modified_by"] = rng.choice(self._clerks)
        self._numbers[stamp.created.year] += 1
        name = f"ACC-PAY-{stamp.created.year}-{self._numbers[stamp.created.year]:05d}"
        entry = book.add("Payment Entry", name, stamp, values)
        for invoice, share in zip(invoices, shares, strict=True):
            self._allocate(entry, invoice, share)
        self._deduct(entry)

    def _draw_share(self, invoice: Row) -> float:
        """Draw how much of an invoice is paid: all, or a half."""
        outstanding: float = invoice["outstanding_amount"]
        half = self._book.rng.random() < 0.2  # noqa: PLR2004
        return round(outstanding / 2, 2) if half else outstanding

    def _fill_party(self, kind: str, invoices: list[Row]) -> Row:
        own = self._book.company.own
        receives = kind == "Receive"
        party_type = "Customer" if receives else "Supplier"
        side = party_type.lower()
        if invoices:
            party, title = invoices[0][side], invoices[0][f"{side}_name"]
        else:
            row = self._book.rng.choice(self._book.documents[party_type])
            party, title = row["name"], row[f"{side}_name"]
        values = {"payment_type": kind, "party_type": party_type, "party": party}
        values |= {"party_name": title, "title": title}
        places = (("Debtors", "Receivable"), (BANK, "Bank"))
        places = places if receives else ((BANK, "Bank"), ("Creditors", "Payable"))
        for key, (account, account_type) in zip(("paid_from", "paid_to"), places, strict=True):
            values |= {key: own(account), f"{key}_account_type": account_type}
        return values

    def _fill_amounts(self, allocated: float, advance: float, charge: float) -> Row:
        """The bank keeps `charge` of what is paid against invoices and credits the rest."""
        paid = round(allocated + advance - charge, 2)
        words = spell_rupees(paid)
        values: Row = {"total_allocated_amount": allocated, "unallocated_amount": advance}
        values["base_total_allocated_amount"] = allocated
        for key in ("paid_amount", "received_amount"):
            values |= {key: paid, f"base_{key}": paid}
            values |= {f"{key}_after_tax": paid, f"base_{key}_after_tax": paid}
        return values | {"in_words": words, "base_in_words": words}

    def _allocate(self, entry: Row, invoice: Row, share: float) -> None:
        side = "Debtors" if entry["payment_type"] == "Receive" else "Creditors"
        values = {"reference_doctype": invoice["doctype"], "reference_name": invoice["name"]}
        values |= {"total_amount": invoice["rounded_total"], "allocated_amount": share}
        values |= {"outstanding_amount": invoice["outstanding_amount"]}
        values |= {"due_date": invoice["due_date"], "bill_no": invoice.get("bill_no")}
        values["account"] = self._book.company.own(side)
        self._book.add_child(entry, "references", values)
        if entry["docstatus"] == SUBMITTED:
            _settle(invoice, share)

    def _deduct(self, entry: Row) -> None:
        paid = entry["paid_amount"]
        charge = round(entry["total_allocated_amount"] + entry["unallocated_amount"] - paid, 2)
        if charge:
            own = self._book.company.own
            values = {"account": own("Bank Charges"), "cost_center": own("Main")}
            self._book.add_child(entry, "deductions", values | {"amount": charge})


def _settle(invoice: Row, share: float) -> None:
    """Lower what is outstanding of an invoice."""
    rest = round(invoice["outstanding_amount"] - share, 2)
    invoice["outstanding_amount"] = rest
    overdue = date.fromisoformat(invoice["due_date"]) + timedelta(days=1) < LAST.date()
    partly = "Overdue" if overdue else "Partly Paid"
    invoice["status"] = "Paid" if rest == 0 else partly
    for terms in invoice["payment_schedule"]:
        paid = round(terms["paid_amount"] + share, 2)
        terms |= {"outstanding": rest, "base_outstanding": rest}
        terms |= {"paid_amount": paid, "base_paid_amount": paid}
