"""Refusals of the dispatcher alone; those that others have as well are in `contracts.command_errors`."""

from __future__ import annotations

from contracts.command_errors import CommandError


class SameHook(CommandError):
    """Another hook has this target, these triggers and these filters already."""

    code = "hook_exists"


class NotActive(CommandError):
    """The hook is not active."""

    code = "hook_not_active"


class NoDraft(CommandError):
    """There is no draft to publish: PUT one first."""

    code = "no_draft"


class LimitReached(CommandError):
    """The limit on the number of these is reached."""

    code = "limit_reached"
