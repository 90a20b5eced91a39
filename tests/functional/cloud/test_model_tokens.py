"""Client tokens of the local cloud against what is documented of them, through the official SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
from darabonba.exceptions import UnretryableException
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from local.cloud.config import Checks, Config
from tests.support.documented.run import compare, disagrees
from tests.support.documented.tokens import NEW, SOME, Create, TokenModel, Used
from tests.support.ecs_calls import create, delete
from tests.support.fresh_clouds import fresh_clouds

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.cloud.cloud import Cloud
    from tests.support.fresh_clouds import FreshClouds

pytestmark = pytest.mark.slow

NO_STOCK = {"*": {"*": 0}}
CHANGES: tuple[dict[str, Any], ...] = (
    {},
    {"InstanceName": "web"},
    {"Password": "Abcd-1234"},
    {"Password": "Abcd-1235"},
)
CALLS = st.builds(
    Create,
    region=st.sampled_from(["cn-hangzhou", "cn-hangzhou", "cn-hangzhou", "cn-shanghai"]),
    token=st.sampled_from(["a", "a", "A", "b", None]),
    changes=st.sampled_from([tuple(change.items()) for change in CHANGES]),
    dry_run=st.sampled_from([False] * 7 + [True]),
    malformed=st.sampled_from([False] * 7 + [True]),
)


class TokenMachine(RuleBasedStateMachine):
    """Calls CreateInstance in any order, between stock, waiting, releases and lost calls."""

    fresh: FreshClouds
    checks = Checks()
    make_model: type[TokenModel] = TokenModel

    @initialize(kept=st.sampled_from([None, 100.0]), busy=st.sampled_from([0.0, 10.0]))
    def begin(self, kept: float | None, busy: float) -> None:
        """Begin with an empty account."""
        config = Config(token_seconds=kept, checks=self.checks)
        config.delays |= {"Creating": busy, "Initializing": 0.0, "Pending": 0.0}
        self.cloud: Cloud = self.fresh.begin(config)
        self.model = self.make_model(kept, busy)
        self.instances: set[str] = set()
        self.untold = 0
        self.room = True

    @rule(call=CALLS)
    def call(self, call: Create) -> None:
        """Call, and compare the answer."""
        now = self.cloud.clock.now()
        expected = self.model.expect(call, now, room=self.room)
        answer = self._create(call)
        if expected in {NEW, SOME}:
            assert answer.startswith("i-"), f"{call} made no instance: {answer}"
            assert answer not in self.instances, f"{call} was answered with the instance of another call"
            self.instances.add(answer)
        else:
            assert answer == expected, f"{call}: {answer}, documented is {expected}"
        if expected == SOME:
            self.model.told(call, answer)
            self.untold -= 1
        else:
            self.model.note(call, now, answer)

    @rule(call=CALLS, effect=st.sampled_from(["lose-request", "lose-response", "error"]))
    def lose(self, call: Create, effect: str) -> None:
        """Lose a call, its answer, or have it fail with a status that says nothing of its effect."""
        now = self.cloud.clock.now()
        what = {"error": {"status": 503, "code": "ServiceUnavailable"}} if effect == "error" else {"effect": effect}
        self.cloud.faults.add({"service": "ecs", "action": "CreateInstance", **what})
        expected = self.model.expect(call, now, room=self.room)
        answer = self._create(call)
        assert answer == ("ServiceUnavailable" if effect == "error" else "(no answer)")
        if effect == "lose-response":
            self.untold += expected == NEW
            self.model.note(call, now, SOME if expected == NEW else expected)

    @rule(room=st.booleans())
    def stock(self, room: bool) -> None:  # noqa: FBT001 - hypothesis
        """Sell out, or get new stock."""
        self.room = room
        self.cloud.config.stock = {} if room else NO_STOCK

    @rule(seconds=st.sampled_from([1, 9, 10, 50, 100]))
    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.cloud.clock.advance(seconds)

    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        """Release an instance: its token goes on answering with it."""
        there = sorted(self.instances & self._ids())
        if there:
            delete(self.fresh.ecs, data.draw(st.sampled_from(there)), force=True)

    @invariant()
    def nothing_else_is_made(self) -> None:
        """There are as many instances as calls that had to make one, and those that were answered are among them."""
        if hasattr(self, "cloud"):
            made = set(self.cloud.ecs.account.instances)
            assert self.instances <= made
            assert len(made) == len(self.instances) + self.untold

    def _ids(self) -> set[str]:
        return {one["InstanceId"] for one in self.cloud.state()["ecs"]["instances"]}

    def _create(self, call: Create) -> str:
        """Return the instance's id, or the code of the refusal."""
        changes = dict(call.changes) | {"RegionId": call.region, "ClientToken": call.token}
        if call.malformed:
            changes["Password"] = "short"
        if call.dry_run:
            changes["DryRun"] = True
        try:
            return create(self.fresh.ecs, **changes)
        except UnretryableException:
            return "(no answer)"
        except AlibabaCloudException as error:
            return str(error.code)


def machine(
    clouds: FreshClouds, model: type[TokenModel] = TokenModel, checks: Checks | None = None
) -> Callable[[], TokenMachine]:
    """Return a machine over these clouds."""
    return type("Machine", (TokenMachine,), {"fresh": clouds, "make_model": model, "checks": checks or Checks()})


def test_tokens_are_as_documented() -> None:
    """Whatever is called in whatever order, a token makes one instance and is answered as documented."""
    with fresh_clouds() as clouds:
        compare(machine(clouds), examples=25, steps=25)


class OneCase(TokenModel):
    """Takes tokens that differ in case for the same."""

    def known(self, call: Create, now: float) -> Used | None:
        return super().known(Create(call.region, call.token and call.token.lower(), call.changes), now)


class AnyParameters(TokenModel):
    """Compares no parameters."""

    def same(self, used: Used, call: Create) -> bool:  # noqa: ARG002 - a rule less
        return True


class ForEver(TokenModel):
    """Never forgets."""

    def known(self, call: Create, now: float) -> Used | None:  # noqa: ARG002 - a rule less
        return self.used.get((call.region, call.token)) if call.token else None


class NeverBusy(TokenModel):
    """Answers a repeat at once."""

    def __init__(self, kept: float | None, busy: float) -> None:  # noqa: ARG002 - a rule less
        super().__init__(kept, 0.0)


@pytest.mark.models
@pytest.mark.parametrize("model", [OneCase, AnyParameters, ForEver, NeverBusy])
def test_a_token_rule_less_is_noticed(model: type[TokenModel]) -> None:
    """A model without one of the rules disagrees with the local cloud: each of them is compared."""
    with fresh_clouds() as clouds:
        assert disagrees(machine(clouds, model), examples=200, steps=25)


def test_a_cloud_without_tokens_is_noticed() -> None:
    """A cloud that does not look at tokens disagrees with the model."""
    with fresh_clouds() as clouds:
        assert disagrees(machine(clouds, checks=Checks(tokens=False)), examples=50, steps=25)
