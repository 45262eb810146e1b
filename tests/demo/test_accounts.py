"""The demo's portal accounts: one operator, and an employee for each user of the sample sites."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from demo.accounts import OPERATOR, PORTAL_PASSWORD, make_accounts
from tests.commanding import Csa
from warehouse.accounts.secrets import digest_token
from warehouse.settings import load_settings

if TYPE_CHECKING:
    from pathlib import Path

    from pymongo.asynchronous.database import AsyncDatabase

    from demo.site.process import SiteProcess


async def test_a_second_demo_makes_the_same_accounts_anew(
    mongodb_uri: str,
    database: AsyncDatabase[dict[str, Any]],
    sample_site: SiteProcess,
    tmp_path: Path,
):
    sample_site.control.do("swap", documents=300, seed=1)
    csa = Csa(tmp_path, mongodb_uri, database.name).with_instance("site", sample_site)
    settings = load_settings(csa.environment, env_file=None)
    first = await make_accounts(settings)
    second = await make_accounts(settings)
    assert [one.name for one in first] == [one.name for one in second]
    assert first[0].name == OPERATOR
    assert first[0].users == {}
    employees = {one.name: one.users for one in second[1:]}
    assert {"accounts", "sales", "field", "stock"} <= employees.keys()
    assert all(set(users) == {"site"} for users in employees.values())
    assert "former" not in employees
    digests = {digest_token(one.token) for one in second}
    assert {row["digest"] async for row in database["portal_tokens"].find()} == digests
    assert len(PORTAL_PASSWORD) >= 12
