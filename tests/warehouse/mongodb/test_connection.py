"""Opening MongoDB: by URI or embedded, with errors that name the host and never the password."""

import asyncio
import socket
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr
from pymongo.errors import ConfigurationError as DriverConfigurationError
from pymongo.errors import ServerSelectionTimeoutError

from tests.warehouse.mongodb.conftest import FakeMongod, is_running
from warehouse.errors import MongoUnavailable
from warehouse.mongodb import open_mongodb
from warehouse.mongodb.connection import _explain, _name_hosts
from warehouse.mongodb.folder import Folder
from warehouse.settings import Settings

SENTINEL = "s3ntinel"


@pytest.fixture
def closed_port() -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        yield probe.getsockname()[1]


async def open_failing(uri: str) -> MongoUnavailable:
    with pytest.raises(MongoUnavailable) as failed:
        async with open_mongodb(Settings(mongodb_uri=SecretStr(uri))):
            pass
    shown = "".join(traceback.format_exception(failed.value)) + repr(failed.value.__dict__)
    assert SENTINEL not in shown
    assert failed.value.cure
    return failed.value


async def test_without_uri_the_embedded_server_runs_while_it_is_open(data_dir: Path) -> None:
    async with open_mongodb(Settings(csa_data_dir=data_dir)) as client:
        now = datetime.now(UTC)
        await client.probe.rows.insert_one({"synced_at": now})
        stored = await client.probe.rows.find_one()
        assert stored
        assert abs((stored["synced_at"] - now).total_seconds()) < 1
        assert client.options.pool_options.metadata["application"]["name"] == "csa"
    assert not is_running(data_dir)


async def test_with_a_uri_no_mongod_is_started(
    server_uri: str, data_dir: Path, fake_mongod: FakeMongod
) -> None:
    settings = Settings(
        mongodb_uri=SecretStr(server_uri),
        csa_data_dir=data_dir / "untouched",
        csa_mongod=fake_mongod("exit 1"),
    )
    async with open_mongodb(settings) as client:
        assert (await client.admin.command("ping"))["ok"] == 1
    assert not settings.csa_data_dir.exists()


async def test_a_start_that_is_cancelled_leaves_no_mongod(data_dir: Path) -> None:
    async def use() -> None:
        async with open_mongodb(Settings(csa_data_dir=data_dir)):
            await asyncio.sleep(60)

    using = asyncio.create_task(use())
    # The port is written just before the launch.
    while not Folder(data_dir / "mongodb").port.exists():  # noqa: ASYNC110 in another thread
        await asyncio.sleep(0.002)
    using.cancel()
    with pytest.raises(asyncio.CancelledError):
        await using
    assert not is_running(data_dir)


async def test_an_unreachable_server_is_named_without_its_password(closed_port: int) -> None:
    uri = f"mongodb://csa:{SENTINEL}@127.0.0.1:{closed_port}/?serverSelectionTimeoutMS=100"
    error = await open_failing(uri)
    assert f"127.0.0.1:{closed_port} can't be reached: [Errno" in error.message


async def test_a_wrong_password_is_told_as_such(server_uri: str) -> None:
    address = server_uri.partition("@")[2]
    error = await open_failing(f"mongodb://csa:{SENTINEL}@{address}")
    assert "refuses the user and password" in error.message


@pytest.mark.parametrize(
    "uri",
    [
        f"mongodb://csa:{SENTINEL}/x@host/",
        f"mongodb://csa:{SENTINEL}@x@host/",
        f"mongodb://csa:{SENTINEL}%@host/",
        f"mongodb://csa:{SENTINEL}",
        f"mongodb://csa:{SENTINEL}@host/?tls={SENTINEL}",
        f"mongodb://host/?tlss={SENTINEL}",
        f"mongodb://csa:{SENTINEL}@host:port/",
        f"mongodb+srv://csa:{SENTINEL}@host:27017/",
        "mongodb://",
    ],
)
async def test_a_malformed_uri_is_an_error_that_does_not_show_it(uri: str) -> None:
    assert "can't be used" in (await open_failing(uri)).message


def test_the_driver_is_quoted_only_where_it_gives_a_reason() -> None:
    error = ServerSelectionTimeoutError(f"{SENTINEL}:1: [Errno -2] Name or service not known (x")
    told = str(_explain(error, "host"))
    assert "[Errno -2] Name or service not known." in told
    assert SENTINEL not in told
    assert "no answer" in str(_explain(ServerSelectionTimeoutError(SENTINEL), "host"))


def test_a_host_that_the_dns_does_not_know_is_told() -> None:
    class NoSuchName(Exception):
        pass

    NoSuchName.__module__ = "dns.resolver"
    error = DriverConfigurationError("The DNS query name does not exist")
    error.__cause__ = NoSuchName()
    assert "DNS has no MongoDB under cluster.example" in str(_explain(error, "cluster.example"))


@pytest.mark.parametrize(
    ("uri", "hosts"),
    [
        ("mongodb://u:p@a.example:1,b:2/db?replicaSet=r", "a.example:1,b:2"),
        ("mongodb+srv://u:p@cluster.example/?x=y", "cluster.example"),
        ("mongodb://[::1]:27017", "[::1]:27017"),
        ("mongodb://u:secret", "a host that can't be read"),
        ("mongodb://u:p@ho st/", "a host that can't be read"),
    ],
)
def test_hosts_are_named_if_they_are_hosts_beyond_doubt(uri: str, hosts: str) -> None:
    assert _name_hosts(uri) == hosts
