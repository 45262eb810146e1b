"""Payment Entries: money received for Sales Invoices and paid for Purchase Invoices.

A submitted one lowers what is outstanding of the invoices it names, as ERPNext does: without a
change of their `modified`. A foreign invoice is paid alone, in full and at its own rate, so that no
exchange gain or loss arises.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from demo.books.deal import CANCELLED, DRAFT, SUBMITTED
from demo.books.invoices import settle
from demo.books.ledger import DOLLAR_ACCOUNT, Entry, Ledger
from demo.books.people import list_clerks
from demo.books.voucher import Voucher
from demo.books.words import spell_amount

if TYPE_CHECKING:
    from demo.books.book import Book
    from demo.site.dataset import Row

BANK, CASH = "Current Bank Account", "Cash"

_STATUS = {DRAFT: "Draft", SUBMITTED: "Submitted", CANCELLED: "Cancelled"}
_DOCSTATUS = (DRAFT, CANCELLED, *([SUBMITTED] * 23))
_MOST_REFERENCES = 3
_OLDEST = 0.7
_IN_CASH = 0.15
_ADVANCE = 0.05


class _Payment(NamedTuple):
    """What is paid, in the party's currency: `charge` is what the bank keeps of it."""

    kind: str
    invoices: list[Row]
    shares: list[float]
    advance: float
    charge: float
    docstatus: int

    @property
    def allocated(self) -> float:
        return round(sum(self.shares), 2)

    @property
    def rate(self) -> float:
        rate: float = self.invoices[0]["conversion_rate"] if self.invoices else 1.0
        return rate

    @property
    def side(self) -> str:
        return "Customer" if self.kind == "Receive" else "Supplier"


