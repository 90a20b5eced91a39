"""The checks of `provisioner doctor`, in the order in which they are asked: what others rest on comes first."""

from __future__ import annotations

from local.deployment.checks import alarms, functions, messaging, roles, running, stack, store, triggers

CHECKS = (
    *stack.CHECKS,
    *roles.CHECKS,
    *functions.CHECKS,
    *triggers.CHECKS,
    *messaging.CHECKS,
    *store.CHECKS,
    *alarms.CHECKS,
    *running.CHECKS,
)
