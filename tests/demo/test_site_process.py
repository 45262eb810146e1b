import signal
import subprocess
import sys

import httpx
import pytest

from demo.site.folder import load_folder
from demo.site.process import SiteProcess
from demo.site.tables import Store
from tests.demo.conftest import TOKEN, child, described, document, make_dataset, write_folder


def test_a_folder_gives_back_what_was_written(tmp_path):
    dataset = make_dataset()
    loaded = load_folder(write_folder(dataset, tmp_path))
    assert loaded.doctypes == dataset.doctypes
    assert loaded.metas == dataset.metas
    assert loaded.refused == {"Secret": 403}
    assert {name: rows for name, rows in loaded.documents.items() if rows} == {
        name: [{**row, "doctype": name} for row in rows] for name, rows in dataset.documents.items()
    }


def test_child_rows_listed_beside_their_documents_are_taken_once(tmp_path):
    dataset = make_dataset()
    (user, _), (role, _) = described("User"), described("Has Role", istable=1)
    dataset.doctypes += [user, role]
    parent = document("User", "a@b.example", "2026-01-01 00:00:00")
    inside = child("Has Role", parent, "roles", 1, role="Accounts User")
    alone = {**inside, "name": "alone", "parent": "Some Report", "parenttype": "Report"}
    dataset.documents["User"] = [{**parent, "roles": [inside]}]
    dataset.documents["_has-role"] = [inside, alone]
    loaded = load_folder(write_folder(dataset, tmp_path))
    assert [row["name"] for row in loaded.documents["Has Role"]] == ["alone"]
    rows = Store(loaded).table("Has Role").rows()
    assert [row["name"] for row in rows] == [inside["name"], "alone"]


async def test_a_site_runs_in_its_own_process_until_told_to_stop(tmp_path):
    folder = write_folder(make_dataset(), tmp_path)
    async with SiteProcess(dataset=folder) as site, httpx.AsyncClient(base_url=site.url) as client:
        assert site.announcement == (
            f'Sample ERPNext site "books" serves 14 documents on {site.url}'
        )
        answer = await client.get("/api/resource/Log/10", headers={"Authorization": TOKEN})
        assert answer.json()["data"]["text"] == "10"
        assert site.url.startswith("http://127.0.0.1:")
        site.control.do("refuse", doctype="Log")
        with pytest.raises(RuntimeError, match="KeyError"):
            site.control.do("delete", doctype="Log", name=11)
        assert site.control.stats(reset=True)["total"] == 1
    assert site.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(tmp_path, number):
    folder = write_folder(make_dataset(), tmp_path)
    command = [sys.executable, "-m", "demo.site", "--port", "0", "--dataset", str(folder)]
    with subprocess.Popen(  # noqa: S603 - our own module
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout.readline().startswith(b"Sample ERPNext site")
        process.send_signal(number)
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, b"")


def test_a_site_that_can_not_start_says_so(tmp_path):
    with pytest.raises(RuntimeError, match="ended with status"):
        SiteProcess(dataset=tmp_path / "nowhere").__enter__()
