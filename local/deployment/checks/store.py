"""Whether the store is there, open to whom it should be, with the worker's tables."""

from __future__ import annotations

from local.deployment.check import BY_HAND, Check, Site, Verdict, compared, no, unknown, yes
from local.deployment.ports import CloudFailure
from local.deployment.wanted import differences
from shared.domain.lifecycle.outcome import rfc3339

TABLES = ("RequestsTable", "OpenTable")
RESUME = "`provisioner resume` when the reason is gone; until then what is accepted waits"
INSIDE = "run doctor on a machine in the VPC, or look at the alarm store-unavailable"


def instance(site: Site) -> Verdict:
    """Tell whether the instance is there, and open to the networks of the template."""
    wanted = site.wanted["Store"]
    name = wanted["InstanceName"]
    found = site.records.instance()
    if found is None:
        return no(f"Tablestore has no instance {name}", BY_HAND)
    given, asked = set(found.get("NetworkTypeACL") or []), set(wanted["NetworkTypeACL"])
    said = [f"{name} is not open to {network}" for network in sorted(asked - given)]
    if site.closed:
        said += [f"{name} is open to {network}, too" for network in sorted(given - asked)]
    return compared(
        said, f"{name} is open to {', '.join(sorted(given))}", "set its network access in Tablestore's console"
    )


def tables(site: Site) -> Verdict:
    """Tell whether both tables have the template's keys, versions and time-to-live."""
    said = []
    for wanted in (site.wanted[name] for name in TABLES):
        del wanted["InstanceName"]
        name = wanted.pop("TableName")
        try:
            found = site.records.table(name)
        except CloudFailure as failure:
            if site.closed:
                return _inside(failure)
            raise
        said += [f"table {name} is not there"] if found is None else [
            f"table {name}: {one}" for one in differences(wanted, found)
        ]  # fmt: skip
    return compared(said, "both tables are as the template says", BY_HAND)


def reading(site: Site) -> Verdict:
    """Tell whether a row can be read with these keys, which `status`, `audit` and `dlq` do."""
    try:
        site.records.read(site.wanted["RequestsTable"]["TableName"])
    except CloudFailure as failure:
        if site.closed:
            return _inside(failure)
        raise
    return yes("records can be read")


def buying(site: Site) -> Verdict:
    """Tell whether anything may be bought, or operators have paused it."""
    try:
        pause = site.records.pause()
    except CloudFailure as failure:
        if site.closed:
            return _inside(failure)
        raise
    if pause is None or not pause.active:
        return yes("nobody has paused buying")
    return no(f"buying is paused since {rfc3339(pause.at)} by {pause.by}: {pause.reason}", RESUME)


def _inside(failure: CloudFailure) -> Verdict:
    return unknown(f"the store is closed to everything outside its VPC ({failure})", INSIDE)


CHECKS = (Check("store", instance), Check("tables", tables), Check("records", reading), Check("buying", buying))
