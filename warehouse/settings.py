"""Settings: one typed object read from the environment and `.env`, checked before anything starts.

pydantic-settings validates; `warehouse.variables` collects, because an operator should see every
problem at once and a misspelt name must not be ignored. No message shows a value.
"""

import ipaddress
import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from annotated_types import Ge, Le
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from warehouse.errors import ConfigurationError
from warehouse.variables import (
    INSTANCE_PREFIX,
    Problem,
    Variables,
    Vocabulary,
    collect_variables,
    read_env_file,
    suggest,
)

LONGEST_INSTANCE = 60
SHORTEST_SECRET_KEY = 16
_Model = TypeVar("_Model", bound=BaseModel)


def _wrong(what: str, cure: str) -> PydanticCustomError:
    return PydanticCustomError("setting", "{what}", {"what": what, "cure": cure})


def _split(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _check_instance(instance: str) -> str:
    if not re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", instance) or len(instance) > LONGEST_INSTANCE:
        cure = f"Use up to {LONGEST_INSTANCE} letters, digits and single underscores."
        raise _wrong("has an id that can't name a collection", cure)
    if instance.endswith("_deleted"):
        cure = "Choose another id; erp_<id>_deleted is where documents that left are kept."
        raise _wrong("has an id that ends in _deleted", cure)
    return instance


def _check_site_url(url: str) -> str:
    cure = "Give the address of the site, such as https://erp.example.com."
    if re.search(r"[\s\x00-\x1f\\]", url):
        raise _wrong("contains blanks, control characters or backslashes", cure)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise _wrong("is not a URL", cure) from None
    if parts.scheme not in ("http", "https") or not host:
        raise _wrong("is not an http or https URL with a host", cure)
    if "@" in parts.netloc:
        cure = "Remove them; the key and secret go into __API_KEY and __API_SECRET."
        raise _wrong("contains a user or password", cure)
    if "?" in url or "#" in url:
        raise _wrong("has a query or a fragment", cure)
    if parts.scheme == "http" and not _names_loopback(host):
        raise _wrong("uses http, which would send the key in clear text", "Use https.")
    return url.rstrip("/")


def _names_loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return address in ipaddress.ip_network("127.0.0.0/8") or str(address) == "::1"


def _check_credential(secret: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[\x21-\x39\x3b-\x7e]+", secret.get_secret_value()):
        cure = "Copy it again from the user's API Access in ERPNext."
        raise _wrong("is empty or has characters that no key or secret of ERPNext has", cure)
    return secret


def _check_mongodb_uri(uri: SecretStr | None) -> SecretStr | None:
    if uri and not uri.get_secret_value().startswith(("mongodb://", "mongodb+srv://")):
        cure = "Use mongodb://… or mongodb+srv://…, or leave it empty for the embedded MongoDB."
        raise _wrong("does not start with mongodb:// or mongodb+srv://", cure)
    return uri


def _check_database_name(name: str) -> str:
    unfit = not re.fullmatch(r'[^/\\. "$*<>:|?\x00]{1,63}', name) or len(name.encode()) > 63  # noqa: PLR2004 MongoDB's limit
    if unfit or name in ("admin", "config", "local"):
        cure = "Use 1 to 63 letters, digits, - or _, and none of admin, config, local."
        raise _wrong("is no name for a database of ours in MongoDB", cure)
    return name


def _check_secret_key(key: SecretStr | None) -> SecretStr | None:
    if key and len(key.get_secret_value()) < SHORTEST_SECRET_KEY:
        cure = 'Make one: python -c "import secrets; print(secrets.token_urlsafe(32))".'
        raise _wrong(f"has fewer than {SHORTEST_SECRET_KEY} characters", cure)
    return key


def _check_proxies(proxies: tuple[str, ...]) -> tuple[str, ...]:
    for proxy in proxies:
        try:
            ipaddress.ip_network(proxy, strict=False)
        except ValueError:
            cure = "List addresses or networks, comma separated, such as 10.0.0.4,172.16.0.0/12."
            raise _wrong("lists something that is no IP address or network", cure) from None
    return proxies


Names = Annotated[tuple[str, ...], BeforeValidator(_split)]
Credential = Annotated[SecretStr, AfterValidator(_check_credential)]
DatabaseName = Annotated[str, AfterValidator(_check_database_name)]
LocalPath = Annotated[Path, AfterValidator(Path.expanduser)]


class ErpInstance(BaseModel):
    """One ERPNext site and how to read it. `include` and `exclude` are globs of DocType names."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    instance: Annotated[str, AfterValidator(_check_instance)]
    url: Annotated[str, AfterValidator(_check_site_url)]
    api_key: Credential
    api_secret: Credential
    title: str = ""
    include: Names = ()
    exclude: Names = ()
    max_concurrency: Annotated[int, Field(ge=1, le=16)] = 2
    page_rows: Annotated[int, Field(ge=10, le=5000)] = 1000
    trust_group: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _name_untitled(cls, values: dict[str, Any]) -> dict[str, Any]:
        return {**values, "title": values.get("title") or values.get("instance")}

    @property
    def collection(self) -> str:
        """The collection of this site's documents in the datastore database."""
        return f"erp_{self.instance}"


class Settings(BaseSettings):
    """All settings; `MONGODB_URI` fills `mongodb_uri`, and so on. Build it with `load_settings`."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    mongodb_uri: Annotated[SecretStr | None, AfterValidator(_check_mongodb_uri)] = None
    mongodb_database_name: DatabaseName = "csa-datastore"
    business_database_name: Annotated[DatabaseName, Field(validate_default=True)] = "csa-business"
    csa_data_dir: LocalPath = Path("./.data")
    csa_mongod: LocalPath | None = None
    csa_inventory_rows: Annotated[int, Field(ge=0, le=1_000_000)] = 20_000
    csa_reread_days: Annotated[int, Field(ge=1, le=365)] = 7
    csa_tombstone_days: Annotated[int, Field(ge=1, le=36_500)] = 365
    csa_secret_key: Annotated[SecretStr | None, AfterValidator(_check_secret_key)] = None
    csa_trusted_proxies: Annotated[Names, AfterValidator(_check_proxies)] = ()
    csa_access_max_age_hours: Annotated[int, Field(ge=1, le=8760)] = 48
    csa_erpnext_reference: LocalPath | None = None
    instances: dict[str, ErpInstance] = Field(default_factory=dict)

    @field_validator("business_database_name")
    @classmethod
    def _differs_from_datastore(cls, name: str, others: ValidationInfo) -> str:
        # MongoDB takes no two databases whose names differ in case only.
        if name.lower() == str(others.data.get("mongodb_database_name")).lower():
            raise _wrong("is the name of the datastore too", "Give each database its own name.")
        return name

    @classmethod
    def settings_customise_sources(
        cls, *_: object, **sources: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read nothing but what is passed in; `load_settings` has collected the variables."""
        return (sources["init_settings"],)

    def instance(self, name: str) -> ErpInstance:
        """Return the ERPNext instance `name`, or raise ConfigurationError naming the known."""
        found = self.instances.get(name)
        if found:
            return found
        known = ", ".join(self.instances) or "none"
        cure = suggest(name.lower(), self.instances) or "Set ERP__<ID>__URL for it."
        raise ConfigurationError(
            f"There is no ERPNext instance {name!r} in the settings; known: {known}.", cure=cure
        )


@cache
def get_settings() -> Settings:
    """Return the settings of this process: its environment, then `.env` of the directory."""
    return load_settings()


def load_settings(
    environ: Mapping[str, str] | None = None, env_file: Path | None = Path(".env")
) -> Settings:
    """Read the settings from `environ` (default: this process's) and, below it, from `env_file`.

    Raises ConfigurationError with all problems at once, none of them showing a value.
    """
    settings, problems = _read(os.environ if environ is None else environ, env_file)
    if settings and not problems:
        return settings
    if len(problems) == 1:
        variable, what, cure = problems[0]
        raise ConfigurationError(f"{variable} {what}.", cure=cure, variables=[variable])
    listed = "".join(f"\n- {problem}" for problem in problems)
    raise ConfigurationError(
        f"{len(problems)} settings are wrong:{listed}",
        variables=[problem.variable for problem in problems],
    )


def variable_names() -> Vocabulary:
    """Return the names of all variables; `.env.example` is compared with it."""
    plain = tuple(name.upper() for name in Settings.model_fields if name != "instances")
    of_instance = tuple(name.upper() for name in ErpInstance.model_fields if name != "instance")
    return Vocabulary(plain, of_instance)


def _read(
    environ: Mapping[str, str], env_file: Path | None
) -> tuple[Settings | None, list[Problem]]:
    """Return the settings unless something is wrong, and everything that is.

    A function of its own, so that no frame of an error's traceback holds a secret in its locals.
    """
    vocabulary = variable_names()
    filed, unreadable = read_env_file(env_file)
    weaker = collect_variables(filed, vocabulary)
    found = weaker.under(collect_variables(environ, vocabulary))
    problems = [*unreadable, *found.problems]
    instances = _build_instances(found, problems)
    settings = _build(Settings, {**found.plain, "instances": instances}, "", problems)
    return settings, problems


def _build_instances(found: Variables, problems: list[Problem]) -> dict[str, ErpInstance]:
    built = {}
    for name, values in found.instances.items():
        prefix = f"{INSTANCE_PREFIX}{name.upper()}__"
        instance = _build(ErpInstance, {"instance": name, **values}, prefix, problems)
        if instance:
            built[name] = instance
    return built


def _build(
    model: type[_Model], values: dict[str, Any], prefix: str, problems: list[Problem]
) -> _Model | None:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        wrongs = error.errors(include_input=False, include_url=False)
    problems.extend(_describe(model, str(wrong["loc"][0]), prefix, wrong) for wrong in wrongs)
    return None


def _describe(model: type[BaseModel], field: str, prefix: str, wrong: ErrorDetails) -> Problem:
    variable = f"{prefix}…" if field == "instance" else f"{prefix}{field.upper()}"
    if wrong["type"] == "missing":
        return Problem(variable, "is missing", "An ERPNext needs its URL, API_KEY and API_SECRET.")
    limits = model.model_fields[field].metadata
    lowest = next((limit.ge for limit in limits if isinstance(limit, Ge)), None)
    highest = next((limit.le for limit in limits if isinstance(limit, Le)), None)
    if lowest is not None:
        what = f"is not a whole number from {lowest} to {highest}"
        return Problem(variable, what, f"Without it, {model.model_fields[field].default} is used.")
    cure = wrong.get("ctx", {}).get("cure", "")
    return Problem(variable, wrong["msg"].removeprefix("Input "), cure)
