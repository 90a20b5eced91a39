"""Reading a message under the policy in force, and a recorded one under the policy that it was accepted by."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shared.domain.message.parse import parse
from shared.domain.message.request import Request
from shared.domain.message.unjudged import profile_of
from shared.ports import UnreadablePolicy

if TYPE_CHECKING:
    from shared.domain.create_instance.view import CheckOptions
    from shared.domain.lifecycle.record import Record
    from shared.domain.message.request import Refusal
    from shared.usecases.context import Run

_FRESH_SECONDS = 1.0
"""How old the policy may be that an unknown profile is looked for in: it may have come with the newest."""


def judge(run: Run, body: str, options: CheckOptions) -> Request | Refusal:
    """Return what a message comes to under the policy in force; raise StoreUnavailable and UnreadablePolicy."""
    policies, now = run.ports.policies, run.now()
    found = policies.current(now)
    profile = profile_of(body)
    if profile is not None and profile not in found.policy.profiles:
        found = policies.current(now, _FRESH_SECONDS)
    asked = parse(body, options, found.policy)
    return replace(asked, policy_version=found.version) if isinstance(asked, Request) else asked


def as_accepted(run: Run, content: Request, record: Record) -> Request:
    """Return what a recorded request's message comes to, by the policy that its record names.

    Raises StoreUnavailable and UnreadablePolicy.
    """
    if content.profile is None:
        return content
    profile = run.ports.policies.version(record.policy_version).profiles.get(content.profile)
    if profile is None:
        raise UnreadablePolicy(f"version {record.policy_version} has no profile {content.profile}")
    return content.with_profile(profile)
