"""A real Prefect server with the deployments served, and sample sites behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from demo.prefect_server import PrefectServer, prefect_server
from demo.processes import free_port, running
from demo.site.process import SiteProcess
from demo.sites import settings_variables
from tests.flows.browser import RunPage, open_browser
from tests.flows.in_process import flows_in_process
from tests.flows.operator import Operator
from tests.flows.vendors import Vendors, vendors_listening

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.ingesting import Ingester

BOTH = ["one", "two"]
DATABASE = "test-flows"
REFUSED_KEY, REFUSED_SECRET = "withdrawn-key", "withdrawn-secret"


@pytest.fixture(scope="session")
def flows_dir(scratch: Path) -> Path:
    folder = scratch / "flows"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def vendors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vendors]:
    with vendors_listening(tmp_path_factory.mktemp("vendors")) as made:
        yield made


@pytest.fixture(scope="session")
def server(flows_dir: Path, vendors: Vendors) -> Iterator[PrefectServer]:
    """A server whose every way out leads to `vendors`."""
    with prefect_server(flows_dir, vendors.variables) as process:
        yield process


@pytest.fixture(scope="session")
def sites() -> Iterator[dict[str, SiteProcess]]:
    with SiteProcess(documents=200, seed=1) as one, SiteProcess(documents=200, seed=2) as two:
        yield {"one": one, "two": two}


@pytest.fixture(scope="session")
def operator(
    flows_dir: Path,
    server: PrefectServer,
    sites: dict[str, SiteProcess],
    mongodb_uri: str,
) -> Iterator[Operator]:
    """Someone who starts and retries runs.

    Nobody answers for the instance `down`; `refused` takes no key.
    """
    variables = settings_variables(sites) | {
        "MONGODB_URI": mongodb_uri,
        "MONGODB_DATABASE_NAME": DATABASE,
        "BUSINESS_DATABASE_NAME": f"{DATABASE}-business",
        "CSA_DATA_DIR": str(flows_dir),
        "ERP__DOWN__URL": f"http://127.0.0.1:{free_port()}",
        "ERP__DOWN__API_KEY": "nobody",
        "ERP__DOWN__API_SECRET": "listens",
        "ERP__REFUSED__URL": sites["one"].url,
        "ERP__REFUSED__API_KEY": REFUSED_KEY,
        "ERP__REFUSED__API_SECRET": REFUSED_SECRET,
    }
    log = flows_dir / "flows.log"
    with running(("cli", "flows"), variables | server.variables, log):
        server.wait_until_up()
        yield Operator(server)


@pytest.fixture(scope="session")
def first_day(operator: Operator) -> tuple[str, dict[str, Any]]:
    """A daily run that has stored both instances, and built what follows."""
    return operator.run("daily/daily", instances=BOTH)


@pytest.fixture
def run_page(server: PrefectServer) -> Iterator[RunPage]:
    with open_browser() as page:
        yield RunPage(server, page)


@pytest.fixture
def healthy_sites(sites: dict[str, SiteProcess]) -> Iterator[dict[str, SiteProcess]]:
    """The sites, whose faults end with the test."""
    yield sites
    for site in sites.values():
        site.control.clear_faults()


@pytest.fixture
def in_process(
    server: PrefectServer, ingester: Ingester, mongodb_uri: str, tmp_path: Path
) -> Iterator[Operator]:
    """Let this process run flows on the test's own datastore, with `site` as its one instance."""
    variables = settings_variables({"site": ingester.site}) | {
        "MONGODB_URI": mongodb_uri,
        "MONGODB_DATABASE_NAME": ingester.database.name,
        "BUSINESS_DATABASE_NAME": f"{ingester.database.name}-business",
        "CSA_DATA_DIR": str(tmp_path),
    }
    with flows_in_process(server, variables, tmp_path / "results"):
        yield Operator(server)
