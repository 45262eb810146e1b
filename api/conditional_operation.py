"""How OpenAPI tells of conditional requests, which no controller has to know of."""

from __future__ import annotations

from dataclasses import dataclass

from litestar.openapi.spec import OpenAPIType, Operation, Parameter, Schema


@dataclass
class ConditionalOperation(Operation):
    """An operation whose answers have an ETag."""

    def __post_init__(self) -> None:
        """Add the header by which a caller says which answer it has."""
        header = Parameter(
            name="If-None-Match",
            param_in="header",
            description="ETag of the answer that the caller has.",
            schema=Schema(type=OpenAPIType.STRING),
        )
        self.parameters = [*(self.parameters or ()), header]
