"""Figures of a company that keeps its books in dollars: at which day's rate, and without one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.transforming import Books

Document = dict[str, Any]

COMPANY = {"doctype": "Company", "name": "Abroad", "default_currency": "USD"}
DEBTORS = {"doctype": "Account", "name": "Debtors", "account_type": "Receivable"}
RATES = [("2025-06-01", 80), ("2025-07-01", 83), ("2025-07-15", 84.125)]


def exchange(day: str, rate: float) -> Document:
    """Return what a dollar is from a day on."""
    return {
        "doctype": "Currency Exchange",
        "name": day,
        "from_currency": "USD",
        "to_currency": "INR",
        "date": day,
        "exchange_rate": rate,
    }


def post(number: int, day: str, invoice: str, amount: float) -> list[Document]:
    """Return the entries of both ledgers that bill (> 0) or settle (< 0) part of an invoice."""
    is_bill = amount > 0
    voucher = ("Sales Invoice", invoice) if is_bill else ("Payment Entry", f"PE-{number}")
    entry = {
        **dict(zip(("voucher_type", "voucher_no"), voucher, strict=True)),
        "company": "Abroad",
        "account": "Debtors",
        "party_type": "Customer",
        "party": "Asha",
        "posting_date": day,
        "due_date": day if is_bill else None,
        "against_voucher_type": "Sales Invoice",
    }
    paid = {"account_type": "Receivable", "against_voucher_no": invoice, "amount": amount}
    moved = {"debit": max(amount, 0), "credit": max(-amount, 0), "against_voucher": invoice}
    return [
        {"doctype": "Payment Ledger Entry", "name": f"P{number}", **entry, **paid},
        {"doctype": "GL Entry", "name": f"G{number}", **entry, **moved},
    ]


SETTLED = [*post(1, "2025-06-10", "SI-1", 100), *post(2, "2025-07-02", "SI-1", -100)]
OPEN = [
    entry
    for number in range(3, 23)
    for entry in (
        *post(number, "2025-06-11", f"SI-{number}", 70.01),
        *post(number + 100, "2025-07-03", f"SI-{number}", -30),
    )
]


@pytest.mark.parametrize("ledgers", [{"Payment Ledger Entry", "GL Entry"}, {"GL Entry"}])
async def test_a_bill_settled_at_another_days_rate_is_not_outstanding(
    books: Books, ledgers: set[str]
):
    entries = [one for one in SETTLED if one["doctype"] in ledgers]
    await books.put(COMPANY, DEBTORS, *(exchange(*one) for one in RATES), *entries, instance="two")
    report = (await books.transform("receivables_ageing"))["receivables_ageing"]
    assert await books.rows("receivables_ageing") == []
    assert not any(tie.differing for one in report.built for tie in one.tie_outs)


async def test_what_is_outstanding_is_worth_what_its_currency_is_worth_today(books: Books):
    rates = [exchange(*one) for one in RATES]
    await books.put(COMPANY, DEBTORS, *rates, *SETTLED, *OPEN, instance="two")
    report = (await books.transform("receivables_ageing"))["receivables_ageing"]
    rows = await books.rows("receivables_ageing")
    assert len(rows) == 20
    columns = ("invoiced", "paid", "outstanding", "d31_60", "advances", "rate_missing")
    figures = ["5889.59125", "2523.75", "3365.84125", "3365.84125", "0", 0]
    assert {tuple(row[name] for name in columns) for row in rows} == {tuple(figures)}
    assert not any(tie.differing for one in report.built for tie in one.tie_outs)
