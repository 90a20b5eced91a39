"""Whether the alarms are there and on, ask what the template asks, and whether anybody is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local.deployment.check import BY_HAND, Check, Site, Verdict, compared, unknown, yes
from local.deployment.wanted import differences

if TYPE_CHECKING:
    from local.deployment.ports import Data

ENABLED = "ENABLED"


def alerts(site: Site) -> Verdict:
    """Tell whether every alert of the template is there, enabled, with its query and condition."""
    details = [one["Detail"] for one in site.wanted.of_type("ALIYUN::SLS::Alert")]
    said = []
    for detail in details:
        found = site.logs.alert(detail["Name"])
        said += [f"alert {detail['Name']} is not there"] if found is None else [
            f"alert {detail['Name']}: {one}" for one in _alert_differences(detail, found)
        ]  # fmt: skip
    return compared(said, f"all {len(details)} alerts are there and on", BY_HAND)


def _alert_differences(detail: Data, found: Data) -> list[str]:
    wanted, given = detail["Configuration"], found.get("configuration") or {}
    (query,), (severity,) = wanted["QueryList"], wanted["SeverityConfigurations"]
    asked = {
        "query": query["Query"],
        "start": query["Start"],
        "condition": severity["EvalCondition"]["Condition"],
        "actionPolicyId": wanted["PolicyConfiguration"].get("ActionPolicyId", ""),
        "interval": detail["Schedule"]["Interval"],
    }
    there = _first(given.get("queryList"))
    answered = {
        "query": there.get("query"),
        "start": there.get("start"),
        "condition": (_first(given.get("severityConfigurations")).get("evalCondition") or {}).get("condition"),
        "actionPolicyId": (given.get("policyConfiguration") or {}).get("actionPolicyId"),
        "interval": (found.get("schedule") or {}).get("interval"),
    }
    status = found.get("status")
    off = [] if status in (ENABLED, None) else [f"it is {status}"]
    return [*off, *differences(asked, answered)]


def _first(items: Any) -> Data:
    return dict(items[0]) if items else {}


def queue_alarms(site: Site) -> Verdict:
    """Tell whether CloudMonitor watches backlog and dead letters."""
    rules = list(site.wanted.of_type("ALIYUN::CMS::ResourceMetricRule"))
    if not rules:
        return unknown(
            "nobody watches backlog and dead letters: ContactGroup is not set",
            "make a contact group in CloudMonitor, then `provisioner deploy --parameter ContactGroup=NAME`",
        )
    said = []
    for wanted in rules:
        name = wanted["RuleName"]
        found = site.account.metrics.rule(name)
        if found is None:
            said.append(f"rule {name} is not there")
            continue
        asked = {key: wanted[key] for key in ("Namespace", "MetricName", "Escalations")}
        asked["EnableState"] = True
        said += [f"rule {name}: {one}" for one in differences(asked, found)]
    return compared(said, f"{len(rules)} rules of CloudMonitor are there and on", BY_HAND)


def told(site: Site) -> Verdict:
    """Tell whether somebody is told of the alerts."""
    policy = site.wanted.parameter("ActionPolicy")
    if policy:
        return yes(f"action policy {policy} says who is told")
    return unknown(
        "alerts show in the console only: ActionPolicy is not set",
        "make an action policy in Simple Log Service, then `provisioner deploy --parameter ActionPolicy=ID`",
    )


def dashboard(site: Site) -> Verdict:
    """Tell whether the dashboard is there, with all charts."""
    wanted = site.wanted["Dashboard"]
    found = site.logs.dashboard(wanted["DashboardName"])
    if found is None:
        return compared([f"dashboard {wanted['DashboardName']} is not there"], "", BY_HAND)
    missing = {chart["title"] for chart in wanted["Charts"]} - {one.get("title") for one in found.get("charts") or []}
    return compared(
        [f"it has no chart {title!r}" for title in sorted(missing)],
        f"dashboard {wanted['DashboardName']} is there",
        BY_HAND,
    )


CHECKS = (
    Check("alarms", alerts),
    Check("alarms-told", told),
    Check("queue-alarms", queue_alarms),
    Check("dashboard", dashboard),
)
