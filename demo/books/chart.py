"""The company, its accounts, cost centres, warehouses and modes of payment."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from demo.books.book import Book
    from demo.site.dataset import Row

# title, parent, root type, account type; parents come first.
_ACCOUNTS = (
    ("Application of Funds (Assets)", "", "Asset", ""),
    ("Debtors", "Application of Funds (Assets)", "Asset", "Receivable"),
    ("Debtors USD", "Application of Funds (Assets)", "Asset", "Receivable"),
    ("Temporary Opening", "Application of Funds (Assets)", "Asset", "Temporary"),
    ("Stock In Hand", "Application of Funds (Assets)", "Asset", "Stock"),
    ("Cash", "Application of Funds (Assets)", "Asset", "Cash"),
    ("Current Bank Account", "Application of Funds (Assets)", "Asset", "Bank"),
    ("Source of Funds (Liabilities)", "", "Liability", ""),
    ("Creditors", "Source of Funds (Liabilities)", "Liability", "Payable"),
    (
        *("Stock Received But Not Billed", "Source of Funds (Liabilities)"),
        *("Liability", "Stock Received But Not Billed"),
    ),
    ("CGST", "Source of Funds (Liabilities)", "Liability", "Tax"),
    ("SGST", "Source of Funds (Liabilities)", "Liability", "Tax"),
    ("Income", "", "Income", ""),
    ("Sales", "Income", "Income", "Income Account"),
    ("Service", "Income", "Income", "Income Account"),
    ("Expenses", "", "Expense", ""),
    ("Cost of Goods Sold", "Expenses", "Expense", "Cost of Goods Sold"),
    ("Stock Adjustment", "Expenses", "Expense", "Stock Adjustment"),
    ("Freight and Forwarding Charges", "Expenses", "Expense", "Chargeable"),
    ("Bank Charges", "Expenses", "Expense", "Chargeable"),
    ("Round Off", "Expenses", "Expense", "Round Off"),
    ("Write Off", "Expenses", "Expense", ""),
)
_BALANCE = frozenset({"Asset", "Liability"})
STORES, GODOWN, REJECTED = "Stores", "Seed Godown", "Rejected Goods"
_WAREHOUSES = (STORES, GODOWN, REJECTED)


def add_chart(book: Book) -> None:
    """Add the company and all that carries its abbreviation."""
    _add_company(book)
    _add_accounts(book)
    own = book.company.own
    company = book.company.name
    _add_pair(book, "Cost Center", company, ("Main",))
    _add_pair(book, "Warehouse", "All Warehouses", _WAREHOUSES)
    for mode, kind, account in (("Cash", "Cash", "Cash"), ("UPI", "Bank", "Current Bank Account")):
        row = book.add_master("Mode of Payment", mode, {"mode_of_payment": mode, "enabled": 1})
        row["type"] = kind
        book.add_child(row, "accounts", {"company": company, "default_account": own(account)})


def _add_pair(book: Book, doctype: str, root: str, leaves: tuple[str, ...]) -> None:
    own, fieldname = book.company.own, doctype.lower().replace(" ", "_")
    top = {f"{fieldname}_name": root, "is_group": 1, "company": book.company.name}
    book.add_master(doctype, own(root), top | {"lft": 1, "rgt": 2 * len(leaves) + 2})
    for place, leaf in enumerate(leaves, 1):
        node: Row = {f"{fieldname}_name": leaf, "company": book.company.name}
        node |= {f"parent_{fieldname}": own(root), "old_parent": own(root)}
        book.add_master(doctype, own(leaf), node | {"lft": 2 * place, "rgt": 2 * place + 1})


def _add_company(book: Book) -> None:
    company, own = book.company, book.company.own
    values: Row = {"company_name": company.name, "abbr": company.abbr, "country": "India"}
    values |= {"default_currency": "INR", "chart_of_accounts": "Standard", "lft": 1, "rgt": 2}
    values |= {"default_receivable_account": own("Debtors"), "default_cash_account": own("Cash")}
    values |= {"default_payable_account": own("Creditors"), "default_income_account": own("Sales")}
    values |= {"default_bank_account": own("Current Bank Account"), "cost_center": own("Main")}
    values |= {"default_expense_account": own("Cost of Goods Sold")}
    values |= {"round_off_account": own("Round Off"), "write_off_account": own("Write Off")}
    values["stock_adjustment_account"] = own("Stock Adjustment")
    values |= {"default_inventory_account": own("Stock In Hand"), "enable_perpetual_inventory": 1}
    values["stock_received_but_not_billed"] = own("Stock Received But Not Billed")
    book.add_master("Company", company.name, values)


def _add_accounts(book: Book) -> None:
    own = book.company.own
    common: Row = {"company": book.company.name, "freeze_account": "No"}
    edges = _number_edges()
    for title, parent, root_type, account_type in _ACCOUNTS:
        lft, rgt = edges[title]
        values = {"account_name": title, "is_group": int(not parent), "lft": lft, "rgt": rgt}
        values |= {"root_type": root_type, "account_type": account_type}
        values["account_currency"] = "USD" if title.endswith(" USD") else "INR"
        values["report_type"] = "Balance Sheet" if root_type in _BALANCE else "Profit and Loss"
        values["parent_account"] = values["old_parent"] = own(parent) if parent else None
        values["tax_rate"] = 2.5 if account_type == "Tax" else 0.0
        book.add_master("Account", own(title), common | values)


def _number_edges() -> dict[str, tuple[int, int]]:
    """Number the accounts as a nested set: title → (lft, rgt)."""
    edges: dict[str, tuple[int, int]] = {}
    edge = 0
    for root in (title for title, parent, *_ in _ACCOUNTS if not parent):
        start = edge = edge + 1
        for leaf in (title for title, parent, *_ in _ACCOUNTS if parent == root):
            edges[leaf] = (edge + 1, edge + 2)
            edge += 2
        edge += 1
        edges[root] = (start, edge)
    return edges
