"""The one way to the raw documents: `open_documents`, which takes the subject.

Lists, counts and single reads go through what it returns, and so through the same predicate.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pymongo.errors import ExecutionTimeout, OperationFailure

from warehouse.documents.raw import raw_model
from warehouse.errors import NotReadable, QueryTooSlow
from warehouse.reading.projection import whole_documents

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from warehouse.documents.raw import Collection
    from warehouse.reading.doctypes import DocTypes, ServedDocType
    from warehouse.reading.filters import Condition
    from warehouse.reading.projection import Projection
    from warehouse.reading.sorting import Branch, Sort
    from warehouse.reading.subject import Subject

LIMIT_MS = 5_000
SORT_NEEDS_TOO_MUCH_MEMORY = 292

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Documents:
    """The documents of one DocType that a subject may see: those that meet `visible`."""

    doctype: ServedDocType
    _collection: Collection
    visible: tuple[Condition, ...] = ()

    async def find(
        self,
        conditions: Sequence[Condition],
        after: Sequence[Branch],
        sort: Sort,
        projection: Projection,
        limit: int,
    ) -> list[Row]:
        """Return up to `limit` rows; `after`: conditions, one of which must hold."""
        cursor = self._collection.find(
            self._select(conditions, after),
            projection,
            sort=list(sort.keys),
            limit=limit,
            batch_size=limit,
            max_time_ms=LIMIT_MS,
        )
        with _timed():
            return await cursor.to_list()

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
        with _timed():
            answer: dict[str, Any] = await self._collection.database.command(command)
        return int(answer["n"])

    async def get(self, name: str) -> Row:
        """Return one whole document, with its `content_hash`.

        Raises:
            NotReadable: if there is none of that name, or none that the subject may see.
        """
        with _timed():
            row = await self._collection.find_one(
                self._select([{"name": name}], ()),
                whole_documents() | {"content_hash": True},
                max_time_ms=LIMIT_MS,
            )
        if row is None:
            raise NotReadable
        return row

    def _select(self, conditions: Sequence[Condition], after: Sequence[Branch]) -> Condition:
        """Return the filter; with `after`, a plain $or, whose branches MongoDB merges in order."""
        everywhere = [*self.visible, *conditions]
        own: Condition = {"doctype": self.doctype.doctype}
        if not after:
            return own | ({"$and": everywhere} if everywhere else {})
        return {"$or": [own | {"$and": [branch, *everywhere]} for branch in after]}


async def open_documents(
    doctypes: DocTypes, subject: Subject, instance: str, doctype: str
) -> Documents:
    """Return the documents of a DocType as far as `subject` may see them.

    Raises:
        NotReadable: if there is no such instance or DocType, or none for this subject.
    """
    served = await doctypes.get(subject, instance, doctype)
    # Until access control compiles a predicate for the subject, all of them are visible.
    return Documents(served, raw_model(instance).get_pymongo_collection())


@contextmanager
def _timed() -> Iterator[None]:
    try:
        yield
    except ExecutionTimeout:
        raise QueryTooSlow from None
    except OperationFailure as error:
        if error.code != SORT_NEEDS_TOO_MUCH_MEMORY:
            raise
        raise QueryTooSlow from None
