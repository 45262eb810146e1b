from collections.abc import Iterator

import pytest

from demo.site.process import SiteProcess
from warehouse.doctor.erp import Scope
from warehouse.doctor.examination import examine
from warehouse.doctor.findings import Status, is_healthy
from warehouse.settings import load_settings


@pytest.fixture(scope="module")
def site() -> Iterator[SiteProcess]:
    with SiteProcess(documents=200) as process:
        yield process


def environ(mongodb_uri: str, **urls: str) -> dict[str, str]:
    variables = {"MONGODB_URI": mongodb_uri, "CSA_SECRET_KEY": "x" * 32}
    for name, url in urls.items():
        variables[f"ERP__{name.upper()}__URL"] = url
        variables[f"ERP__{name.upper()}__API_KEY"] = "demo-key"
        variables[f"ERP__{name.upper()}__API_SECRET"] = "demo-secret"
    return variables


async def test_a_sample_site_is_healthy(mongodb_uri: str, site: SiteProcess):
    variables = environ(mongodb_uri, sample=site.url)
    for every_doctype in (False, True):
        findings = await examine(
            Scope(every_doctype=every_doctype), lambda: load_settings(variables, None)
        )
        assert [one for one in findings if one.status is not Status.OK] == []
        assert is_healthy(findings)


async def test_one_site_that_fails_stops_no_other(mongodb_uri: str, site: SiteProcess):
    variables = environ(mongodb_uri, broken="http://127.0.0.1:9", sample=site.url)
    findings = await examine(load=lambda: load_settings(variables, None))
    errors = [finding.subject for finding in findings if finding.status is Status.ERROR]
    assert errors == ["broken url"]
    assert "sample DocTypes" in [finding.subject for finding in findings]


async def test_wrong_settings_are_all_that_is_said():
    findings = await examine(load=lambda: load_settings({"CSA_REREAD_DAYS": "0"}, None))
    assert [finding.subject for finding in findings] == ["settings"]
    assert not is_healthy(findings)


async def test_the_disk_is_examined_for_the_embedded_mongodb_only(
    tmp_path, monkeypatch: pytest.MonkeyPatch, mongodb_uri: str
):
    async def check_mongodb(_: object) -> list[object]:
        return []

    monkeypatch.setattr("warehouse.doctor.examination.check_mongodb", check_mongodb)
    embedded = await examine(load=lambda: load_settings({"CSA_DATA_DIR": str(tmp_path)}, None))
    assert "disk" in [finding.subject for finding in embedded]
    elsewhere = await examine(load=lambda: load_settings(environ(mongodb_uri), None))
    assert "disk" not in [finding.subject for finding in elsewhere]
