"""Every failure leads to a page, and every page has what an operator needs."""

from __future__ import annotations

import pytest

from flows.runbooks import FOLDER, PAGES, page_for, read_page
from flows.watch import PAGE
from warehouse import errors
from warehouse.documents.standing import FROZEN, SILENT

INCIDENTS = sorted(path.stem for path in FOLDER.glob("*.md") if path.stem != "README")
HEADINGS = ("What you see", "Why", "What to do", "Afterwards")


def _codes() -> set[str]:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    return {kind.code for kind in kinds if issubclass(kind, errors.WarehouseError)}


def test_every_error_leads_to_a_page_that_exists():
    told = {"suspect_deletes", "user_permissions_unknown", "feed_refused", FROZEN, SILENT.code}
    of_datasets = {"dataset_rule_failed", "dataset_built_together"}
    assert set(PAGES) - _codes() == told | of_datasets
    for code in _codes() | set(PAGES):
        assert page_for(code) in INCIDENTS
    assert PAGE in INCIDENTS


@pytest.mark.parametrize("page", INCIDENTS)
def test_a_page_says_what_is_seen_why_and_what_to_do(page: str):
    text = read_page(page)
    if page == "restore-from-backup":
        assert all(f"## {heading}" in text for heading in ("What must be kept", "Restore"))
    else:
        assert all(f"## {heading}\n" in text for heading in HEADINGS)


def test_the_index_lists_every_page():
    index = read_page("README")
    assert all(f"]({page}.md)" in index for page in INCIDENTS)


def test_links_between_pages_lead_somewhere():
    for page in [*INCIDENTS, "README"]:
        links = [part.split(")")[0] for part in read_page(page).split("](")[1:]]
        assert all((FOLDER / link).is_file() for link in links), page
