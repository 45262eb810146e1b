"""A submitted document as the ledgers see it: what every row that it leaves there repeats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from demo.site.dataset import Row

APRIL = 4


@dataclass(frozen=True, slots=True)
class Voucher:
    """One document that moves money or stock.

    `posted_at`: when it counts, for stock to the microsecond. `currency`, `rate`: its own currency
    and what one unit of it is in rupees.
    """

    doctype: str
    name: str
    subtype: str
    created: datetime
    posted_on: str
    remarks: str = ""
    posted_at: str = ""
    cancelled: bool = False
    opening: bool = False
    currency: str = "INR"
    rate: float = 1.0

    @classmethod
    def of(cls, row: Row, created: datetime, **others: Any) -> Voucher:
        """Make the voucher of a document that has been written."""
        return cls(
            doctype=row["doctype"],
            name=row["name"],
            subtype=others.pop("subtype", row["doctype"]),
            created=created,
            posted_on=row["posting_date"],
            posted_at=row.get("posting_time") or "",
            cancelled=row["docstatus"] == 2,  # noqa: PLR2004
            opening=row.get("is_opening") == "Yes",
            **others,
        )

    @property
    def fiscal_year(self) -> str:
        """The year from April to March, as India has it."""
        year = int(self.posted_on[:4]) - (int(self.posted_on[5:7]) < APRIL)
        return f"{year}-{year + 1}"
