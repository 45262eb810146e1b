import json

from demo.processes import running

SHOW = """
import json, os
from warehouse.settings import load_settings
settings = load_settings()
print(json.dumps([settings.mongodb_uri is None, sorted(settings.instances)]))
"""


def test_no_part_of_the_demo_finds_an_operators_own_mongodb_or_erp(tmp_path, monkeypatch):
    own = {"URL": "https://erp.example.com", "API_KEY": "key", "API_SECRET": "secret"}
    real = {f"ERP__REAL__{name}": value for name, value in own.items()}
    operator = tmp_path / "operator"
    operator.mkdir()
    lines = [f"{name}={value}" for name, value in real.items()]
    (operator / ".env").write_text("\n".join(["MONGODB_URI=mongodb://db.example.com", *lines]))
    monkeypatch.chdir(operator)
    for name, value in (real | {"MONGODB_URI": "mongodb://db.example.com"}).items():
        monkeypatch.setenv(name, value)
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "show.py").write_text(SHOW)
    sample = {f"ERP__SAMPLE__{name}": value for name, value in own.items()}
    log = tmp_path / "demo" / "show.log"
    with running(("show",), sample, log) as process:
        assert process.wait(60) == 0, log.read_text()
    assert json.loads(log.read_text()) == [True, ["sample"]]
