"""Settings: what they become, which mistakes are told, and that no secret is ever shown."""

import pickle
import re
import traceback
from pathlib import Path

import hypothesis
import pytest
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from warehouse import settings as settings_module
from warehouse.errors import ConfigurationError
from warehouse.settings import (
    ErpInstance,
    Settings,
    get_settings,
    load_settings,
    variable_names,
)

SENTINEL = "s3ntinelValue"
KISAN = {
    "ERP__KISANMITRA__URL": "https://erp.example.com",
    "ERP__KISANMITRA__API_KEY": "key",
    "ERP__KISANMITRA__API_SECRET": SENTINEL,
}


def load(environ: dict[str, str]) -> Settings:
    return load_settings(environ, env_file=None)


def load_failing(environ: dict[str, str], env_file: Path | None = None) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as failed:
        load_settings(environ, env_file)
    assert_hides_secrets(failed.value)
    return failed.value


def assert_hides_secrets(error: ConfigurationError) -> None:
    frames = traceback.TracebackException.from_exception(error, capture_locals=True).stack
    ours = [frame.locals or {} for frame in frames if frame.filename == settings_module.__file__]
    assert ours
    for names in ours:
        names.pop("environ", None)  # the caller's own
        assert SENTINEL not in str(names)
    assert SENTINEL not in str(error) + repr(error) + repr(error.context)
    assert error.__cause__ is None
    assert error.__context__ is None
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301 ours


def test_without_variables_the_defaults_are_those_of_the_contract() -> None:
    settings = load({})
    assert settings.mongodb_uri is None
    assert settings.mongodb_database_name == "csa-datastore"
    assert settings.business_database_name == "csa-business"
    assert settings.csa_data_dir == Path("./.data")
    assert settings.csa_mongod is None
    assert settings.csa_inventory_rows == 20_000
    assert settings.csa_reread_days == 7
    assert settings.csa_tombstone_days == 365
    assert settings.csa_secret_key is None
    assert settings.csa_trusted_proxies == ()
    assert settings.csa_access_max_age_hours == 48
    assert settings.csa_erpnext_reference is None
    assert settings.instances == {}


def test_an_instance_is_named_by_its_id_in_lower_case() -> None:
    instance = load(KISAN).instance("kisanmitra")
    assert instance.collection == "erp_kisanmitra"
    assert instance.title == "kisanmitra"
    assert instance.api_secret.get_secret_value() == SENTINEL
    assert (instance.max_concurrency, instance.page_rows) == (2, 1000)
    assert (instance.include, instance.exclude, instance.trust_group) == ((), (), None)


def test_every_variable_of_an_instance_is_read() -> None:
    optional = {
        "TITLE": "Kisan Mitra",
        "INCLUDE": "Sales *, Item",
        "EXCLUDE": "*Log,",
        "MAX_CONCURRENCY": "4",
        "PAGE_ROWS": "500",
        "TRUST_GROUP": "farm",
    }
    environ = KISAN | {f"ERP__KISANMITRA__{name}": value for name, value in optional.items()}
    instance = load(environ).instance("kisanmitra")
    assert instance.title == "Kisan Mitra"
    assert instance.include == ("Sales *", "Item")
    assert instance.exclude == ("*Log",)
    assert (instance.max_concurrency, instance.page_rows) == (4, 500)
    assert instance.trust_group == "farm"


def test_instances_are_sorted_by_id() -> None:
    environ = {
        f"ERP__{name}__{setting}": value
        for name in ("ZEBRA", "apple", "Mango_2")
        for setting, value in (("URL", "https://x"), ("API_KEY", "k"), ("API_SECRET", "s"))
    }
    assert list(load(environ).instances) == ["apple", "mango_2", "zebra"]


def test_the_settings_of_the_process_are_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(settings_module.os, "environ", KISAN)
    get_settings.cache_clear()
    try:
        assert get_settings() is get_settings()
        assert "kisanmitra" in get_settings().instances
    finally:
        get_settings.cache_clear()


@pytest.mark.parametrize("missing", sorted(KISAN))
def test_an_incomplete_instance_names_the_missing_variable(missing: str) -> None:
    error = load_failing({name: value for name, value in KISAN.items() if name != missing})
    assert error.message == f"{missing} is missing."


