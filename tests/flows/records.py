"""Records of runs, as the engine leaves them."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import MongoClient

from warehouse.documents.control import DocTypeReport, Failure, Numbers, Outcome, Run

STARTED_AT = datetime(2026, 11, 26, 1, 0, tzinfo=UTC)


def make_run(*reports: DocTypeReport, **values: Any) -> Run:
    """Return the record of an ended run; `values` win."""
    totals = Numbers()
    for report in reports:
        totals.add(report)
    usual = {
        "id": "site-00000001",
        "instance": "site",
        "token": 1,
        "kind": "ingest",
        "outcome": Outcome.COMPLETED,
        "started_at": STARTED_AT,
        "finished_at": STARTED_AT + timedelta(minutes=5),
        "is_whole": True,
        "totals": totals,
        "doctypes": list(reports),
    }
    return Run.model_construct(**usual | values)


def make_report(doctype: str, code: str | None = None, **values: Any) -> DocTypeReport:
    """Return the report of a DocType; `code`: of its failure."""
    failure = Failure(code=code, message=f"{doctype} | broke.", cure="Mend it.") if code else None
    usual = {"outcome": Outcome.FAILED if code else Outcome.COMPLETED, "failure": failure}
    return DocTypeReport(doctype=doctype, **usual | values)


def read_builds(mongodb_uri: str, database: str) -> Counter[str]:
    """Return how often each partition was built from each version of its inputs."""
    with MongoClient(mongodb_uri) as client:
        builds = client[database]["dataset_builds"].find({"state": {"$ne": "failed"}}).to_list()
    return Counter(f"{build['dataset']} {build['slot']} {build['inputs']}" for build in builds)
