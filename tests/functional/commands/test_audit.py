"""Audits: what is found, what is not, and that nothing is changed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from local import audit as auditing
from local import defaults
from local.cli import main
from local.cloud.cloud import Cloud
from local.cloud.server import running
from shared.adapters.ecs.client import Ecs
from shared.domain.lifecycle.record import Instance, UnreadableRecord
from shared.domain.timings import REQUEST_TAG
from shared.settings import Credentials
from tests.support import lives
from tests.support.place import PARAMETERS, request

if TYPE_CHECKING:
    from pathlib import Path

    from shared.domain.lifecycle.record import Record

T0 = 1_795_000_000.0
NOW = T0 + 30.0
BODY = request("r")
DAY = 86400.0
OWNER = f"local.{lives.STORE}"


def tagged(instance_id: str = "i-1", request_id: str = "r", deployment: str = OWNER, **more: Any) -> Instance:
    """Return an instance that carries the worker's tag."""
    return Instance(instance_id, "Running", tags=(("team", "web"), (REQUEST_TAG, f"{deployment}/{request_id}")), **more)


def findings(instances: list[Instance], *records: Record, now: float = NOW) -> list[tuple[str, str | None]]:
    """Return the kinds and instance ids of what an audit finds."""
    by_id = {record.request_id: record for record in records}
    opened = [record.entry for record in records if record.open]
    result = auditing.audit(instances, opened, by_id.get, now=now, timings=lives.TIMINGS, store=lives.STORE)
    return [(found.finding, found.instance_id) for found in result.findings]


OLD = replace(lives.completed(BODY, "i-1", T0), tag="local/r")


@pytest.mark.parametrize(
    ("instances", "records", "expected"),
    [
        ([tagged()], [lives.completed(BODY, "i-1", T0)], []),
        ([tagged()], [lives.pending(BODY, "i-1", T0)], []),
        ([tagged()], [lives.fresh(BODY, T0)], []),
        ([], [lives.released(BODY, "i-1", T0 - 2000)], []),
        ([], [lives.limited(BODY, "i-1", T0 - DAY)], []),
        ([tagged()], [lives.limited(BODY, "i-1", T0 - 3700)], []),
        ([tagged()], [lives.limited(BODY, "i-1", T0 - DAY)], [("not-released", "i-1")]),
        ([tagged(deployment="other")], [], []),
        ([Instance("i-9", "Running")], [], []),
        ([tagged(deployment="local.00000000")], [], []),  # another stack of this name
        ([tagged(deployment="local")], [], [("no-record", "i-1")]),  # until 0.2 the tag did not tell which
        ([tagged(deployment="local")], [OLD], []),
        ([tagged(deployment="local")], [lives.completed(BODY, "i-2", T0)], [("no-record", "i-1")]),
        ([tagged(creation_time="2026-01-01T00:00Z")], [], []),
        ([tagged(creation_time="2026-11-18T00:00Z")], [], [("no-record", "i-1")]),
        ([tagged()], [], [("no-record", "i-1")]),
        ([tagged()], [lives.failed(BODY, T0)], [("not-named", "i-1")]),
        ([tagged("i-2")], [lives.completed(BODY, "i-1", T0)], [("not-named", "i-2")]),
        ([tagged()], [lives.released(BODY, "i-1", T0 - 2000)], [("said-gone", "i-1")]),
        ([tagged()], [lives.released(BODY, "i-1", T0 - 900)], []),  # it went while the audit was looking
        (
            [tagged("i-1"), tagged("i-2")], [lives.completed(BODY, "i-1", T0)],
            [("two-instances", None), ("not-named", "i-2")],
        ),
        (
            [tagged("i-1"), tagged("i-1", "s")],
            [lives.completed(BODY, "i-1", T0), lives.completed(request("s"), "i-1", T0)],
            [("two-requests", "i-1")],
        ),
        ([], [lives.fresh(BODY, T0 - 2000)], []),
        ([], [lives.fresh(BODY, T0 - 2200)], [("no-outcome", None)]),
        ([tagged()], [lives.pending(BODY, "i-1", T0 - 2200)], [("no-outcome", "i-1")]),
    ],
)  # fmt: skip
def test_what_is_found(
    instances: list[Instance], records: list[Record], expected: list[tuple[str, str | None]]
) -> None:
    """Orphans, doubles and requests without an end are found; what is under way, expired or foreign is not."""
    assert findings(instances, *records) == expected


