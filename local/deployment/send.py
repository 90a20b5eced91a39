"""A DryRun request through the whole deployment: queue, trigger, function, ECS, store, topic. Nothing is bought."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from local.deployment.check import Verdict, no, unknown, yes

if TYPE_CHECKING:
    from collections.abc import Iterable

NOWHERE = {
    "ImageId": "m-provisionerdoctor", "InstanceType": "ecs.g6.large", "SecurityGroupId": "sg-provisionerdoctor",
    "VSwitchId": "vsw-provisionerdoctor",
}  # fmt: skip
"""What no account has: ECS reads it all and refuses the first, which is enough to know that it was asked rightly."""
BODY_REFUSED = ("MissingParameter", "UnsupportedHTTPMethod", "InvalidAction.NotFound", "InvalidContentType")
UNSUPPORTED_MEDIA_TYPE = 415
ALLOWED = "`provisioner doctor --message FILE` sends one of your own, as a dry run: one that the policy allows"
LEFT_OUT = ("Password", "UserData", "ClientToken")
"""What a dry run does without: secrets, and the token of a call that is yet to be made in earnest."""
QUERY = "`provisioner deploy --parameter EcsParameters=query`"


def message(own: dict[str, Any] | None, region: str, request_id: str) -> dict[str, Any]:
    """Return a message that buys nothing: a person's own, or one whose ids no account has."""
    sample = own or {"parameters": {"RegionId": region, **NOWHERE}}
    parameters = {**sample.get("parameters", {}), "DryRun": True}
    for name in LEFT_OUT:
        parameters.pop(name, None)
    return {**sample, "requestId": request_id, "parameters": parameters}


def verdict(outcome: dict[str, Any] | None, *, own: bool, seconds: float) -> Verdict:
    """Return what an outcome, or none within the time, says of the deployment."""
    if outcome is None:
        return no(
            f"no outcome within {seconds:.0f} s",
            "see buying, stream, queue-trigger and service-roles, then `provisioner logs` of the request",
        )
    if outcome["type"].endswith(".completed"):
        return yes(f"the dry run passed, {seconds:.0f} s after it was sent")
    return _of_failure(outcome["data"], own=own, seconds=seconds)


def _of_failure(data: dict[str, Any], *, own: bool, seconds: float) -> Verdict:
    error = data["error"]
    code, stage = error["code"], data["stage"]
    told = f"{code} at {stage}, {seconds:.0f} s after it was sent: {error.get('message') or ''}"
    if error["category"] in ("permission", "authentication"):
        return no(told, "see roles: " + str(error["remedy"]))
    if stage == "create" and (code in BODY_REFUSED or error.get("httpStatus") == UNSUPPORTED_MEDIA_TYPE):
        return no(f"{told}; ECS did not read the parameters in the body", QUERY)
    if error["category"] == "policy" and not (own and stage == "message"):
        return unknown(f"{told}; ECS was not asked", ALLOWED if stage == "message" else str(error["remedy"]))
    if own or stage != "create":
        return no(told, str(error["remedy"]))
    if not error.get("apiRequestId"):
        return unknown(told, "ECS gave no answer of its own; send again")
    return yes(
        f"ECS read the request and refused what no account has ({code}), {seconds:.0f} s after it was sent",
        "`provisioner doctor --message FILE` sends one of your own, as a dry run",
    )


def outcome_of(bodies: Iterable[str], request_id: str) -> dict[str, Any] | None:
    """Return the outcome of one request among those that are heard, None when they end without it."""
    for body in bodies:
        try:
            found: Any = json.loads(body)
        except ValueError:
            continue  # whoever may publish to the topic can have written it
        if isinstance(found, dict) and found.get("subject") == request_id:
            return found
    return None
