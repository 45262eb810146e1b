"""What may happen to a site: each operation chooses its documents by its own dice.

So an operation means something whatever came before it, and a failing walk may be shortened by
leaving operations out.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

from tests.model.books import SINGLES
from tests.model.site import LISTED, ModelSite

Operation = Callable[[ModelSite, Random], None]
Row = dict[str, Any]

TEXTS = {
    "Customer": "customer_name",
    "Farmer": "village",
    "Farmer Tag": "tag",
    "Field Visit": "findings",
    "Item": "item_name",
    "Payment Entry": "remarks",
    "Sales Invoice": "title",
}
# The large ones twice: there most is to be missed.
RENAMED = (
    *("Customer", "Farmer Tag", "Item", "Payment Entry"),
    *("Farmer", "Farmer", "Sales Invoice", "Sales Invoice"),
)
SUBMITTED = ("Payment Entry", "Sales Invoice")
ODD_NAMES = ("N-", "Ñandú & Söhne ", "50%_off/", 'O\'Neil "b" ', "రైతు-", "a<b>", "x, y ")
FILLED = {
    ("Customer", "sales_team"): {"sales_person": "S", "allocated_percentage": 10.0},
    ("Farmer", "crops"): {"season": "Rabi", "area_acres": 1.5},
    ("Farmer", "tags"): {"tag": "kitchen garden"},
    ("Item", "uoms"): {"uom": "Kg", "conversion_factor": 1.0},
    ("Item", "barcodes"): {"barcode": "890"},
    ("Payment Entry", "references"): {"reference_doctype": "Sales Invoice"},
    ("Sales Invoice", "items"): {"qty": 2.0, "rate": 7.5},
    ("Sales Invoice", "payment_schedule"): {"payment_amount": 3.0},
}


def edit(site: ModelSite, dice: Random) -> None:
    """Save a document, its children with it."""
    _edit(site, dice, "now")


def edit_silently(site: ModelSite, dice: Random) -> None:
    """Change a field without a new `modified`, as db_set does."""
    _edit(site, dice, None)


def edit_child(site: ModelSite, dice: Random) -> None:
    """Change a child row, the parent saved or not, the row's own `modified` new or not."""
    found = _pick_with_children(site, dice)
    if found:
        doctype, row, fieldname = found
        child = dice.choice(row[fieldname])
        values = {"idx": child["idx"], "owner": f"u{dice.randrange(99)}@csa.example"}
        values |= dice.choice(({}, {"modified": site.clock.now()}))
        stamp = dice.choice(("now", None, None))
        children = {child["name"]: values}
        site.do("edit", doctype=doctype, name=row["name"], child_values=children, modified=stamp)


def save_with_children(site: ModelSite, dice: Random) -> None:
    """Save a document with a change in itself and in a child row."""
    found = _pick_with_children(site, dice)
    if found:
        doctype, row, fieldname = found
        child, mark = dice.choice(row[fieldname]), f"m{dice.randrange(10**6)}"
        site.do(
            "edit",
            doctype=doctype,
            name=row["name"],
            values={TEXTS[doctype]: mark},
            child_values={child["name"]: {"owner": mark}},
            modified="now",
        )


def add_child(site: ModelSite, dice: Random) -> None:
    """Add a child row; SQL leaves the parent's `modified` as it is."""
    doctype, fieldname = dice.choice(list(FILLED))
    row = _pick(site, dice, doctype)
    if row:
        rows = [*(row.get(fieldname) or ()), dict(FILLED[doctype, fieldname])]
        stamp = dice.choice(("now", None))
        values = {fieldname: rows}
        site.do("edit", doctype=doctype, name=row["name"], values=values, modified=stamp)


def remove_child(site: ModelSite, dice: Random) -> None:
    """Remove a child row: a save numbers the rest anew, SQL leaves a gap."""
    found = _pick_with_children(site, dice)
    if found:
        doctype, row, fieldname = found
        rows = list(row[fieldname])
        rows.pop(dice.randrange(len(rows)))
        stamp = dice.choice(("now", None))
        if stamp:
            rows = [{**child, "idx": place} for place, child in enumerate(rows, 1)]
        values = {fieldname: rows}
        site.do("edit", doctype=doctype, name=row["name"], values=values, modified=stamp)


def set_single(site: ModelSite, dice: Random) -> None:
    """Change a Single."""
    (doctype,) = SINGLES
    values = {"share_price": float(dice.randrange(900))}
    stamp = dice.choice(("now", None))
    site.do("edit", doctype=doctype, name=doctype, values=values, modified=stamp)


def insert(site: ModelSite, dice: Random) -> None:
    """Insert a document: now, a few minutes ago (committed late), or backdated by an import."""
    doctype = dice.choice(LISTED)
    ago = dice.choice((0, 0, 0, 60, 500, 500_000))
    _insert(site, dice, doctype, _new_name(site, dice, doctype), ago)


