"""The datasets of a real ERPNext's books agree with that ERPNext's own reports, to the paisa.

Of the differences that there may be one is there, and is counted: what is not yet due has a bucket
of its own. (No goods were returned, so no return is in another period.)
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.reference import dataset_rows, needs_reference, reference_folder, report_rows
from tests.warehouse.datasets.counting import (
    count_customers,
    grow,
    rates_of_seasons,
    told_customers,
    told_growth,
    told_rates,
)
from tests.warehouse.datasets.ledgers import Ledgers, paise, thousandths
from tests.warehouse.datasets.tied import tie

if TYPE_CHECKING:
    from tests.warehouse.datasets.tied import Row, Tied

pytestmark = needs_reference

SITE = "site2"
REPORTED_AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
REPORT_DATE = "2026-11-23"
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
BUCKETS = ("d0_30", "d31_60", "d61_90", "d91_120", "d121_plus")
NOT_DUE = {"receivables_ageing": 6, "payables_ageing": 1}


@pytest.fixture(scope="module")
def tied(mongodb_uri: str) -> Tied:
    paths = (reference_folder() / "dataset" / SITE).glob("[!_]*.jsonl.gz")
    files = [dataset_rows(SITE, path.name.removesuffix(".jsonl.gz")) for path in paths]
    documents = {rows[0]["doctype"]: rows for rows in files if rows}
    return tie(mongodb_uri, "tied-reference", documents, REPORTED_AT)


class Register(NamedTuple):
    """A register, and the dataset that has its lines; `rounded`: invoices with a tax rounded."""

    slug: str
    doctype: str
    report: str
    document: str
    amount: str
    rounded: int


def lines_of(tied: Tied, register: Register) -> list[Row]:
    """Return the rows of a dataset of lines that come from the register's DocType."""
    rows = tied.rows[register.slug]
    return [row for row in rows if row["source"]["doctype"] == register.doctype]


def test_every_partition_is_built_and_ties_out_by_itself(tied: Tied):
    assert tied.builds
    assert [build for build in tied.builds if build.failure] == []
    differing = {
        (build.dataset, tie_out.code): tie_out.differences
        for build in tied.builds
        for tie_out in build.tie_outs
        if tie_out.differing
    }
    assert differing == {}


def test_sales_are_those_of_sales_analytics_by_customer_and_month(tied: Tied):
    reported: Counter[tuple[str, str]] = Counter()
    for row in report_rows("Sales Analytics"):
        for column, amount in row.items():
            name, _, year = column.partition("_")
            if name in MONTHS and amount:
                month = f"{year}-{MONTHS.index(name) + 1:02d}"
                reported[row["entity"], month] = paise(amount)
    sold: Counter[tuple[str, str]] = Counter()
    for row in tied.rows["sales_lines"]:
        sold[row["customer"], row["month"]] += paise(row["net"])
    assert sold == reported
    assert (len(sold), sum(sold.values())) == (123, 73_721_182)


def test_sales_are_the_income_of_the_general_ledger_by_month(tied: Tied):
    sold: Counter[str] = Counter()
    for row in tied.rows["sales_lines"]:
        sold[row["month"]] += paise(row["net"])
    assert sold == Ledgers(tied.documents).income()


REGISTERS = pytest.mark.parametrize(
    "register",
    [
        Register("sales_lines", "Sales Invoice", "Item-wise Sales Register", "invoice", "net", 21),
        Register(
            *("procurement_lines", "Purchase Invoice", "Item-wise Purchase Register"),
            *("voucher", "amount", 10),
        ),
    ],
    ids=["sales", "purchases"],
)


@REGISTERS
def test_lines_and_their_tax_are_those_of_the_item_wise_registers(tied: Tied, register: Register):
    reported: dict[str, Counter[Any]] = defaultdict(Counter)
    for line in report_rows(register.report):
        amounts = thousandths(line["stock_qty"]), paise(line["amount"]), paise(line["total_tax"])
        reported[line["invoice"]][line["item_code"], *amounts] += 1
    ours: dict[str, Counter[Any]] = defaultdict(Counter)
    for row in lines_of(tied, register):
        amounts = thousandths(row["qty_stock"]), paise(row[register.amount]), paise(row["tax"])
        ours[row[register.document]][row["item_code"], *amounts] += 1
    assert ours == reported
    assert len(ours) > 50


@REGISTERS
def test_tax_of_lines_is_off_the_invoice_by_what_erpnext_rounds(tied: Tied, register: Register):
    """ERPNext keeps each item's tax rounded, and the invoice's tax of the whole."""
    taxed: Counter[str] = Counter()
    for row in lines_of(tied, register):
        taxed[row[register.document]] += paise(row["tax"])
    headers = {
        row["name"]: paise(row["base_total_taxes_and_charges"])
        for row in tied.documents[register.doctype]
    }
    off = [abs(tax - headers[name]) for name, tax in taxed.items() if tax != headers[name]]
    assert (len(off), set(off)) == (register.rounded, {2})


