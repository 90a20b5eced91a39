"""Parameters as an enemy would write them: hosts, paths, control characters, look-alikes, depth, length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random

REGIONS = ("cn-hangzhou", "cn-beijing", "ap-southeast-1", "us-east-1", "cn-shanghai-finance-1", "rus-west-1-pop")
WHOLE: tuple[Any, ...] = (
    "evil.example.com/x", "x@host:1/", "host#", "host?", "169.254.1.1/", "169.254.169.254", "[::1]", "127.0.0.1:80/",
    "localhost", "oss-cn-hangzhou", "oss-accelerate", "//evil.example.com", "https://evil.example.com", "..", "", " ",
    "cn-hangzhou.aliyuncs.com@evil.example.com/", "cn-" + "a" * 64, "a" * 5000, "xn--80ak6aa92e", "%2e%2e", "${jndi:x}",
    None, True, 0, -1, 1e308, 10**30, [], {}, ["cn-hangzhou"], {"RegionId": "cn-hangzhou"},
)  # fmt: skip
PIECES = (
    "/", "?", "#", "@", ":", "\\", ".", "..", "%2f", "%00", "\x00", "\r\nHost: evil.example.com\r\n", "\n", "\t", " ",
    "evil.example.com", "@evil.example.com/", ".evil.example.com#", ":8080/", "[", "]", "*", "_", "--", "-",
    "\u3002", "\uff0e", "\uff0f", "\u2044", "\u2100", "\u0430", "\u0131", "\u200b", "\u202e", "\uff0d", "\u2010",
    "\ud800", "\x7f", "A",
)  # fmt: skip
NAMES = (
    "ZoneId", "InstanceName", "HostName", "Description", "ClientToken", "KeyPairName", "Tag.1.Key", "Tag.1.Value",
    "UserData", "RegionId.1", "regionId", "RegionId ", "Endpoint", "Action", "Tag.99999999999999999999.Key",
)  # fmt: skip


def region(rng: Random) -> Any:
    """Draw a region's id: one time in four one of another kind altogether, else a good one with something put in."""
    if rng.random() < 0.25:
        return rng.choice(WHOLE)
    text = rng.choice(REGIONS)
    for _ in range(rng.choice((0, 1, 1, 2, 3))):
        place = rng.randint(0, len(text))
        text = text[:place] + rng.choice(PIECES) + text[place + rng.randint(0, 2) :]
    return text


def parameters(rng: Random) -> dict[str, Any]:
    """Draw parameters: a hostile region, and now and then others that look for a way into host, URL or header."""
    drawn = {"RegionId": region(rng), "ImageId": "img-1", "InstanceType": "ecs.g6.large"}
    for _ in range(rng.choice((0, 0, 1, 2))):
        drawn[rng.choice(NAMES)] = region(rng)
    if rng.random() < 0.05:
        drawn[rng.choice(tuple(drawn))] = _deep(rng.choice((5, 60, 200)))
    return drawn


def _deep(levels: int) -> Any:
    value: Any = "cn-hangzhou"
    for level in range(levels):
        value = [value] if level % 2 else {"RegionId": value}
    return value
