"""The one way from the API to the rows of datasets is `Datasets.open`, which takes the subject."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import api
import warehouse.dashboards

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(api.__file__).parents[1]
ROOMS = [Path(api.__file__).parent, Path(warehouse.dashboards.__file__).parent]
OPENING = "warehouse/dashboards/opening.py"
READERS = {"warehouse/dashboards/rows.py", "warehouse/dashboards/query.py"}


def calls() -> Iterator[tuple[str, str]]:
    """Yield the file and the name of each function that is called."""
    for room in ROOMS:
        for path in sorted(room.rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    yield str(path.relative_to(ROOT)), node.func.id


def callers_of(*names: str) -> set[str]:
    return {path for path, name in calls() if name in names}


def test_only_what_is_opened_is_read():
    assert callers_of("rows_of") == {*READERS, OPENING}
    assert callers_of("OpenDataset") == {OPENING}
    for path in READERS:
        assert "opened.condition" in (ROOT / path).read_text("utf-8")
    # Whether there is a row for somebody.
    assert "find(grant.condition" in (ROOT / OPENING).read_text("utf-8")


def test_documents_are_asked_for_by_the_subjects_access_alone():
    # The names of what someone owns, which rows do not say.
    assert callers_of("raw_model") <= {OPENING, "warehouse/reading/documents.py"}
    assert "branch.condition" in (ROOT / OPENING).read_text("utf-8")


def test_the_api_opens_datasets_for_whoever_asks():
    controller = (ROOT / "api/controllers/datasets.py").read_text("utf-8")
    opened = [line for line in controller.splitlines() if "datasets.open(" in line]
    looked = [line for line in controller.splitlines() if "datasets.look(" in line]
    assert opened
    assert looked
    # Or for whoever they are by now.
    askers = ("request.user", "caller.subject")
    assert all(any(one in line for one in askers) for line in (*opened, *looked))
