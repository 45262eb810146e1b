"""Every error of the project, grouped by what can be done about it.

WarehouseError(message, cure, context)
├─ ConfigurationError                 settings, a missing part: fail at start
│  └─ MongoUnavailable                MongoDB can't be started or reached
├─ ErpError(instance)
│  ├─ ErpUnavailable                  network, 5xx: retry
│  │  ├─ ErpTimedOut                  no answer in time: ask for less
│  │  └─ ErpInMaintenance             site stopped for an update: defer
│  ├─ ErpThrottled(retry_after_s)     429: defer
│  ├─ ErpRejected(status, exc_type)   403, 404, 417: this DocType fails, the others go on
│  ├─ ErpUnauthorized                 401: this instance stops
│  └─ ErpContractBroken               HTML for JSON, a changed shape: this DocType fails, loudly
├─ LeaseError                         another holder works on the instance: stop, nothing is lost
│  ├─ LeaseHeld                       it was there first
│  └─ LeaseLost                       it took over while we slept
├─ AccessError                        who somebody is, and what that opens
│  ├─ SignInRefused(code)             a proof that failed, or that can't be accepted
│  ├─ SignInThrottled(retry_after_s)  too many tried: no ERP is asked
│  ├─ AccountRefused(code)            an account, link or token can't be changed like that
│  └─ OperatorsOnly                   an account that is no operator's
├─ DocumentRejected                   a document that can't be stored: kept aside, counted
├─ DatasetError                       a rule failed: the build before stays live
├─ AccessSnapshotInvalid              permission tables not read whole: the last snapshot stays
│  └─ KeyRightsUnknown                the key is refused one: it may have lost fields, too
└─ ReadError                          a read that can't be answered
   ├─ NotReadable                     there is none, or not for this subject: never told apart
   ├─ DatasetNeedsFullAccess          figures made of what the subject may not see as a whole
   ├─ AccessSnapshotStale             nobody knows who may see what: nothing is shown
   ├─ QueryRefused(code, parameter)   the query can't be understood: say which parameter
   ├─ QueryTooSlow                    MongoDB took longer than a query may
   ├─ AccessChanged                   what a stream's reader may see has: it breaks off
   └─ TooManyExports(retry_after_s)   as many as may run side by side do

All of them survive pickling (Prefect stores results and states pickled) and none carries a secret.
"""

from __future__ import annotations

from typing import Any


class WarehouseError(Exception):
    """Base of the tree: what happened (`message`), what to do now (`cure`), where (`context`)."""

    code = "warehouse_error"

    def __init__(self, message: str, *, cure: str = "", **context: Any) -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure
        self.context = context

    def __str__(self) -> str:
        return f"{self.message} {self.cure}".rstrip()

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.__dict__)


def _rebuild(kind: type[WarehouseError], state: dict[str, Any]) -> WarehouseError:
    error = kind.__new__(kind, state["message"])
    error.__dict__.update(state)
    return error


class ConfigurationError(WarehouseError):
    """A setting or a part of the machine is missing or wrong."""

    code = "configuration_error"


class MongoUnavailable(ConfigurationError):
    """MongoDB can't be started or reached."""

    code = "mongodb_unavailable"


class ErpError(WarehouseError):
    """An ERPNext instance did not answer as asked."""

    code = "erp_error"

    def __init__(self, message: str, *, instance: str, cure: str = "", **context: Any) -> None:
        super().__init__(message, cure=cure, instance=instance, **context)
        self.instance = instance


class ErpUnavailable(ErpError):
    """The network or the server failed; the same request may work later."""

    code = "erp_unavailable"


class ErpTimedOut(ErpUnavailable):
    """The answer took too long; the same request would again."""

    code = "erp_timed_out"


class ErpInMaintenance(ErpUnavailable):
    """The site is stopped for maintenance or an update."""

    code = "erp_in_maintenance"


class ErpThrottled(ErpError):
    """The site's rate limit is used up; `retry_after_s` says for how long."""

    code = "erp_throttled"

    def __init__(self, message: str, *, retry_after_s: float, **context: Any) -> None:
        super().__init__(message, **context)
        self.retry_after_s = retry_after_s


class ErpRejected(ErpError):
    """ERPNext understood the request and refused it (`status`, `exc_type`)."""

    code = "erp_rejected"

    def __init__(self, message: str, *, status: int, exc_type: str, **context: Any) -> None:
        super().__init__(message, **context)
        self.status = status
        self.exc_type = exc_type

    @property
    def is_forbidden(self) -> bool:
        """Whether the key lacks a right, and nothing else is wrong."""
        return self.status == 403  # noqa: PLR2004


class ErpUnauthorized(ErpError):
    """The API key or secret is wrong."""

    code = "erp_unauthorized"


