"""What an item is, from its name, its group and the curated tables (C13): crop, grade, pack, use.

A name that says nothing leaves a trait empty; nothing is assumed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from warehouse.cleaning.names import normalise_name
from warehouse.cleaning.units import own_factor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from warehouse.cleaning.curated import Curated

OUTPUT = "output"

_PACK = re.compile(
    r"(\d+(?:\.\d+)?)\s*(kgs?|grams?|gms?|g|ltrs?|litres?|liters?|l|ml)\b", re.IGNORECASE
)
_GRADE = re.compile(r"\bgrade[\s-]*([a-d1-4])\b|\b(faq)\b", re.IGNORECASE)
_ORGANIC = re.compile(r"\borganic\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Traits:
    """What is known of an item; `pack`: canonical unit and amount of one package."""

    crop: str | None = None
    variety: str | None = None
    grade: str | None = None
    is_organic: bool = False
    pack: tuple[str, Decimal] | None = None
    business: str | None = None

    @property
    def is_mapped(self) -> bool:
        """Whether the item's place in the business is known; of produce, also the crop."""
        return self.business is not None and (self.business != OUTPUT or self.crop is not None)


def read_traits(
    instance: str, item_code: str, item_name: str, groups: Sequence[str], curated: Curated
) -> Traits:
    """Return an item's traits; `groups`: its Item Group and those above it, nearest first."""
    own = curated.rows("items").get((instance, item_code), {})
    crop, variety = _find_crop(item_name, curated)
    return Traits(
        crop=own.get("crop") or crop,
        variety=own.get("variety") or variety,
        grade=own.get("grade") or _find_grade(item_name),
        is_organic=own["organic"] == "yes" if own.get("organic") else _is_organic(item_name),
        pack=("kg", Decimal(own["pack_kg"])) if own.get("pack_kg") else find_pack(item_name),
        business=own.get("business") or _find_business(groups, curated),
    )


def find_pack(item_name: str) -> tuple[str, Decimal] | None:
    """Return canonical unit and amount of the package that a name tells: 500 g is 0.5 kg."""
    found = _PACK.search(item_name)
    known = own_factor(found.group(2)) if found else None
    if not found or not known:
        return None
    unit, factor = known
    return unit, (Decimal(found.group(1)) * factor).normalize()


def strip_pack(item_name: str) -> str:
    """Return the normalised name without its package, for comparing."""
    return normalise_name(_PACK.sub(" ", item_name))


def _find_crop(item_name: str, curated: Curated) -> tuple[str | None, str | None]:
    """Return crop and variety that the words of a name tell; the longest word counts."""
    words = f" {normalise_name(item_name)} "
    crops = curated.rows("crops").values()
    told = [row for row in crops if f" {normalise_name(row['word'])} " in words]
    if not told:
        return None, None
    crop = max(told, key=lambda row: (len(row["word"]), row["word"]))["crop"]
    varieties = [row["variety"] for row in told if row["crop"] == crop and row["variety"]]
    return crop, min(varieties, default=None)


def _find_grade(item_name: str) -> str | None:
    found = _GRADE.search(item_name)
    return (found.group(1) or found.group(2)).upper() if found else None


def _is_organic(item_name: str) -> bool:
    return bool(_ORGANIC.search(item_name))


def _find_business(groups: Sequence[str], curated: Curated) -> str | None:
    known = curated.rows("item_groups")
    return next((known[group,]["business"] for group in groups if (group,) in known), None)
