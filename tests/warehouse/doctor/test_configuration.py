from warehouse.doctor.configuration import check_settings
from warehouse.doctor.findings import Status
from warehouse.settings import load_settings

ERP = {
    "ERP__A__URL": "https://erp.example.com",
    "ERP__A__API_KEY": "the-key",
    "ERP__A__API_SECRET": "the-secret",
}
SECRET = {"CSA_SECRET_KEY": "x" * 32}


def examine_environment(environ):
    return check_settings(lambda: load_settings(environ, None))


def test_right_settings_are_well():
    settings, findings = examine_environment(ERP | SECRET)
    assert settings is not None
    assert [finding.status for finding in findings] == [Status.OK]
    assert "a" in findings[0].message


def test_every_problem_is_a_finding_with_its_own_cure():
    environ = ERP | {"CSA_REREAD_DAYS": "0", "ERP__A__URI": "x", "ERP_USERNAME": "pasted-secret"}
    settings, findings = examine_environment(environ)
    assert settings is None
    assert len(findings) == 3
    assert {finding.status for finding in findings} == {Status.ERROR}
    by_variable = {finding.message.split()[0]: finding for finding in findings}
    assert by_variable["ERP__A__URI"].message == "ERP__A__URI is unknown."
    assert by_variable["ERP__A__URI"].cure == "Did you mean ERP__A__URL?"
    assert by_variable["CSA_REREAD_DAYS"].cure == "Without it, 7 is used."
    assert "ERP__<ID>__API_KEY" in by_variable["ERP_USERNAME"].cure
    assert not any("pasted-secret" in f"{finding}" for finding in findings)


def test_a_single_problem_has_its_cure_too():
    _, findings = examine_environment(ERP | {"CSA_REREAD_DAYS": "0"})
    assert [finding.cure for finding in findings] == ["Without it, 7 is used."]


def test_no_instance_is_an_error_that_names_the_variables():
    settings, findings = examine_environment(SECRET)
    assert settings is not None
    assert [finding.status for finding in findings] == [Status.ERROR]
    assert "ERP__<ID>__URL" in findings[0].cure


def test_a_missing_secret_key_is_a_warning():
    _, findings = examine_environment(ERP)
    assert [finding.status for finding in findings] == [Status.OK, Status.WARNING]
    assert "csa serve" in findings[1].message
