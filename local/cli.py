"""The command line `provisioner`.

Commands are imported when they are asked for, so that `validate` and `errors` start without the cloud's SDKs.
Exit codes: 0 done, 1 the answer is no, 2 wrong use, 130 interrupted.
"""

from __future__ import annotations

import importlib
from typing import Any

import click

from local.terminal.ending import told

COMMANDS = {
    "demo": ("local.commands.demo", "The whole job on this machine: messages in, outcomes out."),
    "up": ("local.commands.up", "Local cloud and worker until stopped."),
    "cloud": ("local.commands.cloud", "The local cloud alone."),
    "run": ("local.commands.run", "The worker alone, against a cloud."),
    "invoke": ("local.commands.invoke", "Call one function as the platform would."),
    "new": ("local.commands.new", "A message to begin with."),
    "enqueue": ("local.commands.enqueue", "Put messages into the request queue."),
    "listen": ("local.commands.listen", "Follow outcomes."),
    "status": ("local.commands.status", "One request's record."),
    "validate": ("local.commands.validate", "Check messages offline."),
    "errors": ("local.commands.errors", "The error catalogue."),
    "explain": ("local.commands.errors", "What one error code means."),
    "policy": ("local.commands.policy", "What may be bought: show, set, check."),
    "cancel": ("local.commands.steer", "Take one request back."),
    "pause": ("local.commands.steer", "Buy nothing more until `resume`."),
    "resume": ("local.commands.steer", "End a pause."),
    "dlq": ("local.commands.dlq", "Dead letters: list, show, replay."),
    "audit": ("local.commands.audit", "Instances against records."),
    "package": ("local.commands.package", "Build the deployable zip."),
    "deploy": ("local.commands.deploy", "Make or update a deployment in the account."),
    "doctor": ("local.commands.doctor", "What of a deployment works, and what to do about the rest."),
    "logs": ("local.commands.logs", "A request's log lines."),
}
"""Each command's module and what it does; the command is the module's attribute of the same name."""


class LazyGroup(click.Group):
    """A group that knows its commands' names and imports one when it is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the same
        """Import the command's module."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(COMMANDS[cmd_name][0]), cmd_name)
        return command

    def make_context(self, *given: Any, **more: Any) -> click.Context:
        """Read the command line; --help and --version write already here."""
        with told():
            return super().make_context(*given, **more)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; whatever it does not answer itself ends as one sentence, never as a traceback."""
        with told():
            return super().invoke(ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - the same
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="ecs-provisioning-worker", prog_name="provisioner")
def main() -> None:
    """Create ECS instances from queue messages: run it here, look into it, deploy it.

    Begin with `provisioner demo`. Every command explains itself with --help.
    """


if __name__ == "__main__":
    main()
