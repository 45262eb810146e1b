"""How a lifetime left: what the feeds say of it, what its creation says, or nothing at all."""

from __future__ import annotations

import pytest

from warehouse.documents.tombstones import Reason
from warehouse.ingestion.feeds import Deletion, Feeds, Rename
from warehouse.ingestion.gone import Departure, explain, is_suspect

BORN = "2026-11-23 07:00:00.000001"
BEFORE, AFTER, LATER = "2026-11-23 06:00:00", "2026-11-23 08:00:00", "2026-11-23 09:00:00"


def feeds_of(*entries: Deletion | Rename) -> Feeds:
    feeds = Feeds()
    for entry in entries:
        by_doctype = feeds.deletions if isinstance(entry, Deletion) else feeds.renames
        by_doctype["Farmer"].append(entry)  # type: ignore[arg-type]
    return feeds


def explained(
    *entries: Deletion | Rename, newcomers: dict[str, str | None] | None = None
) -> tuple[Reason, str | None]:
    """Return the reason and new name of the one lifetime FMR-1, born at BORN."""
    (departure,) = explain("Farmer", [("FMR-1", BORN)], feeds_of(*entries), newcomers or {})
    assert (departure.name, departure.creation) == ("FMR-1", BORN)
    return departure.reason, departure.renamed_to


def test_without_a_word_it_vanished():
    assert explained() == (Reason.VANISHED, None)


def test_the_feed_says_that_it_was_deleted():
    assert explained(Deletion("FMR-1", AFTER)) == (Reason.DELETED, None)


def test_a_deletion_before_its_birth_is_that_of_an_earlier_bearer_of_the_name():
    assert explained(Deletion("FMR-1", BEFORE)) == (Reason.VANISHED, None)


def test_a_deletion_of_another_doctype_says_nothing():
    feeds = Feeds()
    feeds.deletions["Customer"].append(Deletion("FMR-1", AFTER))
    (departure,) = explain("Farmer", [("FMR-1", BORN)], feeds, {})
    assert departure.reason is Reason.VANISHED


@pytest.mark.parametrize("newcomers", [{}, {"FMR-2": BORN}, {"FMR-2": BORN, "FMR-3": BORN}])
def test_the_feed_says_that_it_was_renamed(newcomers: dict[str, str | None]):
    found = explained(Rename("FMR-1", "FMR-2", AFTER), newcomers=newcomers)
    assert found == (Reason.RENAMED, "FMR-2")


def test_a_rename_before_its_birth_is_that_of_an_earlier_bearer_of_the_name():
    assert explained(Rename("FMR-1", "FMR-2", BEFORE)) == (Reason.VANISHED, None)


def test_a_chain_of_renames_is_followed_to_its_end():
    renames = [Rename("FMR-1", "FMR-2", AFTER), Rename("FMR-2", "FMR-3", LATER)]
    assert explained(*renames, newcomers={"FMR-3": BORN}) == (Reason.RENAMED, "FMR-3")


def test_a_document_that_was_renamed_and_then_deleted_was_deleted():
    entries = [Rename("FMR-1", "FMR-2", AFTER), Deletion("FMR-2", LATER)]
    assert explained(*entries) == (Reason.DELETED, None)


def test_a_rename_that_left_no_comment_is_known_by_the_creation():
    assert explained(newcomers={"FMR-2": BORN, "FMR-9": AFTER}) == (Reason.RENAMED, "FMR-2")


def test_two_newcomers_of_one_creation_are_not_told_apart():
    assert explained(newcomers={"FMR-2": BORN, "FMR-3": BORN}) == (Reason.VANISHED, None)


def test_a_lifetime_without_creation_is_like_no_newcomer():
    (departure,) = explain("Farmer", [("FMR-1", None)], Feeds(), {"FMR-2": None})
    assert departure == Departure("FMR-1", None, Reason.VANISHED)


def departures(vanished: int, deleted: int = 0) -> list[Departure]:
    reasons = [Reason.VANISHED] * vanished + [Reason.DELETED] * deleted
    return [Departure(f"FMR-{number}", BORN, reason) for number, reason in enumerate(reasons)]


@pytest.mark.parametrize(
    ("vanished", "stored", "suspect"),
    [
        (20, 20, False),
        (21, 20, True),
        (20, 1_000_000, False),
        (21, 1_000, True),
        (21, 1_049, True),
        (21, 1_050, False),
        (200, 10_000, False),
        (201, 10_000, True),
    ],
)
def test_more_than_twenty_and_two_percent_without_a_trace_are_suspect(
    vanished: int, stored: int, *, suspect: bool
):
    assert is_suspect(departures(vanished), stored) is suspect


def test_what_the_erp_itself_reports_is_never_suspect():
    assert not is_suspect(departures(0, deleted=500), 500)
