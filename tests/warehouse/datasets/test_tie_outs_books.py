"""The datasets of generated books agree with the books' ledgers; differences have their reasons."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from demo.books import generate_books
from tests.warehouse.datasets.counting import (
    count_customers,
    rates_of_seasons,
    told_customers,
    told_rates,
)
from tests.warehouse.datasets.ledgers import Ledgers, paise, thousandths
from tests.warehouse.datasets.tied import tie

if TYPE_CHECKING:
    from tests.warehouse.datasets.ledgers import Document
    from tests.warehouse.datasets.tied import Tied

NOW = datetime(2026, 11, 21, 6, tzinfo=UTC)
TODAY = "2026-11-21"
SIDES = pytest.mark.parametrize(
    ("slug", "account_type"),
    [("receivables_ageing", "Receivable"), ("payables_ageing", "Payable")],
)


@pytest.fixture(scope="module", params=[1, 2], ids=["food company", "seed company"])
def tied(mongodb_uri: str, request: pytest.FixtureRequest) -> Tied:
    documents = generate_books(5_000, request.param).documents
    return tie(mongodb_uri, f"tied-{request.param}", documents, NOW)


def submitted(tied: Tied, doctype: str) -> list[Document]:
    return [row for row in tied.documents[doctype] if row["docstatus"] == 1]


def test_every_partition_is_built_and_ties_out_by_itself(tied: Tied):
    assert len(tied.builds) > 50
    assert [build for build in tied.builds if build.failure] == []
    differing = {
        (build.dataset, tie_out.code): tie_out.differences
        for build in tied.builds
        for tie_out in build.tie_outs
        if tie_out.differing
    }
    assert differing == {}


def test_sales_are_the_income_of_the_general_ledger_by_month(tied: Tied):
    sold: Counter[str] = Counter()
    for row in tied.rows["sales_lines"]:
        sold[row["month"]] += paise(row["net"])
    assert sold == Ledgers(tied.documents).income()
    monthly: Counter[str] = Counter()
    for row in tied.rows["sales_monthly"]:
        monthly[row["month"]] += paise(row["net"])
    assert monthly == sold


def test_what_sales_leave_out_is_counted_by_its_reason(tied: Tied):
    """All invoices are sales but drafts (C1), cancelled ones (C2) and opening ones (C4)."""
    left_out: Counter[str] = Counter()
    for invoice in tied.documents["Sales Invoice"]:
        opening = "C4" if invoice["is_opening"] == "Yes" else ""
        code = {0: "C1", 1: opening, 2: "C2"}[invoice["docstatus"]]
        left_out[code] += len(invoice["items"])
    kept = left_out.pop("")
    assert left_out.keys() == {"C1", "C2", "C4"}
    assert len(tied.rows["sales_lines"]) == kept
    rejected: Counter[str] = Counter()
    for build in tied.builds:
        if build.dataset == "sales_lines":
            rejected.update(build.rejected)
    assert rejected == left_out


def test_bills_are_the_submitted_purchase_invoices_by_supplier(tied: Tied):
    billed: Counter[str] = Counter()
    for row in tied.rows["procurement_lines"]:
        billed[row["supplier"]] += paise(row["amount"])
    posted: Counter[str] = Counter()
    for invoice in submitted(tied, "Purchase Invoice"):
        if invoice["is_opening"] == "No":
            posted[invoice["supplier"]] += paise(invoice["base_net_total"])
    assert billed == Counter({supplier: posted[supplier] for supplier in billed})
    assert all(supplier in billed for supplier, amount in posted.items() if amount)


def test_goods_received_are_worth_what_the_stock_ledger_took_in(tied: Tied):
    """Within a paisa a line: the ledger rounds a movement's worth, not its rate."""
    buying = ("Purchase Receipt", "Purchase Invoice")
    moved = sum(
        paise(row["stock_value_difference"])
        for row in tied.documents["Stock Ledger Entry"]
        if row["voucher_type"] in buying and not row["is_cancelled"]
    )
    rows = [row for row in tied.rows["procurement_lines"] if row["goods"]]
    landed = sum(paise(row["landed"]) for row in rows)
    assert moved > 0
    assert abs(landed - moved) <= len(rows)


def test_services_are_billed_and_not_received(tied: Tied):
    services = {row["name"] for row in tied.documents["Item"] if not row["is_stock_item"]}
    rows = [row for row in tied.rows["procurement_lines"] if row["item_code"] in services]
    assert {row["goods"] for row in rows} == {0}
    assert (
        sum(paise(row["received"]) for row in rows) == 0 < sum(paise(row["amount"]) for row in rows)
    )


@SIDES
def test_balances_are_those_of_the_payment_ledger_by_voucher(
    tied: Tied, slug: str, account_type: str
):
    rows = [row for row in tied.rows[slug] if row["voucher"]]
    balances = {row["voucher"]: paise(row["outstanding"]) for row in rows}
    assert len(balances) == len(rows) > 20
    assert balances == Ledgers(tied.documents).outstanding(account_type, TODAY)


@SIDES
def test_balances_are_those_of_the_general_ledger_by_party(
    tied: Tied, slug: str, account_type: str
):
    balances: Counter[str] = Counter()
    for row in tied.rows[slug]:
        balances[row["party"]] += paise(row["outstanding"])
    balances = Counter({party: amount for party, amount in balances.items() if amount})
    assert balances == Ledgers(tied.documents).party_balances(account_type)


