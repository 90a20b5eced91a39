"""What a check is: a question about one deployment, answered with yes, no or unknown, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING

from local.deployment.ports import NoAnswer, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from local.deployment.ports import Account, Data, Logs, Records
    from local.deployment.wanted import Wanted


class Answer(Enum):
    """Whether something is as it should be."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Verdict:
    """An answer, what was seen, and the next step where there is one."""

    answer: Answer
    says: str
    next: str = ""


class Site:
    """One deployment: its stack, what it ought to be, and the way to ask."""

    def __init__(self, account: Account, stack: Data, wanted: Wanted, template: str) -> None:
        self.account, self.stack, self.wanted, self.template = account, stack, wanted, template

    @cached_property
    def logs(self) -> Logs:
        """The deployment's log store."""
        names = self.wanted["LogStore"]
        return self.account.logs(names["ProjectName"], names["LogstoreName"])

    @cached_property
    def records(self) -> Records:
        """The deployment's store."""
        return self.account.records(self.wanted["Store"]["InstanceName"])

    @property
    def closed(self) -> bool:
        """Whether the store answers inside VPCs only."""
        return bool(self.wanted.parameter("VpcId"))


@dataclass(frozen=True, slots=True)
class Check:
    """A named question."""

    name: str
    ask: Callable[[Site], Verdict]


@dataclass(frozen=True, slots=True)
class Result:
    """A check and its answer."""

    check: str
    verdict: Verdict


def yes(says: str, step: str = "") -> Verdict:
    """Return that it is so."""
    return Verdict(Answer.YES, says, step)


def no(says: str, step: str) -> Verdict:
    """Return that it is not so, and what to do."""
    return Verdict(Answer.NO, says, step)


def unknown(says: str, step: str) -> Verdict:
    """Return that it cannot be told, and what would tell."""
    return Verdict(Answer.UNKNOWN, says, step)


def compared(found: Sequence[str], well: str, step: str) -> Verdict:
    """Return no with every difference there is, yes without any."""
    return no("; ".join(found), step) if found else yes(well)


DEPLOY = "run `provisioner deploy`"
BY_HAND = (
    f"{DEPLOY} if stack or template say no, too. Otherwise it was changed beside the stack, which ROS does not see: "
    "set it back in the console, or make it again as template.yml says"
)
"""What to do about something that is not there, or not as the template says."""


def run(checks: Iterable[Check], site: Site) -> Iterator[Result]:
    """Ask one check after the other.

    What the keys may not ask, nobody answers, or is answered in a form that nobody foresaw, is unknown and stops no
    other.
    """
    for check in checks:
        try:
            verdict = check.ask(site)
        except Refused as refused:
            step = (
                f"give these keys {refused.action}; `provisioner doctor --policy` prints all that an operator needs"
                if refused.forbidden
                else f"see stack first; `provisioner explain {refused.code}` may know more"
            )
            verdict = unknown(f"the service refuses to say: {refused}", step)
        except NoAnswer as lost:
            verdict = unknown(f"no answer to {lost.action} ({lost.code})", "check network and HTTPS_PROXY, then again")
        except Exception as odd:  # noqa: BLE001 - an answer can be anything; its text is not shown, it may quote one
            verdict = unknown(
                f"what came back cannot be read ({type(odd).__name__})",
                "check HTTPS_PROXY, then again; if it stays so, report it with the check's name",
            )
        yield Result(check.name, verdict)
