"""The model's site: a sample site in this process, and all that was ever true of it.

After each change its tables are compared with what was there before, so the history and the ledger
of lifetimes don't depend on what a command is thought to do.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from demo.site.auth import Credentials
from demo.site.site import SampleSite
from tests.model.books import DOCTYPES, SINGLES, make_books
from tests.model.clock import WalkClock
from tests.model.truth import expect_document, spell

if TYPE_CHECKING:
    from demo.site.store import DocumentTable

Row = dict[str, Any]
Key = tuple[str, str]
Lifetime = tuple[str, str, str | None]
LISTED = tuple(doctype for doctype in DOCTYPES if doctype not in SINGLES)


@dataclass(frozen=True, slots=True)
class Trace:
    """What happened to the bearer of a name that was created at `creation`.

    `kind`: `deleted` with a trace, `lost` without, `renamed` `to`. `told`: by a Comment.
    """

    kind: str
    at: str
    creation: str | None
    to: str | None = None
    told: bool = False


@dataclass
class ModelSite:
    """A sample site, its clock, and its past.

    `versions`: every spelling that a document ever had. `traces`: what happened to each name.
    `left`: lifetime → number of the change with which it last left. `once_hidden`: the `creation`
    of documents that were hidden. `log`: the commands so far.
    """

    sample: SampleSite = field(init=False)
    clock: WalkClock = field(init=False)
    versions: dict[Key, set[str]] = field(default_factory=lambda: defaultdict(set))
    traces: dict[Key, list[Trace]] = field(default_factory=lambda: defaultdict(list))
    left: dict[Lifetime, int] = field(default_factory=dict)
    hidden: dict[Key, Row] = field(default_factory=dict)
    once_hidden: set[str | None] = field(default_factory=set)
    log: list[str] = field(default_factory=list)
    changes: int = 0
    names_given: int = 0
    _seen: dict[int, Row] = field(default_factory=dict)
    _alive: set[Lifetime] = field(default_factory=set)

    def __post_init__(self) -> None:
        books = make_books()
        self.sample = SampleSite(books, Credentials())
        self.clock = WalkClock(books.time_zone)
        self.sample.control._editor.clock = self.clock
        self._observe()

    @property
    def metas(self) -> dict[str, Row]:
        return self.sample.control.store.metas

    def table(self, doctype: str) -> DocumentTable:
        """Return a DocType's rows."""
        return self.sample.control.store.document_table(doctype)

    def rows(self, doctype: str) -> list[Row]:
        """Return the documents that the site shows, in order of name."""
        return sorted(self.table(doctype).documents(), key=lambda row: str(row["name"]))

    def find(self, doctype: str, name: str | int) -> Row | None:
        """Return one document."""
        return self.table(doctype).find(name)

    def do(self, command: str, **values: Any) -> None:
        """Carry out one command of the site's control endpoint; one that can't be done is none."""
        body = msgspec.json.encode({"do": command, **values})
        status, answer = self.sample.command(body)
        self.log.append(f"{body.decode()[:400]}" + ("" if status == 200 else f"  # {answer}"))
        self._observe()

    def delete(self, doctype: str, name: str | int, *, trace: bool, keep: bool = False) -> None:
        """Delete a document."""
        self._trace(doctype, name, "deleted" if trace else "lost")
        self.do("delete", doctype=doctype, name=name, trace=trace, keep_children=keep)

    def rename(self, doctype: str, name: str | int, to: str, *, comment: bool) -> None:
        """Rename a document."""
        self._trace(doctype, name, "renamed", to, told=comment)
        self.do("rename", doctype=doctype, name=name, new_name=to, comment=comment)

    def insert(self, doctype: str, document: Row) -> None:
        """Insert a document; what an earlier one of its name left behind becomes its own."""
        self.do("insert", doctype=doctype, document={**self._adopt(doctype, document), **document})

    def hide(self, doctype: str, name: str | int) -> None:
        """Hide a document from lists, and refuse its single read, as User Permissions do."""
        row = self.find(doctype, name)
        if row:
            self.hidden[doctype, str(row["name"])] = row
            self.once_hidden.add(row["creation"])
            self.table(doctype).remove(row)
            self.sample.control._editor.forget_children()
            self.log.append(f"hide {doctype} {name}")

    def show_all(self) -> None:
        """Show every document again."""
        for (doctype, _), row in self.hidden.items():
            self.table(doctype).put(row)
        self.hidden.clear()
        self.sample.control._editor.forget_children()
        self.log.append("show all")
        self._observe()

    def hides(self, doctype: str | None, name: str | None) -> bool:
        """Whether a document is there and hidden."""
        return (doctype, name) in self.hidden

    def is_alive(self, lifetime: Lifetime) -> bool:
        """Whether a document is there, hidden or not."""
        return lifetime in self._alive

    def expect(self) -> dict[Key, Row]:
        """Return what the store must hold now, hidden documents left out."""
        documents: dict[Key, Row] = {}
        for doctype in DOCTYPES:
            for row in self.table(doctype).documents():
                documents[doctype, str(row["name"])] = expect_document(doctype, row, self.metas)
        return documents

    def new_name(self, kind: str) -> str:
        """Return a name that no document ever had."""
        self.names_given += 1
        return f"{kind}{self.names_given:03d}"

    def _trace(
        self, doctype: str, name: str | int, kind: str, to: str | None = None, *, told: bool = False
    ) -> None:
        row = self.find(doctype, name)
        if row:
            trace = Trace(kind, self.clock.now(), row["creation"], to, told)
            self.traces[doctype, str(row["name"])].append(trace)

    def _adopt(self, doctype: str, document: Row) -> Row:
        """Take the child rows that SQL has left behind under a name: a database knows no orphans.

        The sample site shows them in lists of children only, a real one in single reads as well.
        """
        adopted: Row = {}
        table = self.table(doctype)
        for fieldname, child in table.schema.tables.items():
            children = self.sample.control.store.table(child)
            mine = [
                row
                for row in children.orphans
                if (row["parenttype"], row["parentfield"], row["parent"])
                == (doctype, fieldname, document["name"])
            ]
            if mine:
                children.orphans[:] = [row for row in children.orphans if row not in mine]
                adopted[fieldname] = mine + document.pop(fieldname, [])
        return adopted

    def _observe(self) -> None:
        self.changes += 1
        alive: set[Lifetime] = set()
        for doctype in DOCTYPES:
            for row in [*self.table(doctype).documents(), *self._hidden_rows(doctype)]:
                name = str(row["name"])
                if doctype not in SINGLES:
                    alive.add((doctype, name, row.get("creation")))
                if id(row) not in self._seen:
                    self._seen[id(row)] = row
                    document = expect_document(doctype, row, self.metas)
                    self.versions[doctype, name].add(spell(document))
        for lifetime in self._alive - alive:
            self.left[lifetime] = self.changes
        self._alive = alive

    def _hidden_rows(self, doctype: str) -> list[Row]:
        return [row for (of, _), row in self.hidden.items() if of == doctype]


def show(value: Any) -> str:
    """Return a value as short JSON."""
    return json.dumps(value, ensure_ascii=False, default=str)[:300]
