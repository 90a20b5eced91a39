"""`docs/lifecycle.md`: the states of a record and what leads from one to the other, drawn from the transition table."""

from __future__ import annotations

import inspect

from shared.domain.lifecycle.record import TERMINAL, State
from shared.domain.lifecycle.transitions import LEADS_TO, TABLE

_HEAD = """# The life of a record

Made by `make docs` from the tables in `shared/domain/lifecycle/transitions.py`. An event that a state does not list
comes too late or belongs to another worker: it changes nothing. A record begins as `creating`, with its first
generation claimed, or as `waiting` where the policy has limits or an operator has paused; it is open until its outcome
is published.
"""

_FIRST = (State.CREATING, State.WAITING)


def lifecycle_page() -> str:
    """Return the page: a drawing of the changes of state, then what each event does in each state."""
    return "\n".join([_HEAD, *_drawing(), "", *_tables(), ""])


def _drawing() -> list[str]:
    arrows: dict[tuple[State, State], list[str]] = {}
    for state, ways in LEADS_TO.items():
        for event, nexts in ways.items():
            for after in nexts:
                if after is not state:
                    arrows.setdefault((state, after), []).append(event.__name__)
    drawn = [f"    {a.value} --> {b.value}: {' · '.join(names)}" for (a, b), names in arrows.items()]
    ends = [f"    {state.value} --> [*]: Published" for state in State if state in TERMINAL]
    begins = [f"    [*] --> {state.value}: claimed" for state in _FIRST]
    return ["```mermaid", "stateDiagram-v2", *begins, *drawn, *ends, "```"]


def _tables() -> list[str]:
    lines: list[str] = []
    for state, changes in TABLE.items():
        lines += [f"## `{state.value}`", "", "| event | means | then | leads to |", "| --- | --- | --- | --- |"]
        for event, change in changes.items():
            after = ", ".join(f"`{one.value}`" for one in LEADS_TO[state][event])
            lines.append(f"| {event.__name__} | {_first(event)} | {_first(change)} | {after} |")
        lines.append("")
    return lines[:-1]


def _first(thing: object) -> str:
    """Return the first paragraph of a docstring in one line."""
    return " ".join((inspect.getdoc(thing) or "").partition("\n\n")[0].split()).replace("|", "\\|")
