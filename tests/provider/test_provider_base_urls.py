"""Where the key may be sent."""

from __future__ import annotations

import pytest

from batchgen.errors import SettingsError
from batchgen.provider.base_urls import OFFICIAL_BASE_URLS, check_base_url, host_of


@pytest.mark.parametrize(
    ("url", "provider", "checked"),
    [
        *[(url, provider, url) for provider, url in OFFICIAL_BASE_URLS.items()],
        (
            "https://Open.BigModel.cn/api/paas/v4/",
            "bigmodel",
            "https://open.bigmodel.cn/api/paas/v4",
        ),
        ("https://proxy.shop/api/paas/v4", "zai", "https://proxy.shop/api/paas/v4"),
        ("http://127.0.0.1:9/api/paas/v4", "bigmodel", "http://127.0.0.1:9/api/paas/v4"),
        ("http://localhost:9/api/paas/v4", "simulator", "http://localhost:9/api/paas/v4"),
        ("http://[::1]:9/api/paas/v4", "simulator", "http://[::1]:9/api/paas/v4"),
    ],
)
def test_good_address_is_taken(url: str, provider: str, checked: str) -> None:
    """Https anywhere and http on this machine are allowed, in one spelling."""
    assert check_base_url(url, provider) == checked


@pytest.mark.parametrize(
    ("url", "provider"),
    [
        ("http://open.bigmodel.cn/api/paas/v4", "bigmodel"),
        ("http://127.0.0.1.evil.example/api/paas/v4", "bigmodel"),
        ("ftp://open.bigmodel.cn/api/paas/v4", "bigmodel"),
        ("open.bigmodel.cn/api/paas/v4", "bigmodel"),
        ("https:///api/paas/v4", "bigmodel"),
        ("https://user:word@open.bigmodel.cn/api/paas/v4", "bigmodel"),
        ("https://open.bigmodel.cn/api/paas/v4?key=1", "bigmodel"),
        ("https://open.bigmodel.cn/api/paas/v4#a", "bigmodel"),
        ("https://open.bigmodel.cn/api/coding/paas/v4", "bigmodel"),
        ("https://open.bigmodel.cn:x/api/paas/v4", "bigmodel"),
        ("https://open.bigmodel.cn\\@evil.example/api/paas/v4", "bigmodel"),
        ("https://[::1/api/paas/v4", "bigmodel"),
        ("", "bigmodel"),
        ("https://api.z.ai/api/paas/v4", "bigmodel"),
        ("https://open.bigmodel.cn/api/paas/v4", "zai"),
        ("https://open.bigmodel.cn/api/paas/v4", "simulator"),
        ("https://proxy.shop/api/paas/v4", "simulator"),
    ],
)
def test_bad_address_is_refused(url: str, provider: str) -> None:
    """The key goes nowhere else, and simulated money never meets a real host."""
    with pytest.raises(SettingsError):
        check_base_url(url, provider)


def test_refusal_shows_no_password() -> None:
    """What stands before the @ is not repeated."""
    with pytest.raises(SettingsError) as caught:
        check_base_url("https://user:hush@open.bigmodel.cn/api/paas/v4", "bigmodel")
    assert "hush" not in str(caught.value)


def test_host_has_no_port() -> None:
    """The account's host is the name alone."""
    assert host_of("http://[::1]:9/api/paas/v4") == "::1"
    assert host_of(OFFICIAL_BASE_URLS["zai"]) == "api.z.ai"
