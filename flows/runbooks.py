"""Which runbook page belongs to which failure, and where the pages are.

A page goes onto the run page as an artifact beside the failure that it cures, so that an operator
has it at hand wherever the checkout is.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from prefect.artifacts import acreate_markdown_artifact

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "runbooks"
OTHERWISE = "doctype-failed"
PAGES = {
    "erp_unauthorized": "key-rejected",
    "erp_unavailable": "erp-down",
    "erp_timed_out": "erp-down",
    "erp_in_maintenance": "erp-down",
    "erp_throttled": "throttled",
    "suspect_deletes": "suspect-deletes",
    "user_permissions_unknown": "suspect-deletes",
    "feed_refused": "doctype-denied",
    "documents_frozen": "doctype-denied",
    "dataset_error": "dataset-failed",
    "dataset_rule_failed": "dataset-failed",
    "dataset_built_together": "dataset-failed",
    "mongodb_unavailable": "mongod-down",
    "access_snapshot_invalid": "access-stale",
    "key_rights_unknown": "access-stale",
    "access_snapshot_stale": "access-stale",
    "lease_held": "stuck-run",
    "lease_lost": "stuck-run",
    "run_interrupted": "stuck-run",
}


def page_for(code: str) -> str:
    """Return the name of the runbook page for a failure's code."""
    return PAGES.get(code, OTHERWISE)


async def publish_pages(pages: Iterable[str]) -> dict[str, str]:
    """Put runbook pages on the page of the run at hand; return page → Markdown link to it there."""
    links = {}
    for page in sorted(set(pages)):
        artifact = await acreate_markdown_artifact(
            read_page(page),
            key=f"runbook-{page}",
            description=f"Runbook docs/runbooks/{page}.md",
        )
        links[page] = f"[{page}](/artifacts/artifact/{artifact})"
    return links


@cache
def read_page(page: str) -> str:
    """Return the Markdown of a page."""
    return (FOLDER / f"{page}.md").read_text(encoding="utf-8")
