"""Query parameters: none is ignored. A route names its own in `opt`; anything else is refused."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from warehouse.errors import QueryRefused
from warehouse.variables import suggest

if TYPE_CHECKING:
    from litestar import Request

PARAMETERS = "parameters"
TAKES_FILTERS = "takes_filters"
LONGEST_SHOWN = 100


async def check_parameters(request: Request[Any, Any, Any]) -> None:
    """Refuse query parameters that the route has not, or that stand there twice.

    Filters may: both must hold then. A route that takes them judges their names itself.
    """
    if not request.scope["query_string"]:
        return
    opt = request.route_handler.opt
    known, takes_filters = opt.get(PARAMETERS, ()), opt.get(TAKES_FILTERS, False)
    for name, number in Counter(request.query_params.keys()).items():
        shown = name[:LONGEST_SHOWN]
        if name not in known and not takes_filters:
            cure = suggest(shown, known) or (f"Known: {', '.join(known)}." if known else "")
            raise QueryRefused(
                f"There is no parameter {shown}.",
                cure=cure,
                code="unknown_parameter",
                parameter=name,
            )
        if name in known and number > 1:
            raise QueryRefused(
                f"{name} is given {number} times.", code="repeated_parameter", parameter=name
            )


def read_filters(request: Request[Any, Any, Any]) -> tuple[tuple[str, str], ...]:
    """Return the query parameters that are not the route's own: a list's filters."""
    if not request.scope["query_string"]:
        return ()
    known = request.route_handler.opt.get(PARAMETERS, ())
    return tuple(
        (name, value) for name, value in request.query_params.multi_items() if name not in known
    )
