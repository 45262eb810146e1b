"""The README's way from an employee to a list of documents, typed into a real shell.

Its names are replaced by those of the sample site; all else is as it stands there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.api.serving import ApiProcess
from tests.docs.pages import ROOT, read_blocks
from warehouse.access.refresh import refresh_access
from warehouse.documents.raw import raw_model

if TYPE_CHECKING:
    from pymongo.asynchronous.database import AsyncDatabase

    from tests.ingesting import Ingester

LIMIT_S = 120
ADDRESS, INSTANCE = "http://127.0.0.1:8000", "kisanmitra"
USER, CUSTOMER = "asha@example.com", "Raju"


async def list_invoices() -> list[dict[str, Any]]:
    rows = raw_model("site").get_pymongo_collection().find({"doctype": "Sales Invoice"})
    return [row["document_data"] async for row in rows]


@pytest.mark.skipif(not (shutil.which("bash") and shutil.which("curl")), reason="needs bash, curl")
async def test_what_the_readme_says_gives_the_documents_of_a_customer(
    ingester: Ingester, mongodb_uri: str, database: AsyncDatabase[dict[str, Any]], tmp_path: Path
):
    await refresh_access(ingester.erp)
    await ingester.run()
    invoices = await list_invoices()
    domain = invoices[0]["owner"].partition("@")[2]
    customer = invoices[0]["customer"]
    [block] = [one for one in read_blocks(ROOT / "README.md") if "curl" in one]
    variables = {
        "ERP__SITE__URL": ingester.site.url,
        "ERP__SITE__API_KEY": ingester.site.key,
        "ERP__SITE__API_SECRET": ingester.site.secret,
    }
    with ApiProcess(tmp_path, mongodb_uri, database.name, variables) as api:
        replaced = {ADDRESS: api.url, INSTANCE: "site", CUSTOMER: quote(customer)}
        for written, meant in (replaced | {USER: f"accounts@{domain}"}).items():
            assert written in block
            block = block.replace(written, meant)
        where = {"MONGODB_URI": mongodb_uri, "MONGODB_DATABASE_NAME": database.name}
        where |= {"BUSINESS_DATABASE_NAME": f"{database.name}-business", "HOME": str(tmp_path)}
        page = run_in_shell(block, tmp_path, where | variables)
    expected = {one["name"] for one in invoices if one["customer"] == customer}
    assert {item["name"] for item in page["items"]} == expected


def run_in_shell(block: str, folder: Path, variables: dict[str, str]) -> dict[str, Any]:
    """Type a block into bash; return the JSON that it prints last."""
    finished = subprocess.run(  # noqa: S603 what the README says
        ["bash", "-euc", block],  # noqa: S607 the user's own shell
        cwd=folder,
        env=variables | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    page: dict[str, Any] = json.loads(finished.stdout[finished.stdout.index("{") :])
    return page
