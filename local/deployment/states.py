"""What a stack's status means for what can be done with it. The names are those of ROS's GetStack."""

from __future__ import annotations

from enum import Enum

CREATED = frozenset(
    {"CREATE_COMPLETE", "UPDATE_COMPLETE", "CHECK_COMPLETE", "IMPORT_CREATE_COMPLETE", "IMPORT_UPDATE_COMPLETE"}
)
FAILED_UPDATES = frozenset(
    {
        "UPDATE_FAILED",
        "ROLLBACK_COMPLETE",
        "ROLLBACK_FAILED",
        "CHECK_FAILED",
        "IMPORT_UPDATE_FAILED",
        "IMPORT_UPDATE_ROLLBACK_COMPLETE",
        "IMPORT_UPDATE_ROLLBACK_FAILED",
    }
)
RUNNING = "_IN_PROGRESS"
PLANNED = "REVIEW_IN_PROGRESS"
"""A change set made the stack, and nothing goes on until somebody carries it out."""


class State(Enum):
    """What a stack can be used for."""

    READY = "its last operation ended well"
    UPDATABLE = "its last update failed; it works as before, or nearly, and can be updated"
    RUNNING = "an operation is under way"
    STUCK = "it was never whole, or is half deleted; it has to be deleted"


def state_of(status: str) -> State:
    """Return what a status means."""
    if status in CREATED:
        return State.READY
    if status in FAILED_UPDATES:
        return State.UPDATABLE
    return State.RUNNING if status.endswith(RUNNING) and status != PLANNED else State.STUCK
