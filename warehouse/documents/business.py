"""The business database: a collection of rows for each dataset, and one of its rejected rows.

Rows are written and read through the models' own pymongo collections, as raw documents are.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from beanie import Document, init_beanie
from pydantic import BaseModel, ConfigDict
from pymongo import ASCENDING, IndexModel

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pymongo.asynchronous.database import AsyncDatabase

    from warehouse.documents.raw import Collection

REJECTED = "_rejected"
KEPT_MS = 3_600_000  # so long a build may be read after another has taken its place


class RowFields(BaseModel):
    """What the engine knows of a row; its other fields are the dataset's columns.

    `row`: its key as text, the same in every build. `source`: the document that it is a part of,
    and `access` that document's links, where rows are parts of documents. `expires_at`: set when
    its build was superseded.
    """

    model_config = ConfigDict(extra="allow")

    build_id: str
    row: str
    instance: str
    source: dict[str, str] | None = None
    access: dict[str, Any] | None = None
    expires_at: datetime | None = None


@cache
def row_model(name: str) -> type[Document]:
    """Return the Beanie model of a collection of rows, made as `raw_model` is."""
    model = type(f"Rows_{name}", (RowFields, Document), {"__module__": __name__})

    class Settings:
        indexes = (
            IndexModel([("build_id", ASCENDING), ("row", ASCENDING)], unique=True),
            IndexModel("row"),
            IndexModel(
                "expires_at",
                expireAfterSeconds=0,
                partialFilterExpression={"expires_at": {"$exists": True}},
            ),
        )

    Settings.name = name  # type: ignore[attr-defined]
    model.Settings = Settings  # type: ignore[attr-defined]
    return model


def rows_of(slug: str) -> Collection:
    """Return the collection of a dataset's rows."""
    return row_model(slug).get_pymongo_collection()


def rejected_rows_of(slug: str) -> Collection:
    """Return the collection of the rows that a dataset's rule could not use, with `rejected`."""
    return row_model(slug + REJECTED).get_pymongo_collection()


async def init_business(database: AsyncDatabase[dict[str, Any]], slugs: Iterable[str]) -> None:
    """Prepare the collections of datasets."""
    models = [row_model(name) for slug in slugs for name in (slug, slug + REJECTED)]
    if models:
        await init_beanie(database=database, document_models=models)


async def find_kept(slug: str, build_ids: Iterable[str]) -> set[str]:
    """Return those of the builds that have rows which stay."""
    rows = rows_of(slug)

    async def keeps(build_id: str) -> bool:
        stays = {"build_id": build_id, "expires_at": None}
        return await rows.find_one(stays, {"_id": 1}) is not None

    wanted = list(build_ids)
    kept = await asyncio.gather(*(keeps(build_id) for build_id in wanted))
    return {build_id for build_id, is_kept in zip(wanted, kept, strict=True) if is_kept}


async def drop_build(slug: str, build_id: str) -> None:
    """Remove a build's rows at once: nobody can have begun to read them."""
    for collection in (rows_of(slug), rejected_rows_of(slug)):
        await collection.delete_many({"build_id": build_id})


async def forget_rows(slugs: Iterable[str], instance: str, doctype: str, name: str) -> int:
    """Erase the rows that are parts of a document, in every build; return how many.

    What sums over it is built anew by the next transform.
    """
    which = {"instance": instance, "source.doctype": doctype, "source.name": name}
    collections = [one for slug in slugs for one in (rows_of(slug), rejected_rows_of(slug))]
    erased = [await collection.delete_many(which) for collection in collections]
    return sum(one.deleted_count for one in erased)


async def expire_builds(slug: str, build_ids: list[str]) -> None:
    """Let the rows of builds go in an hour, by the server's clock."""
    if not build_ids:
        return
    expiry = [{"$set": {"expires_at": {"$add": ["$$NOW", KEPT_MS]}}}]
    for collection in (rows_of(slug), rejected_rows_of(slug)):
        which = {"build_id": {"$in": build_ids}, "expires_at": None}
        await collection.update_many(which, expiry)
