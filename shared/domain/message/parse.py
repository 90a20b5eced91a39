"""A queue message: JSON text in, a valid request or everything that is wrong with it, in document order, out."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from marshmallow import ValidationError

from shared.domain.create_instance.hints import MOST, unknown_field
from shared.domain.create_instance.json_types import Repeated, kind_of, printable
from shared.domain.create_instance.names import flatten
from shared.domain.create_instance.schema import Violation
from shared.domain.create_instance.view import CheckOptions
from shared.domain.message.alternatives import Content, not_yours, unreadable_alternatives
from shared.domain.message.envelope import (
    MAX_DEFERRED,
    REQUIRED,
    UNKNOWN,
    Asked,
    lacks_parameters,
    read_envelope,
)  # fmt: skip
from shared.domain.message.json import NotJson, read_json
from shared.domain.message.request import Refusal, Request
from shared.domain.policy.document import Policy
from shared.domain.policy.entries import RELEASE_AFTER
from shared.domain.policy.rules import FORBIDS, demands

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shared.domain.policy.document import Profile

MAX_MESSAGE_BYTES = 48 * 1024
_COUNT_BYTES = len(f'"deferred":{MAX_DEFERRED},')
"""What the worker itself may have added when it sent the message again."""
_DEFAULT = CheckOptions()
_NO_POLICY = Policy()
_SHOWN = 12
"""So many profiles are named."""


def parse(body: str, options: CheckOptions = _DEFAULT, policy: Policy | None = None) -> Request | Refusal:
    """Return the request a message makes under a policy, or a refusal with every violation, in document order.

    Never raises, whatever the text is. Whether `notAfter` is past is for the caller, who has a clock. Where the policy
    is not known (None), no rule is asked, and of a message with a profile only names and types are looked at: what it
    comes to nobody knows, so such a request has no `sent`.
    """
    try:
        document = read_json(body)
    except NotJson as error:
        return Refusal((Violation("", "MalformedMessage", f"the message {error}"),))
    if not isinstance(document, dict):
        return Refusal((Violation("", "MalformedMessage", f"must be a JSON object, not {kind_of(document)}"),))
    envelope, violations = _read_envelope(document)
    violations = [*_size(body, document), *violations]
    if lacks_parameters(document):
        violations.append(Violation("parameters", "MissingParameter", REQUIRED))
    if "profile" in document and policy is None:
        return _of_an_unknown_profile(envelope, violations, document)
    policy = policy or _NO_POLICY
    profile, words = _profile(envelope, policy)
    violations += [Violation("profile", "InvalidParameter", each) for each in words]
    content = _content(envelope, options, policy, profile) if profile or "profile" not in document else None
    if content is None:
        violations += _names_and_types(envelope)
    else:
        violations += content.violations
        violations += _demanded(envelope, policy, profile, content)
    if violations or content is None:
        violations += content.forbidden_alternatives() if content else ()
        return _refusal(envelope, violations, document, content)
    return _request(envelope, content, profile)


def _content(
    envelope: Mapping[str, Any], options: CheckOptions, policy: Policy, profile: Profile | None
) -> Content | None:
    """Return what a message says about instances; None without anything to read."""
    given = envelope.get("parameters", {} if profile else None)
    if given is None:
        return None
    lifetime = envelope.get("release_after_seconds") or (profile.release_after_seconds if profile else None)
    asked = Asked(
        envelope.get("on_failure") == "release", envelope.get("allocate_public_ip") is True, lifetime is not None
    )
    content = Content(given, asked, options, policy, profile)
    content.add_alternatives(envelope.get("alternatives", ()))
    return content


def _profile(envelope: Mapping[str, Any], policy: Policy) -> tuple[Profile | None, list[str]]:
    """Return the profile that a message names, and what is wrong with the name."""
    name = envelope.get("profile")
    if name is None or name in policy.profiles:
        return policy.profiles.get(str(name)), []
    close = get_close_matches(name, policy.profiles, 1)
    meant = f"did you mean {close[0]}?" if close else f"there are: {', '.join([*policy.profiles][:_SHOWN]) or 'none'}"
    return None, [f"there is no profile {name} in the policy; {meant}"]


def _demanded(
    envelope: Mapping[str, Any], policy: Policy, profile: Profile | None, content: Content
) -> list[Violation]:
    """Return what the policy requires and the message lacks, and a lifetime that is not the message's to set."""
    own = envelope.get("release_after_seconds")
    found = []
    if own is not None and profile is not None and not profile.lets_set(RELEASE_AFTER):
        found.append(Violation(RELEASE_AFTER, FORBIDS, not_yours(RELEASE_AFTER, profile)))
    lifetime = own or (profile.release_after_seconds if profile else None)
    return found + demands(
        policy, profile=envelope.get("profile"), release_after=lifetime, flat=content.parameters
    )  # fmt: skip


