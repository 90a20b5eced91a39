"""The samples in events/: what is sent, and the outcome each must have (events/manifest.json)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local.project import EVENTS
from shared.domain.create_instance.parameters import SECRET_PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ANYTHING = "*"


@dataclass(frozen=True, slots=True)
class Sample:
    """One message. It is sent `times` times and must leave `instances` instances."""

    path: Path
    shows: str
    expect: Mapping[str, Any]
    times: int = 1
    instances: int = 1
    under_policy: bool = False
    """Whether its outcome is what the sample policy makes of it."""

    @property
    def name(self) -> str:
        """Its short name."""
        return self.path.stem

    @property
    def request_id(self) -> str:
        """The request id in it, as this project's samples have it: their own name."""
        return f"sample-{self.name}"

    @property
    def body(self) -> str:
        """What is sent."""
        return self.path.read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class TriggerSample:
    """One trigger event for a function; `instances` are the request ids that must have one instance each after it."""

    path: Path
    function: str
    shows: str
    instances: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Samples:
    """All of them, and the account state in which the expected outcomes hold."""

    cloud: Mapping[str, Any]
    policy: Path
    messages: tuple[Sample, ...]
    triggers: tuple[TriggerSample, ...]

    @classmethod
    def load(cls, folder: Path = EVENTS) -> Samples:
        """Read the manifest."""
        data = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        messages = (item | {"path": folder / item.pop("file")} for item in data["messages"])
        triggers = (item | {"path": folder / item.pop("file")} for item in data["triggers"])
        return cls(
            data["cloud"],
            folder / data["policy"],
            tuple(Sample(**item) for item in messages),
            tuple(TriggerSample(**item) for item in triggers),
        )


def differences(expected: Any, found: Any, where: str = "") -> list[str]:
    """Tell where JSON differs from what is expected of it; fields that are not named do not matter."""
    if expected == ANYTHING:
        return [] if found is not None else [f"{where} is missing"]
    if isinstance(expected, dict) and isinstance(found, dict):
        return [
            text
            for name, value in expected.items()
            for text in differences(value, found.get(name), f"{where}.{name}".lstrip("."))
        ]
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        return [
            text
            for number, value in enumerate(expected)
            for text in differences(value, found[number], f"{where}.{number}")
        ]
    return [] if expected == found else [f"{where} is {json.dumps(found)}, not {json.dumps(expected)}"]


def account_state() -> Mapping[str, Any]:
    """Return the stock and quotas in which the samples do what they say; empty where they are not installed."""
    found = _installed()
    return found.cloud if found else {}


def times_of(path: Path) -> int:
    """Return how often a file of messages is to be sent: once, unless it is a sample that shows a repeat."""
    found = _installed()
    asked = path.resolve()
    return next((sample.times for sample in found.messages if sample.path.resolve() == asked), 1) if found else 1


def page_samples() -> list[dict[str, Any]]:
    """Return name, purpose, text and number of sends of each sample for the page; empty where there are none.

    What a policy is needed for is left out: under `up` there is none until somebody sets one.
    """
    found = _installed()
    return [
        {"name": sample.name, "shows": sample.shows, "body": without_secrets(sample.body), "times": sample.times}
        for sample in (found.messages if found else ())
        if not sample.under_policy
    ]


def _installed() -> Samples | None:
    try:
        return Samples.load()
    except FileNotFoundError:
        return None


def without_secrets(body: str) -> str:
    """Return a message without its secret parameters, in the same layout; what is no JSON as it is."""
    try:
        message: dict[str, Any] = json.loads(body)
    except ValueError:
        return body
    parameters = message.get("parameters", {})
    message["parameters"] = {name: value for name, value in parameters.items() if name not in SECRET_PARAMETERS}
    return json.dumps(message, indent=2, ensure_ascii=False)
