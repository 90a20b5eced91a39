"""Whether the functions are there, ready, and configured as the template says."""

from __future__ import annotations

from functools import partial
from typing import Any

from local.deployment.check import BY_HAND, Check, Site, Verdict, compared, no
from local.deployment.wanted import differences

NOT_ANSWERED = ("Code", "FunctionName")
"""What GetFunction does not tell: the package is a checksum there. The name is what was asked for."""
OWN_KEYS = ("EnvironmentVariables",)
"""Properties whose names below are the user's own."""
READY = {"state": "Active", "lastUpdateStatus": "Successful"}
ROLES = {"ProvisionFunction": "ProvisionRole", "PollFunction": "PollRole"}
CONCURRENCY = ("ProvisionConcurrency", "PollConcurrency")
ASYNCHRONOUS = ("ProvisionAsync", "PollAsync")


def function(logical_name: str, site: Site) -> Verdict:
    """Tell whether a function is ready, and handler, limits, role, network, log and variables are the template's."""
    wanted = site.wanted[logical_name]
    name = wanted["FunctionName"]
    found = site.account.functions.function(name)
    if found is None:
        return no(f"function {name} is not there", BY_HAND)
    broken = [f"{key} is {found[key]}: {found.get(f'{key}Reason') or ''}" for key, value in READY.items()
              if found.get(key) not in (value, None)]  # fmt: skip
    role = f"acs:ram::{site.wanted.account}:role/{site.wanted[ROLES[logical_name]]['RoleName']}"
    asked = {**named_by_api({k: v for k, v in wanted.items() if k not in NOT_ANSWERED}), "role": role}
    return compared(
        [*broken, *differences(asked, found)],
        f"function {name} is ready and as the template says",
        "wait a minute if it has just been updated. " + BY_HAND,
    )


def concurrency(site: Site) -> Verdict:
    """Tell whether as many instances are reserved for each function as the template says."""
    said = []
    for wanted in (site.wanted[name] for name in CONCURRENCY):
        reserved = site.account.functions.reserved(wanted["FunctionName"])
        asked = {f"{wanted['FunctionName']}: reserved instances": wanted["ReservedConcurrency"]}
        said += differences(asked, dict.fromkeys(asked, reserved))
    return compared(said, "reserved instances are as the template says", BY_HAND)


def asynchronous(site: Site) -> Verdict:
    """Tell whether tries, age and destination of asynchronous calls are the template's."""
    said = []
    for wanted in (site.wanted[name] for name in ASYNCHRONOUS):
        name = wanted.pop("FunctionName")
        found = site.account.functions.asynchronous(name)
        said += [f"{name}: {one}" for one in differences(named_by_api(wanted), found)]
    return compared(said, "asynchronous calls are as the template says", BY_HAND)


def named_by_api(properties: Any) -> Any:
    """Return a resource's properties as Function Compute's API spells them: a small letter first."""
    if isinstance(properties, list):
        return [named_by_api(item) for item in properties]
    if not isinstance(properties, dict):
        return properties
    return {
        key[:1].lower() + key[1:]: value if key in OWN_KEYS else named_by_api(value)
        for key, value in properties.items()
    }  # fmt: skip


CHECKS = (
    Check("function-create", partial(function, "ProvisionFunction")),
    Check("function-poll", partial(function, "PollFunction")),
    Check("reserved-instances", concurrency),
    Check("asynchronous-calls", asynchronous),
)
