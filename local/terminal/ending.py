"""How a command ends when something goes wrong that it does not answer itself: a sentence, an exit code, no more."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import click

from local.terminal.output import WRONG_USE, WrongUse

if TYPE_CHECKING:
    from collections.abc import Iterator

INTERRUPTED = 130


@contextmanager
def told() -> Iterator[None]:
    """Run a command; turn what it raises into an exit.

    An interrupt is silent, with 130. A closed pipe, a full disk and any other failure of the system are said in the
    system's words. A mistake of the program's own names its kind and place only: its text may quote a message.
    """
    try:
        yield
        sys.stdout.flush()
    except (click.ClickException, click.exceptions.Exit):
        raise
    except (KeyboardInterrupt, click.Abort):
        _forget_output()
        raise SystemExit(INTERRUPTED) from None
    except OSError as error:
        _forget_output()
        raise WrongUse(_system(error)) from None
    except Exception as error:  # noqa: BLE001 - nothing is shown as a traceback
        _forget_output()
        place = traceback.extract_tb(error.__traceback__)[-1]
        _say(
            f"Error: provisioner has a mistake of its own: {type(error).__name__} at {os.path.basename(place.filename)}"  # noqa: PTH119
            f":{place.lineno}; try again, and report this line if it comes back"
        )
        raise SystemExit(WRONG_USE) from None


def _system(error: OSError) -> str:
    if error.errno in (errno.EPIPE, errno.ESHUTDOWN):
        return "standard output was closed before everything was written; read it to its end, or write to a file"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk is full{_of(error)}; make room, or write elsewhere (--data, --output, another file)"
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return "too many files are open; raise the limit with `ulimit -n`"
    return f"{error.strerror or type(error).__name__}{_of(error)}; check that the file or address can be used"


def _of(error: OSError) -> str:
    return f": {error.filename}" if isinstance(error.filename, str) else ""


def _say(text: str) -> None:
    with suppress(OSError):
        click.echo(text, err=True)


def _forget_output() -> None:
    """Let nothing be written when the interpreter ends: what is buffered would fail again, and be told in its way."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