def insert_several(site: ModelSite, dice: Random) -> None:
    """Insert documents that share one `modified`, more than a page holds."""
    doctype = dice.choice(LISTED)
    moment = site.clock.now()
    for _ in range(dice.randrange(3, 15)):
        stamps = {"creation": site.clock.now(), "modified": moment}
        name = _new_name(site, dice, doctype)
        site.insert(doctype, _filled(dice, doctype) | {"name": name} | stamps)


def delete(site: ModelSite, dice: Random) -> None:
    """Delete a document with its trace."""
    _delete(site, dice, trace=True)


def lose(site: ModelSite, dice: Random) -> None:
    """Delete a document by SQL: no trace, and maybe its child rows stay."""
    _delete(site, dice, trace=False, keep=dice.random() < 0.5)


def lose_many(site: ModelSite, dice: Random) -> None:
    """Delete more documents without a trace than is believed."""
    doctype = dice.choice(("Farmer", "Sales Invoice"))
    for row in site.rows(doctype)[: 21 + dice.randrange(5)]:
        site.delete(doctype, row["name"], trace=False)


def rename(site: ModelSite, dice: Random) -> None:
    """Rename a document, mostly with the Comment that tells of it."""
    doctype = dice.choice(RENAMED)
    row = _pick(site, dice, doctype)
    if row:
        name = _new_name(site, dice, doctype)
        site.rename(doctype, row["name"], name, comment=dice.random() < 0.6)


def rename_there_and_back(site: ModelSite, dice: Random) -> None:
    """Rename a document and take it back."""
    doctype = dice.choice(RENAMED)
    row = _pick(site, dice, doctype)
    if row:
        name, comment = _new_name(site, dice, doctype), dice.random() < 0.6
        site.rename(doctype, row["name"], name, comment=comment)
        site.rename(doctype, name, row["name"], comment=comment)


def rename_back(site: ModelSite, dice: Random) -> None:
    """Give a document the name back that it had."""
    past = [
        (doctype, trace.to, name)
        for (doctype, name), traces in site.traces.items()
        for trace in traces
        if trace.kind == "renamed" and trace.to
        if site.find(doctype, trace.to) and not _is_taken(site, doctype, name)
    ]
    if past:
        doctype, now, before = dice.choice(past)
        site.rename(doctype, now, before, comment=dice.random() < 0.6)


def rename_along(site: ModelSite, dice: Random) -> None:
    """Rename a document twice."""
    doctype = dice.choice(RENAMED)
    row = _pick(site, dice, doctype)
    if row:
        first, second = _new_name(site, dice, doctype), _new_name(site, dice, doctype)
        site.rename(doctype, row["name"], first, comment=dice.random() < 0.6)
        site.rename(doctype, first, second, comment=dice.random() < 0.6)


def swap_names(site: ModelSite, dice: Random) -> None:
    """Let two documents exchange their names."""
    doctype = dice.choice(RENAMED)
    one, other = _pick(site, dice, doctype), _pick(site, dice, doctype)
    if one and other and one["name"] != other["name"]:
        aside, comment = _new_name(site, dice, doctype), dice.random() < 0.6
        site.rename(doctype, one["name"], aside, comment=comment)
        site.rename(doctype, other["name"], one["name"], comment=comment)
        site.rename(doctype, aside, other["name"], comment=comment)


def reuse_name(site: ModelSite, dice: Random) -> None:
    """Give a name that has become free to a new document."""
    free = [
        (doctype, name)
        for doctype, name in site.traces
        if doctype != "Field Visit" and not _is_taken(site, doctype, name)
    ]
    if free:
        doctype, name = dice.choice(free)
        _insert(site, dice, doctype, name, dice.choice((0, 0, 0, 500)))


def delete_and_reuse(site: ModelSite, dice: Random) -> None:
    """Delete a document and give its name to another at once."""
    doctype = dice.choice([each for each in LISTED if each != "Field Visit"])
    row = _pick(site, dice, doctype)
    if row:
        trace = dice.random() < 0.6
        site.delete(doctype, row["name"], trace=trace, keep=not trace and dice.random() < 0.3)
        _insert(site, dice, doctype, row["name"], 0)


def amend(site: ModelSite, dice: Random) -> None:
    """Cancel a document and amend it: NAME-1 with `amended_from`."""
    doctype = dice.choice(SUBMITTED)
    row = _pick(site, dice, doctype)
    if row and not _is_taken(site, doctype, f"{row['name']}-1"):
        site.do("edit", doctype=doctype, name=row["name"], values={"docstatus": 2}, modified="now")
        values = {"name": f"{row['name']}-1", "amended_from": row["name"]}
        site.insert(doctype, _filled(dice, doctype) | values)


def move_back(site: ModelSite, dice: Random) -> None:
    """Set `modified` to an earlier time, with or without another change."""
    _move(site, dice, -timedelta(seconds=dice.randrange(1, 10_000_000)))


