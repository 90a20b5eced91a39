"""How long each step of a request may take, in seconds. The settings fill them in."""

from __future__ import annotations

from dataclasses import dataclass

REQUEST_TAG = "provisioner:request"
"""The tag every instance carries from its CreateInstance call on; its value is `<deployment>.<store>/<request id>`.

`<store>` is the identity of the store that holds the request. Version 0.1 left it out.
"""

SHORTEST_LIFETIME_SECONDS = 1800
LONGEST_LIFETIME_SECONDS = 3 * 365 * 86400
"""How far ahead ECS takes a release time: half an hour to three years."""


@dataclass(frozen=True, slots=True)
class Timings:
    """How long things may take.

    `call_seconds` is the longest one call can last (connect and read time-outs together). `skew_seconds` is how far
    clocks may disagree. `settle_seconds` is how long after the fence an instance must stay absent to count as never
    created; it covers skew and read lag. `grace_seconds` is how long a new instance may be absent from answers.
    `idle_seconds` is how long a timer's run goes on after the last work that was due, so that the next is seen at once.
    `region` is where the worker runs, empty when that is not known.
    """

    deployment: str
    region: str = ""
    call_seconds: float = 15.0
    skew_seconds: float = 60.0
    settle_seconds: float = 120.0
    grace_seconds: float = 60.0
    release_seconds: float = 600.0
    idle_seconds: float = 60.0
    keep_seconds: float = 30 * 86400.0
    lease_seconds: float = 30.0
    early_seconds: float = 5.0

    def is_elsewhere(self, region_id: str) -> bool:
        """Tell whether a region is known to be another one than the worker's own."""
        return bool(self.region) and region_id != self.region

    @property
    def source(self) -> str:
        """The CloudEvents `source` of every outcome."""
        return f"urn:provisioner:{self.deployment}"
