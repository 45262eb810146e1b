"""What the documentation names is there: commands, options, settings, routes, files."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

import pytest
import typer.main
from typer.core import TyperGroup

from api.openapi import OPENAPI_FILE
from cli.app import app
from tests.docs.pages import (
    PAGES,
    ROOT,
    name,
    read_commands,
    read_links,
    read_spans,
)
from warehouse.settings import variable_names
from warehouse.variables import RETIRED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from typer.core import TyperCommand

README = ROOT / "README.md"
PREFIXES = ("CSA_", "MONGODB_", "BUSINESS_")
ROOMS = ("warehouse", "api", "flows", "cli", "demo", "tests", "docs")
# By whoever follows the page.
TO_BE_WRITTEN = {"warehouse/datasets/open_orders.py"}
page_by_page = pytest.mark.parametrize("page", PAGES, ids=name)


def find_command(words: list[str]) -> tuple[TyperGroup | TyperCommand, list[str]]:
    """Return the command that `words` name, as far as they do, and the words that follow."""
    found = typer.main.get_command(app)
    while words and isinstance(found, TyperGroup):
        assert words[0] in found.commands, f"csa has no command {words[0]}"
        found, words = found.commands[words[0]], words[1:]
    return found, words


def list_commands() -> Iterator[tuple[str, ...]]:
    top = typer.main.get_command(app)
    assert isinstance(top, TyperGroup)
    for first, command in top.commands.items():
        if isinstance(command, TyperGroup):
            yield from ((first, second) for second in command.commands)
        else:
            yield (first,)


@page_by_page
def test_commands_in_prose_exist_with_their_options(page: Path):
    for span in read_spans(page):
        if not span.startswith("csa "):
            continue
        words = re.sub(r"[\[\]…]", " ", span).split()[1:]
        command, rest = find_command(words)
        known = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in rest if word.startswith("--")} <= known | {"--help"}, span


@page_by_page
def test_commands_to_type_can_be_parsed(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    for typed in read_commands(page, "csa"):
        command, rest = find_command(shlex.split(typed)[1:])
        for file in (word for word in rest if word.endswith(".json")):
            tmp_path.joinpath(file).touch()
        command.make_context(typed, rest).close()


def test_the_readme_names_every_command():
    text = README.read_text("utf-8")
    for first, *rest in list_commands():
        assert f"`csa {first}" in text, first
        assert all(re.search(rf"`(csa {first} )?{one}\b", text) for one in rest), (first, rest)


@page_by_page
def test_targets_of_make_exist(page: Path):
    targets = set(
        re.findall(r"^([a-z]+):", ROOT.joinpath("Makefile").read_text("utf-8"), re.MULTILINE)
    )
    spans = [span for span in read_spans(page) if span.startswith("make ")]
    for typed in [*spans, *read_commands(page, "make")]:
        assert typed.split()[1] in targets, typed


@page_by_page
def test_settings_exist(page: Path):
    known = variable_names()
    for variable in re.findall(r"\b[A-Z][A-Z_<>]+[A-Z>]\b", page.read_text("utf-8")):
        if variable.startswith("ERP__"):
            assert variable.rpartition("__")[2] in known.of_instance, variable
        elif variable.startswith(PREFIXES):
            assert variable in {*known.plain, *RETIRED}, variable


@page_by_page
def test_linked_and_named_files_exist(page: Path):
    for link in read_links(page):
        assert page.parent.joinpath(link).exists(), link
    for span in read_spans(page):
        if re.fullmatch(rf"({'|'.join(ROOMS)})/[\w./-]*(\{{[\w,]+\}})?[\w./-]*", span):
            for path in expand(span):
                assert ROOT.joinpath(path).exists() is (path not in TO_BE_WRITTEN), path


def expand(path: str) -> list[str]:
    """Return what a path with {a,b} in it stands for."""
    start, _, rest = path.partition("{")
    middle, _, end = rest.partition("}")
    return [f"{start}{one}{end}" for one in middle.split(",")]


@page_by_page
def test_routes_exist(page: Path):
    paths = json.loads(OPENAPI_FILE.read_text("utf-8"))["paths"]
    for method, route in re.findall(r"\b(GET|POST|PUT|DELETE) (/[\w/.{}]+)", page.read_text()):
        assert method.lower() in paths[route], route


def test_something_was_looked_at():
    """Otherwise the tests above would show nothing."""
    commands = [typed for page in PAGES for typed in read_commands(page, "csa")]
    spans = [span for page in PAGES for span in read_spans(page) if span.startswith("csa ")]
    assert len(commands) >= 4
    assert len(spans) > 50
    with pytest.raises(AssertionError, match="no command"):
        find_command(["digest"])
