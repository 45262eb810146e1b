"""Make one of the records that share evidence: pure, and the same in whatever order they come.

Evidence is taken strongest first. Records that a curated table gives different labels are never
joined, not even through a third one.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CURATED = "curated"
ALONE = "alone"


class RecordKey(NamedTuple):
    """A record of one instance."""

    instance: str
    doctype: str
    name: str


class Evidence(NamedTuple):
    """Two records are one, by `method` (of which `rank` 0 is tried first), with a confidence."""

    rank: int
    method: str
    confidence: float
    first: RecordKey
    second: RecordKey


class Identity(NamedTuple):
    """What a record is: an id that all records of one party or item share, and how it is known."""

    id: str
    method: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Ids:
    """Makes ids of records' places in the ERP: of nothing that identifies a person.

    `key`: without it nobody can tell which record an id was made of.
    """

    prefix: str
    key: bytes = field(repr=False)

    def make(self, record: RecordKey) -> str:
        """Return the id of the record, or of what it stands for."""
        told = "\0".join(record).encode()
        return self.prefix + blake2b(told, key=self.key, digest_size=8).hexdigest()


@dataclass(slots=True)
class Clusters:
    """Sets of records that are one, joined pair by pair; each has at most one curated label."""

    parents: dict[RecordKey, RecordKey] = field(default_factory=dict)
    labels: dict[RecordKey, str] = field(default_factory=dict)

    def find(self, key: RecordKey) -> RecordKey:
        """Return the record that stands for the set of `key`."""
        root = key
        while (parent := self.parents.get(root, root)) != root:
            root = parent
        while (parent := self.parents.get(key, key)) != root:
            self.parents[key], key = root, parent
        return root

    def join(self, first: RecordKey, second: RecordKey) -> bool:
        """Join two sets and say whether they may be: two different labels may not."""
        roots = sorted((self.find(first), self.find(second)))
        labels = {self.labels[root] for root in roots if root in self.labels}
        if len(labels) > 1:
            return False
        self.parents[roots[1]] = roots[0]
        self.labels.update(dict.fromkeys(roots, *labels) if labels else {})
        return True


def resolve(
    ids: Ids, evidence: Iterable[Evidence], labels: Mapping[RecordKey, str]
) -> dict[RecordKey, Identity]:
    """Return the identity of every record that some evidence or label speaks of.

    A record's method is that of the strongest evidence that joined it to another one. Those that
    nothing speaks of are `alone`: ask `identify_alone`.
    """
    clusters = Clusters()
    known: dict[RecordKey, tuple[str, float]] = {}
    anchors: dict[str, RecordKey] = {}
    for key, label in sorted(labels.items()):
        clusters.labels[key] = label
        clusters.join(anchors.setdefault(label, key), key)
        known[key] = (CURATED, 1.0)
    for piece in sorted(evidence):
        if clusters.join(piece.first, piece.second):
            for key in (piece.first, piece.second):
                known.setdefault(key, (piece.method, piece.confidence))
    members: dict[RecordKey, list[RecordKey]] = defaultdict(list)
    for key in known:
        members[clusters.find(key)].append(key)
    made = {root: ids.make(min(keys)) for root, keys in members.items()}
    return {key: Identity(made[clusters.find(key)], *how) for key, how in known.items()}


def identify_alone(ids: Ids, key: RecordKey) -> Identity:
    """Return the identity of a record that is like no other."""
    return Identity(ids.make(key), ALONE, 1.0)
