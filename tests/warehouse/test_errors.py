"""The tree of errors: drawn as it is, picklable, each with a code of its own."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest

from warehouse import errors
from warehouse.errors import (
    ErpRejected,
    ErpThrottled,
    WarehouseError,
)

CLASSES: list[type[WarehouseError]] = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, WarehouseError)
]
ATTRIBUTES: dict[str, Any] = {
    "message": "It failed.",
    "cure": "Do this.",
    "instance": "mitra",
    "retry_after_s": 394.0,
    "status": 417,
    "exc_type": "DataError",
    "code": "bad_filter",
    "parameter": "filters",
    "slug": "sales_monthly",
    "doctype": "Sales Invoice",
    "is_repeated": True,
}


def asked_by(kind: type[WarehouseError]) -> set[str]:
    """Return what a class, and those above it that it passes the rest on to, are made of."""
    asked: set[str] = set()
    for each in kind.__mro__:
        if "__init__" in vars(each) and issubclass(each, WarehouseError):
            parameters = inspect.signature(each).parameters
            asked |= parameters.keys()
            if "context" not in parameters:
                break
    return asked - {"context"}


def make(kind: type[WarehouseError], **context: Any) -> WarehouseError:
    """Return an error with every attribute that its class can have."""
    error = kind(**{name: ATTRIBUTES[name] for name in asked_by(kind)})
    error.context |= context
    return error


def read_tree() -> dict[str, tuple[str | None, list[str]]]:
    """Return class → (class above, attributes in brackets) as the module's docstring draws it."""
    drawn: dict[str, tuple[str | None, list[str]]] = {}
    above: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"^([│├└─ ]*)(\w+)(?:\(([\w, ]*)\))?(?:  +\S.*)?$", line)
        if not found:
            continue
        depth = len(found[1]) // 3
        above[depth:] = [found[2]]
        attributes = [part.strip() for part in (found[3] or "").split(",") if part.strip()]
        drawn[found[2]] = (above[depth - 1] if depth else None, attributes)
    return drawn


def test_the_tree_is_drawn_as_it_is():
    drawn = {name: parent for name, (parent, _) in read_tree().items()}
    assert drawn == {
        kind.__name__: None if kind is WarehouseError else kind.__mro__[1].__name__
        for kind in CLASSES
    }


def test_the_drawing_names_attributes_that_errors_have():
    for kind in CLASSES:
        _, attributes = read_tree()[kind.__name__]
        error = make(kind)
        assert [name for name in attributes if not hasattr(error, name)] == []


def test_codes_are_unique_stable_words():
    codes = [vars(kind)["code"] for kind in CLASSES if "code" not in asked_by(kind)]
    assert len({*codes}) == len(codes)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", code) for code in codes)


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_an_error_survives_pickling_with_all_it_carries(kind: type[WarehouseError], protocol: int):
    error = make(kind, request="list of Farmer", names=["a", "b"])
    error.add_note("seen by a worker")
    back = pickle.loads(pickle.dumps(error, protocol))  # noqa: S301 our own bytes
    assert type(back) is kind
    assert back.__dict__ == error.__dict__
    assert (str(back), repr(back), back.args) == (str(error), repr(error), error.args)
    assert back.code == error.code


@pytest.mark.parametrize("kind", CLASSES)
def test_an_error_can_be_copied(kind: type[WarehouseError]):
    error = make(kind, names=["a"])
    deep = copy.deepcopy(error)
    assert deep.__dict__ == error.__dict__
    deep.context["names"].append("b")
    assert error.context["names"] == ["a"]


def raise_throttled() -> None:
    raise make(ErpThrottled)


def test_an_error_arrives_from_another_process():
    with ProcessPoolExecutor(1) as pool, pytest.raises(ErpThrottled) as caught:
        pool.submit(raise_throttled).result(60)
    assert caught.value.retry_after_s == 394.0
    assert caught.value.instance == "mitra"


def test_an_error_reads_as_what_happened_and_what_to_do():
    assert str(WarehouseError("It failed.", cure="Do this.")) == "It failed. Do this."
    assert str(WarehouseError("It failed.")) == "It failed."


def test_the_instance_is_in_the_context_too():
    error = ErpRejected("m", instance="mitra", status=403, exc_type="", request="list of Farmer")
    assert error.context == {"instance": "mitra", "request": "list of Farmer"}
    assert (error.cure, error.status) == ("", 403)
