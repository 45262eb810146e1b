"""What a DocType's columns are and how each compares, by its meta and its rows."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from demo.site.dataset import Row

STANDARD = ("name", "owner", "creation", "modified", "modified_by", "docstatus", "idx")
OF_CHILDREN = ("parent", "parentfield", "parenttype")
ON_REQUEST = ("_user_tags", "_comments", "_assign", "_liked_by", "_seen")
TABLES = ("Table", "Table MultiSelect")
_LAYOUT = (
    *("Section Break", "Column Break", "Tab Break", "HTML", "Button", "Heading", "Fold", "Image"),
    *TABLES,
)
# The DocType list has these even where nobody described DocType itself.
_OF_DOCTYPE = (
    *("module", "istable", "issingle", "is_virtual", "is_submittable", "custom", "is_tree"),
    *("autoname", "naming_rule", "title_field", "track_changes", "allow_rename", "sort_field"),
    *("sort_order", "document_type", "restrict_to_domain"),
)


class Kind(Enum):
    """How a column's values compare."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    MOMENT = "moment"
    TIME = "time"


_KINDS = {
    **dict.fromkeys(("Check", "Int", "Float", "Currency", "Percent", "Rating"), Kind.NUMBER),
    **dict.fromkeys(("Duration", "Long Int"), Kind.NUMBER),
    "Date": Kind.DATE,
    "Datetime": Kind.MOMENT,
    "Time": Kind.TIME,
}
_STANDARD_KINDS = {
    "creation": Kind.MOMENT,
    "modified": Kind.MOMENT,
    "docstatus": Kind.NUMBER,
    "idx": Kind.NUMBER,
}


class Schema:
    """One DocType: its columns, child tables, links and virtual fields."""

    def __init__(self, described: Row, meta: Row | None, samples: Iterable[Row]) -> None:
        """Read the DocType's row in the DocType list, its merged meta and some of its rows."""
        self.doctype: str = described["name"]
        self.is_child = bool(described.get("istable"))
        self.is_single = bool(described.get("issingle"))
        self.tables: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self.dynamic_links: dict[str, str] = {}
        self.without_column: set[str] = set()
        self._kinds: dict[str, Kind] = {}
        self._columns = {*STANDARD, *ON_REQUEST, *(OF_CHILDREN if self.is_child else ())}
        autoname = str(described.get("autoname") or "")
        self.integer_names = autoname == "autoincrement"
        self.named_by_field = autoname[6:] if autoname.startswith("field:") else None
        for field in (meta or {}).get("fields") or ():
            self._add_field(field)
        for sample in samples:
            self._add_sample(sample, has_meta=bool(meta and meta.get("fields")))
        if self.doctype == "DocType":
            self._columns.update(_OF_DOCTYPE)
        if self.integer_names:
            self._kinds["name"] = Kind.NUMBER

    def has_column(self, fieldname: str) -> bool:
        """Tell if the database table has this column."""
        return fieldname in self._columns

    def stored_columns(self) -> list[str]:
        """Give the columns that a `*` list shows."""
        return sorted(self._columns.difference(ON_REQUEST, self.without_column))

    def kind(self, fieldname: str) -> Kind:
        """Tell how the column compares."""
        return _STANDARD_KINDS.get(fieldname) or self._kinds.get(fieldname, Kind.TEXT)

    def list_row(self, row: Row) -> Row:
        """Give the row as a list of `*` shows it: columns only."""
        hidden = self.without_column
        return {
            key: value
            for key, value in row.items()
            if key != "doctype" and key not in hidden and type(value) is not list
        }

    def document(self, row: Row) -> Row:
        """Give the document as a single read shows it, nulls included."""
        shown = {key: value for key, value in row.items() if type(value) is not list}
        shown["doctype"] = self.doctype
        for fieldname, child_doctype in self.tables.items():
            children = sorted(row.get(fieldname) or (), key=_place)
            shown[fieldname] = [{**child, "doctype": child_doctype} for child in children]
        return shown

    def _add_field(self, field: dict[str, Any]) -> None:
        fieldname, fieldtype = field.get("fieldname"), field.get("fieldtype")
        if not fieldname or not fieldtype:
            return
        if fieldtype in TABLES:
            self.tables[fieldname] = field.get("options") or ""
        if field.get("is_virtual") or fieldtype in _LAYOUT:
            self.without_column.add(fieldname)
            return
        self._columns.add(fieldname)
        if fieldtype == "Link":
            self.links[fieldname] = field.get("options") or ""
        if fieldtype == "Dynamic Link":
            self.dynamic_links[fieldname] = field.get("options") or ""
        if fieldtype in _KINDS:
            self._kinds[fieldname] = _KINDS[fieldtype]

    def _add_sample(self, sample: Row, *, has_meta: bool) -> None:
        for fieldname, value in sample.items():
            if type(value) is list:
                self.without_column.add(fieldname)
                # A table that the meta does not name is one that was taken away.
                if value and not has_meta and value[0].get("doctype"):
                    self.tables[fieldname] = value[0]["doctype"]
            elif fieldname not in self.without_column:
                self._columns.add(fieldname)
                if type(value) in (int, float) and fieldname not in self._kinds:
                    self._kinds[fieldname] = Kind.NUMBER
        self.integer_names = self.integer_names or type(sample.get("name")) is int


def _place(child: Row) -> int:
    return int(child.get("idx") or 0)