class ErpContractBroken(ErpError):
    """The answer has not the shape that Frappe's REST API promises."""

    code = "erp_contract_broken"


class LeaseError(WarehouseError):
    """An instance's lease is not ours."""

    code = "lease_error"


class LeaseHeld(LeaseError):
    """Another process holds the lease."""

    code = "lease_held"


class LeaseLost(LeaseError):
    """The lease expired and another process took it."""

    code = "lease_lost"


class AccessError(WarehouseError):
    """Somebody is not who they would have to be."""

    code = "access_error"


class SignInRefused(AccessError):
    """A proof of identity failed; `code` says as much as a stranger may know."""

    code = "sign_in_failed"

    def __init__(self, message: str = "", *, code: str = code, cure: str = "") -> None:
        super().__init__(message or "The user name or the password is wrong.", cure=cure)
        self.code = code


class SignInThrottled(AccessError):
    """Too many sign-ins failed; `retry_after_s` says for how long none is tried.

    `is_repeated`: others were refused before it in the same window.
    """

    code = "sign_in_throttled"

    def __init__(self, *, retry_after_s: float, is_repeated: bool = False) -> None:
        minutes = max(1, round(retry_after_s / 60))
        super().__init__("Too many sign-ins have failed.", cure=f"Try again in {minutes} min.")
        self.retry_after_s = retry_after_s
        self.is_repeated = is_repeated


class AccountRefused(AccessError):
    """A change of an account, a link or a token can't be made."""

    def __init__(self, message: str, *, code: str, cure: str = "") -> None:
        super().__init__(message, cure=cure)
        self.code = code


class OperatorsOnly(AccessError):
    """What was asked for is for those who look after the warehouse."""

    code = "operators_only"

    def __init__(self) -> None:
        super().__init__(
            "Only operators may see this, signed in by their portal password.",
            cure="An administrator makes an operator: csa user add NAME --operator.",
        )


class DocumentRejected(WarehouseError):
    """A document can't be stored as it is."""

    code = "document_rejected"


class DatasetError(WarehouseError):
    """A dataset is declared wrongly, or its rule failed."""

    code = "dataset_error"


class AccessSnapshotInvalid(WarehouseError):
    """The permission tables could not be read whole, so what was read of them is not used."""

    code = "access_snapshot_invalid"


class KeyRightsUnknown(AccessSnapshotInvalid):
    """The key may not read a permission table whole, and so perhaps not every field either."""

    code = "key_rights_unknown"


class ReadError(WarehouseError):
    """A read can't be answered."""

    code = "read_error"


class NotReadable(ReadError):
    """There is no such thing, or the subject may not see it; nobody is told which."""

    code = "not_found"

    def __init__(self) -> None:
        super().__init__("There is nothing here, or nothing that you may read.")


class AccessSnapshotStale(ReadError):
    """An instance's permission tables were never read, or too long ago to go by them."""

    code = "access_snapshot_stale"

    def __init__(self, instance: str) -> None:
        super().__init__(
            f"Who may see what in {instance} has not been read for too long.",
            cure=f"An operator runs csa access refresh {instance}, which says what is wrong.",
            instance=instance,
        )


class DatasetNeedsFullAccess(ReadError):
    """Figures are made of documents of `doctype`, and the subject may not see all of them."""

    code = "dataset_needs_full_access"

    def __init__(self, slug: str, instance: str, doctype: str) -> None:
        super().__init__(
            f"{slug} adds up documents of {doctype}, and in {instance} you may not read all of "
            "them, or not all of their fields.",
            cure="Ask for the right to read them in ERPNext, or look at a dataset of single lines.",
            doctype=doctype,
        )


class QueryRefused(ReadError):
    """The query can't be understood; `parameter` is the one that is wrong."""

    def __init__(self, message: str, *, code: str, parameter: str, cure: str = "") -> None:
        super().__init__(message, cure=cure)
        self.code = code
        self.parameter = parameter


class QueryTooSlow(ReadError):
    """MongoDB did not answer within the time that a query may take."""

    code = "query_too_slow"

    def __init__(self) -> None:
        super().__init__("The query takes too long.", cure="Ask for less, by indexed fields.")


class AccessChanged(ReadError):
    """What the reader of a stream may see is not what it was when the stream began."""

    code = "access_changed"

    def __init__(self, slug: str) -> None:
        super().__init__(
            f"Who reads {slug} may not see what they saw when this began.",
            cure="Begin again, for what may be seen by now.",
            dataset=slug,
        )


class TooManyExports(ReadError):
    """As many exports as may run side by side do, of the account or of all."""

    code = "too_many_exports"

    def __init__(self, *, retry_after_s: float) -> None:
        super().__init__("Too many exports are running.", cure="Try again when one has ended.")
        self.retry_after_s = retry_after_s
