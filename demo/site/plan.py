"""Which rows a query has to look at, and whether they come in its order already."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from demo.site.index import Span
from demo.site.moments import moment_key
from demo.site.store import ChildTable, DocumentTable, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from demo.site.dataset import Row
    from demo.site.filters import Condition
    from demo.site.ordering import OrderTerm

_INDEXED = ("modified", "creation")


@dataclass(frozen=True, slots=True)
class Chosen:
    """Rows among which all matching ones are."""

    rows: Iterable[Row]
    ordered: bool


def choose_rows(
    table: Table,
    conditions: list[Condition],
    alternatives: list[Condition],
    order: list[OrderTerm],
) -> Chosen:
    """Choose the cheapest way to the rows."""
    own = [each for each in conditions if each.column.place == 0]
    if names := _looked_up(own, "name"):
        return Chosen(_by_names(table, names), ordered=False)
    if isinstance(table, ChildTable):
        parents = _looked_up(own, "parent")
        return Chosen(table.of_parents(parents) if parents else table.rows(), ordered=False)
    if isinstance(table, DocumentTable):
        column = _ordering_column(order) or _filtering_column(own)
        if column is not None:
            either = [each for each in alternatives if each.column.place == 0]
            span = _span(table, column, own, either if len(either) == len(alternatives) else [])
            return _off_index(table, column, span, order)
    return Chosen(table.rows(), ordered=False)


def _off_index(table: DocumentTable, column: str, span: Span, order: list[OrderTerm]) -> Chosen:
    descending = bool(order) and order[0].descending
    names = table.index(column).names(span, descending=descending)
    rows = (row for name in names if (row := table.at(name)) is not None)
    return Chosen(rows, ordered=_ordering_column(order) == column)


def _looked_up(conditions: list[Condition], fieldname: str) -> list[str]:
    for each in conditions:
        if each.column.fieldname == fieldname and each.operand:
            if each.operator == "=":
                return [str(each.operand)]
            if each.operator == "in":
                return each.values()
    return []


def _by_names(table: Table, names: list[str]) -> Iterator[Row]:
    found = {id(row): row for name in reversed(names) if (row := table.find(name)) is not None}
    yield from found.values()


def _ordering_column(order: list[OrderTerm]) -> str | None:
    if not order or any(term.column.place for term in order):
        return None
    columns = [term.column.fieldname for term in order]
    if len({term.descending for term in order}) > 1:
        return None
    if columns == ["name"]:
        return "name"
    if columns[0] in _INDEXED and columns[1:] in ([], ["name"]):
        return columns[0]
    return None


def _filtering_column(conditions: list[Condition]) -> str | None:
    for each in conditions:
        if each.column.fieldname in _INDEXED and each.operator in (">", ">=", "=", "<", "<="):
            return each.column.fieldname
    return None


def _span(
    table: DocumentTable, column: str, conditions: list[Condition], either: list[Condition]
) -> Span:
    if column == "name":
        after = [each for each in conditions if _is(each, "name", ">")]
        if not after:
            return Span()
        return Span(lowest="", after_name=table.name_key(after[0].operand))
    span = Span()
    for each in conditions:
        if each.column.fieldname == column and each.operand not in (None, ""):
            span = _narrowed(span, each)
    past_ties = _name_past_ties(table, column, span, conditions, either)
    return span if past_ties is None else past_ties


def _narrowed(span: Span, condition: Condition) -> Span:
    if condition.operator not in (">", ">=", "=", "<", "<="):
        return span
    bound = moment_key(str(condition.operand))
    if condition.operator in (">", ">=", "=") and (span.lowest is None or bound >= span.lowest):
        span = replace(span, lowest=bound, above_lowest=condition.operator == ">")
    if condition.operator in ("<", "<=", "=") and (span.highest is None or bound <= span.highest):
        span = replace(span, highest=bound)
    return span


def _name_past_ties(
    table: DocumentTable,
    column: str,
    span: Span,
    conditions: list[Condition],
    either: list[Condition],
) -> Span | None:
    """Skip the ties of a keyset page: modified >= M and (modified > M or name > N)."""
    if span.lowest is None or span.above_lowest:
        return None
    later = [each for each in either if _is(each, column, ">")]
    named = [each for each in either if _is(each, "name", ">")]
    if len(either) == 2 and later and named:  # noqa: PLR2004 - the two halves of the keyset
        if moment_key(str(later[0].operand)) == span.lowest:
            return replace(span, after_name=table.name_key(named[0].operand))
        return None
    after = [each for each in conditions if _is(each, "name", ">")]
    if after and span.highest == span.lowest:
        return replace(span, after_name=table.name_key(after[0].operand))
    return None


def _is(condition: Condition, fieldname: str, operator: str) -> bool:
    return condition.column.fieldname == fieldname and condition.operator == operator
