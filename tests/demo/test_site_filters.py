import pytest

from tests.demo.conftest import CUSTOMERS, names_of, rows_of

ALL = {row[0] for row in CUSTOMERS}
ODISHA = {"A/B Agro (P) Ltd", "100% Organic", "what? #1 & more;"}
NO_TERRITORY = {"రైతు మిత్ర", "Trailing Slash/"}
RAJU, CAFE = {"Raju Das"}, {"Ünïcödé Café 🌾"}
BORN = {"A/B Agro (P) Ltd", "100% Organic", "Ünïcödé Café 🌾"}


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (["territory", "=", "ODISHA "], ODISHA),
        (["territory", "ODISHA"], ODISHA),
        (["Customer", "territory", "=", "Odisha"], ODISHA),
        (["Customer", "territory", "=", "Odisha", False], ODISHA),
        (["territory", "!=", "odisha"], ALL - ODISHA),
        (["territory", "=", ""], NO_TERRITORY),
        (["territory", "in", ["Odisha", "Telangana"]], ODISHA | RAJU | CAFE),
        (["territory", "in", "odisha, telangana"], ODISHA | RAJU | CAFE),
        (["territory", "in", []], NO_TERRITORY),
        (["territory", "not in", ["Odisha"]], ALL - ODISHA),
        (["territory", "like", "tel%"], RAJU | CAFE),
        (["territory", "not like", "tel%"], ALL - RAJU - CAFE),
        (["territory", "is", "set"], ALL - NO_TERRITORY),
        (["territory", "is", "not set"], NO_TERRITORY),
        (["territory", ">", "odisha"], RAJU | CAFE),
        (["territory", "<", "p"], ODISHA | {"Trailing Slash/"}),
        (["balance", "=", "10.5"], RAJU),
        (["balance", "=", 0], {"A/B Agro (P) Ltd"}),
        (["balance", ">=", 7], RAJU | {"100% Organic"}),
        (["balance", "between", [3, 7]], {"100% Organic", "what? #1 & more;"} | CAFE),
        (["born", "=", "1990-05-04"], {"A/B Agro (P) Ltd"}),
        (["born", ">", "1990-05-04 23:00:00"], {"100% Organic"} | CAFE),
        (["born", "between", ["1990-05-04", "1990-05-05"]], BORN - CAFE),
        (["born", "<", "garbage"], set()),
        (["born", ">", "garbage"], BORN),
        (["modified", ">", "2026-03-03"], CAFE | {"what? #1 & more;"}),
        (["modified", "=", "2026-03-01T10:00:00.000001Z"], {"A/B Agro (P) Ltd"}),
        (["modified", "<=", "2026-03-01 10:00:00"], set()),
        (["modified", "<", "2026-03-01 10:00:01"], RAJU | {"A/B Agro (P) Ltd", "100% Organic"}),
        (["modified", "between", ["2026-03-02", "2026-03-03"]], NO_TERRITORY | CAFE),
        (["modified", ">", "garbage"], ALL),
        (["modified", ">=", ""], ALL),
        (["modified", "<", "garbage"], set()),
        (["name", "in", ["RAJU DAS", " Raju Das ", "nobody"]], RAJU),
        (["name", ">", "raju das"], ALL - RAJU - {"A/B Agro (P) Ltd", "100% Organic"}),
        (["name", "like", "%#1%"], {"what? #1 & more;"}),
    ],
)
async def test_a_filter_finds_its_rows(client, condition, expected):
    assert set(await names_of(client, "Customer", filters=[condition])) == expected


async def test_filters_may_be_a_mapping_with_operators(client):
    filters = {"territory": "Odisha", "balance": [">", 3]}
    assert set(await names_of(client, "Customer", filters=filters)) == {
        "100% Organic",
        "what? #1 & more;",
    }


async def test_or_filters_are_one_condition_beside_the_filters(client):
    found = await names_of(
        client,
        "Customer",
        filters=[["balance", ">", 1]],
        or_filters=[["territory", "=", "Telangana"], ["born", "=", "1990-05-05"]],
    )
    assert set(found) == {"Raju Das", "100% Organic", "Ünïcödé Café 🌾"}


async def test_a_filter_on_a_child_table_gives_a_parent_once_per_fitting_row(client):
    filters = [["Sales Invoice Item", "qty", ">=", 2]]
    found = await names_of(client, "Sales Invoice", filters=filters, order_by="name asc")
    assert found == ["INV-1", "INV-1", "INV/3"]
    assert await names_of(client, "Sales Invoice", filters=[["item_code", "=", "i-3"]]) == ["INV-1"]


async def test_integer_names_compare_as_numbers(client):
    assert await names_of(client, "Log", order_by="name asc") == [1, 2, 10]
    assert await names_of(client, "Log", filters=[["name", ">", 1]], order_by="name asc") == [2, 10]
    assert await names_of(client, "Log", filters=[["name", "in", ["10", 1]]], order_by="name") == [
        *(1, 10)
    ]


async def test_times_compare_as_times(client):
    found = await names_of(client, "Sales Invoice", filters=[["posting_time", "<", "10:00:00"]])
    assert len(found) == 3


async def test_null_sorts_first_and_last_when_descending(client):
    rising = await rows_of(
        client, "Customer", fields=["born"], order_by="born asc, name desc", filters={}
    )
    born = [row["born"] for row in rising]
    assert born == [None] * 4 + ["1990-05-04", "1990-05-05", "2001-01-01"]
    order_by = "`tabCustomer`.`born` desc"
    falling = await rows_of(client, "Customer", fields=["born"], order_by=order_by)
    assert [row["born"] for row in falling] == [row["born"] for row in reversed(rising)]


@pytest.mark.parametrize(
    ("params", "status", "exc_type"),
    [
        ({"filters": [["nope", "=", 1]]}, 417, "DataError"),
        ({"filters": [["Sales Invoice Item", "qty", "=", 1]]}, 417, "DataError"),
        ({"filters": [["name", "~~", 1]]}, 417, "ValidationError"),
        ({"filters": [["name", "=", 1, 2, 3, 4]]}, 417, "ValidationError"),
        ({"filters": "[[name"}, 500, "JSONDecodeError"),
        ({"fields": "name,modified"}, 500, "JSONDecodeError"),
        ({"fields": ["nope"]}, 417, "DataError"),
        ({"fields": ["count(*) as n"]}, 417, "DataError"),
        ({"fields": ["(select 1)"]}, 500, "IndexError"),
        ({"order_by": "sleep(1)"}, 417, "ValidationError"),
        ({"order_by": "nope desc"}, 417, "DataError"),
        ({"limit_page_length": -1}, 500, "ProgrammingError"),
    ],
)
async def test_a_query_that_makes_no_sense_is_refused(client, params, status, exc_type):
    body = {"doctype": "Customer", **params}
    answer = await client.post("/api/method/frappe.client.get_list", json=body)
    assert (answer.status_code, answer.json()["exc_type"]) == (status, exc_type)
