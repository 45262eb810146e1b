"""What a rule is told of the partition that it builds, and how it reaches its other sources.

A rule that only makes pipelines needs no database: a scope can be made by hand in a test.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from warehouse.cleaning.books import Books, read_books
from warehouse.cleaning.curated import Curated
from warehouse.datasets.declaration import Source, Upstream
from warehouse.documents.raw import COLLECTION_PREFIX
from warehouse.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from warehouse.datasets.declaration import Dataset, Expression, Row, Stages

DATA = "document_data"
LAST_CHARACTER = "\U0010ffff"
# Crosswalks lie in the datastore as well, since MongoDB looks up within one database only; there
# the column that they are looked up by has this name.
CROSSWALK_PREFIX = "dataset_"
CROSSWALK_COLUMN = "looked_up_by"
MONTH = r"^\d{4}-(0[1-9]|1[0-2])"


class Reader(Protocol):
    """How a streaming rule reads: the transform's own in production."""

    def documents(
        self, source: Source, instance: str, condition: Mapping[str, Any]
    ) -> AsyncIterator[Row]:
        """Yield the documents of a source with its declared fields."""

    def rows(self, upstream: Upstream, condition: Mapping[str, Any]) -> AsyncIterator[Row]:
        """Yield the live rows of an upstream dataset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """One partition in the making.

    `instance`: of the partition; an ACROSS dataset goes over `instances` instead. `month`: of an
    INSTANCE_MONTH partition, None for its documents without a valid date. `as_of`: today in the
    site's calendar. `live`: upstream dataset → the builds of its that count here. `settings`:
    DocType → the documents of the instance, of sources that are settings. `curated`: the tables
    that people curate. `observations`: what is known of the instance's ingestion and datasets.
    `identity_key`: what ids across instances are made with.
    """

    dataset: Dataset
    as_of: str
    instance: str = ""
    instances: tuple[str, ...] = ()
    month: str | None = None
    live: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reader: Reader | None = None
    settings: Mapping[str, list[Row]] = field(default_factory=dict)
    curated: Curated = field(default_factory=Curated)
    observations: tuple[Row, ...] = ()
    identity_key: bytes = field(default=b"", repr=False)

    @property
    def books(self) -> Books:
        """The settings, understood: fiscal years, currencies, units, trees."""
        return read_books(self.settings)

    def source(self, name: str) -> Source | Upstream:
        """Return a declared source.

        Raises:
            DatasetError: if the dataset does not declare it.
        """
        for one in self.dataset.sources:
            if name == one.name:
                return one
        raise DatasetError(
            f"The rule of {self.dataset.slug} uses {name}, which it does not declare.",
            cure="Name it among the dataset's sources, with the fields that the rule uses.",
            dataset=self.dataset.slug,
        )

    def opening(self, name: str) -> Stages:
        """Return the stages that every pipeline over a source begins with: its documents or rows.

        Of a dated DocType those of the partition's month; with the declared fields at the top.
        """
        source = self.source(name)
        if isinstance(source, Upstream):
            return [{"$match": {"build_id": {"$in": list(self.live.get(source.slug, ()))}}}]
        return [{"$match": self.condition(source)}, *shape(source)]

    def condition(self, source: Source) -> dict[str, Any]:
        """Return the filter of a DocType's documents that belong to this partition."""
        chosen: dict[str, Any] = {"doctype": source.doctype}
        if source.date and "month" in self.dataset.partition.columns:
            chosen[f"{DATA}.{source.date}"] = (
                {"$gte": self.month, "$lt": self.month + LAST_CHARACTER}
                if self.month
                else {"$not": {"$regex": MONTH}}
            )
        return chosen

    def collection(self, name: str) -> str:
        """Return the collection that a source lies in; DocTypes and datasets share no database."""
        source = self.source(name)
        if isinstance(source, Upstream):
            return source.slug
        return COLLECTION_PREFIX + self.instance

    def lookup(
        self, name: str, local: str, into: str, foreign: str = "name", company: str | None = None
    ) -> Stages:
        """Return stages that put the one document of another source into the field `into`.

        `local`: the field that names it, `foreign`: by what. DocTypes can be looked up in feeds of
        DocTypes, datasets in feeds of datasets: MongoDB looks up within one database only.
        `company`: the field with the row's company; a document of another company is not found.
        """
        source = self.source(name)
        path = foreign if isinstance(source, Upstream) or foreign == "name" else f"{DATA}.{foreign}"
        opening = (
            self.opening(name)
            if isinstance(source, Upstream)
            else [{"$match": {"doctype": source.doctype}}, *shape(source)]
        )
        found = {
            "from": self.collection(name),
            "localField": local,
            "foreignField": path,
            "pipeline": opening,
            "as": into,
        }
        documents: Expression = f"${into}"
        if company:
            is_own = {"$eq": ["$$this.company", company]}
            documents = {"$filter": {"input": documents, "cond": is_own}}
        return [{"$lookup": found}, {"$set": {into: {"$first": documents}}}]

    def crosswalk(
        self, name: str, local: str, into: str, condition: Mapping[str, Any] | None = None
    ) -> Stages:
        """Return stages that put the row of a crosswalk into `into`, in a feed of a DocType.

        `local`: the field that names the row, `condition`: what else must hold of it.
        """
        upstream = self.source(name)
        if not isinstance(upstream, Upstream):
            raise TypeError(f"{name} is a DocType: look it up")
        chosen = {"instance": self.instance, **(condition or {})}
        found = {
            "from": CROSSWALK_PREFIX + upstream.slug,
            "localField": local,
            "foreignField": CROSSWALK_COLUMN,
            "pipeline": [{"$match": chosen}],
            "as": into,
        }
        return [{"$lookup": found}, {"$set": {into: {"$first": f"${into}"}}}]

    def union(self, name: str, stages: Stages) -> Stages:
        """Return the stage that goes on with another source's documents as well, after `stages`."""
        pipeline = [*self.opening(name), *stages]
        return [{"$unionWith": {"coll": self.collection(name), "pipeline": pipeline}}]

    def read(
        self, name: str, instance: str | None = None, condition: Mapping[str, Any] | None = None
    ) -> AsyncIterator[Row]:
        """Yield a source's documents (declared fields, and `name`) or rows, for a streaming rule.

        `instance`: of an ACROSS dataset, which one's documents; rows come from all of `instances`.
        `condition`: a filter in MongoDB's terms on those fields.
        """
        if self.reader is None:
            raise RuntimeError("this scope was made without a reader")
        source = self.source(name)
        if isinstance(source, Upstream):
            return self.reader.rows(source, condition or {})
        return self.reader.documents(source, instance or self.instance, condition or {})


def shape(source: Source) -> Stages:
    """Return the stages that leave of a raw document what a source declares, and its name."""
    fields = {f"{DATA}.{name}": 1 for name in ("name", *source.fields)}
    return [{"$project": {"_id": 0, **fields}}, {"$replaceWith": f"${DATA}"}]
