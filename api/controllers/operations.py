"""Freshness and runs, for operators."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from litestar import Controller, get
from litestar.params import PathParameter, QueryParameter

from api.compression import COMPRESSED
from api.errors import ALWAYS, OF_PARAMETERS, document_errors
from api.parameters import PARAMETERS
from api.requests import ApiRequest, operators_only
from api.schemas.operations import (
    FreshnessList,
    InstanceFreshness,
    RunDetail,
    RunList,
    RunSummary,
)
from warehouse.documents.status import read_status
from warehouse.errors import NotReadable
from warehouse.reading.runs import read_run, read_runs

OnlyInstance = Annotated[str | None, QueryParameter(description="Only runs on this ERP.")]
RunsAtMost = Annotated[int, QueryParameter(ge=1, le=500, description="Runs at most.")]


class OperationsController(Controller):
    """What was synced, when, and what went wrong."""

    path = "/api/v1"
    tags = ("operations",)
    guards = (operators_only,)
    middleware = (COMPRESSED,)

    @get(
        "/freshness",
        operation_id="getFreshness",
        summary="Show how fresh each DocType of each ERP is",
        responses=document_errors(*ALWAYS, "operators_only", "unknown_parameter"),
    )
    async def get_freshness(self, request: ApiRequest) -> FreshnessList:
        """Per ERP its last run; per DocType its documents, last sync, lag and failure."""
        statuses = await read_status(sorted(request.services.erps), datetime.now(UTC))
        return FreshnessList([InstanceFreshness.of(status) for status in statuses])

    @get(
        "/runs",
        operation_id="listRuns",
        summary="List the latest runs",
        opt={PARAMETERS: ("instance", "size")},
        responses=document_errors(*ALWAYS, "operators_only", *OF_PARAMETERS, "not_found"),
    )
    async def list_runs(
        self,
        request: ApiRequest,
        instance: OnlyInstance = None,
        size: RunsAtMost = 50,
    ) -> RunList:
        """Runs on all ERPs or on one, the one that started last first."""
        if instance is not None and instance not in request.services.erps:
            raise NotReadable
        instances = sorted(request.services.erps) if instance is None else [instance]
        runs = await read_runs(instances, size)
        return RunList([RunSummary.of(run) for run in runs])

    @get(
        "/runs/{run_id:str}",
        operation_id="getRun",
        summary="Show one run",
        responses=document_errors(
            *ALWAYS, "operators_only", "not_found", "unknown_parameter", "bad_request"
        ),
    )
    async def get_run(
        self,
        request: ApiRequest,
        run_id: Annotated[str, PathParameter(description="A run, as its id in the list.")],
    ) -> RunDetail:
        """The run, with each DocType that had work or an error."""
        return RunDetail.of(await read_run(sorted(request.services.erps), run_id))
