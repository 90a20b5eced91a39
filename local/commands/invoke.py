"""`provisioner invoke`: call one function as the platform would."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from local import defaults
from local.project import sample_or_path
from local.runtime.access import Access
from local.runtime.cloud_events import batch_event, envelope, instant
from local.runtime.environment import VariablesMissing
from local.runtime.mns import Message
from local.runtime.template import TemplateError
from local.runtime.worker import WorkerConfig
from local.samples import account_state
from local.terminal import options
from local.terminal.messages import bodies, read_text
from local.terminal.output import WrongUse, json_line, progress, raw_line
from local.terminal.place import Place
from local.terminal.records import open_records
from local.terminal.running import new_cloud, serving
from shared.usecases.poll import LEASE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.cloud.cloud import Cloud
    from local.runtime.instance import Answer
    from local.terminal.place import Where

TAKES_MESSAGES = "provision"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a function is called in; `own` is the cloud that exists for this one call."""

    config: WorkerConfig
    own: Cloud | None = None

    def came_of_it(self) -> dict[str, Any]:
        """Return instances and outcomes of an own cloud; empty where others use it, too."""
        if self.own is None:
            return {}
        state = self.own.state()
        outcomes = [json.loads(body) for body in state["mns"]["topics"][defaults.TOPIC]]
        return {"instances": state["ecs"]["instances"], "outcomes": outcomes}


@click.command(
    epilog=options.examples(
        "provisioner invoke provision --event events/triggers/streaming.json",
        "provisioner new | provisioner invoke provision --message -",
        "provisioner invoke poll --event events/triggers/timer.json --endpoint http://127.0.0.1:4566",
    )
)
@click.argument("function")
@click.option("--event", metavar="FILE", type=options.FILE, help="The trigger event's bytes; - is standard input.")
@click.option(
    "--message", metavar="FILE", type=options.FILE,
    help="Messages, wrapped as the queue trigger would; - is standard input.",
)  # fmt: skip
@options.where
@options.any_store
@options.any_data
@click.option(
    "--runtime", type=click.Choice(["python3.12", "python3.10"]),
    help="Which runtime's context object the handler gets; the template's by default.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Everything that came of it, as one JSON line.")
def invoke(  # noqa: PLR0913 - one for each option
    *, function: str, event: str | None, message: str | None, where: Where, store: str | None, data: Path | None,
    runtime: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Call FUNCTION (provision or poll) once and print what it returned.

    Handler, time limit and environment come from template.yml. Where no place is named the call has a local cloud and
    an empty store of its own, which end with it; --data is not touched. With --endpoint it joins what runs there and
    uses the records of its worker; with --stack it does what the deployment's function would do, with your keys.
    Standard output is what the function returned and nothing else; its log, and the instances and outcomes that its
    own cloud has afterwards, are on standard error. A function that fails prints its error
    object; the exit code is then 1.
    """
    content = _content(function, event, message)
    with _surroundings(where, store, data, runtime) as around:
        answer = _call(around.config, function, content)
        found = around.came_of_it()
        holder = _holder(around.config) if _is_busy(answer) else None
    progress(f"{function}: {'ok' if answer.succeeded else 'error'} after {answer.seconds:.2f} s")
    returned = answer.payload.decode(errors="replace")
    if as_json:
        seconds = round(answer.seconds, 3)
        json_line({"succeeded": answer.succeeded, "returned": _read(returned), "seconds": seconds, **found})
    else:
        raw_line(returned)
        _tell(found)
    if holder:
        progress(holder)
    if not answer.succeeded:
        sys.exit(1)


def _content(function: str, event: str | None, message: str | None) -> str | bytes:
    """Return the event's bytes, or the messages to be wrapped as text; WrongUse unless there is one of them."""
    if (event is None) == (message is None):
        raise WrongUse("give the call either --event FILE (samples: events/triggers) or --message FILE")
    if event is not None:
        return read_event(event)
    if function != TAKES_MESSAGES:
        raise WrongUse(f"only {TAKES_MESSAGES} takes messages; give {function} an --event: events/triggers/timer.json")
    return read_text(str(message))


@contextmanager
def _surroundings(
    where: Where, store: str | None, data: Path | None, runtime: str | None
) -> Iterator[Surroundings]:  # fmt: skip
    """Yield what runs at the place, or a cloud and a data directory that end with the block."""
    if where.is_said:
        place = where.place(os.environ, store, data)
        kept = place.store or "sqlite"  # a cloud without a worker: this call is the first
        if kept == "sqlite":
            options.prepare_directory(place.data)
        yield Surroundings(
            WorkerConfig(access=place.access, store=kept, data=place.data, environ=place.environ, runtime=runtime)
        )
        return
    store = store or "sqlite"
    cloud = new_cloud(1.0, account_state())
    with tempfile.TemporaryDirectory(prefix="provisioner-invoke-") as folder, serving(cloud) as url:
        progress(f"a local cloud and a {store} store of its own, both empty; --endpoint joins what runs")
        config = WorkerConfig(access=Access.local(url), store=store, data=Path(folder), runtime=runtime)
        yield Surroundings(config, cloud)


def _call(config: WorkerConfig, name: str, content: str | bytes) -> Answer:
    try:
        function = config.function(name)
        event = content if isinstance(content, bytes) else wrapped(content, config)
        try:
            return function.invoke(event)
        finally:
            function.close()
    except (TemplateError, VariablesMissing) as error:
        raise WrongUse(str(error)) from None


def wrapped(text: str, config: WorkerConfig) -> bytes:
    """Return the event in which the queue trigger would hand over these messages."""
    trigger, now = config.deployment.queue_trigger(), time.time()
    messages = [Message(uuid.uuid4().hex.upper(), body, "", now, now) for _, body in bodies("the message file", text)]
    return batch_event([envelope(each, config.access, trigger.queue, base64=trigger.base64) for each in messages])


def _is_busy(answer: Answer) -> bool:
    returned = _read(answer.payload.decode(errors="replace"))
    return answer.succeeded and isinstance(returned, dict) and returned.get("reason") == "busy"


def _holder(config: WorkerConfig) -> str:
    """Say who makes the rounds instead."""
    environ = os.environ if config.environ is None else config.environ
    with open_records(Place(access=config.access, store=config.store, data=config.data, environ=environ)) as records:
        lease = records.lease(LEASE) if records else None
    held = f"run {lease.holder} of the timer function, until {instant(lease.until)}" if lease else "another run"
    return f"busy: the polling lease is held by {held}: a worker (provisioner up or run) does this work already"


def _tell(found: dict[str, Any]) -> None:
    """Tell what an own cloud has afterwards."""
    for instance in found.get("instances", ()):
        request_id = instance["Tags"].get(defaults.REQUEST_TAG, "").partition("/")[2]
        progress(f"instance {instance['InstanceId']} {instance['Status']}, for {request_id}")
    for outcome in found.get("outcomes", ()):
        end = outcome["type"].rpartition(".")[2]
        why = f": {outcome['data']['error']['code']}" if end == "failed" else ""
        progress(f"outcome {end} of {outcome['subject']}{why}")
    if "instances" in found:
        progress(f"{len(found['instances'])} instances, {len(found['outcomes'])} outcomes; the cloud ends here")


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def read_event(name: str) -> bytes:
    """Return a file's bytes; WrongUse when it cannot be read."""
    try:
        return sys.stdin.buffer.read() if name == "-" else sample_or_path(name).read_bytes()
    except OSError as error:
        raise WrongUse(f"event file {name} cannot be read: {error.strerror}; samples are in events/triggers") from None
