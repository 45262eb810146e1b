"""Records are one by evidence, strongest first, in whatever order they come."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from warehouse.identity.matching import (
    Evidence,
    Identity,
    Ids,
    RecordKey,
    identify_alone,
    resolve,
)

A, B, C, D = (RecordKey("one" if n % 2 else "two", "Customer", f"Party {n}") for n in range(4))

IDS = Ids("p", b"secret")


def joined(first, second, *, rank=0, method="gstin"):
    return Evidence(rank, method, 1.0 - rank / 10, first, second)


def test_evidence_joins_records_through_others():
    found = resolve(IDS, [joined(A, B), joined(B, C, rank=1, method="pan")], {})
    assert {identity.id for identity in found.values()} == {IDS.make(min(A, B, C))}
    assert found[A] == found[B] == Identity(IDS.make(min(A, B, C)), "gstin", 1.0)
    assert found[C].method == "pan"


def test_what_nothing_speaks_of_stays_alone():
    assert D not in resolve(IDS, [joined(A, B)], {})
    assert identify_alone(IDS, D).id not in {one.id for one in resolve(IDS, [], {A: "x"}).values()}


def test_a_curated_label_joins_without_other_evidence():
    found = resolve(IDS, [], {A: "Medak FPO", C: "Medak FPO", D: "Other"})
    assert found[A].id == found[C].id != found[D].id
    assert found[A].method == "curated"


def test_records_of_different_labels_never_become_one():
    found = resolve(IDS, [joined(A, B), joined(B, C), joined(C, D)], {A: "x", C: "y"})
    assert found[A].id != found[C].id
    assert found[C].id == found[D].id
    assert found[B].id in {found[A].id, found[C].id}


PAIRS = st.lists(st.tuples(st.sampled_from([A, B, C, D]), st.sampled_from([A, B, C, D])))


@given(PAIRS, st.randoms(use_true_random=False))
def test_the_order_of_evidence_is_irrelevant(pairs, random):
    evidence = [
        joined(*sorted(pair), rank=number % 3)
        for number, pair in enumerate(pairs)
        if len({*pair}) > 1
    ]
    labels = {A: "x", D: "y"}
    shuffled = evidence[:]
    random.shuffle(shuffled)
    backwards = dict(reversed(labels.items()))
    assert resolve(IDS, evidence, labels) == resolve(IDS, shuffled, backwards)


def test_ids_can_not_be_told_without_the_key_which_nothing_shows():
    assert IDS.make(A) == Ids("p", b"secret").make(A) != Ids("p", b"another").make(A)
    assert "secret" not in repr(IDS)
