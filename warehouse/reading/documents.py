"""The one way to the raw documents: `open_documents`, which takes the subject.

Lists, counts and single reads go through what it returns, and so through the same filter, and no
row leaves it with more than is shown to the subject; a test proves that there is no other way.
They are sent as commands: the driver's `find` costs a quarter more for what is not needed here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from bson.raw_bson import RawBSONDocument
from pymongo.errors import AutoReconnect, ExecutionTimeout, OperationFailure

from warehouse.documents.raw import raw_model
from warehouse.errors import NotReadable, QueryTooSlow
from warehouse.reading.projection import WHOLE_DOCUMENT, whole_documents
from warehouse.reading.rows import RawRows, Rows, show

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from bson.codec_options import CodecOptions
    from pymongo.asynchronous.database import AsyncDatabase

    from warehouse.documents.raw import Collection
    from warehouse.reading.doctypes import DocTypes, ServedDocType
    from warehouse.reading.filters import Condition
    from warehouse.reading.projection import Projection
    from warehouse.reading.rows import Row
    from warehouse.reading.sessions import Sessions
    from warehouse.reading.sorting import Branch, Sort
    from warehouse.reading.subject import Subject

LIMIT_MS = 5_000
SORT_NEEDS_TOO_MUCH_MEMORY = 292
ONE_DOCUMENT = whole_documents() | {"content_hash": True}

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Documents:
    """The documents of one DocType that a subject may see, as far as they are shown."""

    doctype: ServedDocType
    _collection: Collection
    _sessions: Sessions

    async def find(
        self,
        conditions: Sequence[Condition],
        after: Sequence[Branch],
        sort: Sort,
        projection: Projection,
        limit: int,
    ) -> Rows:
        """Return up to `limit` rows; `after`: conditions, one of which must hold."""
        command = {
            "find": self._collection.name,
            "filter": self._select(conditions, after),
            "projection": projection,
            "sort": dict(sort.keys),
            "limit": limit,
            "batchSize": limit + 1,  # one more than there can be: the server closes the cursor
            "maxTimeMS": LIMIT_MS,
        }
        is_whole = WHOLE_DOCUMENT in projection
        options = self._raw_options if is_whole else self._options
        cursor = (await self._run(command, options))["cursor"]
        rows = cursor["firstBatch"]
        if cursor["id"] != 0:
            # They are more than the 16 MB that one answer holds.
            kill = {"killCursors": self._collection.name, "cursors": [cursor["id"]]}
            await self._run(kill, self._options)
            rows = await _answer(lambda: self._find_in_batches(command, options))
        shown = self.doctype.view.shown
        return RawRows(rows, shown, self._options) if is_whole else Rows(rows, shown)

    async def count(
        self, conditions: Sequence[Condition], limit: int | None, limit_ms: int = LIMIT_MS
    ) -> int:
        """Return the number of rows, or `limit` if there are more.

        By the `count` command: of an index alone it counts four times as fast as an aggregation.
        """
        command: dict[str, Any] = {
            "count": self._collection.name,
            "query": self._select(conditions, ()),
            "maxTimeMS": limit_ms,
        }
        if limit is not None:
            command["limit"] = limit
        answer = await self._run(command, self._options)
        return int(answer["n"])

    async def get(self, name: str) -> Row:
        """Return one whole document, with its `content_hash`.

        Raises:
            NotReadable: if there is none of that name, or none that the subject may see.
        """
        command = {
            "find": self._collection.name,
            "filter": self._select([{"name": name}], ()),
            "projection": ONE_DOCUMENT,
            "limit": 1,
            "singleBatch": True,
            "maxTimeMS": LIMIT_MS,
        }
        answer = await self._run(command, self._options)
        for row in answer["cursor"]["firstBatch"]:
            return show(row, self.doctype.view.shown)
        raise NotReadable

    async def _find_in_batches(
        self, command: dict[str, Any], options: CodecOptions[Any]
    ) -> list[Any]:
        # The first batch is decoded by the options of the command, the others by the database's.
        database = self._database.with_options(options)
        cursor = await database.cursor_command(command, codec_options=options)
        return await cursor.to_list()

    async def _run(self, command: dict[str, Any], options: CodecOptions[Any]) -> Mapping[str, Any]:
        return await _answer(lambda: self._sessions.command(self._database, command, options))

    @property
    def _database(self) -> AsyncDatabase[Any]:
        return self._collection.database

    @property
    def _options(self) -> CodecOptions[Row]:
        """The client's own, among them aware times; commands have others by default."""
        return self._collection.codec_options

    @property
    def _raw_options(self) -> CodecOptions[RawBSONDocument]:
        return self._options.with_options(document_class=RawBSONDocument)

    def _select(self, conditions: Sequence[Condition], after: Sequence[Branch]) -> Condition:
        """Return the filter; with `after`, a plain $or, whose branches MongoDB merges in order."""
        visible = self.doctype.view.access.condition
        everywhere = [visible, *conditions] if visible else [*conditions]
        own: Condition = {"doctype": self.doctype.doctype}
        if len(after) == 1:
            everywhere = [*after, *everywhere]
        if len(after) <= 1:
            return own | ({"$and": everywhere} if everywhere else {})
        return {"$or": [own | {"$and": [branch, *everywhere]} for branch in after]}


async def open_documents(
    doctypes: DocTypes, subject: Subject, instance: str, doctype: str
) -> Documents:
    """Return the documents of a DocType as far as `subject` may see them.

    Raises:
        NotReadable: if there is no such instance or DocType, or none for this subject.
        AccessSnapshotStale: if nobody knows who may read there.
    """
    served = await doctypes.get(subject, instance, doctype)
    collection = raw_model(instance).get_pymongo_collection()
    return Documents(served, collection, doctypes.sessions)


async def _answer(read: Callable[[], Awaitable[_T]]) -> _T:
    """Return what MongoDB answers; ask again once if the connection broke, as the driver would.

    Raises:
        QueryTooSlow: if it does not answer in time.
    """
    try:
        try:
            return await read()
        except AutoReconnect:
            return await read()
    except ExecutionTimeout:
        raise QueryTooSlow from None
    except OperationFailure as error:
        if error.code != SORT_NEEDS_TOO_MUCH_MEMORY:
            raise
        raise QueryTooSlow from None
