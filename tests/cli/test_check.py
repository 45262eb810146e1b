import json

import pytest
import typer
from typer.testing import CliRunner

from cli import check as module
from warehouse.doctor.erp import Scope  # noqa: TC001 as elsewhere in tests
from warehouse.doctor.findings import Finding, Status

WELL = Finding("mongodb", Status.OK, "MongoDB 8.0.4 answers.")
LACKING = Finding("a DocTypes", Status.WARNING, "Not read: [Item].", "Give the role Stock User.")
BROKEN = Finding("a url", Status.ERROR, "Two\nlines\x1b[31m.", "Set ERP__A__URL.")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch):
    app = typer.Typer()
    app.command()(module.check)
    scopes: list[Scope] = []

    def run_with(findings, *arguments):
        async def examine(scope):
            scopes.append(scope)
            return findings

        monkeypatch.setattr(module, "examine", examine)
        return CliRunner().invoke(app, arguments)

    run_with.scopes = scopes
    return run_with


def test_each_finding_is_a_line_and_its_cure_the_next(run):
    result = run([WELL, LACKING])
    assert result.stdout.splitlines() == [
        "ok      mongodb  MongoDB 8.0.4 answers.",
        "warning a DocTypes  Not read: [Item].",
        "        Give the role Stock User.",
    ]


def test_long_lines_stay_whole(run):
    result = run([Finding("a", Status.OK, "word " * 100)])
    assert len(result.stdout.splitlines()) == 1


def test_what_an_erp_says_can_not_steer_the_terminal(run):
    result = run([BROKEN])
    assert "\x1b" not in result.stdout
    assert result.stdout.startswith("error   a url  Two lines [31m.\n")


@pytest.mark.parametrize("arguments", [(), ("--json",)])
@pytest.mark.parametrize(("findings", "code"), [([WELL, LACKING], 0), ([LACKING, BROKEN], 1)])
def test_only_errors_make_it_fail(run, arguments, findings, code):
    assert run(findings, *arguments).exit_code == code


def test_json_is_all_that_is_on_stdout(run):
    result = run([WELL, BROKEN], "--json")
    assert json.loads(result.stdout) == {
        "ok": False,
        "findings": [
            {
                "subject": "mongodb",
                "status": "ok",
                "message": "MongoDB 8.0.4 answers.",
                "cure": "",
            },
            {
                "subject": "a url",
                "status": "error",
                "message": "Two\nlines\x1b[31m.",
                "cure": "Set ERP__A__URL.",
            },
        ],
    }


def test_all_asks_for_every_doctype(run):
    run([WELL])
    run([WELL], "--all")
    assert [scope.every_doctype for scope in run.scopes] == [False, True]
