"""`csa access`: what operators do about who may see what."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from demo.site.process import SiteProcess
    from tests.commanding import Csa

FIELD, SALES = "field@ragijonna.example", "sales@ragijonna.example"
HOOKS: dict[str, Any] = {
    "has_permission": {"Note": ["frappe.desk.doctype.note.note.has_permission"]},
    "permission_query_conditions": {"Farmer": ["grower_app.permissions.farmers"]},
    "override_doctype_class": {},
}


def names_of(site: SiteProcess, doctype: str) -> list[str]:
    answer = httpx.get(
        f"{site.url}/api/resource/{doctype}",
        params={"limit_page_length": 0},
        headers={"Authorization": f"token {site.key}:{site.secret}"},
    )
    return [row["name"] for row in answer.json()["data"]]


def test_refresh_tells_what_is_in_force(csa: Csa) -> None:
    first = csa.run("access", "refresh", "--json")
    assert first.code == 0
    told = first.json["instances"]["site"]
    assert told["outcome"] == "changed"
    assert told["rows"]["User Permission"] == 1
    again = csa.run("access", "refresh", "site")
    assert again.code == 0
    assert "as before" in again.stdout


def test_a_table_that_can_not_be_read_is_an_error_with_its_cure(
    csa: Csa, site: SiteProcess
) -> None:
    site.control.do("refuse", doctype="User Permission")
    refreshed = csa.run("access", "refresh", "site")
    assert refreshed.code == 1
    assert "refuses the list of User Permission" in refreshed.stderr
    assert "csa check" in refreshed.stderr
    assert csa.run("ingest", "--doctype", "Item").code == 0
    status = csa.run("status").stdout
    assert "access rules in force: none. site refuses the list of User Permission" in status


def test_what_went_empty_is_accepted(csa: Csa, site: SiteProcess) -> None:
    assert csa.run("access", "refresh").code == 0
    names = names_of(site, "Custom DocPerm")
    site.control.do_all(
        {"do": "delete", "doctype": "Custom DocPerm", "name": name, "trace": False}
        for name in names
    )
    held = csa.run("access", "refresh")
    assert held.code == 1
    assert "csa access accept site" in held.stderr
    assert csa.run("access", "accept", "site").code == 0


def test_attest_vouches_for_the_apps_installed_now(
    csa: Csa, site: SiteProcess, tmp_path: Path
) -> None:
    versions = {"frappe": "15.44.2", "grower_app": "1.0"}
    site.control.do("versions", versions=versions)
    told = csa.run("access", "refresh", "--json")
    assert told.json["instances"]["site"]["unattested_apps"] == ["grower_app 1.0"]
    file = tmp_path / "hooks.json"
    file.write_text(json.dumps(HOOKS))
    told = csa.run("access", "attest", "site", str(file), "--json")
    assert told.code == 0
    assert told.json["instances"]["site"]["unattested_apps"] == []
    explained = csa.run("access", "explain", "site", SALES, "Farmer", "FMR-00001")
    assert "hook_unknown" in explained.stdout


@pytest.mark.parametrize("content", ["[]", "{}", "no JSON", '{"has_permission": 1}'])
def test_a_file_that_attests_nothing_is_refused(csa: Csa, tmp_path: Path, content: str) -> None:
    file = tmp_path / "hooks.json"
    file.write_text(content)
    told = csa.run("access", "attest", "site", str(file))
    assert told.code == 1
    assert "docs/access.md" in told.stderr


def test_explain_says_which_rule_shows_or_hides(csa: Csa, site: SiteProcess) -> None:
    assert csa.run("ingest", "--doctype", "Customer", "--doctype", "Farmer").code == 0
    verdicts = {}
    for name in names_of(site, "Customer"):
        told = csa.run("access", "explain", "site", FIELD, "Customer", name, "--json")
        explained = told.json
        verdicts[explained["is_shown"]] = explained
        if len(verdicts) == 2:
            break
    hides = [step for step in verdicts[False]["steps"] if step["holds"] is False]
    assert len(hides) == 1
    assert hides[0]["text"].startswith("territory is one of the Territory allowed: Telangana")
    assert not [step for step in verdicts[True]["steps"] if step["holds"] is False]
    told = csa.run("access", "explain", "site", SALES, "Sales Invoice", "no such")
    assert "does not see" in told.stdout
    assert "no_rule" in told.stdout
    assert "The warehouse has no Sales Invoice no such." in told.stdout


def test_nothing_is_explained_without_a_snapshot(csa: Csa) -> None:
    told = csa.run("access", "explain", "site", SALES, "Customer", "any")
    assert told.code == 1
    assert "csa access refresh site" in told.stderr