def _of_an_unknown_profile(
    envelope: Mapping[str, Any], violations: list[Violation], document: dict[str, Any]
) -> Request | Refusal:
    """Return a message as it was sent, with a remark that it was not checked as a whole."""
    violations += _names_and_types(envelope)
    if violations:
        return _refusal(envelope, violations, document, None)
    sent = {name: value for name, value in flatten(envelope.get("parameters", {})).values.items() if value is not None}
    overlays = [dict(flatten(item, overlay=True).values) for item in envelope.get("alternatives", ())]
    remark = Violation("profile", "Remark", "is not known here: what the message comes to was not checked")
    return _as_sent(envelope, sent, overlays, (remark,))


def _names_and_types(envelope: Mapping[str, Any]) -> list[Violation]:
    """Return what is wrong with a message's parameters whatever they are laid over."""
    flat = flatten(envelope.get("parameters", {}))
    found = [Violation(f"parameters.{each.field}", each.code, each.message) for each in flat.violations]
    return found + unreadable_alternatives(envelope.get("alternatives", ()))


def _refusal(
    envelope: Mapping[str, Any], violations: list[Violation], document: dict[str, Any], content: Content | None
) -> Refusal:
    return Refusal(
        in_document_order(violations, document),
        request_id=envelope.get("request_id"),
        region_id=_region(content),
        metadata=envelope.get("metadata", {}),
    )


def _request(envelope: Mapping[str, Any], content: Content, profile: Profile | None) -> Request:
    sent = _as_sent(envelope, dict(content.sent), content.overlays, tuple(content.warnings))
    whole = sent if profile is None else sent.with_profile(profile)
    return replace(whole, forbidden={n: tuple(found) for n, found in content.forbidden.items()})


def _as_sent(
    envelope: Mapping[str, Any],
    parameters: dict[str, Any],
    overlays: Sequence[Mapping[str, Any]],
    warnings: tuple[Violation, ...],
) -> Request:
    token = parameters.pop("ClientToken", None)
    read = {"parameters": parameters, "alternatives": tuple(overlays)}
    return Request(
        **{**envelope, **read}, client_token=None if token is None else str(token), warnings=warnings
    )  # fmt: skip


def _read_envelope(document: dict[str, Any]) -> tuple[dict[str, Any], list[Violation]]:
    """Return what could be read, by attribute, and what could not."""
    names = document.names if isinstance(document, Repeated) else ()
    twice = frozenset(names)
    violations = [Violation(printable(name), "InvalidParameter", "is given twice") for name in names]
    once = {name: value for name, value in document.items() if name not in twice} if twice else document
    try:
        return read_envelope(once), violations
    except ValidationError as error:
        found = _violations(_explained(error.messages), "")
        violations += [each for each in found if each.field not in twice]
        return dict(error.valid_data or {}), violations


def _explained(messages: Any) -> dict[str, Any]:
    """Put what was probably meant into the words for unknown names."""
    unknown = [name for name, words in messages.items() if words == [UNKNOWN]]
    return {**messages, **{name: [unknown_field(name)] for name in unknown[:MOST]}}


def _violations(messages: Any, field: str) -> Iterator[Violation]:
    if isinstance(messages, dict):
        for name, below in messages.items():
            yield from _violations(
                below, field if name is None else f"{field}.{printable(name)}" if field else printable(name)
            )
    else:
        for words in messages:
            yield Violation(field, "MissingParameter" if words == REQUIRED else "InvalidParameter", words)


def _size(body: str, document: dict[str, Any]) -> Iterator[Violation]:
    size = len(body) if body.isascii() else len(body.encode("utf-8", "surrogatepass"))
    if size > MAX_MESSAGE_BYTES + (_COUNT_BYTES if "deferred" in document else 0):
        words = f"the message must have at most {MAX_MESSAGE_BYTES} bytes, and has {size}"
        yield Violation("", "InvalidParameter", words)


def _region(content: Content | None) -> str | None:
    region = content.parameters.get("RegionId") if content else None
    return region if isinstance(region, str) and region and printable(region) == region else None


_DEEPEST = 6
"""No field is deeper: alternatives, number, DataDisk, number, Size."""


def in_document_order(violations: Sequence[Violation], document: Any) -> tuple[Violation, ...]:
    """Sort violations by where their field stands in the message.

    What is missing comes after everything its object has; within one field the order stays.
    """
    order: dict[str, int] = {}
    last: dict[str, int] = {}
    for position, path in enumerate(_paths(document, "", _DEEPEST)):
        order.setdefault(path, position)
        parent = path
        while parent:
            parent = parent.rpartition(".")[0]
            last[parent] = position

    def place(violation: Violation) -> tuple[int, int]:
        found = order.get(violation.field) if violation.field else -1
        if found is not None:
            return found, 0
        parent = violation.field
        while parent and parent not in last:
            parent = parent.rpartition(".")[0]
        return last.get(parent, -1), 1

    return tuple(sorted(violations, key=place))


def _paths(value: Any, prefix: str, depth: int) -> Iterator[str]:
    if depth and isinstance(value, dict):
        for name, item in value.items():
            path = f"{prefix}{printable(name)}"
            yield path
            yield from _paths(item, path + ".", depth - 1)
    elif depth and isinstance(value, list):
        for number, item in enumerate(value, start=1):
            path = f"{prefix}{number}"
            yield path
            yield from _paths(item, path + ".", depth - 1)
