"""How OpenAPI tells of filters: parameters whose names depend on the DocType."""

from __future__ import annotations

from dataclasses import dataclass

from litestar.openapi.spec import OpenAPIType, Operation, Parameter, Schema

from warehouse.reading.filters import MOST_FILTERS, MOST_VALUES, OPERATORS
from warehouse.reading.values import LONGEST_VALUE

_DESCRIPTION = f"""\
Filters are query parameters `field__operator=value`; all of them must hold. Fields and their
operators: see the DocType, or the dataset. A field of a child table is named as
`items.item_code__exact`; all conditions on one child table must hold in one and the same row.

- `exact`, `not`: equal, or not (`not` and `notin` find absent values, too); case counts.
- `contains` (case does not count), `startswith` (it does): literal text.
- `gt`, `gte`, `lt`, `lte`; `between=a,b`, ends included. A date without time, compared with a date
  and time, is the whole day.
- `in`, `notin`: values separated by commas, or a JSON array of strings; at most {MOST_VALUES}.
- `isnull=1`: absent or empty, as ERPNext's "is not set"; `isnull=0`: neither.

At most {MOST_FILTERS} filters, each value (of a list, too) at most {LONGEST_VALUE} characters."""


@dataclass
class FiltersOperation(Operation):
    """An operation that takes filters."""

    def __post_init__(self) -> None:
        """Add one parameter that stands for all filters."""
        name = rf"^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)?__({'|'.join(OPERATORS)})$"
        filters = Parameter(
            name="filters",
            param_in="query",
            description=_DESCRIPTION,
            style="form",
            explode=True,
            schema=Schema(
                type=OpenAPIType.OBJECT,
                property_names=Schema(type=OpenAPIType.STRING, pattern=name),
                additional_properties=Schema(type=OpenAPIType.STRING),
            ),
        )
        self.parameters = [*(self.parameters or ()), filters]
