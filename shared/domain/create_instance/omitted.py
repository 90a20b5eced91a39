"""Names that the SDK or the page has and the contract refuses, and why. A test compares both with the table."""

from __future__ import annotations

_OWNER = "the caller's account owns what it creates; the page does not have this parameter"
_LOWER_CASE = "the page advises against the lower-case spelling, and the SDK cannot send it"

OMITTED: dict[str, str] = {
    "ManagedHostId": "only the SDK has it; the page does not say what it does",
    "OwnerAccount": _OWNER,
    "OwnerId": _OWNER,
    "ResourceOwnerAccount": _OWNER,
    "ResourceOwnerId": _OWNER,
    "Tag.N.key": _LOWER_CASE,
    "Tag.N.value": _LOWER_CASE,
}
