"""Settings: one typed object read from the environment and `.env`, checked before anything starts.

pydantic-settings validates; `warehouse.variables` collects, because an operator should see every
problem at once and a misspelt name must not be ignored. No message shows a value.
"""

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar

from annotated_types import Ge, Le
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from warehouse.errors import ConfigurationError
from warehouse.setting_forms import (
    Credential,
    DatabaseName,
    InstanceId,
    LocalPath,
    MongoUri,
    Names,
    Proxies,
    SecretKey,
    SiteUrl,
    refuse,
)
from warehouse.variables import (
    INSTANCE_PREFIX,
    Problem,
    Variables,
    Vocabulary,
    collect_variables,
    read_env_file,
    suggest,
)

_Model = TypeVar("_Model", bound=BaseModel)


class ErpInstance(BaseModel):
    """One ERPNext site and how to read it. `include` and `exclude` are globs of DocType names."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    instance: InstanceId
    url: SiteUrl
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

    mongodb_uri: MongoUri | None = None
    mongodb_database_name: DatabaseName = "csa-datastore"
    business_database_name: Annotated[DatabaseName, Field(validate_default=True)] = "csa-business"
    csa_data_dir: LocalPath = Path("./.data")
    csa_mongod: LocalPath | None = None
    csa_inventory_rows: Annotated[int, Field(ge=0, le=1_000_000)] = 20_000
    csa_reread_days: Annotated[int, Field(ge=1, le=365)] = 7
    csa_tombstone_days: Annotated[int, Field(ge=1, le=36_500)] = 365
    csa_secret_key: SecretKey | None = None
    csa_trusted_proxies: Proxies = ()
    csa_access_max_age_hours: Annotated[int, Field(ge=1, le=8760)] = 48
    csa_erpnext_reference: LocalPath | None = None
    instances: dict[str, ErpInstance] = Field(default_factory=dict)

    @field_validator("business_database_name")
    @classmethod
    def _differs_from_datastore(cls, name: str, others: ValidationInfo) -> str:
        # MongoDB takes no two databases whose names differ in case only.
        if name.lower() == str(others.data.get("mongodb_database_name")).lower():
            raise refuse("is the name of the datastore too", "Give each database its own name.")
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
    read = _read(os.environ if environ is None else environ, env_file)
    if isinstance(read, Settings):
        return read
    if len(read) == 1:
        variable, what, cure = read[0]
        raise ConfigurationError(f"{variable} {what}.", cure=cure, variables=[variable])
    listed = "".join(f"\n- {problem}" for problem in read)
    raise ConfigurationError(
        f"{len(read)} settings are wrong:{listed}",
        variables=[problem.variable for problem in read],
    )


def variable_names() -> Vocabulary:
    """Return the names of all variables; `.env.example` is compared with it."""
    plain = tuple(name.upper() for name in Settings.model_fields if name != "instances")
    of_instance = tuple(name.upper() for name in ErpInstance.model_fields if name != "instance")
    return Vocabulary(plain, of_instance)


def _read(environ: Mapping[str, str], env_file: Path | None) -> Settings | list[Problem]:
    """Return the settings, or everything that is wrong.

    A function of its own, so that no frame of an error's traceback holds a secret in its locals.
    """
    vocabulary = variable_names()
    filed, unreadable = read_env_file(env_file)
    weaker = collect_variables(filed, vocabulary)
    found = weaker.under(collect_variables(environ, vocabulary))
    problems = [*unreadable, *found.problems]
    instances = _build_instances(found, problems)
    settings = _build(Settings, {**found.plain, "instances": instances}, "", problems)
    return settings if settings and not problems else problems


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
