"""Errors as RFC 9457 has them: `application/problem+json`."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

PROBLEM_JSON = "application/problem+json"


class Problem(Struct, frozen=True, kw_only=True):
    """What went wrong with a request. `code` is stable; `title` and `detail` are for people."""

    type: Annotated[str, Meta(description="A URN that ends in the code.")]
    title: str
    status: int
    code: Annotated[str, Meta(description="Stable: programs may rely on it.")]
    detail: str
    parameter: Annotated[
        str | UnsetType, Meta(description="The parameter that is wrong, if one is.")
    ] = UNSET
