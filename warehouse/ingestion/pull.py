"""Fetch whole documents: pages of parents, their children, and a second look at the parents.

Children come by other requests than their parents, so a parent that was saved in between would be
stored with child rows of another version. After each page its parents' `modified` are asked again:
who changed is pulled again, and a parent that keeps changing is read singly, in one transaction.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from warehouse.erpnext.page_size import PageSize
from warehouse.erpnext.paging import Position, page_query
from warehouse.erpnext.query import ALL_COLUMNS, INVENTORY_COLUMNS, ListQuery
from warehouse.errors import DocumentRejected, ErpContractBroken, ErpRejected
from warehouse.ingestion.assembly import assemble
from warehouse.ingestion.children import read_children
from warehouse.ingestion.prefetch import work_ahead
from warehouse.ingestion.storing import reject, store_documents

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

    from warehouse.documents.control import DocTypeReport
    from warehouse.erpnext.client import ErpClient
    from warehouse.erpnext.meta import Shape
    from warehouse.ingestion.children import Children
    from warehouse.ingestion.session import Session
    from warehouse.ingestion.storing import Bury

ROUNDS = 3
# Pages in progress beside the one being stored: one is put together, one waits for its children,
# one for its turn to ask for them. More would only cost memory.
PAGES_AHEAD = 3
ROWS_AT_ONCE = 50
NOT_FOUND = 404

Name = str | int
Row = dict[str, Any]
Versions = dict[str, tuple[str | None, str | None]]


@dataclass(frozen=True, slots=True)
class Batch:
    """Parents as listed, emptied when put together; the client counts what their page takes."""

    rows: list[Row]
    client: ErpClient


@dataclass(slots=True)
class Page:
    """Assembled documents, and the names that this page could not settle.

    `again`: saved while the page was read. `doubtful`: children unsure. `last`: the keyset position
    of the page's last row.
    """

    documents: list[Row] = field(default_factory=list)
    again: list[Name] = field(default_factory=list)
    doubtful: list[Name] = field(default_factory=list)
    last: Position | None = None


@dataclass(slots=True)
class Puller:
    """Pulls documents of one DocType and stores them page by page.

    `renew`: asks the ERP for the shape again. `bury`: takes away stored lifetimes whose names have
    another bearer by now. `pulled`: the names that were settled: stored, rejected, or gone.
    `rejected`: those kept aside.
    """

    session: Session
    client: ErpClient
    shape: Shape
    report: DocTypeReport
    page_rows: int
    renew: Callable[[], Awaitable[Shape]]
    bury: Bury
    page_size: PageSize = field(init=False)
    pulled: set[str] = field(default_factory=set, init=False)
    rejected: set[str] = field(default_factory=set, init=False)
    _is_renewed: bool = field(default=False, init=False)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    def __post_init__(self) -> None:
        self.page_size = PageSize(self.page_rows)

    async def pull_walk(
        self,
        query: ListQuery,
        after: Position | None,
        on_page: Callable[[Position], Awaitable[None]],
    ) -> None:
        """Pull everything that `query` selects behind `after`, in the order (modified, name).

        `on_page` is told the position of each page once it is stored.
        """
        await self._store_all(self._walk(query, after), on_page)

    async def pull_names(self, names: Sequence[Name]) -> None:
        """Pull the documents called `names`; those that are gone are counted as vanished."""
        before = len(self.pulled)
        await self._store_all(self._batches(names))
        if len(self.pulled) - before < len(names):
            await self._read_singly([name for name in names if str(name) not in self.pulled])

    async def renew_shape(self, known: Shape) -> bool:
        """Ask for the shape again, once in a pull; say whether it is another than `known` by now.

        For a request that was refused: a field or a child table may be gone since the meta was
        read.
        """
        if not self._is_renewed:
            self._is_renewed = True
            self.shape = await self.renew()
        return self.shape != known

    async def _store_all(
        self,
        batches: AsyncGenerator[Batch],
        on_page: Callable[[Position], Awaitable[None]] | None = None,
    ) -> None:
        again: list[Name] = []
        async with aclosing(work_ahead(batches, self._complete, PAGES_AHEAD)) as pages:
            async for page in pages:
                await self._store(page.documents)
                # Who waits for the next page holds this one.
                page.documents.clear()
                # Before the position moves past them: a run that breaks off won't come back here.
                await self._read_singly(page.doubtful)
                again += page.again
                if on_page and page.last:
                    await on_page(page.last)
        await self._pull_again(again)

    async def _pull_again(self, names: list[Name]) -> None:
        for _ in range(ROUNDS):
            if not names:
                return
            again: list[Name] = []
            async for batch in self._batches(names):
                page = await self._complete(batch)
                await self._store(page.documents)
                await self._read_singly(page.doubtful)
                again += page.again
            names = again
        await self._read_singly(names)

    async def _walk(self, query: ListQuery, after: Position | None) -> AsyncGenerator[Batch]:
        query = ListQuery(query.doctype, ALL_COLUMNS, filters=query.filters)
        while True:
            page_rows = self.page_size.rows
            batch = await self._ask(page_query(query, after, page_rows))
            is_last = len(batch.rows) < page_rows
            if batch.rows:
                # Before the page is yielded, since who puts it together empties it.
                after = Position.of(batch.rows[-1])
                yield batch
            if is_last:
                return
            if after is None:
                # More undated rows than a page holds; they come first and can't be walked.
                return

    async def _batches(self, names: Sequence[Name]) -> AsyncGenerator[Batch]:
        start = 0
        while start < len(names):
            wanted = list(names[start : start + self.page_size.rows])
            start += len(wanted)
            batch = await self._ask(
                ListQuery(self.shape.doctype, ALL_COLUMNS, filters=(("name", "in", wanted),))
            )
            if batch.rows:
                yield batch

    async def _ask(self, query: ListQuery) -> Batch:
        client = self.client.part()
        return Batch(await client.list_rows(query), client)

    async def _complete(self, batch: Batch) -> Page:
        page = await self._complete_page(batch)
        self.page_size.learn(batch.client.usage.seconds, batch.client.usage.received_bytes)
        return page

    async def _complete_page(self, batch: Batch) -> Page:
        """Add the children; set aside what changed meanwhile or can't be joined."""
        if not self.shape.child_tables:
            page = Page(last=Position.of(batch.rows[-1]))
            page.documents = [assemble(self.shape, row, {}) for row in batch.rows]
            batch.rows.clear()
            return page
        names = [row["name"] for row in batch.rows]
        # One page after the other: side by side they would end together, and the connections would
        # have nothing to do until the next parents are there.
        async with self._turn:
            shape = self.shape
            children = await read_children(batch.client, shape, names)
            if children.doubtful.issuperset(map(str, names)) and await self.renew_shape(shape):
                shape = self.shape
                children = await read_children(batch.client, shape, names)
            current = await self._read_versions(batch.client, names)
        return await _put_together(shape, batch.rows, children, current)

    async def _read_versions(self, client: ErpClient, names: list[Name]) -> Versions:
        """Read `modified`, and `creation`, since names are exchanged without a new `modified`."""
        query = ListQuery(self.shape.doctype, INVENTORY_COLUMNS, filters=(("name", "in", names),))
        rows = await client.list_rows(query)
        return {str(row["name"]): (row["modified"], row["creation"]) for row in rows}

    async def _read_singly(self, names: Sequence[Name]) -> None:
        for name in names:
            document = await self._read(name)
            if document:
                await self._store([document])

    async def _read(self, name: Name) -> Row | None:
        try:
            document = await self.client.read(self.shape.doctype, name)
        except (ErpRejected, ErpContractBroken) as error:
            self.pulled.add(str(name))
            if isinstance(error, ErpRejected) and error.status == NOT_FOUND:
                self.report.vanished += 1
                return None
            why = DocumentRejected(
                f"It can't be read in bulk, and singly: {error.message}",
                code="unreadable",
            )
            await reject(self.session, self.shape.doctype, str(name), why)
            self.rejected.add(str(name))
            self.report.rejected += 1
            return None
        return assemble(self.shape, document)

    async def _store(self, documents: list[Row]) -> None:
        if documents:
            self.rejected |= await store_documents(
                self.session, self.shape.doctype, documents, self.report, self.bury
            )
            self.pulled.update(str(document["name"]) for document in documents)


async def _put_together(
    shape: Shape, rows: list[Row], children: Children, current: Versions
) -> Page:
    """Empty `rows` and `children` into a page: with their nulls they take more than the page."""
    page = Page(last=Position.of(rows[-1]))
    rows.reverse()
    while rows:
        row = rows.pop()
        if len(rows) % ROWS_AT_ONCE == 0:
            # Lets the next page's children be asked for meanwhile. A thread would do so too, but
            # it takes 40 MB more.
            await asyncio.sleep(0)
        name = str(row["name"])
        # Who is missing is gone, or has a name that no list finds (Frappe strips them).
        if name in children.doubtful or name not in current:
            page.doubtful.append(row["name"])
        elif current[name] != (row["modified"], row["creation"]):
            page.again.append(row["name"])
        else:
            page.documents.append(assemble(shape, row, children.take(name)))
    return page
