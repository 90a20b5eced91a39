"""The type of every endpoint on the command line: a URL of scheme, host and port, its mistakes told with the remedy."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from shared.domain.create_instance.schema import REGION_ID

if TYPE_CHECKING:
    from urllib.parse import SplitResult

EXAMPLE = "http://127.0.0.1:4566"


class EndpointUrl(click.ParamType):  # type: ignore[type-arg] # generic in the newest click only
    """Reads an endpoint; what it returns has no trailing slash. Plain HTTP is for this machine's loopback only."""

    name = "url"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the URL, or fail with a sentence that never repeats a password."""
        text = without_slash(value)
        if (problem := problem_of(text)) is not None:
            self.fail(problem, param, ctx)
        return text


class RegionId(click.ParamType):  # type: ignore[type-arg] # the same
    """Reads a region's id: it becomes part of host names."""

    name = "region"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the id, or fail with how one is written."""
        if not REGION_ID.holds(value):
            self.fail(f"{value!r} is no region's id; one is written like cn-hangzhou", param, ctx)
        return value


def without_slash(url: str) -> str:
    """Return a URL without the slash that stands for its root."""
    url = url.strip()
    return url[:-1] if url.endswith("/") and not url.endswith("//") else url


def problem_of(url: str) -> str | None:
    """Say what is wrong with an endpoint and what to write instead; None when it is one."""
    if not url:
        return f"an endpoint is empty; write one such as {EXAMPLE}"
    if "://" not in url:
        return f"an endpoint begins with http:// or https://; write one such as {EXAMPLE}"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return f"this is no URL; a host and a port up to 65535 are written as in {EXAMPLE}"
    return _part_problem(parts, port)


def _part_problem(parts: SplitResult, port: int | None) -> str | None:
    if parts.scheme not in ("http", "https"):
        return f"an endpoint begins with http:// or https://, not with {parts.scheme}://"
    if parts.username is not None or parts.password is not None:
        return "an endpoint holds no user and password; leave them out"
    if not parts.hostname or not _is_host(parts.hostname) or port == 0:
        return f"this names no host and port; write one such as {EXAMPLE}"
    if parts.path or parts.query or parts.fragment:
        return f"an endpoint ends after host and port: {parts.scheme}://{parts.netloc}"
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        return f"plain http:// is for this machine only ({EXAMPLE}); write https:// for another one"
    return None


def _is_host(name: str) -> bool:
    return name.isascii() and name.isprintable() and not set(name) & set(" \"'<>\\^`{|}")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
