"""`…/documents`: lists of documents, and single ones."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated
from urllib.parse import unquote

from litestar import Controller, get
from litestar.datastructures import ResponseHeader
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter
from litestar.status_codes import HTTP_304_NOT_MODIFIED

from api.answers import Answer
from api.audit import AUDITED, note_rows
from api.compression import COMPRESSED
from api.conditional_operation import ConditionalOperation
from api.controllers.instances import DocTypeName, InstanceId
from api.errors import ALWAYS, OF_LISTS, OF_PARAMETERS, OF_READS, document_errors
from api.filters_operation import FiltersOperation
from api.parameters import (
    LONGEST_PARAMETER,
    LONGEST_SORT,
    PARAMETERS,
    TAKES_FILTERS,
    read_filters,
)
from api.requests import ApiRequest
from api.schemas.documents import Document, DocumentPage
from warehouse.accounts.audit import Event
from warehouse.errors import NotReadable
from warehouse.reading.documents import open_documents
from warehouse.reading.filters import OWN
from warehouse.reading.listing import Counting, ListRequest, read_page

NAME_SEGMENT = 8

Sort = Annotated[
    str | None,
    QueryParameter(
        max_length=LONGEST_SORT,
        description="Fields, separated by commas, `-` before those that descend; default "
        "`-modified`. The name decides between equals, in the direction of the last field.",
    ),
]
Fields = Annotated[
    str | None,
    QueryParameter(
        max_length=LONGEST_PARAMETER,
        description="Fields and child tables, separated by commas; `*` for whole documents; "
        "default: name, title, the fields of ERPNext's own list, docstatus, modified.",
    ),
]
Size = Annotated[int, QueryParameter(ge=1, le=500, description="Documents per page.")]
Cursor = Annotated[
    str | None,
    QueryParameter(
        max_length=LONGEST_PARAMETER,
        description="`next_cursor` of the page before. It belongs to the instance, DocType, "
        "filters, sort and fields that it was made for.",
    ),
]
Count = Annotated[
    Counting,
    QueryParameter(
        description="`capped` counts up to 10,000, or 1,000 where filters or your permissions "
        "decide, and says so; `exact` counts all, which takes time; `none` does not count."
    ),
]
Name = Annotated[str, QueryParameter(description="The document's name: any characters.")]

ETAG = ResponseHeader(
    name="ETag", documentation_only=True, description="Changes with any part of the answer."
)
OF_DOCUMENT = {
    HTTP_304_NOT_MODIFIED: ResponseSpec(
        data_container=None,
        description="Nothing has changed since the answer whose ETag `If-None-Match` repeats.",
        generate_examples=False,
    ),
    **document_errors(*ALWAYS, *OF_PARAMETERS, *OF_READS, "query_too_slow"),
}


class DocumentController(Controller):
    """Documents of one DocType of one ERP."""

    path = "/api/v1/instances/{instance:str}/doctypes/{doctype:str}"
    tags = ("documents",)

    @get(
        "/documents",
        operation_id="listDocuments",
        summary="List documents",
        operation_class=FiltersOperation,
        middleware=[COMPRESSED],
        opt={PARAMETERS: OWN, TAKES_FILTERS: True, AUDITED: Event.LISTED},
        responses=document_errors(*ALWAYS, *OF_PARAMETERS, *OF_LISTS, *OF_READS),
    )
    async def list_documents(
        self,
        request: ApiRequest,
        instance: InstanceId,
        doctype: DocTypeName,
        sort: Sort = None,
        fields: Fields = None,
        size: Size = 50,
        cursor: Cursor = None,
        count: Count = Counting.CAPPED,
    ) -> Answer[DocumentPage]:
        """A page of the documents that meet all filters.

        Pages follow each other by cursor: however deep, each costs the same, and documents that
        are stored meanwhile move none of the others. Fields that are hidden from the caller are as
        good as absent.
        """
        services = request.services
        documents = await open_documents(services.doctypes, request.user, instance, doctype)
        asked = ListRequest(read_filters(request), sort, fields, size, cursor, count)
        page = await read_page(documents, request.user, asked, services.signer)
        note_rows(request, len(page.rows))
        return Answer(DocumentPage.of(documents.doctype, page))

    @get(
        "/documents/{name:path}",
        operation_id="getDocument",
        summary="Read one document",
        opt={AUDITED: Event.READ},
        operation_class=ConditionalOperation,
        response_headers=[ETAG],
        responses=OF_DOCUMENT,
    )
    async def get_document(
        self,
        request: ApiRequest,
        instance: InstanceId,
        doctype: DocTypeName,
    ) -> Answer[Document]:
        """The whole document, child rows included. Percent-encode the name, `/` as `%2F`."""
        name = _read_name(request, instance, doctype)
        return await _answer(request, instance, doctype, name)

    @get(
        "/document",
        operation_id="getDocumentByName",
        summary="Read one document by a name of any form",
        opt={PARAMETERS: ("name",), AUDITED: Event.READ},
        operation_class=ConditionalOperation,
        response_headers=[ETAG],
        responses=OF_DOCUMENT,
    )
    async def get_document_by_name(
        self,
        request: ApiRequest,
        instance: InstanceId,
        doctype: DocTypeName,
        name: Name,
    ) -> Answer[Document]:
        """As `…/documents/{name}`, for clients and proxies that can't pass `%2F` in a path."""
        return await _answer(request, instance, doctype, name)


async def _answer(request: ApiRequest, instance: str, doctype: str, name: str) -> Answer[Document]:
    services = request.services
    documents = await open_documents(services.doctypes, request.user, instance, doctype)
    row = await documents.get(name)
    etag = services.etags.make(row, documents.doctype)
    return Answer(Document.of(documents.doctype, row), etag=etag)


def _read_name(request: ApiRequest, instance: str, doctype: str) -> str:
    """Return the name in the path as it was sent: Litestar drops slashes at its end, and doubles.

    Raises:
        NotReadable: if the path is encoded so that its parts are others than the route's.
    """
    raw = request.scope["raw_path"].decode("ascii")
    parts = raw.split("/", NAME_SEGMENT)
    if len(parts) <= NAME_SEGMENT or _unquote(parts[4], parts[6]) != (instance, doctype):
        raise NotReadable
    return unquote(parts[NAME_SEGMENT])


@lru_cache(maxsize=1024)
def _unquote(*segments: str) -> tuple[str, ...]:
    """Return segments of a path decoded; remembered: most documents are read from few lists."""
    return tuple(unquote(segment) for segment in segments)