class PaymentWriter:
    """Writes Payment Entries in order of their creation."""

    def __init__(self, book: Book, ledger: Ledger | None) -> None:
        self._book = book
        self._ledger = ledger
        self._clerks = list_clerks(book)
        self._numbers: Counter[int] = Counter()
        values: Row = {"naming_series": "ACC-PAY-.YYYY.-", "company": book.company.name}
        values |= {"payment_order_status": "Initiated", "mode_of_payment": "UPI"}
        values |= {"source_exchange_rate": 1.0, "target_exchange_rate": 1.0, "is_opening": "No"}
        values |= {"paid_from_account_currency": "INR", "paid_to_account_currency": "INR"}
        book.prefill("Payment Entry", values)
        book.prefill("Payment Entry Reference", {"exchange_rate": 1.0})

    def write(self, kind: str, moment: float, unpaid: list[Row]) -> None:
        """Write one payment of some of the `unpaid` invoices; without any it is an advance."""
        book, rng = self._book, self._book.rng
        stamp = book.clock.stamp(moment)
        payment = self._draw(kind, [] if rng.random() < _ADVANCE else self._take(unpaid))
        dates = (row["posting_date"] for row in payment.invoices)
        posted = max([str(stamp.created.date()), *dates])
        values = self._fill_party(payment) | self._fill_amounts(payment)
        values |= {"docstatus": payment.docstatus, "status": _STATUS[payment.docstatus]}
        values |= {"reference_no": f"UTR{rng.randrange(10**9):09d}", "reference_date": posted}
        values["posting_date"] = posted
        values["remarks"] = f"Amount INR {values['paid_amount']} for {values['party_name']}"
        values["owner"] = values["modified_by"] = rng.choice(self._clerks)
        self._numbers[stamp.created.year] += 1
        name = f"ACC-PAY-{stamp.created.year}-{self._numbers[stamp.created.year]:05d}"
        entry = book.add("Payment Entry", name, stamp, values)
        for invoice, share in zip(payment.invoices, payment.shares, strict=True):
            self._allocate(entry, invoice, share)
        if payment.charge:
            own = book.company.own
            kept = {"account": own("Bank Charges"), "cost_center": own("Main")}
            book.add_child(entry, "deductions", kept | {"amount": payment.charge})
        if self._ledger and payment.docstatus != DRAFT:
            voucher = Voucher.of(entry, stamp.created, subtype=kind, remarks=entry["remarks"])
            self._ledger.post(voucher, self._enter(entry, payment))

    def _take(self, unpaid: list[Row]) -> list[Row]:
        """Take an unpaid invoice, mostly an older one, with others of its party near it."""
        rng = self._book.rng
        while unpaid:
            place = int(len(unpaid) * rng.random() * _OLDEST)
            chosen = unpaid.pop(place)
            if chosen["outstanding_amount"] <= 0:
                continue
            if chosen["party_account_currency"] != "INR":
                return [chosen]
            side = "customer" if "customer" in chosen else "supplier"
            near = (
                row
                for row in unpaid[place : place + 50]
                if row[side] == chosen[side] and row["outstanding_amount"] > 0
            )
            return [chosen, *near][:_MOST_REFERENCES]
        return []

    def _draw(self, kind: str, invoices: list[Row]) -> _Payment:
        rng = self._book.rng
        docstatus = rng.choice(_DOCSTATUS)
        foreign = bool(invoices) and invoices[0]["party_account_currency"] != "INR"
        shares = [row["outstanding_amount"] if foreign else self._share(row) for row in invoices]
        advance = float(rng.randrange(100, 5_000)) if not shares or rng.random() < 0.05 else 0.0  # noqa: PLR2004
        charge = 11.8 if sum(shares) > 500 and rng.random() < 0.03 else 0.0  # noqa: PLR2004
        if foreign:
            advance = charge = 0.0
        return _Payment(
            kind, invoices, shares, advance, charge if kind == "Receive" else 0.0, docstatus
        )

    def _share(self, invoice: Row) -> float:
        """Draw how much of an invoice is paid: all, or a half."""
        outstanding: float = invoice["outstanding_amount"]
        half = self._book.rng.random() < 0.2  # noqa: PLR2004
        return round(outstanding / 2, 2) if half else outstanding

    def _fill_party(self, payment: _Payment) -> Row:
        own, invoices = self._book.company.own, payment.invoices
        party_type = payment.side
        side = party_type.lower()
        if invoices:
            party, title = invoices[0][side], invoices[0][f"{side}_name"]
        else:
            row = self._book.rng.choice(self._book.documents[party_type])
            party, title = row["name"], row[f"{side}_name"]
        cash = self._book.rng.random() < _IN_CASH
        values = {"payment_type": payment.kind, "party_type": party_type, "party": party}
        values |= {"party_name": title, "title": title}
        values["mode_of_payment"] = "Cash" if cash else "UPI"
        money = (CASH, "Cash") if cash else (BANK, "Bank")
        foreign = payment.rate != 1.0
        debtors = (DOLLAR_ACCOUNT if foreign else "Debtors", "Receivable")
        receives = payment.kind == "Receive"
        places = (debtors, money) if receives else (money, ("Creditors", "Payable"))
        for key, (account, account_type) in zip(("paid_from", "paid_to"), places, strict=True):
            values |= {key: own(account), f"{key}_account_type": account_type}
        if foreign:
            values["paid_from_account_currency"] = "USD"
        return values

    def _fill_amounts(self, payment: _Payment) -> Row:
        """The bank keeps its charge of what is paid against invoices and credits the rest."""
        paid = round(payment.allocated + payment.advance - payment.charge, 2)
        paid_inr = _to_inr(payment, paid)
        values: Row = {"total_allocated_amount": payment.allocated}
        values["unallocated_amount"] = payment.advance
        values["base_total_allocated_amount"] = _to_inr(payment, payment.allocated)
        values["source_exchange_rate"] = payment.rate
        for key, amount in (("paid_amount", paid), ("received_amount", paid_inr)):
            values |= {key: amount, f"base_{key}": paid_inr}
            values |= {f"{key}_after_tax": amount, f"base_{key}_after_tax": paid_inr}
        values["in_words"] = spell_amount(paid, "INR" if payment.rate == 1.0 else "USD")
        return values | {"base_in_words": spell_amount(paid_inr)}

    def _allocate(self, entry: Row, invoice: Row, share: float) -> None:
        values = {"reference_doctype": invoice["doctype"], "reference_name": invoice["name"]}
        values |= {"total_amount": invoice["rounded_total"] or invoice["grand_total"]}
        values |= {"outstanding_amount": invoice["outstanding_amount"], "allocated_amount": share}
        values |= {"due_date": invoice["due_date"], "bill_no": invoice.get("bill_no")}
        values["exchange_rate"] = invoice["conversion_rate"]
        values["account"] = invoice.get("debit_to") or invoice.get("credit_to")
        self._book.add_child(entry, "references", values)
        if entry["docstatus"] == SUBMITTED:
            settle(invoice, share)

    def _enter(self, entry: Row, payment: _Payment) -> list[Entry]:
        receives = payment.kind == "Receive"
        sign = -1 if receives else 1
        party_key, money_key = ("paid_from", "paid_to") if receives else ("paid_to", "paid_from")
        foreign = payment.rate != 1.0
        claim = Entry(entry[party_key], 0.0, entry[money_key], (payment.side, entry["party"]))
        entries = [
            claim._replace(
                amount=sign * _to_inr(payment, share),
                settles=(invoice["doctype"], invoice["name"]),
                in_account=sign * share if foreign else None,
            )
            for invoice, share in zip(payment.invoices, payment.shares, strict=True)
        ]
        entries.append(claim._replace(amount=sign * payment.advance))
        charged = self._book.company.own("Bank Charges")
        entries.append(Entry(entry[money_key], -sign * entry["base_received_amount"]))
        entries.append(Entry(charged, payment.charge, entry["party"]))
        return [each._replace(against=each.against or entry["party"]) for each in entries]


def _to_inr(payment: _Payment, amount: float) -> float:
    """Convert what is paid: a foreign invoice is paid whole, so at what it came to in rupees."""
    if payment.rate == 1.0:
        return amount
    inr: float = payment.invoices[0]["base_grand_total"]
    return inr
