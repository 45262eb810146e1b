"""The Markdown of the project, taken apart: what it names and what it tells to type."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def read_blocks(page: Path) -> list[str]:
    """Return what stands in the page's shell blocks."""
    return [body for kind, body in _BLOCK.findall(page.read_text("utf-8")) if kind == "sh"]


def read_spans(page: Path) -> list[str]:
    """Return what stands in code style within the page's prose."""
    return _SPAN.findall(_BLOCK.sub("", page.read_text("utf-8")))


def read_links(page: Path) -> list[str]:
    """Return the paths of other files that the page links to."""
    return _LINK.findall(page.read_text("utf-8"))


def read_commands(page: Path, program: str) -> list[str]:
    """Return the commands of `program` in the page's shell blocks, without what follows them."""
    found = []
    for block in read_blocks(page):
        for line in re.sub(r"\\\n\s*", "", block).splitlines():
            parts = re.split(r"&&|\|\||[|;]|\$\(|\)", line.partition(" #")[0])
            found += [part.strip() for part in parts]
    return [command for command in found if command.startswith(f"{program} ")]
