"""The API against a real ERPNext: what nine of its users could read, by list, count and read.

Everything is as in production: the engine ingests the site, its permission tables are read from it,
and each user has a portal account of their own. Website Users have accounts that open nothing.
"""

from __future__ import annotations

import random
import sys
from typing import TYPE_CHECKING, Any

from demo.site.process import SiteProcess
from tests.api.inside import Inside, list_names
from tests.ingesting import Ingester
from tests.oracle import SITE, Tally, held_names, oracle
from tests.reference import needs_reference, reference_folder
from warehouse.access.refresh import refresh_access
from warehouse.documents.control import Outcome

if TYPE_CHECKING:
    import httpx
    import pytest
    from pymongo.asynchronous.database import AsyncDatabase

pytestmark = needs_reference

DOCTYPES = "/api/v1/instances/site/doctypes"
# Of each kind, of each user and DocType; lists and counts are compared whole.
MOST_READ = 8
CHOICE = random.Random(6)  # noqa: S311 no secret


async def test_nobody_sees_more_or_less_than_in_erpnext(
    mongodb_uri: str, database: AsyncDatabase[dict[str, Any]], capsys: pytest.CaptureFixture[str]
):
    with SiteProcess(dataset=reference_folder() / "dataset" / SITE) as site:
        ingester = Ingester(database, site)
        await refresh_access(ingester.erp)
        assert (await ingester.run()).outcome is Outcome.COMPLETED
    listed, read = Tally(is_portal=True), Tally(is_portal=True)
    async with Inside(mongodb_uri, database.name) as inside:
        for user, answers in oracle().items():
            client = await inside.sign_in(user, site=user)
            for doctype, answer in answers.items():
                shown = await list_documents(client, doctype)
                listed.judge(user, doctype, shown)
                asked = choose(answer["get"].keys() & held_names(doctype), shown)
                found = await read_documents(client, doctype, asked)
                assert found == asked & shown, (user, doctype)
                read.judge(user, doctype, found, asked)
    with capsys.disabled():
        sys.stdout.write("\n".join(["", "lists", *listed.lines(), "reads", *read.lines(), ""]))
    listed.assert_right()
    assert sum(read.checks.values()) > 500
    assert not any(read.leaks.values())
    assert not any(read.needless.values())


async def list_documents(client: httpx.AsyncClient, doctype: str) -> set[str]:
    """Return all names that a list gives; its count is theirs."""
    path = f"{DOCTYPES}/{doctype}/documents"
    if (await client.get(path)).status_code == 404:
        assert (await client.get(f"{DOCTYPES}/{doctype}")).status_code == 404
        return set()
    names, count = await list_names(client, path)
    assert count == len(names) == len(set(names))
    told = (await client.get(f"{DOCTYPES}/{doctype}")).json()["documents"]
    assert told in (None, count)
    return set(names)


def choose(names: set[str], shown: set[str]) -> set[str]:
    """Choose some names that are listed and some that are not."""
    return {
        name
        for kind in (names & shown, names - shown)
        for name in CHOICE.sample(sorted(kind), min(len(kind), MOST_READ))
    }


async def read_documents(client: httpx.AsyncClient, doctype: str, names: set[str]) -> set[str]:
    """Return those of `names` that can be read."""
    path = f"{DOCTYPES}/{doctype}/document"
    answers = {name: await client.get(path, params={"name": name}) for name in sorted(names)}
    assert {answer.status_code for answer in answers.values()} <= {200, 404}
    return {name for name, answer in answers.items() if answer.status_code == 200}
