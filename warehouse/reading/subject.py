"""Who reads."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Subject:
    """The one on whose behalf documents are read; `key` tells them apart, in cursors too."""

    key: str


OPERATOR = Subject("operator")
