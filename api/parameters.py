"""Query parameters: none is ignored. A route names its own in `opt`; anything else is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from warehouse.errors import QueryRefused
from warehouse.variables import suggest

if TYPE_CHECKING:
    from litestar import Request

PARAMETERS = "parameters"
TAKES_FILTERS = "takes_filters"
LONGEST_SHOWN = 100
LONGEST_PARAMETER = 8192
LONGEST_SORT = 1000


async def check_parameters(request: Request[Any, Any, Any]) -> None:
    """Refuse query parameters that the route has not, or that stand there twice.

    Filters may: both must hold then. A route that takes them judges their names itself.
    """
    if not request.scope["query_string"]:
        return
    opt = request.route_handler.opt
    known, takes_filters = opt.get(PARAMETERS, ()), opt.get(TAKES_FILTERS, False)
    seen = set()
    for name, _ in request.query_params.items():  # noqa: PERF102 - keys() are each there once
        if name not in known:
            if not takes_filters:
                raise _unknown(name, known)
        elif name in seen:
            raise QueryRefused(
                f"{name} is given more than once.", code="repeated_parameter", parameter=name
            )
        seen.add(name)


def read_filters(request: Request[Any, Any, Any]) -> tuple[tuple[str, str], ...]:
    """Return the query parameters that are not the route's own: a list's filters."""
    if not request.scope["query_string"]:
        return ()
    known = request.route_handler.opt.get(PARAMETERS, ())
    return tuple((name, value) for name, value in request.query_params.items() if name not in known)


def _unknown(name: str, known: tuple[str, ...]) -> QueryRefused:
    shown = name[:LONGEST_SHOWN]
    cure = suggest(shown, known) or (f"Known: {', '.join(known)}." if known else "")
    return QueryRefused(
        f"There is no parameter {shown}.", cure=cure, code="unknown_parameter", parameter=shown
    )
