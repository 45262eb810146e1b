"""Let MongoDB itself say what an expression makes of a document."""

from __future__ import annotations

from typing import Any


async def evaluate(database: Any, documents: list[dict[str, Any]], **fields: Any) -> list[Any]:
    """Return `fields` of each document, in the documents' order."""
    numbered = [{"_n": number, **document} for number, document in enumerate(documents)]
    stages = [
        {"$documents": numbered},
        {"$project": {"_id": 0, "_n": 1, **fields}},
        {"$sort": {"_n": 1}},
        {"$unset": "_n"},
    ]
    cursor = await database.aggregate(stages)
    return await cursor.to_list()