def test_what_another_version_recorded_is_told() -> None:
    """A record that this version cannot read is a finding, and hides no other."""

    def record_of(request_id: str) -> Record | None:
        if request_id == "r":
            raise UnreadableRecord("schema 9")
        return None

    instances = [tagged(), tagged("i-2", "s")]
    result = auditing.audit(instances, [], record_of, now=NOW, timings=lives.TIMINGS, store=lives.STORE)
    assert [(found.finding, found.request_id) for found in result.findings] == [("unreadable", "r"), ("no-record", "s")]


def test_an_outcome_that_is_not_published_is_found() -> None:
    """A frozen outcome that the topic has not taken for twenty minutes is a finding of its own."""
    ended = replace(lives.completed(BODY, "i-1", T0 - 3000), published_at=None)
    assert findings([tagged()], ended) == [("no-outcome", "i-1")]


@pytest.mark.slow
def test_audit_of_a_cloud(tmp_path: Path) -> None:
    """`audit` pages through every tagged instance, reports findings as JSON lines with exit code 1, changes nothing."""
    cloud, began = Cloud(provisioned=True), lives.now()
    cloud.config.update({"delays": {"Pending": 0}})  # nothing changes by itself meanwhile
    with running(cloud) as url:
        ecs = Ecs(Credentials(defaults.ACCESS_KEY_ID, defaults.ACCESS_KEY_SECRET), call_seconds=5, endpoint=url)

        def make(request_id: str, token: str = "") -> str:
            tag = {"Tag.1.Key": REQUEST_TAG, "Tag.1.Value": f"{OWNER}/{request_id}"}
            return ecs.create({**PARAMETERS, **tag, "ClientToken": token or request_id}).instance_id

        bodies = [request(f"r{number}") for number in range(101)]
        lives.write(tmp_path, *(lives.completed(body, make(json.loads(body)["requestId"]), began) for body in bodies))
        command = ["audit", "--endpoint", url, "--data", str(tmp_path)]
        result = CliRunner().invoke(main, command, catch_exceptions=False)
        assert (result.exit_code, result.stdout) == (0, ""), result.output
        assert "101 instances" in result.stderr
        orphan, double = make("nobody"), make("r100", "another token")
        before = cloud.state()["ecs"], (tmp_path / "provisioner.db").read_bytes()
        result = CliRunner().invoke(main, command, catch_exceptions=False)
        assert result.exit_code == 1
        found = {(row["finding"], row["instanceId"]) for row in lives.json_lines(result.stdout)}
        assert found == {("no-record", orphan), ("not-named", double), ("two-instances", None)}
        assert (cloud.state()["ecs"], (tmp_path / "provisioner.db").read_bytes()) == before


@pytest.mark.slow
def test_a_region_that_does_not_answer_ends_no_audit(tmp_path: Path) -> None:
    """The others are audited; it is reported as not looked at, and the exit code says that not all is well."""
    cloud = Cloud(provisioned=True)
    lives.write(tmp_path, lives.failed(BODY, T0))
    with running(cloud) as url:
        cloud.faults.add({"service": "ecs", "action": "DescribeInstances", "times": 1, "effect": "lose-request"})
        command = [
            "audit",
            "--endpoint",
            url,
            "--data",
            str(tmp_path),
            "--look-in",
            "cn-beijing",
            "--look-in",
            "cn-hangzhou",
        ]
        result = CliRunner().invoke(main, command, catch_exceptions=False)
    assert result.exit_code == 1, result.output
    (row,) = lives.json_lines(result.stdout)
    assert row["finding"] == "not-looked-at"
    assert row["says"].startswith("cn-beijing does not answer")
    assert cloud.state()["calls"]["ecs.DescribeInstances"] == 2


@pytest.mark.slow
def test_wrong_use(tmp_path: Path) -> None:
    """Without records there is nothing to compare with; instances that cannot be listed are no answer."""
    cloud = Cloud(provisioned=True)
    with running(cloud) as url:
        command = ["audit", "--endpoint", url, "--data", str(tmp_path)]
        result = CliRunner().invoke(main, command)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "--data" in result.stderr
        lives.write(tmp_path, lives.failed(BODY, T0))
        refusal = {"status": 403, "code": "Forbidden.RAM", "message": "no"}
        cloud.faults.add({"service": "ecs", "action": "DescribeInstances", "error": refusal})
        result = CliRunner().invoke(main, command)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "cannot be listed" in result.stderr
