"""What a request gives, as the rules between parameters look at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.domain.create_instance.names import lookup
from shared.domain.create_instance.parameters import LISTS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from shared.domain.create_instance.schema import Scalar

SITES = ("international", "mainland")
UNLISTED = ("refuse", "warn")
INLINE_SECRETS = ("allow", "refuse")
SPOT = frozenset({"SpotWithPriceLimit", "SpotAsPriceGo"})


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """The choices an operator has.

    `site` chooses the periods: `international` or `mainland`. `unlisted` says what becomes of values the page does
    not list, where a list may have grown: `refuse` or `warn`. `inline_secrets` says whether a message may hold a
    Password or UserData: `allow` or `refuse`.
    """

    site: str = "international"
    unlisted: str = "refuse"
    inline_secrets: str = "allow"

    def __post_init__(self) -> None:
        for name, choices in (("site", SITES), ("unlisted", UNLISTED), ("inline_secrets", INLINE_SECRETS)):
            if getattr(self, name) not in choices:
                raise ValueError(f"{name} is one of {choices}, not {getattr(self, name)!r}")


class Unreadable(Exception):
    """A rule asked for a value that was given, but in a wrong type: nothing can be said."""


class ParameterView:
    """Flat parameters with the questions that several rules ask."""

    def __init__(self, flat: Mapping[str, Scalar], options: CheckOptions, unreadable: Collection[str]) -> None:
        self.flat = flat
        self.site = options.site
        self.inline_secrets = options.inline_secrets
        self.numbered = _numbered([*flat, *(name for name in unreadable if lookup(name))])
        """The item numbers of each list, in order; items of which nothing could be read are there, too."""
        self.present = flat.keys() | {head for head, numbers in self.numbered.items() if numbers}
        """The parameters that were given readably, and the lists that have items."""
        self._unreadable = unreadable

    def get(self, name: str) -> Scalar | None:
        """Return a value or None; raise Unreadable when it was given in a wrong type."""
        if name in self._unreadable:
            raise Unreadable(name)
        return self.flat.get(name)

    def given(self, name: str) -> bool:
        """Tell whether there is a value, in a wrong type perhaps."""
        return name in self.flat or name in self._unreadable

    def number(self, name: str, default: int) -> int:
        """Return an integer or the API's default for it."""
        value = self.get(name)
        return default if value is None else int(value)

    @property
    def data_disks(self) -> list[str]:
        """The prefixes of the data disks: `DataDisk.1` and so on."""
        return [f"DataDisk.{number}" for number in self.numbered["DataDisk"]]

    @property
    def prepaid(self) -> bool:
        """Whether the instance is a subscription."""
        return self.get("InstanceChargeType") == "PrePaid"

    @property
    def on_dedicated_host(self) -> bool:
        """Whether the instance is put on a dedicated host."""
        return self.get("DedicatedHostId") is not None or self.get("Tenancy") == "host"

    @property
    def spot(self) -> bool:
        """Whether it becomes a spot instance; a named dedicated host makes the service ignore the strategy."""
        return self.get("SpotStrategy") in SPOT and self.get("DedicatedHostId") is None


def _numbered(names: Iterable[str]) -> dict[str, list[int]]:
    found: dict[str, set[int]] = {head: set() for head in LISTS}
    for name in names:
        if name.count(".") == 2:  # noqa: PLR2004 - list, number, field
            head, number, _ = name.split(".")
            found[head].add(int(number))
    return {head: sorted(numbers) for head, numbers in found.items()}
