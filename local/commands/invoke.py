"""`provisioner invoke`: call one function as the platform would."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from local.runtime.environment import VariablesMissing
from local.runtime.template import TemplateError
from local.runtime.worker import WorkerConfig
from local.terminal import options
from local.terminal.output import WrongUse, progress, raw_line


@click.command(
    epilog=options.examples(
        "provisioner invoke provision --event events/triggers/streaming.json --endpoint http://127.0.0.1:4566",
        "provisioner invoke poll --event events/triggers/timer.json --endpoint http://127.0.0.1:4566",
    )
)
@click.argument("function")
@click.option("--event", "event", required=True, metavar="FILE", help="The trigger event's bytes; - is standard input.")
@options.endpoint
@options.store
@options.data
@click.option(
    "--runtime", type=click.Choice(["python3.12", "python3.10"]),
    help="Which runtime's context object the handler gets; the template's by default.",
)  # fmt: skip
def invoke(*, function: str, event: str, endpoint: str | None, store: str, data: Path, runtime: str | None) -> None:
    """Call FUNCTION (provision or poll) once and print what it returned.

    Handler, time limit and environment come from template.yml. A function that fails prints its error object; the
    exit code is then 1.
    """
    content = read_event(event)
    access = options.access_to(endpoint)
    try:
        config = WorkerConfig(access=access, store=store, data=data, runtime=runtime)
        called = config.function(function)
        if access.endpoint and store == "sqlite":
            options.prepare_directory(data)
        answer = called.invoke(content)
        called.close()
    except (TemplateError, VariablesMissing) as error:
        raise WrongUse(str(error)) from None
    progress(f"{called.specification.name}: {'ok' if answer.succeeded else 'error'} after {answer.seconds:.2f} s")
    raw_line(answer.payload.decode(errors="replace"))
    if not answer.succeeded:
        sys.exit(1)


def read_event(name: str) -> bytes:
    """Return a file's bytes; WrongUse when it cannot be read."""
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise WrongUse(f"event file {name} cannot be read: {error.strerror}; samples are in events/triggers") from None
