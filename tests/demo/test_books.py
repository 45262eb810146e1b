"""The sample books are complete, consistent and always the same."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from demo.books import Mix, generate_books
from demo.books.doctypes import CHILD_COLUMNS, STANDARD_COLUMNS, list_columns, list_tables
from demo.books.names import UniqueNames
from demo.books.words import spell_amount

if TYPE_CHECKING:
    from collections.abc import Iterator

    from demo.site.dataset import Dataset, Row


@pytest.fixture(scope="module", params=[1, 2], ids=["food company", "seed company"])
def site(request: pytest.FixtureRequest) -> Dataset:
    return generate_books(3_000, request.param)


def ordinary(site: Dataset) -> dict[str, list[Row]]:
    return {name: rows for name, rows in site.documents.items() if not site.metas[name]["issingle"]}


def count(site: Dataset) -> int:
    return sum(len(rows) for rows in ordinary(site).values())


def digest(site: Dataset) -> str:
    parts = [site.doctypes, site.metas, site.documents]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def rows_with_children(site: Dataset) -> Iterator[Row]:
    for name, rows in site.documents.items():
        tables = [field["fieldname"] for field in list_tables(site.metas[name])]
        for row in rows:
            yield row
            for table in tables:
                yield from row[table]


def size(row: Row) -> int:
    return len(json.dumps(row, separators=(",", ":")))


def test_the_same_arguments_give_the_same_books():
    assert digest(generate_books(400, 7)) == digest(generate_books(400, 7))
    assert digest(generate_books(400, 7)) != digest(generate_books(400, 9))


@pytest.mark.parametrize("mix", list(Mix))
@pytest.mark.parametrize("documents", [200, 201, 257, 1_000, 1_999])
def test_a_site_has_exactly_as_many_documents_as_asked_for(documents, mix):
    site = generate_books(documents, 3, mix=mix)
    assert count(site) == documents
    assert all(site.documents[name] for name in ("Customer", "Supplier", "Item", "Sales Invoice"))


def test_fewer_than_200_documents_are_refused():
    with pytest.raises(ValueError, match="200"):
        generate_books(199, 1)


def test_the_seed_or_the_name_chooses_the_company():
    names = [
        generate_books(200, seed, company).documents["Company"][0]["name"]
        for seed, company in ((2, ""), (3, ""), (3, "Tangedu Puvvu Producer Company"))
    ]
    assert len(set(names)) == 3


def test_half_of_the_documents_are_sales_invoices_where_no_ledgers_are_kept():
    site = generate_books(1_500, 1, mix=Mix.VOUCHERS)
    shares = {name: len(rows) / count(site) for name, rows in site.documents.items()}
    assert shares["GL Entry"] == shares["Stock Ledger Entry"] == 0
    assert 0.45 < shares["Sales Invoice"] < 0.6
    assert 0.08 < shares["Purchase Invoice"] < 0.12
    assert 0.08 < shares["Payment Entry"] < 0.12
    assert 0.12 < shares["Farmer"] < 0.18


def test_every_row_has_exactly_the_columns_of_its_meta(site):
    for row in rows_with_children(site):
        meta = site.metas[row["doctype"]]
        keys = {*STANDARD_COLUMNS, "doctype", *(CHILD_COLUMNS if meta["istable"] else ())}
        keys |= {field["fieldname"] for field in list_columns(meta) + list_tables(meta)}
        keys -= {"creation"} if meta["issingle"] else set()
        assert row.keys() == keys


def test_children_know_their_parent(site):
    seen = set()
    for name, rows in site.documents.items():
        for field in list_tables(site.metas[name]):
            for row in rows:
                for idx, child in enumerate(row[field["fieldname"]], 1):
                    place = (child["parent"], child["parentfield"], child["parenttype"])
                    assert place == (row["name"], field["fieldname"], name)
                    assert child["idx"] == idx
                    assert child["docstatus"] == row["docstatus"]
                    assert child["doctype"] == field["options"]
                    seen.add(field["options"])
    assert {"Sales Invoice Item", "Farmer Crop", "Farmer Tag Link", "Dynamic Link"} <= seen


def test_every_link_leads_somewhere(site):
    names = {name: {row["name"] for row in rows} for name, rows in site.documents.items()}
    followed: Counter[str] = Counter()
    for row in rows_with_children(site):
        for field in list_columns(site.metas[row["doctype"]]):
            value = row[field["fieldname"]]
            if not value or field["fieldtype"] not in {"Link", "Dynamic Link"}:
                continue
            dynamic = field["fieldtype"] == "Dynamic Link"
            target = row[field["options"]] if dynamic else field["options"]
            if target == "DocType":
                assert value in site.metas
            elif target in names:
                assert value in names[target], (row["doctype"], field["fieldname"], value)
                followed[target] += 1
    assert {"Item", "Customer", "Sales Invoice", "Account", "Farmer", "User"} <= followed.keys()


def test_names_are_unlike_each_other_in_any_case(site):
    for name, rows in site.documents.items():
        folded = [str(row["name"]).casefold().strip() for row in rows]
        assert len(set(folded)) == len(folded), name
    children = [row["name"] for row in rows_with_children(site) if "parent" in row]
    assert len(set(children)) == len(children)


def test_invoices_are_drafted_submitted_cancelled_amended_and_returned(site):
    invoices = {row["name"]: row for row in site.documents["Sales Invoice"]}
    assert {row["docstatus"] for row in invoices.values()} == {0, 1, 2}
    amended = [row for row in invoices.values() if row["amended_from"]]
    returned = [row for row in invoices.values() if row["is_return"]]
    assert (len(amended) > 0, len(returned) > 0) == (True, True)
    for row in amended:
        assert row["name"] == f"{row['amended_from']}-1"
        assert invoices[row["amended_from"]]["docstatus"] == 2
    for row in returned:
        source = invoices[row["return_against"]]
        assert (source["docstatus"], source["customer"]) == (1, row["customer"])
        assert 0 > row["grand_total"] >= -source["grand_total"]
        taken = {line["sales_invoice_item"]: -line["qty"] for line in row["items"]}
        sold = {line["name"]: line["qty"] for line in source["items"]}
        assert taken.items() <= sold.items()


def test_invoices_are_as_large_as_real_ones():
    for seed in (1, 2):
        site = generate_books(1_000, seed, mix=Mix.INVOICES)
        invoices = site.documents["Sales Invoice"]
        assert len(invoices) > 850
        assert 12_500 < sum(map(size, invoices)) / len(invoices) < 15_000
        assert len(list_tables(site.metas["Sales Invoice"])) == 9


@pytest.mark.parametrize(("mix", "fewest"), [(Mix.VOUCHERS, 0.006), (Mix.ORDINARY, 0.001)])
def test_some_documents_share_one_modified(mix, fewest):
    site = generate_books(1_500, 1, mix=mix)
    moments = Counter(row["modified"] for rows in ordinary(site).values() for row in rows)
    (_, most), (_, next_most) = moments.most_common(2)
    assert fewest < most / count(site) < 0.02
    assert next_most == 1


def test_documents_change_after_they_are_made_within_a_year(site):
    rows = [row for rows in ordinary(site).values() for row in rows]
    assert all(row["creation"] <= row["modified"] <= "2026-11-20 18:30:00" for row in rows)
    assert min(row["creation"] for row in rows) > "2025-10-01"
    assert any("." not in row["modified"] for row in rows)
    names = [row["creation"] for row in site.documents["Sales Invoice"]]
    assert names == sorted(names)


def test_awkward_names_are_there(site):
    names = {row["name"] for row in site.documents["Customer"] + site.documents["Item"]}
    assert any(name.endswith("/") for name in names)
    for sign in "/%\"'\\?#&+;🌾కర":
        assert any(sign in name for name in names), sign
    assert [row["name"] for row in site.documents["Field Visit"]][:3] == [1, 2, 3]


def test_farmers_have_every_awkward_kind_of_column(site):
    meta = site.metas["Farmer"]
    kinds = {field["fieldtype"] for field in meta["fields"]}
    assert {"Password", "Time", "Duration", "Rating", "JSON", "Table MultiSelect"} <= kinds
    assert [field["fieldname"] for field in meta["fields"] if field["is_virtual"]]
    assert [field["fieldname"] for field in meta["fields"] if field["permlevel"] == 1]
    farmers = site.documents["Farmer"]
    assert {row["portal_pin"] for row in farmers} == {None, "*****"}
    assert "7:05:00" in {row["visit_time"] for row in farmers}
    assert all(json.loads(row["plot"])["features"] for row in farmers if row["plot"])


def test_metas_describe_all_doctypes(site):
    listed = {row["name"]: row for row in site.doctypes}
    assert listed.keys() == site.metas.keys()
    assert site.documents.keys() == {name for name, row in listed.items() if not row["istable"]}
    for meta in site.metas.values():
        assert len({field["fieldname"] for field in meta["fields"]}) == len(meta["fields"])
        for field in list_tables(meta):
            assert site.metas[field["options"]]["istable"]
    assert site.documents["Version"] == site.documents["Project"] == []
    assert [name for name, row in listed.items() if row["is_virtual"]] == ["RQ Job"]


def test_customisations_match_the_metas(site):
    custom = {
        (name, field["fieldname"]): field
        for name, meta in site.metas.items()
        for field in meta["fields"]
        if field.get("is_custom_field")
    }
    rows = {(row["dt"], row["fieldname"]): row for row in site.documents["Custom Field"]}
    assert custom.keys() == rows.keys()
    for key, row in rows.items():
        assert (row["name"], row["fieldtype"]) == (custom[key]["name"], custom[key]["fieldtype"])
    for setter in site.documents["Property Setter"]:
        fields = site.metas[setter["doc_type"]]["fields"]
        (field,) = [one for one in fields if one["fieldname"] == setter["field_name"]]
        assert str(field[setter["property"]]) == setter["value"]


def test_singles_know_no_creation(site):
    (settings,) = site.documents["System Settings"]
    assert (settings["time_zone"], settings["idx"]) == (site.time_zone, "0")
    assert "creation" not in settings


@pytest.mark.parametrize(
    ("amount_inr", "words"),
    [
        (21.5, "INR Twenty One and Fifty Paisa only."),
        (-100, "INR One Hundred only."),
        (104_205, "INR One Lakh, Four Thousand, Two Hundred And Five only."),
        (120_000_013, "INR Twelve Crore, Thirteen only."),
    ],
)
def test_amounts_are_spelled_with_lakh_and_crore(amount_inr, words):
    assert spell_amount(amount_inr) == words


def test_a_taken_name_gets_a_number():
    names = UniqueNames()
    taken = [names.take(name) for name in ("Ragi", "RAGI", "ragi - 1", "Ragi")]
    assert len({name.casefold() for name in taken}) == 4
