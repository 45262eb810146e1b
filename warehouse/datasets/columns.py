"""Short words for the columns that datasets declare, so that a declaration reads as a table."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from warehouse.datasets.declaration import ColumnKind, Dimension, Measure, MeasureKind

Column = TypeVar("Column", Dimension, Measure)


def text(name: str, title: str, *of: str, description: str = "") -> Dimension:
    """Return a column of text."""
    return Dimension(name, title, ColumnKind.TEXT, of, description=description)


def link(name: str, doctype: str, *of: str, title: str = "") -> Dimension:
    """Return a column that names documents of a DocType."""
    return Dimension(name, title or doctype, ColumnKind.LINK, of, link=doctype)


def day(name: str, title: str, *of: str, description: str = "") -> Dimension:
    """Return a column of dates."""
    return Dimension(name, title, ColumnKind.DATE, of, description=description)


def flag(name: str, title: str, *of: str, description: str = "") -> Dimension:
    """Return a column of 0 and 1."""
    return Dimension(name, title, ColumnKind.CHECK, of, description=description)


def integer(name: str, title: str, *of: str, description: str = "") -> Dimension:
    """Return a column of whole numbers to filter and group by."""
    return Dimension(name, title, ColumnKind.INTEGER, of, description=description)


def amount(name: str, title: str, unit: str, *of: str, description: str = "") -> Measure:
    """Return a measure that is summed."""
    return Measure(name, title, unit, MeasureKind.ADDITIVE, of, description=description)


def balance(name: str, title: str, unit: str, *of: str, description: str = "") -> Measure:
    """Return a measure that is never summed over time."""
    return Measure(name, title, unit, MeasureKind.LAST, of, description=description)


def ratio(name: str, title: str, unit: str, parts: tuple[str, str], *, factor: int = 1) -> Measure:
    """Return a measure that is divided when it is read."""
    return Measure(name, title, unit, MeasureKind.RATIO, parts=parts, factor=factor)


def lowest(name: str, title: str, unit: str, *of: str) -> Measure:
    """Return a measure of which the lowest counts."""
    return Measure(name, title, unit, MeasureKind.MIN, of)


def highest(name: str, title: str, unit: str, *of: str) -> Measure:
    """Return a measure of which the highest counts."""
    return Measure(name, title, unit, MeasureKind.MAX, of)


def share(name: str, title: str, part: str, whole: str) -> Measure:
    """Return a ratio in percent."""
    return ratio(name, title, "%", (part, whole), factor=100)


def distinct(name: str, title: str, unit: str, dimension: str) -> Measure:
    """Return how many values of a dimension there are, counted when it is read."""
    return Measure(name, title, unit, MeasureKind.DISTINCT, parts=(dimension,))


def new(name: str, title: str, unit: str, parts: tuple[str, str], description: str) -> Measure:
    """Return how many values of a dimension come with a measure for the first time."""
    return Measure(name, title, unit, MeasureKind.NEW, parts=parts, description=description)


def returning(name: str, title: str, unit: str, parts: tuple[str, str]) -> Measure:
    """Return how many values of a dimension came with a measure before."""
    return Measure(name, title, unit, MeasureKind.RETURNING, parts=parts)


def growth(name: str, title: str, measure: str) -> Measure:
    """Return by how many percent a measure is above that of the same months a year before."""
    said = "Null where there is nothing to compare with, or the query names no period."
    parts = (measure,)
    return Measure(name, title, "%", MeasureKind.GROWTH, parts=parts, factor=100, description=said)


def empty_in(column: Column, *doctypes: str) -> Column:
    """Return a column that has nothing in the rows of some of the DocTypes that rows are of."""
    return replace(column, empty_in=doctypes)


def known_by(column: Column, evidence: tuple[str, ...]) -> Column:
    """Return a column that tells whether documents agree in the fields of the evidence."""
    return replace(column, evidence=evidence)


def matched_by(column: Column, evidence: tuple[str, ...]) -> Column:
    """Return a column that tells of a record whether it is like another, of whichever instance."""
    return replace(column, evidence=evidence, is_across=True)


def within(column: Column, *dimensions: str) -> Column:
    """Return a column that tells of all rows that are alike in some dimensions."""
    return replace(column, within=dimensions)
