"""`/api/v1/instances`: the ERPs and their DocTypes."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, get
from litestar.params import PathParameter

from api.compression import COMPRESSED
from api.errors import ALWAYS, OF_READS, document_errors
from api.requests import ApiRequest
from api.schemas.doctypes import DocType, DocTypeDetail, DocTypeList
from api.schemas.instances import Instance, InstanceList
from warehouse.reading.instances import read_instance, read_instances

InstanceId = Annotated[str, PathParameter(description="An ERP, as its id in the settings.")]
DocTypeName = Annotated[str, PathParameter(description="A DocType, as ERPNext names it.")]
OF_ONE = document_errors(*ALWAYS, *OF_READS, "unknown_parameter", "bad_request")


class InstanceController(Controller):
    """The ERPs that the caller may open, and what may be read there."""

    path = "/api/v1/instances"
    tags = ("instances",)
    middleware = (COMPRESSED,)

    @get(
        operation_id="listInstances",
        summary="List the ERPs that I may open",
        responses=document_errors(*ALWAYS, "unknown_parameter"),
    )
    async def list_instances(self, request: ApiRequest) -> InstanceList:
        """Each ERP with the number of its documents and how fresh they are."""
        services = request.services
        found = await read_instances(request.user, services.erps, services.doctypes)
        return InstanceList([Instance.of(summary) for summary in found])

    @get(
        "/{instance:str}",
        operation_id="getInstance",
        summary="Describe one ERP",
        responses=OF_ONE,
    )
    async def get_instance(self, request: ApiRequest, instance: InstanceId) -> Instance:
        """The ERP with the number of its documents and how fresh they are."""
        services = request.services
        found = await read_instance(request.user, services.erps, services.doctypes, instance)
        return Instance.of(found)

    @get(
        "/{instance:str}/doctypes",
        operation_id="listDocTypes",
        summary="List the DocTypes that I may read",
        responses=OF_ONE,
    )
    async def list_doctypes(self, request: ApiRequest, instance: InstanceId) -> DocTypeList:
        """Each DocType with its module, the number of its documents and how fresh they are."""
        found = await request.services.doctypes.list_served(request.user, instance)
        return DocTypeList([DocType.of(one) for one in found])

    @get(
        "/{instance:str}/doctypes/{doctype:str}",
        operation_id="getDocType",
        summary="Describe one DocType",
        responses=OF_ONE,
    )
    async def get_doctype(
        self,
        request: ApiRequest,
        instance: InstanceId,
        doctype: DocTypeName,
    ) -> DocTypeDetail:
        """Its fields with labels, types, links and the operators of their filters; child tables."""
        found = await request.services.doctypes.get(request.user, instance, doctype)
        return DocTypeDetail.of(found)
