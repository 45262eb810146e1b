"""What the ledgers of some books say, summed in plain Python: what datasets have to agree with.

Amounts are paise, quantities thousandths, so that sums are exact.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]
Documents = dict[str, list[Document]]
Place = tuple[str, str]


def paise(amount: Any) -> int:
    """Return an amount in paise."""
    return round(float(amount) * 100)


def thousandths(quantity: Any) -> int:
    """Return a quantity in thousandths."""
    return round(float(quantity) * 1000)


@dataclass(frozen=True, slots=True)
class Ledgers:
    """The General, Payment and Stock Ledger of some books, without what was cancelled."""

    documents: Documents

    def income(self) -> Counter[str]:
        """Sum what was posted to income accounts: month → credit without debit."""
        accounts = self._accounts("root_type", "Income")
        sums: Counter[str] = Counter()
        for row in self._entries():
            if row["account"] in accounts:
                sums[row["posting_date"][:7]] -= _debit(row)
        return sums

    def party_balances(self, account_type: str) -> Counter[str]:
        """Sum the General Ledger's party accounts: party → what it owes, or is owed."""
        accounts = self._accounts("account_type", account_type)
        sign = 1 if account_type == "Receivable" else -1
        sums: Counter[str] = Counter()
        for row in self._entries():
            if row["account"] in accounts:
                sums[row["party"]] += sign * _debit(row)
        return _without_zeros(sums)

    def outstanding(self, account_type: str, as_of: str) -> Counter[str]:
        """Sum the Payment Ledger: voucher → what is outstanding of it in company currency."""
        sums: Counter[str] = Counter()
        for row in self.documents["Payment Ledger Entry"]:
            counts = not row["delinked"] and row["posting_date"] <= as_of
            if counts and row["account_type"] == account_type:
                sums[row["against_voucher_no"]] += paise(row["amount"])
        return _without_zeros(sums)

    def money(self) -> Counter[str]:
        """Sum the bank and cash accounts: account → balance."""
        accounts = self._accounts("account_type", "Bank") | self._accounts("account_type", "Cash")
        sums: Counter[str] = Counter()
        for row in self._entries():
            if row["account"] in accounts:
                sums[row["account"]] += _debit(row)
        return sums

    def stock(self) -> dict[Place, tuple[int, int]]:
        """Sum the Stock Ledger: item and warehouse → quantity and value."""
        quantities: Counter[Place] = Counter()
        values: Counter[Place] = Counter()
        for row in self.documents["Stock Ledger Entry"]:
            if not row["is_cancelled"]:
                place = row["item_code"], row["warehouse"]
                quantities[place] += thousandths(row["actual_qty"])
                values[place] += paise(row["stock_value_difference"])
        return {place: (quantity, values[place]) for place, quantity in quantities.items()}

    def bins(self) -> dict[Place, tuple[int, int]]:
        """Return the Bins: item and warehouse → quantity and value."""
        return {
            (row["item_code"], row["warehouse"]): (
                thousandths(row["actual_qty"]),
                paise(row["stock_value"]),
            )
            for row in self.documents["Bin"]
        }

    def stock_account(self) -> int:
        """Sum the General Ledger's stock accounts."""
        accounts = self._accounts("account_type", "Stock")
        return sum(_debit(row) for row in self._entries() if row["account"] in accounts)

    def _accounts(self, column: str, value: str) -> set[str]:
        return {row["name"] for row in self.documents["Account"] if row[column] == value}

    def _entries(self) -> list[Document]:
        return [row for row in self.documents["GL Entry"] if not row["is_cancelled"]]


def _debit(row: Document) -> int:
    return paise(row["debit"]) - paise(row["credit"])


def _without_zeros(sums: Counter[str]) -> Counter[str]:
    return Counter({key: value for key, value in sums.items() if value})
