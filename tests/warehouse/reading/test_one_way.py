"""There is one way from the API to raw documents: `open_documents`, which takes the subject."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import api
import warehouse.reading
from warehouse.documents.raw import COLLECTION_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(api.__file__).parents[1]
ROOMS = [Path(api.__file__).parent, Path(warehouse.reading.__file__).parent]
THE_WAY = "warehouse/reading/documents.py"
# Where documents lie, in part or whole, or what reads them as the engine does.
FORBIDDEN = (
    *("warehouse.documents.raw", "warehouse.documents.tombstones", "warehouse.documents.rejected"),
    *("warehouse.documents.takeover", "warehouse.ingestion"),
)
# Who may hold a collection: those of the catalog and the sync state, which hold no document.
HOLDERS = {THE_WAY, "warehouse/reading/doctypes.py", "api/controllers/health.py"}
REACHING = {"get_pymongo_collection", "get_collection", "pymongo_collection"}


def sources() -> Iterator[tuple[str, ast.Module]]:
    for room in ROOMS:
        for path in sorted(room.rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text("utf-8"))


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_nothing_else_imports_where_documents_lie():
    importing = {
        path for path, tree in sources() for name in imported(tree) if name.startswith(FORBIDDEN)
    }
    assert importing == {THE_WAY}


def test_nothing_else_holds_a_collection_that_might_have_documents():
    holding = {
        path
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in REACHING
    }
    assert holding == HOLDERS


def test_nothing_makes_the_name_of_a_collection_of_documents():
    for path, tree in sources():
        constants = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
        assert COLLECTION_PREFIX not in constants, path


def test_documents_are_made_by_the_one_function_alone():
    makers = [
        (path, function.name)
        for path, tree in sources()
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"Documents", "raw_model"}
    ]
    assert set(makers) == {(THE_WAY, "open_documents")}


def test_every_query_of_the_way_selects_by_access():
    [tree] = [tree for path, tree in sources() if path == THE_WAY]
    filters = [
        value
        for node in ast.walk(tree)
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and key.value in {"filter", "query", "pipeline"}
    ]
    assert len(filters) == 3
    for value in filters:
        assert ast.unparse(value).startswith("self._select(")
