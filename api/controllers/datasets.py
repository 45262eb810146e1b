"""`/api/v1/datasets`: business datasets, their rows, grouped measures and exports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from litestar import Controller, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import PathParameter, QueryParameter
from litestar.response import Stream
from litestar.status_codes import HTTP_200_OK

from api.answers import Answer
from api.audit import AUDITED, note_rows
from api.compression import COMPRESSED
from api.controllers.documents import Count, Cursor, Size
from api.errors import ALWAYS, OF_LISTS, OF_PARAMETERS, document_errors
from api.exports import CSV_TYPE, NDJSON_TYPE, stream_csv, stream_ndjson
from api.filters_operation import FiltersOperation
from api.parameters import (
    LONGEST_PARAMETER,
    LONGEST_SORT,
    PARAMETERS,
    TAKES_FILTERS,
    read_filters,
)
from api.requests import ApiRequest
from api.schemas.datasets import (
    DatasetDetail,
    DatasetList,
    DatasetQueryAnswer,
    DatasetRowPage,
    DatasetSummary,
)
from warehouse.accounts.audit import Event
from warehouse.dashboards.columns import read_instances
from warehouse.dashboards.query import QueryRequest, query_dataset
from warehouse.dashboards.rows import plan_rows, present, read_row_page, stream_rows
from warehouse.reading.filters import OWN
from warehouse.reading.listing import Counting, ListRequest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from warehouse.dashboards.opening import OpenDataset

Slug = Annotated[str, PathParameter(description="A dataset, as the list of them names it.")]
Sort = Annotated[
    str | None,
    QueryParameter(
        max_length=LONGEST_SORT,
        description="Columns, separated by commas, `-` before those that descend; default: by key.",
    ),
]
Fields = Annotated[
    str | None,
    QueryParameter(
        max_length=LONGEST_PARAMETER,
        description="Columns, separated by commas; default, and `*`: all of them.",
    ),
]
Measures = Annotated[
    str,
    QueryParameter(
        name="measure", description="Measures, separated by commas.", min_length=1, max_length=2000
    ),
]
By = Annotated[
    str | None,
    QueryParameter(
        max_length=LONGEST_SORT,
        description="Columns to group by, separated by commas; default: one total.",
    ),
]
OF_ROWS = (*ALWAYS, *OF_PARAMETERS, *OF_LISTS, "not_found", "dataset_needs_full_access")
OF_QUERY = tuple(code for code in OF_ROWS if not code.startswith("cursor"))
STALE = "access_snapshot_stale"
EXPORT = {PARAMETERS: ("sort", "fields"), TAKES_FILTERS: True, AUDITED: Event.EXPORTED}


def _file_of(media_type: str) -> dict[int, ResponseSpec]:
    """Return what an export answers."""
    said = "All rows, streamed."
    rows = ResponseSpec(str, description=said, media_type=media_type, generate_examples=False)
    return {HTTP_200_OK: rows, **document_errors(*OF_QUERY, STALE, "too_many_exports")}


class DatasetController(Controller):
    """Datasets, as far as the caller may see what they are made of."""

    path = "/api/v1/datasets"
    tags = ("datasets",)

    @get(
        operation_id="listDatasets",
        summary="List the business datasets",
        responses=document_errors(*ALWAYS, "unknown_parameter"),
    )
    async def list_datasets(self, request: ApiRequest) -> DatasetList:
        """Each with what it holds and how fresh it is, of the ERPs of which I may see rows."""
        slugs = sorted(request.services.datasets.registry.datasets)
        opened = [await request.services.datasets.look(request.user, slug) for slug in slugs]
        return DatasetList([DatasetSummary.of(one.dataset, one.live) for one in opened])

    @get(
        "/{slug:str}",
        operation_id="getDataset",
        summary="Describe one dataset",
        responses=document_errors(*ALWAYS, "not_found", "unknown_parameter", "bad_request"),
    )
    async def get_dataset(self, request: ApiRequest, slug: Slug) -> DatasetDetail:
        """Its columns and measures as far as I may see them, freshness, checks, sources."""
        return DatasetDetail.of_opened(await request.services.datasets.look(request.user, slug))

    @get(
        "/{slug:str}/rows",
        operation_id="listDatasetRows",
        summary="List rows",
        operation_class=FiltersOperation,
        middleware=[COMPRESSED],
        opt={PARAMETERS: OWN, TAKES_FILTERS: True, AUDITED: Event.LISTED},
        responses=document_errors(*OF_ROWS, STALE),
    )
    async def list_rows(
        self,
        request: ApiRequest,
        slug: Slug,
        sort: Sort = None,
        fields: Fields = None,
        size: Size = 50,
        cursor: Cursor = None,
        count: Count = Counting.CAPPED,
    ) -> Answer[DatasetRowPage]:
        """A page of the rows that meet all filters, of all ERPs that I may open.

        Rows that are parts of documents: those of the documents that I may read. Aggregates: of the
        ERPs where I may read all that they are made of; the others are named in `refused`.
        """
        opened = await _open(request, slug)
        asked = ListRequest(read_filters(request), sort, fields, size, cursor, count)
        page = await read_row_page(opened, request.user, asked, request.services.sealer)
        note_rows(request, len(page.rows))
        return Answer(DatasetRowPage.of(opened, page))

    @get(
        "/{slug:str}/query",
        operation_id="queryDataset",
        summary="Group measures",
        operation_class=FiltersOperation,
        opt={PARAMETERS: ("measure", "by"), TAKES_FILTERS: True, AUDITED: Event.LISTED},
        responses=document_errors(*OF_QUERY, "too_many_groups", STALE),
    )
    async def query(
        self,
        request: ApiRequest,
        slug: Slug,
        measures: Measures,
        by: By = None,
    ) -> Answer[DatasetQueryAnswer]:
        """Measures of the rows that I may see and that meet all filters, grouped.

        Sums are exact; ratios are divided last; balances are those of the last month or day that
        the filters leave, unless it is grouped by that.
        """
        opened = await _open(request, slug)
        asked = QueryRequest(measures, by, read_filters(request))
        answered = await query_dataset(opened, asked)
        note_rows(request, len(answered.groups))
        return Answer(DatasetQueryAnswer.of(opened, answered))

    @get(
        "/{slug:str}/export.csv",
        operation_id="exportDatasetCsv",
        summary="Export rows as CSV",
        operation_class=FiltersOperation,
        opt=EXPORT,
        responses=_file_of(CSV_TYPE),
    )
    async def export_csv(
        self,
        request: ApiRequest,
        slug: Slug,
        sort: Sort = None,
        fields: Fields = None,
    ) -> Stream:
        """All rows that meet all filters, with a byte order mark, for spreadsheets.

        Text that a spreadsheet would take for a formula is preceded by an apostrophe.
        """
        asked = ListRequest(read_filters(request), sort, fields)
        rows, names = await _stream(request, slug, asked)
        content = stream_csv(rows, names, request)
        return _send(request, content, CSV_TYPE, f"{slug}.csv")

    @get(
        "/{slug:str}/export.ndjson",
        operation_id="exportDatasetNdjson",
        summary="Export rows as lines of JSON",
        operation_class=FiltersOperation,
        opt=EXPORT,
        responses=_file_of(NDJSON_TYPE),
    )
    async def export_ndjson(
        self,
        request: ApiRequest,
        slug: Slug,
        sort: Sort = None,
        fields: Fields = None,
    ) -> Stream:
        """All rows that meet all filters, one JSON object a line, as in pages of rows."""
        asked = ListRequest(read_filters(request), sort, fields)
        rows, _ = await _stream(request, slug, asked)
        content = stream_ndjson(rows, request)
        return _send(request, content, NDJSON_TYPE, f"{slug}.ndjson")


async def _open(request: ApiRequest, slug: str) -> OpenDataset:
    dataset = request.services.datasets.find(slug)
    only = read_instances(dataset, read_filters(request))
    return await request.services.datasets.open(request.user, slug, only)


async def _stream(
    request: ApiRequest, slug: str, asked: ListRequest
) -> tuple[AsyncIterator[dict[str, Any]], tuple[str, ...]]:
    """Return the rows of an export, and the names of their columns."""
    opened = await _open(request, slug)
    plan = plan_rows(opened, asked)
    return (present(row, plan.names) async for row in stream_rows(opened, plan)), plan.names


def _send(
    request: ApiRequest,
    content: AsyncIterator[bytes],
    media_type: str,
    name: str,
) -> Stream:
    held = request.services.exports.hold(request.user.key, content)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Stream(held, media_type=media_type, headers=headers)
