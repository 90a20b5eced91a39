"""Trigger events that are nearly right: a seed draws where and how each is spoilt.

Every event holds one good message, whose request has to be taken up whatever stands beside it. Secrets stay where a
careless sender could have put them: under their own name, a misspelt one, at another level, in text that breaks off.
"""

from __future__ import annotations

import base64
import json
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

PASSWORD = "Zq7+/&%Sekret<9>"
SCRIPT = "#!/bin/sh\necho deeply-secret-script\n"
USER_DATA = base64.b64encode(SCRIPT.encode()).decode()
SECRETS = (PASSWORD, SCRIPT, USER_DATA)
BAD_BYTE = "<a byte that is no UTF-8>"
TYPES = ("mns:Queue:SendMessage", "mq:Topic:SendMessage", "amqp:Queue:SendMessage", "alikafka:Topic:Message")
FIELDS = ("messageBody", "body", "body", "value")
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1e308, 10**30, "", " ", "x" * 5000, "\ud800", "é\u0000", [], {}, [[]], {"": ""}, [None], "true",
    "40", {"Key": 1}, "2026-13-45T99:00:00Z",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Event:
    """One trigger event and the request id of the good message in it; None where the event itself is broken."""

    text: bytes
    good: str | None


def draw(rng: Random, number: int) -> Event:
    """Draw an event: in one case of ten it is no list of CloudEvents at all."""
    good = f"good-{number}"
    entries = [_entry(rng, json.dumps(_message(good)), f"m-{number}-good")]
    for index in range(rng.randint(1, 3)):
        body = _spoilt_text(rng, _dump(rng, _spoilt(rng, _message(f"fuzz-{number}-{index}"))))
        entry: Any = _entry(rng, body, f"m-{number}-{index}")
        if rng.random() < 0.3:
            entry = _spoilt(rng, entry)
        entries.append(entry)
    rng.shuffle(entries)
    text = json.dumps(entries).encode().replace(BAD_BYTE.encode(), b"\xff")
    if rng.random() < 0.1:
        return Event(
            _spoilt_text(rng, text.decode(errors="replace")).encode("utf-8", "surrogatepass")[
                : rng.randrange(len(text))
            ],
            None,
        )
    return Event(text, good)


def _message(name: str) -> dict[str, Any]:
    return {
        "requestId": name,
        "parameters": {
            "RegionId": "cn-hangzhou", "ImageId": "ubuntu_22_04_x64_20G_alibase_20240130.vhd",
            "InstanceType": "ecs.g6.large", "VSwitchId": "vsw-bp1s5fnvk4gn2tws0vxyz", "Password": PASSWORD,
            "UserData": USER_DATA, "SystemDisk": {"Category": "cloud_essd", "Size": 40},
            "DataDisk": [{"Category": "cloud_essd", "Size": 100}], "Tag": [{"Key": "team", "Value": "web"}],
        },
        "alternatives": [{"InstanceType": "ecs.g7.large", "SystemDisk.Category": "cloud_ssd", "ZoneId": None}],
        "start": True, "timeoutSeconds": 900, "onFailure": "release", "notAfter": "2036-11-25T00:00:00Z",
        "metadata": {"ticket": "OPS-12"},
    }  # fmt: skip


def _entry(rng: Random, body: str, message_id: str) -> dict[str, Any]:
    kind = rng.randrange(len(TYPES))
    return {
        "id": message_id, "source": "MNS-Function-requests", "specversion": "1.0", "type": TYPES[kind],
        "datacontenttype": "application/json; charset=utf-8", "time": "2026-11-24T00:00:00Z",
        "data": {"requestId": message_id, "messageId": message_id, FIELDS[kind]: body},
    }  # fmt: skip


def _dump(rng: Random, value: Any) -> str:
    return json.dumps(value, ensure_ascii=rng.random() < 0.5)


def _spoilt(rng: Random, value: Any) -> Any:
    """Change a few places of a JSON value; sometimes none."""
    for _ in range(rng.choice((0, 1, 1, 2, 5))):
        holders = list(_holders(value))
        if not holders:
            break
        holder = rng.choice(holders)
        key = rng.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
        rng.choice(_CHANGES)(rng, holder, key)
    return value


def _holders(value: Any) -> list[Any]:
    found = [value] if value and isinstance(value, (dict, list)) else []
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [*found, *(deeper for item in inside for deeper in _holders(item))]


def _remove(_rng: Random, holder: Any, key: Any) -> None:
    del holder[key]


def _replace(rng: Random, holder: Any, key: Any) -> None:
    holder[key] = deepcopy(rng.choice(ODD))


def _wrap(rng: Random, holder: Any, key: Any) -> None:
    holder[key] = rng.choice((lambda v: [v], lambda v: {"value": v}, lambda v: [v, v], lambda v: {"Password": v}))(
        holder[key]
    )


def _rename(rng: Random, holder: Any, key: Any) -> None:
    if isinstance(holder, dict):
        old = str(key)
        holder[rng.choice((old.lower(), old + "s", old[:-1], f"{old}.1.{old}", f"DataDisk.{old}", " "))] = holder.pop(
            key
        )


def _deepen(rng: Random, holder: Any, key: Any) -> None:
    for _ in range(rng.choice((3, 60))):
        holder[key] = [holder[key]]


def _as_text(_rng: Random, holder: Any, key: Any) -> None:
    holder[key] = json.dumps(holder[key])


_CHANGES: tuple[Callable[[Random, Any, Any], None], ...] = (_remove, _replace, _wrap, _rename, _deepen, _as_text)


def _spoilt_text(rng: Random, text: str) -> str:
    """Change a text as text; in two cases of three not at all."""
    if rng.random() < 0.66 or not text:
        return text
    place = rng.randrange(len(text))
    return rng.choice(
        (
            text[:place],
            text[place:],
            text[:place] + rng.choice(("\x00", '"', "}", "\\", "NaN", "\ud834", "\ufeff")) + text[place:],
            text + text,
            text[:place] + BAD_BYTE + text[place:],
            "\ufeff" + text,
            base64.b64encode(text.encode(errors="replace")).decode(),
            base64.b64encode(base64.b64encode(text.encode(errors="replace"))).decode(),
            text.replace('"requestId"', '"requestId": "twice", "requestId"', 1),
            "[" * 2000 + text,
            " " * 100_000 + text,
        )
    )
