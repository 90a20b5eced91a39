"""Whether the triggers are on and as the template says, the queue's stream runs, and how it calls the function."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from local.deployment.check import BY_HAND, Check, Site, Verdict, compared, no, unknown, yes
from local.deployment.wanted import differences

if TYPE_CHECKING:
    from local.deployment.ports import Data

RUNNING = "RUNNING"
HOUR = 3600
BATCH = "BatchSize"
ONE_BY_ONE = "1"


def timer(site: Site) -> Verdict:
    """Tell whether the timer's trigger is there, on, and of the template's period."""
    return _trigger(site, "PollTimer")


def queue(site: Site) -> Verdict:
    """Tell whether the queue's trigger is there, on, and configured in the template's words."""
    return _trigger(site, "QueueTrigger")


def _trigger(site: Site, logical_name: str) -> Verdict:
    wanted = site.wanted[logical_name]
    function, name = wanted["FunctionName"], wanted["TriggerName"]
    found = site.account.functions.trigger(function, name)
    if found is None:
        return no(f"function {function} has no trigger {name}", BY_HAND)
    try:
        configuration = json.loads(found.get("triggerConfig") or "{}")
    except ValueError:
        configuration = {}
    asked = {"triggerType": wanted["TriggerType"], "qualifier": wanted["Qualifier"]}
    said = [*differences(asked, found), *differences(wanted["TriggerConfig"], configuration)]
    return compared(
        said,
        f"trigger {name} of {function} is as the template says",
        BY_HAND + ". A field that is not set may have another name in this account: compare with a trigger "
        "made in the console, and report it",
    )


def stream(site: Site) -> Verdict:
    """Tell whether one stream reads the request queue, and runs, with the template's tries and dead letters."""
    name = site.wanted["RequestQueue"]["QueueName"]
    found = site.account.streams.of_queue(name)
    if not found:
        return no(
            f"no event stream reads queue {name}: messages stay in it",
            "see service-roles and queue-trigger; where both say yes, switch the trigger off and on in the console",
        )
    if len(found) > 1:
        names = ", ".join(str(one.get("EventStreamingName")) for one in found)
        return no(f"{len(found)} streams share queue {name}: {names}", "remove the ones that are not the worker's")
    only = found[0]
    options = {_big(key): value for key, value in site.wanted["QueueTrigger"]["TriggerConfig"]["runOptions"].items()}
    options.pop("Mode")  # the streams' API has one mode only
    said = differences(options, only.get("RunOptions"), "RunOptions")
    if only.get("Status") != RUNNING:
        said.insert(0, f"stream {only.get('EventStreamingName')} is {only.get('Status')}")
    return compared(
        said,
        f"stream {only.get('EventStreamingName')} is {RUNNING}",
        "start it in EventBridge's console (event streams); its page tells why it stopped",
    )


def calls(site: Site) -> Verdict:
    """Tell how the queue's trigger calls the function, which documents disagree on, and whether the batch fits."""
    how = _seen_in_log(site) or _said_by_stream(site)
    if how is None:
        return unknown("the queue function was not called within an hour", "`provisioner doctor --send`, then again")
    batch = site.wanted.parameter(BATCH)
    if how == "sync":
        advice = f"a batch can be larger: `provisioner deploy --parameter {BATCH}=20`" if batch == ONE_BY_ONE else ""
        return yes(f"the trigger calls synchronously, {BATCH} is {batch}", advice)
    if batch == ONE_BY_ONE:
        return yes(f"the trigger calls asynchronously, {BATCH} is 1")
    return no(
        f"the trigger calls asynchronously, and {batch} large messages do not fit such a call",
        f"`provisioner deploy --parameter {BATCH}=1`",
    )


def _seen_in_log(site: Site) -> str | None:
    """Return `sync` or `async` as the platform's own lines say it of the last call, None where there are none."""
    name, now = site.wanted["ProvisionFunction"]["FunctionName"], site.account.clock.here()
    lines = site.logs.search(f"functionName: {name} and invocationType: *", now - HOUR, now, 1)
    return str(lines[-1].get("invocationType")).lower() if lines else None


def _said_by_stream(site: Site) -> str | None:
    for one in site.account.streams.of_queue(site.wanted["RequestQueue"]["QueueName"]):
        parameters: Data = (one.get("Sink") or {}).get("SinkFcParameters") or {}
        value = (parameters.get("InvocationType") or {}).get("Value")
        if value:
            return str(value).lower()
    return None


def _big(name: str) -> str:
    return name[:1].upper() + name[1:]


CHECKS = (Check("timer", timer), Check("queue-trigger", queue), Check("stream", stream), Check("calls", calls))
