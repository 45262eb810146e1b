"""`python -m cli`: help, and what it says when the settings or MongoDB are wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from cli.app import app
from tests.commanding import Csa, finish

if TYPE_CHECKING:
    from pathlib import Path

INSTANCE = {
    "ERP__MITRA__URL": "https://erp.example.org",
    "ERP__MITRA__API_KEY": "sentinelkey4711",
    "ERP__MITRA__API_SECRET": "sentinelsecret0815",
}
NOBODY_LISTENS = (
    "mongodb://sentineluser:sentinelpassword@127.0.0.1:9/"
    "?serverSelectionTimeoutMS=200&connectTimeoutMS=200"
)


@pytest.fixture
def bare(tmp_path: Path) -> Csa:
    """The command without any instance, and with a MongoDB that is not there."""
    return Csa(tmp_path, NOBODY_LISTENS)


def test_help_lists_the_commands(bare: Csa):
    finished = finish(bare.start("--help"))
    assert (finished.code, finished.stderr) == (0, "")
    for command in ("check", "demo", "ingest", "status", "rejected"):
        assert f" {command} " in finished.stdout


@pytest.mark.parametrize(
    "command", [["ingest"], ["status"], ["rejected", "list"], ["rejected", "retry"]]
)
def test_every_command_has_help(command: list[str]):
    finished = CliRunner().invoke(app, [*command, "--help"])
    assert finished.exit_code == 0
    assert "--json" in finished.stdout


@pytest.mark.parametrize("command", [["ingest"], ["status"], ["rejected", "list"]])
def test_without_an_instance_it_says_which_settings_to_make(bare: Csa, command: list[str]):
    finished = bare.run(*command)
    assert (finished.code, finished.stdout) == (1, "")
    assert "No ERPNext instance is configured" in finished.stderr
    assert "ERP__<ID>__URL" in finished.stderr


def test_an_unknown_instance_is_named_with_the_known_and_the_nearest(bare: Csa):
    finished = bare.with_variables(**INSTANCE).run("ingest", "mitr")
    assert finished.code == 1
    assert "'mitr'" in finished.stderr
    assert "known: mitra" in finished.stderr


@pytest.mark.parametrize(
    ("variable", "value", "cure"),
    [
        ("ERP__MITRA__URL", "http://erp.example.org", "Use https"),
        ("ERP__MITRA__PAGE_ROWS", "sentinelvalue", ""),
        ("ERP__MITRA__URI", "x", "ERP__MITRA__URL"),
        ("CSA_INVENTORY_ROW", "5", "CSA_INVENTORY_ROWS"),
        ("ERP_PASSWORD", "sentinelpassword", "ERP__"),
        ("MONGODB_URI", "sentinelvalue", "mongodb://"),
    ],
)
def test_a_wrong_setting_is_named_with_its_cure_and_without_its_value(
    bare: Csa, variable: str, value: str, cure: str
):
    finished = bare.with_variables(**{**INSTANCE, variable: value}).run("ingest", "--json")
    assert (finished.code, finished.stdout) == (1, "")
    assert variable in finished.stderr
    assert cure in finished.stderr
    assert "sentinel" not in finished.stderr
    assert "Traceback" not in finished.stderr


@pytest.mark.parametrize("command", ["ingest", "status"])
def test_a_mongodb_that_is_not_there_is_an_error_with_its_cure(bare: Csa, command: str):
    finished = bare.with_variables(**INSTANCE).run(command)
    assert (finished.code, finished.stdout) == (1, "")
    assert "127.0.0.1:9" in finished.stderr
    assert "sentinel" not in finished.stderr
    assert "Traceback" not in finished.stderr
