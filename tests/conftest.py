"""What tests of every package share: a real mongod, and a sample ERPNext site."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from pymongo import AsyncMongoClient

from demo.site.process import SiteProcess
from tests.commanding import Csa
from tests.ingesting import Ingester
from tests.sample_books import DOCUMENTS, MIX, SEED
from tests.scheduling import Scheduling, put_longest_first
from warehouse.documents.database import init_documents
from warehouse.mongodb import embedded_mongod

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from pymongo.asynchronous.database import AsyncDatabase

DATABASE_NUMBERS = itertools.count(1)
MEMORY = Path("/dev/shm")  # noqa: S108 only a folder of our own in it
ROOM_BYTES = 2 * 10**9


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    put_longest_first(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling | None:
    if config.getoption("dist") != "loadfile":
        return None
    config.option.loadscopereorder = False
    return Scheduling(config, log)


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in memory, where the machine has room there, for servers that sync what they write.

    A new datastore is a hundred files, and each that begins on a disk is waited for.
    """
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES:
        with TemporaryDirectory(prefix="csa-tests-", dir=MEMORY) as folder:
            yield Path(folder)
    else:
        yield tmp_path_factory.mktemp("scratch")


@pytest.fixture(scope="session")
def mongodb_uri(scratch: Path) -> Iterator[str]:
    with embedded_mongod(scratch) as uri:
        yield uri


@pytest.fixture
async def database(mongodb_uri: str) -> AsyncIterator[AsyncDatabase[dict[str, Any]]]:
    """A datastore of the test's own, bound to the Beanie documents of the instance `site`."""
    name = f"test-{next(DATABASE_NUMBERS)}"
    async with AsyncMongoClient(mongodb_uri, tz_aware=True) as client:
        await init_documents(client[name], ["site"])
        yield client[name]
        await client.drop_database(name)
        await client.drop_database(f"{name}-business")


@pytest.fixture(scope="session")
def site_process() -> Iterator[SiteProcess]:
    with SiteProcess(documents=DOCUMENTS, mix=MIX) as process:
        yield process


@pytest.fixture
def sample_site(site_process: SiteProcess) -> SiteProcess:
    """A sample ERPNext site in a process of its own, without a fault of an earlier test."""
    site_process.control.clear_faults()
    return site_process


@pytest.fixture
def site(sample_site: SiteProcess) -> SiteProcess:
    """The sample site with a few hundred documents, as new."""
    sample_site.control.do("swap", documents=DOCUMENTS, seed=SEED, mix=MIX.value)
    sample_site.control.stats(reset=True)
    return sample_site


@pytest.fixture
def ingester(database: AsyncDatabase[dict[str, Any]], site: SiteProcess) -> Ingester:
    return Ingester(database, site)


@pytest.fixture
def csa(
    mongodb_uri: str, database: AsyncDatabase[dict[str, Any]], site: SiteProcess, tmp_path: Path
) -> Csa:
    """The `csa` command on the test's datastore, with `site` as its one instance."""
    return Csa(tmp_path, mongodb_uri, database.name).with_instance("site", site)
