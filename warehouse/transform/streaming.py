"""Rows that come from Python: read and written in batches, so that memory does not grow."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bson.decimal128 import Decimal128
from pymongo.errors import BulkWriteError

from warehouse.datasets.declaration import Source
from warehouse.datasets.scope import shape
from warehouse.documents.business import rows_of
from warehouse.documents.raw import raw_model
from warehouse.errors import DatasetError
from warehouse.transform.feeding import CLEANED, SEPARATOR
from warehouse.transform.links import carry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from warehouse.datasets.declaration import Dataset, Row, Upstream
    from warehouse.datasets.scope import Scope
    from warehouse.documents.raw import Collection
    from warehouse.transform.links import Links

BATCH_ROWS = 1000
DUPLICATE_KEY = 11000


def open_source(source: Source | Upstream, instance: str) -> Collection:
    """Return the collection that a source lies in."""
    if isinstance(source, Source):
        return raw_model(instance).get_pymongo_collection()
    return rows_of(source.slug)


@dataclass(frozen=True, slots=True)
class StoreReader:
    """Reads for streaming rules; `live`: upstream dataset → the builds that count."""

    live: Mapping[str, tuple[str, ...]]

    async def documents(
        self, source: Source, instance: str, condition: Mapping[str, Any]
    ) -> AsyncIterator[Row]:
        """Yield the documents of a source with its declared fields."""
        stages = [{"$match": {"doctype": source.doctype}}, *shape(source)]
        stages += [{"$match": condition}] if condition else []
        cursor = await open_source(source, instance).aggregate(
            stages, batchSize=BATCH_ROWS, allowDiskUse=True
        )
        async for document in cursor:
            yield document

    async def rows(self, upstream: Upstream, condition: Mapping[str, Any]) -> AsyncIterator[Row]:
        """Yield the live rows of an upstream dataset."""
        builds = list(self.live.get(upstream.slug, ()))
        chosen = {"$and": [{"build_id": {"$in": builds}}, condition or {}]}
        async for row in rows_of(upstream.slug).find(chosen, {"_id": 0}, batch_size=BATCH_ROWS):
            yield row


@dataclass(frozen=True, slots=True)
class RowWriter:
    """Stores the rows of a streaming rule; `builds`: instance → the build that its rows go into."""

    dataset: Dataset
    scope: Scope
    builds: Mapping[str, str]
    links: Mapping[str, Links]

    async def write(self) -> None:
        """Run the rule and store what it yields.

        Raises:
            DatasetError: if a row is not as declared.
        """
        batch: list[Row] = []
        async for row in self.dataset.build(self.scope):
            batch.append(self._complete(row))
            if len(batch) == BATCH_ROWS:
                await self._store(batch)
                batch = []
        if batch:
            await self._store(batch)

    def _complete(self, given: Row) -> Row:
        row = {name: _exact(self.dataset, name, value) for name, value in given.items()}
        # A row's own instance, where a rule goes over all of them.
        filled = {"instance": self.scope.instance or row.get("instance")}
        filled |= {"month": self.scope.month, "as_of": self.scope.as_of}
        row |= {name: filled[name] for name in self.dataset.partition.columns}
        self._assert_columns(row)
        row["build_id"] = self.builds[row["instance"]]
        row["row"] = self._key(row)
        return row

    def _assert_columns(self, row: Row) -> None:
        engine = {*self.dataset.partition.columns, "source", "rejected", CLEANED}
        given, declared = row.keys() - engine, set(self.dataset.columns)
        if given != declared or row["instance"] not in self.builds:
            wrong = ", ".join(sorted(given ^ declared)) or "instance"
            raise DatasetError(
                f"A row of {self.dataset.slug} is not as declared: {wrong}.",
                cure="Yield every dimension and every stored measure, and nothing else.",
                dataset=self.dataset.slug,
            )

    def _key(self, row: Row) -> str:
        names = dict.fromkeys([*self.dataset.partition.columns, *self.dataset.key])
        return SEPARATOR.join("" if row[name] is None else str(row[name]) for name in names)

    async def _store(self, batch: list[Row]) -> None:
        if self.dataset.rows_of:
            await self._carry_links(batch)
        try:
            await rows_of(self.dataset.slug).insert_many(batch, ordered=False)
        except BulkWriteError as error:
            failed = error.details["writeErrors"]
            if all(one["code"] == DUPLICATE_KEY for one in failed):
                raise twice(self.dataset) from None
            raise

    async def _carry_links(self, batch: list[Row]) -> None:
        """Add to rows the links of the documents that they are parts of."""
        named: dict[tuple[str, str], list[str]] = {}
        for row in batch:
            source = row.get("source") or {}
            kind = (row["instance"], source.get("doctype", ""))
            named.setdefault(kind, []).append(source.get("name", ""))
        found: dict[tuple[str, str, str], Any] = {}
        for (instance, doctype), names in named.items():
            links = self.links.get(instance, {}).get(doctype, [])
            pipeline: list[dict[str, Any]] = [
                {"$match": {"doctype": doctype, "name": {"$in": names}}},
                {"$project": {"_id": 0, **carry(doctype, links)}},
            ]
            cursor = await raw_model(instance).get_pymongo_collection().aggregate(pipeline)
            async for carried in cursor:
                found[instance, doctype, carried["source"]["name"]] = carried.get("access")
        for row in batch:
            source = row.get("source") or {}
            key = (row["instance"], source.get("doctype", ""), source.get("name", ""))
            access = found.get(key)
            if access is not None:
                row["access"] = access


def twice(dataset: Dataset) -> DatasetError:
    """Return the error of two rows with one key."""
    return DatasetError(
        f"Two rows of {dataset.slug} have the same key ({', '.join(dataset.key)}).",
        cure="Add to the key what tells them apart, or group them into one row.",
        dataset=dataset.slug,
    )


def _exact(dataset: Dataset, name: str, value: Any) -> Any:
    if isinstance(value, float):
        raise DatasetError(
            f"{name} of a row of {dataset.slug} is a float.",
            cure="Yield Decimal: a sum of floats is never exact.",
            dataset=dataset.slug,
        )
    return Decimal128(value) if isinstance(value, Decimal) else value
