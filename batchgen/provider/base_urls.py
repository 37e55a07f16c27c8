"""Which API addresses the key may be sent to. Pure; nothing is asked of the network."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from batchgen.errors import SettingsError
from batchgen.messages import Message, msg

#: Path of the API on every host (docs.bigmodel.cn and docs.z.ai API reference, read 2026-11-23).
API_PATH = "/api/paas/v4"
#: Provider -> official base URL (same source).
OFFICIAL_BASE_URLS: Mapping[str, str] = {
    "bigmodel": f"https://open.bigmodel.cn{API_PATH}",
    "zai": f"https://api.z.ai{API_PATH}",
}

#: Printable ASCII without the characters that URL readers disagree about.
_URL_CHARACTERS = re.compile(r"[A-Za-z0-9:/._\-\[\]@?#%&=+~]+")


def check_base_url(url: str, provider: str) -> str:
    """Give the base URL without a trailing slash if the key of `provider` may be sent there.

    Raises:
        SettingsError: otherwise; the message never repeats a user name or password in the URL.
    """
    parts = _split(url)
    fault = _fault(parts) or _wrong_place(parts, provider)
    if fault is not None:
        raise SettingsError(fault)
    return f"{parts.scheme}://{parts.netloc.lower()}{API_PATH}"


def host_of(base_url: str) -> str:
    """Give the host name of a checked base URL, in lower case, without its port."""
    return urlsplit(base_url).hostname or ""


def is_loopback(host: str) -> bool:
    """Tell whether the host name or address means this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _split(url: str) -> SplitResult:
    unreadable = msg("the base URL cannot be read; it looks like {url}", url=_example())
    if not _URL_CHARACTERS.fullmatch(url):
        raise SettingsError(unreadable)
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises ValueError when it is no port number
    except ValueError as error:
        raise SettingsError(unreadable) from error
    return parts


def _fault(parts: SplitResult) -> Message | None:
    host = parts.hostname or ""
    if "@" in parts.netloc or parts.query or parts.fragment:
        return msg("the base URL may not hold a user name, a password, a query or a fragment")
    if parts.scheme not in {"http", "https"} or not host:
        return msg("the base URL must begin with https:// and a host, like {url}", url=_example())
    if parts.scheme == "http" and not is_loopback(host):
        return msg("the base URL of {host} must use https: the key is sent there", host=host)
    if parts.path.rstrip("/") != API_PATH:
        return msg("the base URL of {host} must end in {path}", host=host, path=API_PATH)
    return None


def _wrong_place(parts: SplitResult, provider: str) -> Message | None:
    host = parts.hostname or ""
    for owner, official in OFFICIAL_BASE_URLS.items():
        if owner != provider and host == host_of(official):
            return msg(
                "{host} belongs to provider {owner}, but the provider is {provider}:"
                " keys and prices differ, set both or neither",
                host=host,
                owner=owner,
                provider=provider,
            )
    if provider == "simulator" and not is_loopback(host):
        return msg(
            "provider simulator works on this machine only, not on {host}: its money is not real",
            host=host,
        )
    return None


def _example() -> str:
    return OFFICIAL_BASE_URLS["bigmodel"]
