"""Variables as they are written: in `.env` and `.env.example`, misspelt, retired, empty, twice."""

from itertools import pairwise
from pathlib import Path

import pytest

from warehouse.errors import ConfigurationError
from warehouse.settings import Settings, load_settings, variable_names

SENTINEL = "s3ntinelValue"
EXAMPLE = Path(__file__).parents[2] / ".env.example"
KISAN = {
    "ERP__KISANMITRA__URL": "https://erp.example.com",
    "ERP__KISANMITRA__API_KEY": "key",
    "ERP__KISANMITRA__API_SECRET": "secret",
}


def load(environ: dict[str, str]) -> Settings:
    return load_settings(environ, env_file=None)


def load_failing(environ: dict[str, str], env_file: Path | None = None) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as failed:
        load_settings(environ, env_file)
    assert SENTINEL not in str(failed.value) + repr(failed.value.context)
    return failed.value


def test_empty_variables_count_as_not_set() -> None:
    environ = dict.fromkeys(variable_names().plain, " ")
    environ |= {"ERP__A__URL": "", "ERP__A__API_KEY": "", "ERP_PASSWORD": ""}
    assert load(environ) == load({})


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text(
        "CSA_REREAD_DAYS=3\nCSA_TOMBSTONE_DAYS=30 # a month\n"
        "export ERP__Kisanmitra__URL='https://file.example/'\n"
        'ERP__KISANMITRA__API_KEY="k"\nERP__KISANMITRA__API_SECRET=a${b}$c\n'
    )
    settings = load_settings(
        {"CSA_REREAD_DAYS": "5", "ERP__KISANMITRA__URL": "https://environment.example"}, env_file
    )
    assert (settings.csa_reread_days, settings.csa_tombstone_days) == (5, 30)
    assert settings.instance("kisanmitra").url == "https://environment.example"
    assert settings.instance("kisanmitra").api_secret.get_secret_value() == "a${b}$c"


def test_a_file_that_is_not_there_is_no_error(tmp_path: Path) -> None:
    assert load_settings({}, tmp_path / ".env") == load({})


def test_a_line_that_can_not_be_read_is_named_by_its_number(tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text(f"CSA_REREAD_DAYS=3\n\n# secret\n{SENTINEL} is the secret\n")
    assert "line 4" in load_failing({}, env_file).message


def test_a_file_that_can_not_be_read_is_an_error(tmp_path: Path) -> None:
    assert "can't be read" in load_failing({}, tmp_path).message
    env_file = tmp_path / ".env"
    env_file.write_bytes(b"CSA_DATA_DIR=\xff\n")
    assert "UTF-8" in load_failing({}, env_file).message


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("CSA_DATADIR", "CSA_DATA_DIR"),
        ("CSA_TOMBSTONES_DAYS", "CSA_TOMBSTONE_DAYS"),
        ("csa_data_dir", "CSA_DATA_DIR"),
        ("ERP__KISANMITRA__APIKEY", "ERP__KISANMITRA__API_KEY"),
        ("ERP__KISANMITRA__PASSWORD", ""),
        ("ERP__KISANMITRA_URL", "ERP__KISANMITRA__URL"),
        ("ERP__SUPPLY_CHAIN_API_SECRET", "ERP__SUPPLY_CHAIN__API_SECRET"),
        ("erp__kisanmitra__url", "ERP__KISANMITRA__URL"),
        ("ERP__URL", ""),
        ("CSA_", ""),
    ],
)
def test_an_unknown_name_is_an_error_with_the_nearest_name(name: str, nearest: str) -> None:
    error = load_failing({name: SENTINEL, **KISAN})
    assert error.message == f"{name} is unknown."
    assert nearest in error.cure
    assert error.cure


def test_names_of_others_are_left_alone() -> None:
    assert load({"PATH": "/bin", "ERPLY": "x", "CSAR": "x", "ERP_HOST": "x"}) == load({})


@pytest.mark.parametrize("name", ["ERP_USERNAME", "ERP_PASSWORD"])
def test_the_retired_variables_name_the_new_ones(name: str) -> None:
    error = load_failing({name: SENTINEL})
    assert name in error.message
    assert "ERP__<ID>__API_KEY" in error.cure


def test_ids_that_differ_in_case_only_must_agree() -> None:
    assert load(KISAN | {"ERP__Kisanmitra__API_KEY": "key"}) == load(KISAN)
    error = load_failing(KISAN | {"ERP__Kisanmitra__API_KEY": f"{SENTINEL}2"})
    assert "ERP__Kisanmitra__API_KEY" in error.message
    assert "ERP__KISANMITRA__API_KEY" in error.message


def test_the_example_lists_every_variable_with_a_comment_and_nothing_else() -> None:
    lines = EXAMPLE.read_text().splitlines()
    listed = [line.partition("=")[0] for line in lines if "=" in line and not line.startswith("#")]
    names = variable_names()
    expected = [*names.plain, *(f"ERP__KISANMITRA__{name}" for name in names.of_instance)]
    assert sorted(listed) == sorted(expected)
    for above, line in pairwise(lines):
        if line.partition("=")[0] in listed:
            assert above.startswith("# "), line


def test_the_example_as_it_is_gives_the_defaults() -> None:
    assert load_settings({}, EXAMPLE) == load({})
