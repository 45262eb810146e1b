"""The forms that values of settings must have, as types for pydantic; no message shows a value."""

import ipaddress
import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr
from pydantic_core import PydanticCustomError

LONGEST_INSTANCE = 60
SHORTEST_SECRET_KEY = 16
_LONGEST_DATABASE = 63


def refuse(what: str, cure: str) -> PydanticCustomError:
    """Return the error by which pydantic reports what is wrong with a value, and its cure."""
    return PydanticCustomError("setting", "{what}", {"what": what, "cure": cure})


def _split(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _check_instance(instance: str) -> str:
    if not re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", instance) or len(instance) > LONGEST_INSTANCE:
        cure = f"Use up to {LONGEST_INSTANCE} letters, digits and single underscores."
        raise refuse("has an id that can't name a collection", cure)
    if instance.endswith("_deleted"):
        cure = "Choose another id; erp_<id>_deleted is where documents that left are kept."
        raise refuse("has an id that ends in _deleted", cure)
    return instance


def _check_site_url(url: str) -> str:
    cure = "Give the address of the site, such as https://erp.example.com."
    if re.search(r"[\s\x00-\x1f\\]", url):
        raise refuse("contains blanks, control characters or backslashes", cure)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise refuse("is not a URL", cure) from None
    if parts.scheme not in ("http", "https") or not host:
        raise refuse("is not an http or https URL with a host", cure)
    if "@" in parts.netloc:
        cure = "Remove them; the key and secret go into __API_KEY and __API_SECRET."
        raise refuse("contains a user or password", cure)
    if "?" in url or "#" in url:
        raise refuse("has a query or a fragment", cure)
    if parts.scheme == "http" and not _names_loopback(host):
        raise refuse("uses http, which would send the key in clear text", "Use https.")
    return url.rstrip("/")


def _names_loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return address in ipaddress.ip_network("127.0.0.0/8") or str(address) == "::1"


def _check_credential(secret: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[\x21-\x39\x3b-\x7e]+", secret.get_secret_value()):
        cure = "Copy it again from the user's API Access in ERPNext."
        raise refuse("is empty or has characters that no key or secret of ERPNext has", cure)
    return secret


def _check_mongodb_uri(uri: SecretStr) -> SecretStr:
    if not uri.get_secret_value().startswith(("mongodb://", "mongodb+srv://")):
        cure = "Use mongodb://… or mongodb+srv://…, or leave it empty for the embedded MongoDB."
        raise refuse("does not start with mongodb:// or mongodb+srv://", cure)
    return uri


def _check_database_name(name: str) -> str:
    fits = re.fullmatch(r'[^/\\. "$*<>:|?\x00]+', name) and len(name.encode()) <= _LONGEST_DATABASE
    if not fits or name in ("admin", "config", "local"):
        cure = "Use 1 to 63 letters, digits, - or _, and none of admin, config, local."
        raise refuse("is no name for a database of ours in MongoDB", cure)
    return name


def _check_secret_key(key: SecretStr) -> SecretStr:
    if len(key.get_secret_value()) < SHORTEST_SECRET_KEY:
        cure = 'Make one: python -c "import secrets; print(secrets.token_urlsafe(32))".'
        raise refuse(f"has fewer than {SHORTEST_SECRET_KEY} characters", cure)
    return key


def _expand(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:
        raise refuse("names a home directory that there is not", "Give the whole path.") from None


def _check_proxies(proxies: tuple[str, ...]) -> tuple[str, ...]:
    for proxy in proxies:
        try:
            ipaddress.ip_network(proxy, strict=False)
        except ValueError:
            cure = "List addresses or networks, comma separated, such as 10.0.0.4,172.16.0.0/12."
            raise refuse("lists something that is no IP address or network", cure) from None
    return proxies


Names = Annotated[tuple[str, ...], BeforeValidator(_split)]
Proxies = Annotated[Names, AfterValidator(_check_proxies)]
InstanceId = Annotated[str, AfterValidator(_check_instance)]
SiteUrl = Annotated[str, AfterValidator(_check_site_url)]
Credential = Annotated[SecretStr, AfterValidator(_check_credential)]
SecretKey = Annotated[SecretStr, AfterValidator(_check_secret_key)]
MongoUri = Annotated[SecretStr, AfterValidator(_check_mongodb_uri)]
DatabaseName = Annotated[str, AfterValidator(_check_database_name)]
LocalPath = Annotated[Path, AfterValidator(_expand)]
