"""`provisioner doctor`: what of a deployment works, and what to do about the rest."""

from __future__ import annotations

import json
import os
import sys
import time
import uuid
from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, Any

import click

from local.deployment.check import Answer, Result, run, unknown
from local.deployment.checks import CHECKS
from local.deployment.permissions import policy as operators_policy
from local.deployment.send import message, outcome_of, verdict
from local.runtime.mns import QueueClient, QueueError
from local.runtime.outcome_inbox import own_inbox
from local.terminal import options
from local.terminal.account import no_stack, open_services, said, site_of
from local.terminal.messages import read_text
from local.terminal.outcomes import outcomes
from local.terminal.output import WrongUse, json_line, printable, progress, raw_line, wants_json
from shared.domain.message.envelope import lacks_parameters

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local.deployment.check import Site
    from local.runtime.access import Access
    from local.terminal.place import Where

NO = 1


@click.command(
    epilog=options.examples(
        "provisioner doctor --stack provisioner",
        "provisioner doctor --stack provisioner --send",
        "provisioner doctor --stack provisioner --message events/messages/plain.json",
        "provisioner doctor --policy > operator.json",
    )
)
@options.where
@click.option("--send", is_flag=True, help="Send a DryRun request through the whole, too; nothing is bought.")
@click.option("--message", "file", metavar="FILE", help="Send this message, made a dry run, under another id.")
@click.option(
    "--timeout",
    type=options.Finite(min=1),
    default=300.0,
    show_default=True,
    help="How long to wait for its outcome, in seconds.",
)
@click.option("--policy", is_flag=True, help="Print the RAM policy that an operator needs, and do nothing else.")
@options.as_json
def doctor(*, where: Where, send: bool, file: str | None, timeout: float, policy: bool, as_json: bool) -> None:
    """Check a deployment against template.yml: each check answers yes, no or unknown, and says the next step.

    Nothing is changed. --send makes a queue of its own that hears the outcome, and removes it. Unknown is what these
    keys may not ask, what nobody answers, and what only you can judge.

    Exit code 1 when an answer is no.
    """
    if policy:
        click.echo(json.dumps(operators_policy(), indent=2))
        return
    own = _own_message(file) if file else None
    access = where.account(os.environ)
    account = open_services(access)
    with said():
        stack = account.stacks.find(str(where.stack))
    if stack is None:
        raise WrongUse(no_stack(str(where.stack), access.region))
    site = site_of(account, stack, access)
    results = chain(run(CHECKS, site), [sent(site, access, own, timeout)] if send or own else [])
    sys.exit(tell(results, for_program=wants_json(as_json)))


def tell(results: Iterable[Result], *, for_program: bool) -> int:
    """Print results as they come, and return the exit code."""
    answers: Counter[Answer] = Counter()
    for result in results:
        answers[result.verdict.answer] += 1
        _show(result, for_program=for_program)
    progress(", ".join(f"{answers[one]} {one.value}" for one in Answer))
    return NO if answers[Answer.NO] else 0


def sent(site: Site, access: Access, own: dict[str, Any] | None, timeout: float) -> Result:
    """Send a dry run through a deployment and wait for its outcome."""
    request_id = f"doctor-{uuid.uuid4().hex[:16]}"
    queue, topic = site.wanted["RequestQueue"]["QueueName"], site.wanted["OutcomeTopic"]["TopicName"]
    progress(f"sending {request_id}, a dry run; its outcome may take a minute")
    began = time.monotonic()
    try:
        with own_inbox(access, topic) as inbox:
            with QueueClient(access, queue) as client:
                client.send(json.dumps(message(own, access.region, request_id)))
            found = outcome_of(outcomes(inbox, None, timeout), request_id)
    except QueueError as error:
        return Result(
            "send",
            unknown(
                f"it could not be sent, or its outcome not be heard: {error}",
                "see queues and topic; `provisioner doctor --policy` prints what these keys need",
            ),
        )
    return Result("send", verdict(found, own=own is not None, seconds=time.monotonic() - began))


def _own_message(file: str) -> dict[str, Any]:
    try:
        found = json.loads(read_text(file))
    except ValueError:
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("parameters", {}), dict) or lacks_parameters(found):
        raise WrongUse(
            f"{file} is no message with parameters or a profile; `provisioner new` makes one, `provisioner validate` "
            "checks"
        )
    return found


def _show(result: Result, *, for_program: bool) -> None:
    found = result.verdict
    if for_program:
        json_line({"check": result.check, "answer": found.answer.value, "says": found.says, "next": found.next or None})
        return
    raw_line(printable(f"{found.answer.value:<8} {result.check:<19} {found.says}"))
    if found.next:
        raw_line(printable(f"{'':<8} {'':<19} next: {found.next}"))
