"""On a real mongod, with users of fewer and fewer rights."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from pymongo import MongoClient
from pymongo.errors import AutoReconnect, OperationFailure

from warehouse.doctor.findings import Status
from warehouse.doctor.mongodb import PROBE_PREFIX, check_mongodb
from warehouse.settings import Settings

DATASTORE, BUSINESS = "csa-datastore", "csa-business"
WRITE = ["find", "insert", "update", "remove", "createCollection", "createIndex"]
Client = MongoClient[dict[str, Any]]


@pytest.fixture
def root(mongodb_uri: str) -> Iterator[Client]:
    with MongoClient(mongodb_uri) as client:
        yield client


@contextmanager
def signed_in_as_user(root: Client, **actions: list[str]) -> Iterator[Settings]:
    """Yield the settings of a user who may do `actions` in the datastore or business database."""
    name, databases = f"user_{secrets.token_hex(4)}", {"datastore": DATASTORE, "business": BUSINESS}
    privileges = [
        {"resource": {"db": databases[database], "collection": ""}, "actions": of_database}
        for database, of_database in actions.items()
    ]
    root.admin.command("createRole", name, privileges=privileges, roles=[])
    root.admin.command("createUser", name, pwd="secret", roles=[name])
    uri = f"mongodb://{name}:secret@127.0.0.1:{root.address[1]}/?directConnection=true"
    yield Settings(mongodb_uri=SecretStr(uri))
    root.admin.command("dropUser", name)
    root.admin.command("dropRole", name)


def probes_left(root: Client) -> list[str]:
    return [
        name
        for database in (DATASTORE, BUSINESS)
        for name in root[database].list_collection_names()
        if name.startswith(PROBE_PREFIX)
    ]


async def test_all_is_well_with_all_rights_and_nothing_is_left(root: Client, mongodb_uri: str):
    findings = await check_mongodb(Settings(mongodb_uri=SecretStr(mongodb_uri)))
    assert [finding.status for finding in findings] == [Status.OK, Status.OK]
    assert "MongoDB 6.0" in findings[0].message
    assert probes_left(root) == []


async def test_read_write_on_both_databases_suffices(root: Client):
    rights = [*WRITE, "dropCollection"]
    with signed_in_as_user(root, datastore=rights, business=rights) as settings:
        findings = await check_mongodb(settings)
    assert [finding.status for finding in findings] == [Status.OK, Status.OK]
    assert probes_left(root) == []


@pytest.mark.parametrize("lacking", ["find", "update", "remove", "createIndex"])
async def test_each_missing_right_is_named(root: Client, lacking: str):
    all_rights = [*WRITE, "dropCollection"]
    some = [right for right in all_rights if right != lacking]
    with signed_in_as_user(root, datastore=some, business=all_rights) as settings:
        _, *findings = await check_mongodb(settings)
    assert [finding.status for finding in findings] == [Status.ERROR]
    assert f"lacks privileges on {DATASTORE}: {lacking}." in findings[0].message
    assert f"readWrite on {DATASTORE}" in findings[0].cure
    assert probes_left(root) == []


async def test_a_user_who_only_reads_lacks_everything_else(root: Client):
    with signed_in_as_user(root, datastore=["find"], business=["find"]) as settings:
        _, *findings = await check_mongodb(settings)
    assert len(findings) == 2
    assert findings[0].message.endswith(
        f"{DATASTORE}: createCollection, createIndex, dropCollection, insert, remove, update."
    )
    assert probes_left(root) == []


async def test_merging_into_the_business_database_needs_rights_there(root: Client):
    rights = [*WRITE, "dropCollection"]
    business = [right for right in rights if right not in ("insert", "update")]
    with signed_in_as_user(root, datastore=rights, business=business) as settings:
        _, *findings = await check_mongodb(settings)
    assert [finding.message for finding in findings] == [
        f"The user of MONGODB_URI lacks privileges on {BUSINESS}: insert, update."
    ]


async def test_what_can_not_be_removed_is_named(root: Client):
    with signed_in_as_user(root, datastore=WRITE, business=WRITE) as settings:
        _, *findings = await check_mongodb(settings)
    *errors, left = findings
    assert ["dropCollection" in finding.message for finding in errors] == [True, True]
    assert left.status is Status.WARNING
    named = probes_left(root)
    assert len(named) == 2
    assert f"{DATASTORE}.{named[0]}" in left.message
    for database in (DATASTORE, BUSINESS):
        root[database].drop_collection(named[0])


@pytest.mark.parametrize(
    ("code", "text", "said"),
    [
        (8000, "user is not allowed to do action [insert]", "lacks privileges"),
        (8000, "you are over your space quota", "failed (AtlasError)"),
        (14031, "not enough disk space", "failed (AtlasError)"),
    ],
)
async def test_a_full_disk_is_not_taken_for_a_missing_right(
    mongodb_uri: str, monkeypatch: pytest.MonkeyPatch, code: int, text: str, said: str
):
    async def insert_one(*_: object) -> None:
        raise OperationFailure(text, code, {"codeName": "AtlasError"})

    monkeypatch.setattr("pymongo.asynchronous.collection.AsyncCollection.insert_one", insert_one)
    _, finding = await check_mongodb(Settings(mongodb_uri=SecretStr(mongodb_uri)))
    assert (finding.status, said in finding.message) == (Status.ERROR, True)


async def test_a_connection_lost_meanwhile_is_one_error(
    root: Client, mongodb_uri: str, monkeypatch: pytest.MonkeyPatch
):
    async def find_one(*_: object) -> None:
        raise AutoReconnect("user:password@host closed")

    monkeypatch.setattr("pymongo.asynchronous.collection.AsyncCollection.find_one", find_one)
    (finding,) = await check_mongodb(Settings(mongodb_uri=SecretStr(mongodb_uri)))
    assert finding.message == "MongoDB was reached and then failed (AutoReconnect)."
    assert probes_left(root) == []


async def test_an_unreachable_mongodb_is_an_error_with_a_cure():
    uri = "mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=200"
    (finding,) = await check_mongodb(Settings(mongodb_uri=SecretStr(uri)))
    assert finding.status is Status.ERROR
    assert finding.cure


@pytest.mark.parametrize(("version", "status"), [("5.0.31", "error"), ("8.0.4", "ok")])
async def test_versions_before_6_are_errors(
    mongodb_uri: str, monkeypatch: pytest.MonkeyPatch, version: str, status: str
):
    async def server_info(_: object) -> dict[str, str]:
        return {"version": version}

    monkeypatch.setattr("pymongo.AsyncMongoClient.server_info", server_info)
    first, *_ = await check_mongodb(Settings(mongodb_uri=SecretStr(mongodb_uri)))
    assert (first.status, version in first.message) == (status, True)


async def test_the_embedded_one_is_said_to_be_for_trying_only(tmp_path: Path):
    first, rights = await check_mongodb(Settings(csa_data_dir=tmp_path))
    assert (first.status, rights.status) == (Status.OK, Status.OK)
    assert "for trying the warehouse only" in first.message