@SIDES
def test_balances_are_what_the_invoices_say_of_themselves(tied: Tied, slug: str, account_type: str):
    """An invoice's outstanding amount is in the currency of its account: only rupees compare."""
    doctype = "Sales Invoice" if account_type == "Receivable" else "Purchase Invoice"
    invoices = {
        row["name"]: paise(row["outstanding_amount"])
        for row in submitted(tied, doctype)
        if row["outstanding_amount"] and row["party_account_currency"] == "INR"
    }
    foreign = {row["name"] for row in tied.documents[doctype] if row["currency"] != "INR"}
    balances = {
        row["voucher"]: paise(row["outstanding"])
        for row in tied.rows[slug]
        if row["voucher_type"] == doctype and row["voucher"] not in foreign
    }
    assert balances == invoices


@SIDES
def test_what_is_negative_is_an_advance_or_a_credit_not_used(
    tied: Tied, slug: str, account_type: str
):
    doctype = "Sales Invoice" if account_type == "Receivable" else "Purchase Invoice"
    returns = {row["name"] for row in submitted(tied, doctype) if row["is_return"]}
    advances = [row for row in tied.rows[slug] if paise(row["advances"])]
    assert {row["voucher_type"] for row in advances} == {"Payment Entry", doctype}
    for row in advances:
        assert paise(row["advances"]) == paise(row["outstanding"]) < 0
        assert row["voucher_type"] == "Payment Entry" or row["voucher"] in returns


def test_stock_is_that_of_the_bins_and_of_the_stock_account(tied: Tied):
    stock = {
        (row["item_code"], row["warehouse"]): (thousandths(row["qty"]), paise(row["value"]))
        for row in tied.rows["stock_snapshot"]
    }
    ledgers = Ledgers(tied.documents)
    assert stock == ledgers.stock() == ledgers.bins()
    assert sum(value for _, value in stock.values()) == ledgers.stock_account() > 0


def test_bank_and_cash_are_those_of_the_general_ledger(tied: Tied):
    balances: Counter[str] = Counter()
    for row in tied.rows["collections_cash"]:
        if row["kind"] == "account":
            balances[row["account"]] += paise(row["balance_change"])
    assert balances == Ledgers(tied.documents).money()


def test_cost_of_goods_sold_is_the_ledgers_but_for_what_is_not_billed(tied: Tied):
    """A note without a submitted invoice has cost, and no sales line: that is the difference."""
    cost: Counter[str] = Counter()
    for row in tied.rows["gross_margin"]:
        cost[row["cost_basis"]] += paise(row["cost"])
    billed = {
        line["dn_detail"] or line["name"]
        for invoice in submitted(tied, "Sales Invoice")
        for line in invoice["items"]
    }
    moved = {True: 0, False: 0}
    for row in tied.documents["Stock Ledger Entry"]:
        if row["voucher_type"] in {"Sales Invoice", "Delivery Note"} and not row["is_cancelled"]:
            is_billed = row["voucher_detail_no"] in billed
            moved[is_billed] -= paise(row["stock_value_difference"])
    assert cost["ledger"] == moved[True] > 0
    assert moved[False] > 0
    account = sum(
        paise(row["debit"]) - paise(row["credit"])
        for row in tied.documents["GL Entry"]
        if row["account"].startswith("Cost of Goods Sold")
        and row["voucher_type"] in {"Sales Invoice", "Delivery Note"}
        and not row["is_cancelled"]
    )
    assert account == moved[True] + moved[False]


def test_gross_margin_earns_what_sales_brought(tied: Tied):
    earned = sum(paise(row["net"]) for row in tied.rows["gross_margin"])
    assert earned == sum(paise(row["net"]) for row in tied.rows["sales_lines"])
    margins = [Decimal(row["net"]) - Decimal(row["cost"]) for row in tied.rows["gross_margin"]]
    assert margins == [Decimal(row["margin"]) for row in tied.rows["gross_margin"]]


def test_returns_lower_the_margin_of_their_own_month(tied: Tied):
    """ERPNext's Gross Profit puts a return into the month of what it returns; that is all."""
    invoices = {row["name"]: row for row in submitted(tied, "Sales Invoice")}
    own: Counter[str] = Counter()
    moved: Counter[str] = Counter()
    for invoice in invoices.values():
        if invoice["is_opening"] == "Yes":
            continue
        month, net = invoice["posting_date"][:7], paise(invoice["base_net_total"])
        own[month] += net
        earlier = invoices.get(invoice["return_against"])
        if earlier and earlier["posting_date"][:7] != month:
            moved[invoice["name"]] = net
    earned: Counter[str] = Counter()
    for row in tied.rows["gross_margin"]:
        earned[row["month"]] += paise(row["net"])
    assert earned == own
    returns = [row for row in invoices.values() if row["is_return"]]
    assert 0 < len(moved) < len(returns)
    assert max(moved.values()) < 0


def test_suppliers_were_paid_what_the_payment_entries_paid_them(tied: Tied):
    paid: Counter[str] = Counter()
    for row in tied.rows["farmer_payments"]:
        paid[row["supplier"]] += paise(row["paid"])
    entered: Counter[str] = Counter()
    for entry in submitted(tied, "Payment Entry"):
        if entry["payment_type"] == "Pay":
            entered[entry["party"]] += paise(entry["base_paid_amount"])
    assert paid == entered


def test_new_customers_are_those_of_the_invoices(tied: Tied):
    assert told_customers(tied) == count_customers(tied)
    assert sum(new for new, _ in told_customers(tied).values()) > 20


def test_lowest_and_highest_rates_are_those_of_the_bills_lines(tied: Tied):
    expected = rates_of_seasons(tied)
    assert told_rates(tied) == expected
    assert any(low < high for low, high in expected.values())
