"""Walk a DocType in the order (modified, name) without losing rows that are saved meanwhile.

Keyset, not offset: a row saved while paging moves to the end, and with offsets every such move
makes the walk skip another row (frappe#25081, erpnext#49037). Names and datetimes are sent back
exactly as received and never compared here: MariaDB's collation orders names, not Python.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from warehouse.erpnext.query import BY_MODIFIED, ListQuery

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_DATETIME = "%Y-%m-%d %H:%M:%S.%f"


@dataclass(frozen=True, slots=True)
class Position:
    """The last row of a page: its `modified` and `name` as received."""

    modified: str
    name: str | int

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Position | None:
        """Return the row's position, or None for a row without `modified`."""
        return cls(row["modified"], row["name"]) if row.get("modified") else None


def page_query(query: ListQuery, after: Position | None, page_rows: int) -> ListQuery:
    """Return `query` cut to the `page_rows` rows that follow `after` in (modified, name).

    `modified >= M AND (modified > M OR name > N)` is `(modified, name) > (M, N)`, the only form
    that Frappe's filters can say; it takes up the one `or_filters` that a request has.

    Raises:
        ValueError: if `query` has `or_filters` of its own.
    """
    if query.or_filters:
        raise ValueError("A query with or_filters can't be walked.")
    query = replace(query, order_by=BY_MODIFIED, limit=page_rows)
    if after is None:
        return query
    return replace(
        query,
        filters=(*query.filters, ("modified", ">=", after.modified)),
        or_filters=(("modified", ">", after.modified), ("name", ">", after.name)),
    )


def earlier(erp_modified: str, by: timedelta) -> str:
    """Return the site's naive datetime `erp_modified` less `by`, in the site's own notation."""
    return (parse_site_datetime(erp_modified) - by).strftime(_DATETIME)


def parse_site_datetime(value: str) -> datetime:
    """Parse ERPNext's naive datetime, for interval arithmetic only.

    Raises:
        ValueError: if it is none.
    """
    return datetime.fromisoformat(value).replace(tzinfo=None)


def latest_past(rows: Sequence[Mapping[str, Any]], site_now: datetime) -> str | None:
    """Return the last `modified` of `rows`, in ascending order, that is not in the future.

    A row dated in the future would otherwise hide every later change behind it.
    """
    for row in reversed(rows):
        erp_modified = row["modified"]
        if erp_modified and _is_past(erp_modified, site_now):
            return str(erp_modified)
    return None


def _is_past(erp_modified: str, site_now: datetime) -> bool:
    try:
        return parse_site_datetime(erp_modified) <= site_now
    except ValueError:  # MariaDB's zero date, 0000-00-00
        return False