@pytest.mark.parametrize(
    ("variable", "value", "complaint"),
    [
        ("ERP__KISANMITRA__URL", "http://erp.example.com", "clear text"),
        ("ERP__KISANMITRA__URL", "http://127.evil.example", "clear text"),
        ("ERP__KISANMITRA__URL", "http://10.0.0.1", "clear text"),
        ("ERP__KISANMITRA__URL", f"https://u:{SENTINEL}@erp.example.com", "user or password"),
        ("ERP__KISANMITRA__URL", f"https://erp.example.com/?{SENTINEL}", "query"),
        ("ERP__KISANMITRA__URL", f"https://erp.example.com#{SENTINEL}", "fragment"),
        ("ERP__KISANMITRA__URL", f"erp.example.com/{SENTINEL}", "http or https URL"),
        ("ERP__KISANMITRA__URL", f"https://erp.example.com:{SENTINEL}", "not a URL"),
        ("ERP__KISANMITRA__URL", f"https://[{SENTINEL}", "not a URL"),
        ("ERP__KISANMITRA__URL", f"https://erp example/{SENTINEL}", "blanks"),
        ("ERP__KISANMITRA__API_KEY", f"{SENTINEL}:x", "no key or secret"),
        ("ERP__KISANMITRA__API_SECRET", f"{SENTINEL} x", "no key or secret"),
        ("ERP__KISANMITRA__MAX_CONCURRENCY", "17", "from 1 to 16"),
        ("ERP__KISANMITRA__MAX_CONCURRENCY", "0", "from 1 to 16"),
        ("ERP__KISANMITRA__PAGE_ROWS", "9", "from 10 to 5000"),
        ("ERP__KISANMITRA__PAGE_ROWS", SENTINEL, "from 10 to 5000"),
        ("MONGODB_URI", SENTINEL, "mongodb+srv://"),
        ("MONGODB_DATABASE_NAME", f"{SENTINEL}.x", "no name for a database"),
        ("BUSINESS_DATABASE_NAME", "x" * 64, "no name for a database"),
        ("BUSINESS_DATABASE_NAME", "CSA-datastore", "the datastore too"),
        ("MONGODB_DATABASE_NAME", "csa-business", "the datastore too"),
        ("MONGODB_DATABASE_NAME", "admin", "no name for a database"),
        ("CSA_INVENTORY_ROWS", "many", "whole number"),
        ("CSA_REREAD_DAYS", "0", "from 1 to 365"),
        ("CSA_TOMBSTONE_DAYS", "0", "whole number"),
        ("CSA_ACCESS_MAX_AGE_HOURS", "1.5", "whole number"),
        ("CSA_DATA_DIR", f"~{SENTINEL}/data", "home directory"),
        ("CSA_SECRET_KEY", SENTINEL, "fewer than 16"),
        ("CSA_TRUSTED_PROXIES", f"10.0.0.1,{SENTINEL}", "no IP address"),
        ("CSA_TRUSTED_PROXIES", "*", "no IP address"),
    ],
)
def test_a_wrong_value_is_told_but_not_shown(variable: str, value: str, complaint: str) -> None:
    error = load_failing(KISAN | {variable: value})
    assert complaint in str(error)
    assert error.cure
    assert value not in str(error) or len(value) < 6


@pytest.mark.parametrize(
    "url",
    [
        "https://erp.example.com/",
        "https://erp.example.com:8443/erp//",
        "http://127.0.0.1:8000",
        "http://127.9.9.9/",
        "http://localhost:8000/",
        "http://LOCALHOST",
        "http://[::1]:8000/",
    ],
)
def test_https_and_loopback_are_taken_without_trailing_slash(url: str) -> None:
    settings = load(KISAN | {"ERP__KISANMITRA__URL": url})
    assert settings.instance("kisanmitra").url == url.rstrip("/")


@pytest.mark.parametrize(
    ("identifier", "complaint"),
    [
        ("OLD_DELETED", "_deleted"),
        ("A__B", "can't name a collection"),
        ("A_", "can't name a collection"),
        ("_A", "can't name a collection"),
        ("A-B", "can't name a collection"),
        ("A.B", "can't name a collection"),
        ("É", "can't name a collection"),
        ("A" * 61, "can't name a collection"),
    ],
)
def test_an_id_that_can_not_name_a_collection_is_refused(identifier: str, complaint: str) -> None:
    environ = {name.replace("KISANMITRA", identifier): value for name, value in KISAN.items()}
    assert complaint in str(load_failing(environ))


def test_several_problems_are_told_at_once() -> None:
    error = load_failing({"CSA_DATADIR": "x", "ERP_PASSWORD": "x", "ERP__A__URL": "http://x"})
    assert error.context["variables"] == [
        "CSA_DATADIR",
        "ERP_PASSWORD",
        "ERP__A__URL",
        "ERP__A__API_KEY",
        "ERP__A__API_SECRET",
    ]
    assert "5 settings are wrong" in error.message
    assert "Did you mean CSA_DATA_DIR?" in error.message


def test_an_unknown_instance_names_the_known_and_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match="known: kisanmitra") as failed:
        load(KISAN).instance("kisan_mitra")
    assert failed.value.cure == "Did you mean kisanmitra?"
    with pytest.raises(ConfigurationError, match="known: none"):
        load({}).instance("a")


def test_settings_show_no_secret() -> None:
    settings = load(
        KISAN
        | {
            "MONGODB_URI": f"mongodb://u:{SENTINEL}@h",
            "CSA_SECRET_KEY": SENTINEL * 2,
        }
    )
    assert SENTINEL not in repr(settings) + str(settings) + str(settings.model_dump())
    assert SENTINEL not in settings.model_dump_json()


def test_settings_made_in_code_are_checked_and_hide_what_is_wrong() -> None:
    with pytest.raises(ValidationError) as failed:
        ErpInstance(
            instance="a", url=f"x{SENTINEL}", api_key=SecretStr("k"), api_secret=SecretStr("s")
        )
    assert SENTINEL not in str(failed.value)
    with pytest.raises(ValidationError, match="frozen"):
        load(KISAN).csa_reread_days = 1


@hypothesis.settings(deadline=None)
@hypothesis.given(
    st.dictionaries(
        st.sampled_from(
            [
                *variable_names().plain,
                *(f"ERP__{i}__{name}" for i in ("A", "a") for name in variable_names().of_instance),
                *("ERP_PASSWORD", "CSA_X", "ERP__X"),
            ]
        ),
        st.text(max_size=3).map(lambda text: f"{text}{SENTINEL}{text}"),
    )
)
def test_whatever_is_set_no_error_shows_a_value(environ: dict[str, str]) -> None:
    try:
        shown = repr(load(environ))
    except ConfigurationError as error:
        assert_hides_secrets(error)
    else:
        public = re.compile(r"DATABASE_NAME|CSA_DATA_DIR|CSA_MONGOD|CSA_ERPNEXT_REFERENCE")
        assert SENTINEL not in shown or any(public.search(name) for name in environ)
