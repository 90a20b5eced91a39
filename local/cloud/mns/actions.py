"""The table of actions. Each is one function in `queueing` or `topicing`, with its place in the URL above it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.cloud.mns import exceptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.cloud.http import HttpRequest, HttpResponse
    from local.cloud.mns.models import Account
    from local.cloud.service import LongPoll

    Handler = Callable[[Account, "Arguments"], HttpResponse | LongPoll]

NAME = "[A-Za-z0-9][A-Za-z0-9-]{0,119}"


@dataclass(frozen=True, slots=True)
class Arguments:
    """What an action is called with: the names in its path, its query (names in lower case), its body."""

    names: tuple[str, ...]
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    location: str


@dataclass(frozen=True, slots=True)
class Action:
    """One action: how its requests look, and what it does."""

    name: str
    method: str
    path: re.Pattern[str]
    marks: frozenset[str]
    handler: Handler


ACTIONS: list[Action] = []


def action(method: str, path: str, *marks: str) -> Callable[[Handler], Handler]:
    """Enter a function as the action of its name (`send_message` is SendMessage).

    In the path `*` stands for a name. `marks` are query parameters (in lower case) or the body's root (`<Messages>`) by
    which this action differs from others at the same path: of those that fit, the one with the most marks is meant.
    """

    def enter(handler: Handler) -> Handler:
        name = "".join(word.capitalize() for word in handler.__name__.split("_"))
        pattern = re.compile(path.replace("*", f"({NAME})"))
        ACTIONS.append(Action(name, method, pattern, frozenset(marks), handler))
        return handler

    return enter


_ROOT = re.compile(rb"<([A-Za-z]+)[\s>/]")


def find(request: HttpRequest) -> tuple[Action, Arguments]:
    """Return the action a request means, and its arguments; raise ServiceError where there is none."""
    query = {name.lower(): value for name, value in request.query.items()}
    root = _ROOT.search(request.body)
    present = {*query, f"<{root[1].decode()}>" if root else ""}
    best: tuple[Action, tuple[str, ...]] | None = None
    for candidate in ACTIONS:
        if candidate.method == request.method and candidate.marks <= present:
            matched = candidate.path.fullmatch(request.path)
            if matched and (best is None or len(candidate.marks) > len(best[0].marks)):
                best = candidate, matched.groups()
    if best is None:
        raise exceptions.unknown_action(request.method, request.target)
    location = f"http://{request.headers.get('host', '')}{request.path}"
    return best[0], Arguments(best[1], query, request.headers, request.body, location)