def move_ahead(site: ModelSite, dice: Random) -> None:
    """Set `modified` to a time to come."""
    _move(site, dice, timedelta(seconds=dice.randrange(100, 3_000_000)))


def undate(site: ModelSite, dice: Random) -> None:
    """Take the `modified` away."""
    doctype = dice.choice(LISTED)
    row = _pick(site, dice, doctype)
    if row:
        site.do("edit", doctype=doctype, name=row["name"], values={"modified": None})


def tie(site: ModelSite, dice: Random) -> None:
    """Give many documents one `modified`, as a bulk update does."""
    doctype = dice.choice(LISTED)
    rows = site.rows(doctype)
    moment = site.clock.now()
    for row in dice.sample(rows, min(len(rows), dice.randrange(5, 25))):
        values = {TEXTS[doctype]: f"t{dice.randrange(99)}"}
        site.do("edit", doctype=doctype, name=row["name"], values=values, modified=moment)


def hide(site: ModelSite, dice: Random) -> None:
    """Hide a document from the key."""
    doctype = dice.choice(LISTED)
    row = _pick(site, dice, doctype)
    if row:
        site.hide(doctype, row["name"])


def show(site: ModelSite, dice: Random) -> None:
    """Show what is hidden."""
    if site.hidden:
        site.show_all()


def wait(site: ModelSite, dice: Random) -> None:
    """Let minutes pass."""
    site.clock.advance(timedelta(seconds=dice.randrange(1, 3_000)))


# How often each comes, by weight.
WEIGHTS: dict[Operation, int] = {
    edit: 6,
    edit_silently: 4,
    edit_child: 5,
    save_with_children: 4,
    add_child: 3,
    remove_child: 3,
    set_single: 2,
    insert: 5,
    insert_several: 1,
    delete: 4,
    lose: 3,
    rename: 4,
    rename_there_and_back: 4,
    rename_back: 4,
    rename_along: 2,
    swap_names: 4,
    reuse_name: 5,
    delete_and_reuse: 3,
    amend: 2,
    move_back: 2,
    move_ahead: 2,
    undate: 1,
    tie: 1,
    hide: 1,
    show: 1,
    wait: 3,
}
CHANGES = {operation.__name__: operation for operation in (*WEIGHTS, lose_many)}


def _pick(site: ModelSite, dice: Random, doctype: str) -> Row | None:
    """Pick a document; rather one of the last that came, so that things happen to it twice."""
    rows = site.rows(doctype)
    if rows and dice.random() < 0.4:
        rows = sorted(rows, key=lambda row: row["modified"] or "")[-4:]
    return dice.choice(rows) if rows else None


def _pick_with_children(site: ModelSite, dice: Random) -> tuple[str, Row, str] | None:
    doctype, fieldname = dice.choice(list(FILLED))
    rows = [row for row in site.rows(doctype) if row.get(fieldname)]
    return (doctype, dice.choice(rows), fieldname) if rows else None


def _edit(site: ModelSite, dice: Random, stamp: str | None) -> None:
    doctype = dice.choice(LISTED)
    row = _pick(site, dice, doctype)
    if row:
        values = {TEXTS[doctype]: dice.choice((f"e{dice.randrange(10**6)}", "same", None))}
        site.do("edit", doctype=doctype, name=row["name"], values=values, modified=stamp)


def _move(site: ModelSite, dice: Random, by: timedelta) -> None:
    doctype = dice.choice(LISTED)
    row = _pick(site, dice, doctype)
    if row:
        values = {TEXTS[doctype]: f"v{dice.randrange(99)}"} if dice.random() < 0.5 else {}
        stamp = site.clock.site_text(-by)
        site.do("edit", doctype=doctype, name=row["name"], values=values, modified=stamp)


def _delete(site: ModelSite, dice: Random, *, trace: bool, keep: bool = False) -> None:
    doctype = dice.choice(LISTED)
    row = _pick(site, dice, doctype)
    if row:
        site.delete(doctype, row["name"], trace=trace, keep=keep)


def _insert(site: ModelSite, dice: Random, doctype: str, name: str | int, ago: int) -> None:
    site.clock.now()
    stamp = {"creation": site.clock.site_text(timedelta(seconds=ago))}
    site.insert(doctype, _filled(dice, doctype) | {"name": name} | stamp)


def _filled(dice: Random, doctype: str) -> Row:
    document: Row = {TEXTS[doctype]: f"i{dice.randrange(10**6)}"}
    for (of, fieldname), values in FILLED.items():
        if of == doctype:
            document[fieldname] = [dict(values) for _ in range(dice.randrange(3))]
    return document


def _new_name(site: ModelSite, dice: Random, doctype: str) -> str | int:
    if doctype == "Field Visit":
        return 1_000 + int(site.new_name(""))
    return site.new_name(dice.choice(ODD_NAMES))


def _is_taken(site: ModelSite, doctype: str, name: str) -> bool:
    return site.find(doctype, name) is not None or site.hides(doctype, name)
