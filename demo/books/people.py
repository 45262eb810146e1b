"""Who works at a sample company, and what its ERPNext lets each of them see.

Four employees who differ in what matters: `accounts@` sees the books whole, `sales@` no invoices
and only the Farmers whom they registered, `field@` only what lies in one territory, `stock@` goods
and suppliers. `former@` has left: every role, and disabled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo.site.auth import SERVICE_USER

if TYPE_CHECKING:
    from demo.books.book import Book
    from demo.site.dataset import Row

TERRITORY_OF_FIELD = "Telangana"
SHARED_WITH_SALES = "Grower"  # a Supplier Group
_ROLES = {
    "accounts": ("Accounts Manager", "Accounts User", "Auditor", "Purchase User"),
    "sales": ("Sales User",),
    "field": ("Sales User", "Accounts User"),
    "stock": ("Stock User", "Item Manager"),
    "former": ("Accounts Manager", "Accounts User"),
}
_ROLES_OF_SERVICE = (
    *("System Manager", "Script Manager", "Accounts Manager", "Accounts User", "Auditor"),
    *("Sales User", "Purchase User", "Purchase Manager", "Stock User", "Item Manager"),
)
# Rules of the site's own: they replace those that the DocType comes with.
_CUSTOM_RULES = {
    "Farmer": (
        {"role": "System Manager"},
        {"role": "System Manager", "permlevel": 1},
        {"role": "Accounts User"},
        {"role": "Accounts Manager", "permlevel": 1},
        {"role": "Sales User", "if_owner": 1},
    ),
}


def add_people(book: Book) -> None:
    """Add roles and users, before anything that one of them may have written."""
    _add_roles(book)
    common: Row = {"enabled": 1, "language": "en", "time_zone": "Asia/Kolkata"}
    common |= {"user_type": "System User", "desk_theme": "Light", "onboarding_status": "{}"}
    admin = {"email": "admin@example.com", "first_name": "Administrator", "username": "admin"}
    book.add_master("User", "Administrator", common | admin | {"full_name": "Administrator"})
    _add_user(book, SERVICE_USER, common, _ROLES_OF_SERVICE)
    for employee, roles in _ROLES.items():
        enabled = {"enabled": int(employee != "former")}
        _add_user(book, name_employee(book, employee), common | enabled, roles)


def add_restrictions(book: Book) -> None:
    """Add what else decides who may see what: User Permissions, shares, rules of the site's own."""
    allowed: Row = {"user": name_employee(book, "field"), "allow": "Territory"}
    allowed |= {"for_value": TERRITORY_OF_FIELD, "apply_to_all_doctypes": 1}
    book.add_master("User Permission", book.make_name(), allowed)
    shared: Row = {"user": name_employee(book, "sales"), "read": 1}
    shared |= {"share_doctype": "Supplier Group", "share_name": SHARED_WITH_SALES}
    book.add_master("DocShare", book.make_name(), shared)
    for doctype, rules in _CUSTOM_RULES.items():
        for rule in rules:
            values = {"parent": doctype, "permlevel": 0, "read": 1, **rule}
            book.add_master("Custom DocPerm", book.make_name(), values)


def list_clerks(book: Book) -> tuple[str, ...]:
    """List the users who write documents."""
    return tuple(name_employee(book, clerk) for clerk in ("accounts", "sales"))


def name_employee(book: Book, employee: str) -> str:
    """Name the user of an employee: `sales` → `sales@vaanajallu.example`."""
    return f"{employee}@{book.company.domain}"


def _add_roles(book: Book) -> None:
    permissions = (rule for meta in book.metas.values() for rule in meta["permissions"])
    for role in sorted({rule["role"] for rule in permissions}):
        book.add_master("Role", role, {"role_name": role, "desk_access": int(role != "All")})


def _add_user(book: Book, email: str, common: Row, roles: tuple[str, ...]) -> None:
    first = email.partition("@")[0].capitalize()
    own = {"email": email, "first_name": first, "full_name": first, "username": first.lower()}
    user = book.add_master("User", email, common | own)
    book.add_children(user, "roles", ({"role": role} for role in roles))
