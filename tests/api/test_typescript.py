"""The published description as TypeScript: it compiles in strict mode, and drives the server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from api.openapi import OPENAPI_FILE
from tests.api.serving import TOKEN

if TYPE_CHECKING:
    import httpx

    from tests.api.serving import ApiProcess

PROJECT = Path(__file__).with_name("typescript")
LIMIT_S = 120
BIN = "./node_modules/.bin"
OLDEST_NODE = 20


def node_version() -> int:
    """Return Node's major version, 0 where there is none."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return 0
    return int(start(Path.cwd(), "node", "--version").stdout.strip("v\n").partition(".")[0])


def start(folder: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 our own commands
        command,
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


def run(folder: Path, *command: str, **variables: str) -> str:
    finished = start(folder, *command, **variables)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


pytestmark = pytest.mark.skipif(
    node_version() < OLDEST_NODE, reason=f"needs Node {OLDEST_NODE} or later, with npm"
)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("typescript")
    shutil.copytree(PROJECT, folder, dirs_exist_ok=True)
    run(folder, "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
    run(folder, f"{BIN}/openapi-typescript", str(OPENAPI_FILE), "--output", "schema.d.ts")
    run(folder, f"{BIN}/tsc", "--project", ".")
    return folder


def test_a_client_with_generated_types_reads_what_is_there(
    api: ApiProcess, client: httpx.Client, compiled: Path
):
    read = json.loads(run(compiled, "node", "built/main.js", API_URL=api.url, API_TOKEN=TOKEN))
    assert read == {
        "instances": ["other", "site"],
        "doctypes": client.get("/api/v1/instances/site").json()["doctypes"],
        "names": list_names(client, "Sales Invoice", size=500, docstatus__in="0,1"),
        "customers": list_names(client, "Customer", sort="name"),
        "codes": ["not_found", "unknown_field"],
    }


def list_names(client: httpx.Client, doctype: str, **query: Any) -> list[str]:
    answer = client.get(f"/api/v1/instances/site/doctypes/{doctype}/documents", params=query)
    return [item["name"] for item in answer.json()["items"]]


def test_wrong_use_does_not_compile(compiled: Path):
    wrong = 'import { Client } from "./client.js";\n'
    wrong += 'const page = await new Client("", "").get("/api/v1/instance", {});\n'
    (compiled / "wrong.ts").write_text(wrong, "utf-8")
    options = [
        "--strict",
        "--module",
        "NodeNext",
        "--target",
        "ES2022",
        "--noEmit",
        "--skipLibCheck",
    ]
    finished = start(compiled, f"{BIN}/tsc", *options, "wrong.ts")
    assert "/api/v1/instance" in finished.stdout
    assert finished.returncode != 0


def test_the_lock_names_no_host():
    """`resolved` and `funding` are taken out: npm asks the registry that it is configured for."""
    assert "://" not in (PROJECT / "package-lock.json").read_text("utf-8")