@pytest.mark.parametrize(
    ("slug", "report"),
    [
        ("receivables_ageing", "Accounts Receivable"),
        ("payables_ageing", "Accounts Payable"),
    ],
)
def test_balances_and_buckets_are_those_of_the_accounts_reports(tied: Tied, slug: str, report: str):
    reported = {row["voucher_no"]: row for row in report_rows(report)}
    rows = {row["voucher"]: row for row in tied.rows[slug] if row["voucher"]}
    assert rows.keys() == reported.keys()
    not_due = 0
    for voucher, row in rows.items():
        theirs = reported[voucher]
        for column in ("invoiced", "paid", "credit_note", "outstanding"):
            assert paise(row[column]) == paise(theirs[column]), (voucher, column)
        same = ("party", "posting_date", "due_date")
        assert [row[column] for column in same] == [theirs[column] for column in same]
        buckets = [paise(row[name]) for name in BUCKETS]
        assert buckets == [paise(theirs[f"range{place}"]) for place in range(1, 6)], voucher
        if paise(row["not_due"]):
            not_due += 1
            assert theirs["due_date"] > REPORT_DATE
            assert not any(buckets)
    assert not_due == NOT_DUE[slug]


@pytest.mark.parametrize(
    ("slug", "account_type"),
    [("receivables_ageing", "Receivable"), ("payables_ageing", "Payable")],
)
def test_balances_are_those_of_both_ledgers(tied: Tied, slug: str, account_type: str):
    ledgers = Ledgers(tied.documents)
    rows = [row for row in tied.rows[slug] if row["voucher"]]
    by_voucher = {row["voucher"]: paise(row["outstanding"]) for row in rows}
    assert by_voucher == ledgers.outstanding(account_type, REPORT_DATE)
    by_party: Counter[str] = Counter()
    for row in rows:
        by_party[row["party"]] += paise(row["outstanding"])
    assert by_party == ledgers.party_balances(account_type)


def test_stock_is_that_of_stock_balance_and_of_the_bins(tied: Tied):
    stock = {
        (row["item_code"], row["warehouse"]): (thousandths(row["qty"]), paise(row["value"]))
        for row in tied.rows["stock_snapshot"]
    }
    reported = {
        (row["item_code"], row["warehouse"]): (
            thousandths(row["bal_qty"]),
            paise(row["bal_val"]),
        )
        for row in report_rows("Stock Balance")
    }
    ledgers = Ledgers(tied.documents)
    assert stock == reported == ledgers.stock() == ledgers.bins()
    assert sum(value for _, value in stock.values()) == ledgers.stock_account()


def test_gross_margin_is_that_of_gross_profit_by_month_and_item(tied: Tied):
    """Within a paisa: the report rounds the cost of each line to three places."""
    reported: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 2)
    lines = [row for row in report_rows("Gross Profit") if row["indent"] == 1]
    for row in lines:
        sums = reported[row["posting_date"][:7], row["item_code"]]
        sums[0] += Decimal(str(row["selling_amount"]))
        sums[1] += Decimal(str(row["buying_amount"]))
    earned: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 2)
    for row in tied.rows["gross_margin"]:
        sums = earned[row["month"], row["item_code"]]
        sums[0] += Decimal(row["net"])
        sums[1] += Decimal(row["cost"])
    assert earned.keys() == reported.keys()
    for key, (net, cost) in earned.items():
        assert net == reported[key][0], key
        assert abs(cost - reported[key][1]) < Decimal("0.01"), key
    # ERPNext finds no ledger entry of any of these lines, and estimates them all.
    assert {row["estimate"] for row in tied.rows["gross_margin"]} == {1}
    assert sum(row["lines"] for row in tied.rows["gross_margin"]) == len(lines) == 437


def test_growth_is_that_of_the_general_ledgers_income(tied: Tied):
    expected = grow(Ledgers(tied.documents).income())
    assert told_growth(tied) == expected
    assert len([one for one in expected.values() if one is not None]) == 8


def test_new_customers_are_those_of_the_invoices(tied: Tied):
    assert told_customers(tied) == count_customers(tied)
    assert sum(new for new, _ in told_customers(tied).values()) > 20


def test_lowest_and_highest_rates_are_those_of_the_bills_lines(tied: Tied):
    expected = rates_of_seasons(tied)
    assert told_rates(tied) == expected
    assert any(low < high for low, high in expected.values())
