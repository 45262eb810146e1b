"""The sample books balance: documents in themselves, and with their ledgers, to the paisa."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from demo.books import Mix, generate_books
from demo.books.parties import TWINS

if TYPE_CHECKING:
    from demo.site.dataset import Dataset, Row

INVOICES = ("Sales Invoice", "Purchase Invoice")


@pytest.fixture(scope="module", params=[1, 2], ids=["food company", "seed company"])
def site(request: pytest.FixtureRequest) -> Dataset:
    return generate_books(5_000, request.param)


def cents(amount: Any) -> int:
    return round(amount * 100)


def due(invoice: Row) -> int:
    return cents(invoice["rounded_total"] or invoice["grand_total"])


def live(site: Dataset, doctype: str, flag: str = "is_cancelled") -> list[Row]:
    return [row for row in site.documents[doctype] if not row[flag]]


def debit(row: Row) -> int:
    return cents(row["debit"]) - cents(row["credit"])


def accounts(site: Dataset, column: str, value: str) -> set[str]:
    return {row["name"] for row in site.documents["Account"] if row[column] == value}


@pytest.mark.parametrize("doctype", INVOICES)
def test_amounts_of_an_invoice_add_up_to_the_cent(site, doctype):
    for invoice in site.documents[doctype]:
        lines, taxes = invoice["items"], invoice["taxes"]
        for line in lines:
            assert cents(line["amount"]) == cents(round(line["qty"] * line["rate"], 2))
            listed = line["price_list_rate"] - line["discount_amount"]
            assert cents(line["rate"]) == cents(listed)
        assert cents(invoice["net_total"]) == sum(cents(line["amount"]) for line in lines)
        tax = sum(cents(row["tax_amount"]) for row in taxes)
        assert cents(invoice["total_taxes_and_charges"]) == tax
        assert cents(invoice["grand_total"]) == cents(invoice["net_total"]) + tax
        if invoice["disable_rounded_total"]:
            assert invoice["rounded_total"] == invoice["rounding_adjustment"] == 0
        else:
            rounding = cents(invoice["rounded_total"]) - cents(invoice["grand_total"])
            assert cents(invoice["rounding_adjustment"]) == rounding
        assert invoice["total_qty"] == sum(line["qty"] for line in lines)
        for row in taxes:
            by_item = json.loads(row["item_wise_tax_detail"]).values()
            assert cents(row["tax_amount"]) == sum(cents(amount) for _, amount in by_item)


@pytest.mark.parametrize("doctype", INVOICES)
def test_what_was_paid_or_taken_back_is_no_longer_outstanding(site, doctype):
    settled: Counter[str] = Counter()
    for entry in site.documents["Payment Entry"]:
        for row in entry["references"]:
            if entry["docstatus"] == 1 and row["reference_doctype"] == doctype:
                settled[row["reference_name"]] += cents(row["allocated_amount"])
    assert settled
    for back in site.documents[doctype]:
        if back["is_return"] and not back["update_outstanding_for_self"]:
            settled[back["return_against"]] -= due(back)
            settled[back["name"]] += due(back)
    for invoice in site.documents[doctype]:
        if invoice["docstatus"] != 1 or invoice.get("is_pos"):
            continue
        left = due(invoice) - settled[invoice["name"]]
        assert cents(invoice["outstanding_amount"]) == left
        if not invoice["is_return"]:
            is_settled = invoice["status"] == "Paid" or invoice["status"].endswith("Note Issued")
            assert is_settled == (left == 0)
        for terms in invoice["payment_schedule"]:
            assert cents(terms["outstanding"]) == left


def test_payments_add_up_to_the_cent(site):
    for entry in site.documents["Payment Entry"]:
        allocated = sum(cents(row["allocated_amount"]) for row in entry["references"])
        assert cents(entry["total_allocated_amount"]) == allocated
        kept = sum(cents(row["amount"]) for row in entry["deductions"])
        assert cents(entry["paid_amount"]) == allocated + cents(entry["unallocated_amount"]) - kept


def test_debit_is_credit_in_every_voucher(site):
    sums: Counter[tuple[str, int]] = Counter()
    for row in site.documents["GL Entry"]:
        sums[row["voucher_no"], row["is_cancelled"]] += debit(row)
    assert len(sums) > 300
    assert set(sums.values()) == {0}


def test_every_posted_document_has_entries_and_no_draft_has(site):
    posted = {(row["voucher_type"], row["voucher_no"]) for row in site.documents["GL Entry"]}
    for doctype in (*INVOICES, "Payment Entry", "Purchase Receipt", "Delivery Note"):
        states = {(doctype, row["name"]): row["docstatus"] for row in site.documents[doctype]}
        assert {key for key in posted if key[0] == doctype} == {
            key for key, docstatus in states.items() if docstatus > 0
        }
    kinds = {kind for kind, _ in posted}
    assert {"Stock Entry", "Purchase Receipt", "Delivery Note"} <= kinds


def test_a_cancelled_document_leaves_its_entries_twice_all_of_them_marked(site):
    cancelled = {row["name"] for row in site.documents["Sales Invoice"] if row["docstatus"] == 2}
    assert cancelled
    for doctype, flag in (("GL Entry", "is_cancelled"), ("Payment Ledger Entry", "delinked")):
        marked = {row["voucher_no"] for row in site.documents[doctype] if row[flag]}
        assert marked & cancelled == cancelled
        assert not {row["voucher_no"] for row in live(site, doctype, flag)} & marked
    sums: Counter[str] = Counter()
    for row in site.documents["Stock Ledger Entry"]:
        if row["is_cancelled"]:
            sums[row["voucher_no"]] += round(row["actual_qty"] * 1000)
    assert len(sums) > 1
    assert set(sums.values()) == {0}


def test_the_payment_ledger_is_the_party_accounts_per_party(site):
    general: Counter[tuple[str, str]] = Counter()
    payments: Counter[tuple[str, str]] = Counter()
    for row in live(site, "GL Entry"):
        if row["party"]:
            general[row["account"], row["party"]] += debit(row)
    for row in live(site, "Payment Ledger Entry", "delinked"):
        sign = 1 if row["account_type"] == "Receivable" else -1
        payments[row["account"], row["party"]] += sign * cents(row["amount"])
    assert general == payments
    without_party = {row["account"] for row in live(site, "GL Entry") if not row["party"]}
    for account_type in ("Receivable", "Payable"):
        assert not without_party & accounts(site, "account_type", account_type)


@pytest.mark.parametrize("doctype", INVOICES)
def test_what_is_outstanding_is_what_the_payment_ledger_says(site, doctype):
    left: Counter[str] = Counter()
    for row in live(site, "Payment Ledger Entry", "delinked"):
        left[row["against_voucher_no"]] += cents(row["amount_in_account_currency"])
    for invoice in site.documents[doctype]:
        if invoice["docstatus"] == 1:
            assert cents(invoice["outstanding_amount"]) == left[invoice["name"]], invoice["name"]


def test_what_is_settled_in_its_currency_is_settled_in_rupees(site):
    left: Counter[str] = Counter()
    rupees: Counter[str] = Counter()
    for row in live(site, "Payment Ledger Entry", "delinked"):
        left[row["against_voucher_no"]] += cents(row["amount_in_account_currency"])
        rupees[row["against_voucher_no"]] += cents(row["amount"])
    assert {name for name, rest in left.items() if not rest} == {
        name for name, rest in rupees.items() if not rest
    }


def test_stock_runs_through_its_ledger_into_the_bin(site):
    quantities: defaultdict[tuple[str, str], int] = defaultdict(int)
    values: Counter[tuple[str, str]] = Counter()
    last = ""
    for row in live(site, "Stock Ledger Entry"):
        place = row["item_code"], row["warehouse"]
        quantities[place] += round(row["actual_qty"] * 1000)
        values[place] += cents(row["stock_value_difference"])
        assert round(row["qty_after_transaction"] * 1000) == quantities[place] >= 0
        assert cents(row["stock_value"]) == values[place] >= 0
        assert row["posting_datetime"] >= last
        last = row["posting_datetime"]
    bins = {(row["item_code"], row["warehouse"]): row for row in site.documents["Bin"]}
    assert bins.keys() == quantities.keys()
    for place, row in bins.items():
        held = round(row["actual_qty"] * 1000), cents(row["stock_value"])
        assert held == (quantities[place], values[place])


def test_the_stock_account_is_worth_what_the_bins_are(site):
    stock = accounts(site, "account_type", "Stock")
    account = sum(debit(row) for row in live(site, "GL Entry") if row["account"] in stock)
    assert account == sum(cents(row["stock_value"]) for row in site.documents["Bin"]) > 0


def test_sales_are_the_income_of_the_general_ledger(site):
    income = accounts(site, "root_type", "Income")
    posted: Counter[str] = Counter()
    sold: Counter[str] = Counter()
    for row in live(site, "GL Entry"):
        if row["account"] in income:
            posted[row["account"]] -= debit(row)
    for invoice in site.documents["Sales Invoice"]:
        if invoice["docstatus"] == 1 and invoice["is_opening"] == "No":
            for line in invoice["items"]:
                sold[line["income_account"]] += cents(line["base_net_amount"])
    assert posted == sold
    assert len(sold) == 2


def test_what_moves_stock_names_its_row(site):
    tables = ("Sales Invoice", "Purchase Invoice", "Delivery Note", "Purchase Receipt")
    rows = {
        row["name"]: row
        for doctype in (*tables, "Stock Entry")
        for document in site.documents[doctype]
        for row in document["items"]
    }
    moving = Counter(row["voucher_type"] for row in site.documents["Stock Ledger Entry"])
    assert moving.keys() == {*tables, "Stock Entry"}
    for row in site.documents["Stock Ledger Entry"]:
        line = rows[row["voucher_detail_no"]]
        assert (line["parent"], line["item_code"]) == (row["voucher_no"], row["item_code"])


def test_a_note_is_billed_line_by_line(site):
    for doctype, note, column in (
        ("Sales Invoice", "Delivery Note", "dn_detail"),
        ("Purchase Invoice", "Purchase Receipt", "pr_detail"),
    ):
        moved = {row["name"]: row for each in site.documents[note] for row in each["items"]}
        billed = [row for each in site.documents[doctype] for row in each["items"] if row[column]]
        assert billed
        for row in billed:
            origin = moved[row[column]]
            same = ("item_code", "qty", "rate", "uom", "conversion_factor")
            assert [row[key] for key in same] == [origin[key] for key in same]
        parents = {row["parent"] for row in billed}
        noted = [each for each in site.documents[doctype] if each["name"] in parents]
        assert not any(each["update_stock"] for each in noted)


def test_the_books_know_every_kind_of_document(site):
    sales, purchases = site.documents["Sales Invoice"], site.documents["Purchase Invoice"]
    for invoices in (sales, purchases):
        assert {row["is_opening"] for row in invoices} == {"Yes", "No"}
        assert {row["update_stock"] for row in invoices} == {0, 1}
        assert {row["is_return"] for row in invoices} == {0, 1}
    assert {row["currency"] for row in sales} == {"INR", "USD"}
    returns = [row for row in sales if row["is_return"]]
    assert {row["update_outstanding_for_self"] for row in returns} == {0, 1}
    payments = site.documents["Payment Entry"]
    assert {row["mode_of_payment"] for row in payments} == {"Cash", "UPI"}
    assert any(row["unallocated_amount"] and not row["references"] for row in payments)
    purposes = {row["purpose"] for row in site.documents["Stock Entry"]}
    assert purposes == {"Material Receipt", "Material Issue", "Material Transfer"}
    units = {line["uom"] for row in sales + purchases for line in row["items"]}
    assert {"Kg", "Nos", "Bag", "Quintal", "Qtl."} <= units
    assert any(row["customer_name"] != row["customer_name"].strip() for row in sales)


def test_amounts_of_foreign_invoices_are_converted_line_by_line(site):
    foreign = [row for row in site.documents["Sales Invoice"] if row["currency"] == "USD"]
    assert foreign
    for invoice in foreign:
        rate = invoice["conversion_rate"]
        for line in invoice["items"]:
            assert cents(line["base_net_amount"]) == cents(round(line["net_amount"] * rate, 2))
        total = sum(cents(line["base_net_amount"]) for line in invoice["items"])
        assert cents(invoice["base_net_total"]) == cents(invoice["base_grand_total"]) == total


def test_the_companies_share_parties_that_a_gstin_tells_and_one_that_nothing_does():
    sites = [generate_books(2_000, seed) for seed in (2, 1)]
    for twin in TWINS:
        found = [
            [row for row in site.documents[doctype] if row[column] == titles[place]]
            for place, site in enumerate(sites)
            for doctype, column, titles in (
                ("Customer", "customer_name", twin.sold_to),
                ("Supplier", "supplier_name", twin.bought_from),
            )
            if titles[place]
        ]
        assert len(found) == 2
        assert all([row["tax_id"] for row in rows] == [twin.gstin] for rows in found)


def test_books_of_vouchers_move_no_stock():
    site = generate_books(1_000, 1, mix=Mix.VOUCHERS)
    for doctype in ("Bin", "Stock Entry", "Delivery Note", "Payment Ledger Entry"):
        assert site.documents[doctype] == []
    assert not any(row["update_stock"] for row in site.documents["Sales Invoice"])
