"""Is MongoDB there, new enough, and may we do in it what the warehouse does?

Rights are tried and not read: roles can be nested, custom and Atlas's own, but an attempt on a
probe collection shows what holds. Probe collections have names of their own and are removed.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pymongo
from pymongo.errors import OperationFailure, PyMongoError

from warehouse.doctor.findings import Finding, error, failed, is_healthy, list_names, warning, well
from warehouse.doctor.pending import check_pending
from warehouse.errors import MongoUnavailable
from warehouse.mongodb import open_mongodb

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from pymongo import AsyncMongoClient
    from pymongo.asynchronous.collection import AsyncCollection

    from warehouse.settings import Settings

    Collection = AsyncCollection[dict[str, Any]]

SUBJECT = "mongodb"
RIGHTS = "mongodb rights"
OLDEST_MAJOR = 6
ATTEMPT_LIMIT_S = 20.0
PROBE_PREFIX = "csa_check_"
UNAUTHORIZED = 13
ATLAS_ERROR = 8000  # Atlas's code for everything that it forbids, a full quota too
MERGE = "insert, update"
MAKING = frozenset({"createCollection", "createIndex", "insert", MERGE})


async def check_mongodb(settings: Settings) -> list[Finding]:
    """Reach MongoDB, and try there what the warehouse needs."""
    try:
        async with open_mongodb(settings) as client:
            version = (await client.server_info())["version"]
            findings = [
                _judge_version(version, settings),
                *await _check_rights(client, settings),
            ]
            if is_healthy(findings):
                datastore = client[settings.mongodb_database_name]
                findings += await check_pending(datastore, settings.instances)
            return findings
    except MongoUnavailable as failure:
        return [failed(SUBJECT, failure)]
    except PyMongoError as failure:
        return [
            error(
                SUBJECT,
                f"MongoDB was reached and then failed ({_name_failure(failure)}).",
                "See its log; if it is a replica set, whether it has a primary.",
            )
        ]


def _judge_version(version: str, settings: Settings) -> Finding:
    if int(version.partition(".")[0]) < OLDEST_MAJOR:
        message = f"MongoDB {version} answers; the warehouse needs {OLDEST_MAJOR}.0 or later."
        return error(SUBJECT, message, "Upgrade it to 7 or 8.")
    if settings.mongodb_uri is None:
        return well(
            SUBJECT,
            f"MongoDB {version}, the embedded one in {settings.csa_data_dir}, answers; it is for "
            "trying the warehouse only. Set MONGODB_URI for real use.",
        )
    return well(SUBJECT, f"MongoDB {version} answers.")


async def _check_rights(
    client: AsyncMongoClient[dict[str, Any]], settings: Settings
) -> list[Finding]:
    name = f"{PROBE_PREFIX}{secrets.token_hex(8)}"
    trial = Trial(
        client[settings.mongodb_database_name][name], client[settings.business_database_name][name]
    )
    try:
        await trial.run()
    finally:
        left = await trial.clean()
    return [*trial.judge(), *left]


@dataclass(slots=True)
class Trial:
    """Attempts on a probe collection of the datastore and one of the business database."""

    datastore: Collection
    business: Collection
    lacking: dict[str, list[str]] = field(default_factory=dict)
    failures: list[Finding] = field(default_factory=list)
    standing: dict[str, Collection] = field(default_factory=dict)

    async def run(self) -> None:
        """Try everything, each whatever became of the one before."""
        stored, built = self.datastore, self.business
        merge = {"into": {"db": built.database.name, "coll": built.name}}
        create = stored.database.create_collection(stored.name, check_exists=False)
        await self._attempt(stored, "createCollection", create)
        await self._attempt(stored, "createIndex", stored.create_index("probe"))
        await self._attempt(stored, "insert", stored.insert_one({"_id": 1, "probe": 1}))
        await self._attempt(stored, "update", stored.update_one({"_id": 1}, {"$set": {"probe": 2}}))
        await self._attempt(stored, "find", stored.find_one({"_id": 1}))
        if "find" not in self.lacking.get(stored.database.name, ()):
            await self._attempt(built, MERGE, stored.aggregate([{"$merge": merge}]))
        await self._attempt(built, "createIndex", built.create_index("probe"))
        await self._attempt(built, "find", built.find_one({"_id": 1}))
        for collection in (stored, built):
            await self._attempt(collection, "remove", collection.delete_one({"_id": 1}))
            dropped = await self._attempt(collection, "dropCollection", collection.drop())
            if dropped:
                self.standing.pop(collection.full_name, None)

    def judge(self) -> list[Finding]:
        """Return what the attempts showed."""
        findings = [
            error(
                RIGHTS,
                f"The user of MONGODB_URI lacks privileges on {database}: {list_names(lacking)}.",
                f"Grant it the role readWrite on {database} (on Atlas: Database Access > Edit).",
            )
            for database, lacking in self.lacking.items()
        ]
        if findings or self.failures:
            return findings + self.failures
        return [
            well(
                RIGHTS,
                f"A document was written and removed, a collection with an index made and dropped "
                f"in {self.datastore.database.name}, and $merge reached "
                f"{self.business.database.name}.",
            )
        ]

    async def clean(self) -> list[Finding]:
        """Remove what is left of the probes, or name it."""
        left = []
        for name, collection in self.standing.items():
            try:
                with pymongo.timeout(ATTEMPT_LIMIT_S):
                    await collection.drop()
            except PyMongoError:
                left.append(name)
        if not left:
            return []
        return [
            warning(
                RIGHTS,
                f"These probe collections may be left: {list_names(left)}.",
                "Drop them once the privileges are there; they hold one document at most.",
            )
        ]

    async def _attempt(
        self, collection: Collection, privileges: str, operation: Awaitable[Any]
    ) -> bool:
        """Await `operation` and say whether it worked; if not, note why.

        A lost connection is raised: the attempts to come would wait in vain.
        """
        database = collection.database.name
        makes_it = privileges in MAKING and collection.full_name not in self.standing
        if makes_it:
            self.standing[collection.full_name] = collection
        try:
            with pymongo.timeout(ATTEMPT_LIMIT_S):
                await operation
        except OperationFailure as failure:
            if not _is_forbidden(failure):
                message = f"Trying {privileges} on {database} failed ({_name_failure(failure)})."
                cure = (
                    "See the log of MongoDB for the cause; on Atlas, whether the space is used up."
                )
                self.failures.append(error(RIGHTS, message, cure))
                return False
            self.lacking.setdefault(database, []).append(privileges)
            if makes_it:
                del self.standing[collection.full_name]
            return False
        return True


def _is_forbidden(failure: OperationFailure) -> bool:
    if failure.code == ATLAS_ERROR:
        return "not allowed" in str(failure)
    return failure.code == UNAUTHORIZED


def _name_failure(failure: PyMongoError) -> str:
    """Return the failure's name; its text may hold the URI, and so the password."""
    details = failure.details if isinstance(failure, OperationFailure) else None
    return str((details or {}).get("codeName") or type(failure).__name__)
