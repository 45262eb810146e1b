"""The API over real HTTP, on a datastore that the engine filled from the sample site."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from pymongo import AsyncMongoClient

from tests.api.doors import Doors, open_doors
from tests.api.serving import ApiProcess, business_of, variables_of
from tests.ingesting import Ingester
from tests.sample_books import DOCUMENTS, MIX, SEED
from warehouse.access.refresh import refresh_access
from warehouse.documents.database import init_documents
from warehouse.transform.run import open_transform

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from demo.site.process import SiteProcess

DATABASE = "test-api"
DATASETS = ("items", "parties", "sales_lines", "sales_monthly")


@pytest.fixture(scope="session")
def ingested(mongodb_uri: str, site_process: SiteProcess) -> str:
    """A database that holds all that the sample site has; returns its name. Read it only.

    `other` has the same permissions and no documents.
    """

    async def ingest() -> None:
        async with AsyncMongoClient(mongodb_uri, tz_aware=True) as client:
            await init_documents(client[DATABASE], ["site", "other"])
            ingester = Ingester(client[DATABASE], site_process)
            for instance in ("site", "other"):
                await refresh_access(ingester.erp.model_copy(update={"instance": instance}))
            await ingester.run()
            business = client[business_of(DATABASE)]
            async with open_transform(business, ["site"]) as transform:
                for dataset in transform.terms.registry.choose(DATASETS):
                    await transform.run(dataset)

    site_process.control.clear_faults()
    site_process.control.do("swap", documents=DOCUMENTS, seed=SEED, mix=MIX.value)
    asyncio.run(ingest())
    return DATABASE


@pytest.fixture(scope="session")
def api(
    ingested: str, mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ApiProcess]:
    """The API; `site` is ingested, `other` is known and empty."""
    variables = {
        **variables_of("site"),
        **variables_of("other"),
        "ERP__SITE__TITLE": "Sample site",
    }
    folder = tmp_path_factory.mktemp("api")
    with ApiProcess(folder, mongodb_uri, ingested, variables) as process:
        yield process


@pytest.fixture(scope="session")
def all_doors(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    with open_doors(mongodb_uri, tmp_path_factory.mktemp("doors")) as opened:
        yield opened


@pytest.fixture
def doors(all_doors: Doors) -> Iterator[Doors]:
    """The API before ERPs that people sign in to."""
    yield all_doors
    all_doors.clean()


@pytest.fixture(scope="session")
def client(api: ApiProcess) -> Iterator[httpx.Client]:
    """The operator."""
    with api.client() as opened:
        yield opened


@pytest.fixture(scope="session")
def stranger(api: ApiProcess) -> Iterator[httpx.Client]:
    """Somebody without a token."""
    with api.client(token=None) as opened:
        yield opened
