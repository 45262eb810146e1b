"""The published description: in step with the routes, complete, and itself valid."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

from api.errors import KINDS
from api.openapi import OPENAPI_FILE, render_openapi
from tests.api.published import PROBLEM, document

if TYPE_CHECKING:
    import httpx

ROOT = Path(__file__).resolve().parents[2]


def operations() -> list[dict[str, object]]:
    return [one for path in document()["paths"].values() for one in path.values()]


def test_the_committed_description_is_that_of_the_routes():
    """If not: python -m api.openapi."""
    assert OPENAPI_FILE.read_text("utf-8") == render_openapi()


def test_the_committed_description_is_what_is_served(client: httpx.Client):
    assert client.get("/schema/openapi.json").json() == document()


def test_it_is_openapi_3_1_with_a_summary_and_an_id_for_every_operation():
    assert document()["openapi"].startswith("3.1")
    ids = [one["operationId"] for one in operations()]
    assert len(ids) == len(set(ids))
    assert all(one["summary"] and one["description"] for one in operations())


def test_every_error_is_published_as_a_problem_and_every_code_somewhere():
    told = ""
    for one in operations():
        for status, answer in one["responses"].items():
            if status >= "400":
                assert list(answer["content"]) == [PROBLEM]
                told += answer["description"]
    unpublished = {code for code in KINDS if f"`{code}`" not in told}
    assert unpublished == {"method_not_allowed"}  # no operation has it: there is none


def test_every_code_that_is_raised_is_in_the_table():
    raised = {
        keyword.value.value
        for file in [*ROOT.glob("warehouse/reading/*.py"), *ROOT.glob("api/*.py")]
        for call in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(call, ast.Call)
        for keyword in call.keywords
        if keyword.arg == "code" and isinstance(keyword.value, ast.Constant)
    }
    assert raised
    assert raised <= set(KINDS)


def test_only_one_function_gives_access_to_raw_documents():
    """Not even the API's other modules name the collections: `open_documents` takes the subject."""
    users = {
        str(file.relative_to(ROOT))
        for folder in ("api", "warehouse/reading")
        for file in ROOT.glob(f"{folder}/**/*.py")
        if re.search(r"raw_model|COLLECTION_PREFIX|erp_(\"|\{)", file.read_text("utf-8"))
    }
    assert users == {"warehouse/reading/documents.py"}


def test_what_changes_something_asks_for_a_session_and_what_reads_takes_either():
    published = document()
    assert published["security"] == [{"token": []}, {"session": []}]
    asked = {
        (method, path): operation["security"]
        for path, operations in published["paths"].items()
        for method, operation in operations.items()
        if "security" in operation
    }
    assert asked.pop(("post", "/api/v1/session")) == [{}]
    changing = {key: value for key, value in asked.items() if key[0] != "get"}
    assert len(changing) == 6
    assert all(value == [{"session": []}] for value in changing.values())
