"""A datastore that was restored from a backup, as mongodump and mongorestore do it.

A dump is not of one moment: it reads a collection after the other while runs write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pymongo.asynchronous.database import AsyncDatabase

    from tests.ingesting import Ingester

Dump = dict[str, list[dict[str, Any]]]


async def _dump(database: AsyncDatabase[dict[str, Any]]) -> Dump:
    names = await database.list_collection_names()
    return {name: await database[name].find().to_list() for name in names}


async def _restore(database: AsyncDatabase[dict[str, Any]], dump: Dump) -> None:
    for name in await database.list_collection_names():
        await database[name].delete_many({})
    for name, documents in dump.items():
        if documents:
            await database[name].insert_many(documents)


async def test_an_older_backup_catches_up_by_comparison_and_pulls_only_what_differs(
    ingester: Ingester, database: AsyncDatabase[dict[str, Any]]
):
    ingester.insert("Customer", *({"name": f"Customer {n}"} for n in ("kept", "edited", "left")))
    await ingester.run()
    backup = await _dump(database)
    ingester.edit("Customer", "Customer edited", customer_group="Later")
    ingester.insert("Customer", {"name": "Customer new"})
    ingester.delete("Customer", "Customer left")
    await ingester.run()
    whole = {(row["doctype"], row["name"]) async for row in ingester.stored.find()}

    await _restore(database, backup)
    caught_up = await ingester.run()
    assert (caught_up.totals.new, caught_up.totals.changed) == (1, 1)
    assert {(row["doctype"], row["name"]) async for row in ingester.stored.find()} == whole
    assert (await ingester.buried("Customer")).keys() == {"Customer left"}
    assert (await ingester.run()).totals.changed == 0


async def test_a_lease_older_than_what_was_written_since_is_taken_beyond_it(
    ingester: Ingester, database: AsyncDatabase[dict[str, Any]]
):
    ingester.insert("Customer", {"name": "Customer edited"})
    await ingester.run()
    leases = await database["leases"].find().to_list()
    for group in ("Later", "Later still"):
        ingester.edit("Customer", "Customer edited", customer_group=group)
        last = await ingester.run()
    later = await _dump(database)

    await _restore(database, later | {"leases": leases})
    ingester.edit("Customer", "Customer edited", customer_group="Latest")
    following = await ingester.run()
    assert following.token == last.token + 1
    stored = await ingester.stored.find_one({"name": "Customer edited"})
    assert stored
    assert stored["run_id"] == following.id
    assert stored["document_data"]["customer_group"] == "Latest"
