"""Every Item with what it is across instances: crop, grade, pack, use, and what its unit holds.

The crosswalk of items: feeds look up here what a line's item is and how many kg a stock unit is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from warehouse.cleaning.books import BOOK_FIELDS, read_books
from warehouse.cleaning.names import clean_name
from warehouse.cleaning.quantity import ItemUnits, canonicalise
from warehouse.cleaning.units import KG
from warehouse.datasets.columns import (
    amount,
    balance,
    distinct,
    flag,
    integer,
    known_by,
    link,
    matched_by,
    share,
    text,
)
from warehouse.datasets.declaration import Check, Dataset, Partition, Source
from warehouse.identity.item_traits import read_traits
from warehouse.identity.items import ITEM_EVIDENCE, MARK_FIELDS, ItemEvidences
from warehouse.identity.matching import Ids, RecordKey, identify_alone, resolve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from warehouse.cleaning.books import Books
    from warehouse.datasets.declaration import Row
    from warehouse.datasets.scope import Scope
    from warehouse.identity.item_traits import Traits
    from warehouse.identity.matching import Identity

ID_PREFIX = "item-"
BOOKS = ("UOM Conversion Factor", "Item Group")
OWN_FIELDS = ("item_name", "item_group", "stock_uom", "is_stock_item", "disabled")
UNIT_FIELDS = ("weight_per_unit", "weight_uom", "uoms.uom", "uoms.conversion_factor")


async def build(scope: Scope) -> AsyncIterator[Row]:
    """Yield a row for each Item: read once to find what is the same, and once more to tell it."""
    evidences, ids = ItemEvidences(), Ids(ID_PREFIX, scope.identity_key)
    for instance in scope.instances:
        async for item in scope.read("Item", instance):
            evidences.add(RecordKey(instance, "Item", item["name"]), item)
    labels = {
        RecordKey(row["instance"], "Item", row["item_code"]): row["item"]
        for row in scope.curated.rows("items").values()
        if row["item"] and row["instance"] in scope.instances
    }
    known = resolve(ids, evidences.pairs(), labels)
    for instance in scope.instances:
        books = await _read_books(scope, instance)
        async for item in scope.read("Item", instance):
            key = RecordKey(instance, "Item", item["name"])
            identity = known.get(key) or identify_alone(ids, key)
            yield _describe(key, item, identity, _read_traits(key, item, books, scope), books)


async def _read_books(scope: Scope, instance: str) -> Books:
    return read_books(
        {doctype: [row async for row in scope.read(doctype, instance)] for doctype in BOOKS}
    )


def _read_traits(key: RecordKey, item: Row, books: Books, scope: Scope) -> Traits:
    groups = books.path_to_root("Item Group", item.get("item_group") or "")
    name = item.get("item_name") or key.name
    return read_traits(key.instance, key.name, name, groups, scope.curated)


def _describe(
    key: RecordKey, item: Row, identity: Identity, traits: Traits, books: Books
) -> dict[str, Any]:
    units = ItemUnits(
        item.get("stock_uom") or "",
        {
            row["uom"]: row.get("conversion_factor") or 0
            for row in item.get("uoms", ())
            if "uom" in row
        },
        item.get("weight_per_unit") or 0,
        item.get("weight_uom"),
    )
    canonical = canonicalise(units.stock_uom, books.factors, units)
    pack = traits.pack if traits.pack and traits.pack[0] == KG else None
    applied = {"C8": canonical is None, "C13": not traits.is_mapped}
    return {
        "instance": key.instance,
        "company": None,
        "item_code": key.name,
        "item_name": clean_name(item.get("item_name") or key.name),
        "item_group": item.get("item_group"),
        "is_stock_item": item.get("is_stock_item", 0),
        "disabled": item.get("disabled", 0),
        "item_id": identity.id,
        "method": identity.method,
        "confidence": round(identity.confidence * 100),
        "crop": traits.crop,
        "variety": traits.variety,
        "grade": traits.grade,
        "organic": int(traits.is_organic),
        "business": traits.business,
        "stock_uom": units.stock_uom,
        "unit": canonical.unit if canonical else None,
        "unit_factor": canonical.factor if canonical else None,
        "pack_kg": pack[1] if pack else None,
        "items": 1,
        "unmapped": int(not traits.is_mapped),
        "unconverted": int(canonical is None),
        "cleaned": [code for code, was_applied in applied.items() if was_applied],
        "source": {"doctype": "Item", "name": key.name},
    }


_NAME, _GROUP, _UNIT = "Item.item_name", "Item.item_group", "Item.stock_uom"

DATASET = Dataset(
    slug="items",
    title="Items",
    description=(
        "Every Item of every instance. item_id is the same for items that are one by barcode, by "
        "HSN code with name and package, or because a person said so. No Item has a company."
    ),
    owner="Stores",
    grain="one Item",
    key=("instance", "company", "item_code"),
    partition=Partition.ACROSS,
    sources=(
        Source("Item", OWN_FIELDS + UNIT_FIELDS + MARK_FIELDS),
        *(Source(doctype, BOOK_FIELDS[doctype], is_setting=True) for doctype in BOOKS),
    ),
    rows_of=("Item",),
    crosswalk="item_code",
    cleaning=("C8", "C11", "C13"),
    dimensions=(
        text("company", "Company", description="Empty: an Item belongs to no company."),
        link("item_code", "Item", "Item.name"),
        text("item_name", "Name", _NAME),
        link("item_group", "Item Group", _GROUP),
        flag("is_stock_item", "Kept in stock", "Item.is_stock_item"),
        flag("disabled", "Disabled", "Item.disabled"),
        known_by(text("item_id", "Item across instances"), ITEM_EVIDENCE),
        matched_by(
            text("method", "Known by", description="alone, barcode, hsn_name_and_pack, curated"),
            ITEM_EVIDENCE,
        ),
        matched_by(integer("confidence", "Confidence in %"), ITEM_EVIDENCE),
        text("crop", "Crop", _NAME),
        text("variety", "Variety", _NAME),
        text("grade", "Grade", _NAME),
        flag("organic", "Said to be organic", _NAME),
        text("business", "Business", _GROUP, description="input, output, service or other"),
        text("stock_uom", "Stock UOM", _UNIT),
        text("unit", "Canonical unit", _UNIT, description="kg, litre or number"),
    ),
    measures=(
        amount("items", "Items", "items"),
        amount("unmapped", "Unmapped", "items", description="Business, or crop, unknown."),
        share("unmapped_share", "Unmapped share", "unmapped", "items"),
        amount("unconverted", "Without kg, litre or number", "items"),
        balance("unit_factor", "Canonical units in a stock unit", "unit", _UNIT),
        balance("pack_kg", "Package", "kg", _NAME),
        distinct("distinct_items", "Items across instances", "items", "item_id"),
    ),
    checks=(
        Check("is_mapped", "An item's use is known", {"$eq": ["$unmapped", 1]}, 0.2, blocks=False),
    ),
    freshness_hours=30,
    build=build,
)
