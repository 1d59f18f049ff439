"""Steps that steer the run itself: go on only if, choose, repeat, wait."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from action_executor.actions.context import StepContext
from action_executor.runs.records import Done, Entered, Failed, Filtered, StepCall, StepOutcome, Wait
from action_executor.runs.step_store import find_item_results
from action_executor.runs.store import find_account
from contracts.primitives.durations import read_elapsed

DELAY_DAYS_MAX: Final = 366
OUTPUTS_BYTES_MAX: Final = 192 * 1024  # of all items together: an output has at most 256 KiB
_SATURDAY: Final = 5
# As text a number has no leading zeros: "007" is a code.
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]{0,59})(\.[0-9]{1,60})?([eE][+-]?[0-9]{1,3})?", re.ASCII)


async def filter_run(call: StepCall, _: StepContext) -> StepOutcome:
    """Go on only when the condition holds: output `{"passed": ...}`."""
    return Done({"passed": True}) if passes(call.input) else Filtered({"passed": False})


async def branch(call: StepCall, _: StepContext) -> StepOutcome:
    """Take the first branch whose condition holds: output `{"branch": its number, or null}`."""
    if not call.first:
        return Done(call.output)
    for number, arm in enumerate(call.input["branches"]):
        if not arm or passes(arm):
            return Entered(f"branches.{number}", {"branch": number})
    return Done({"branch": None})


async def for_each(call: StepCall, context: StepContext) -> StepOutcome:
    """Take the steps for each item: output `{"count", "failed", "outputs"}`.

    `failed` are the numbers of items with a failed step, `outputs` what the last step of each item gave, null for all
    where they are too large together.
    """
    count = len(call.input["items"])
    if call.first and count:
        return Entered("items.0", {"count": count, "failed": [], "outputs": None})
    results = await find_item_results(context.pool, call.run, call.path) if count else []
    outputs: list[Any] | None = [None] * count
    for result in results:
        if outputs is not None:
            outputs[result.number] = result.output
    if sum(result.bytes for result in results) > OUTPUTS_BYTES_MAX:
        outputs = None
    return Done({"count": count, "failed": [result.number for result in results if result.failed], "outputs": outputs})


def passes(condition: Mapping[str, Any]) -> bool:
    """Whether a condition holds, or a group of them (see `contracts.catalog.flow_inputs.Condition`)."""
    match condition:
        case {"all": [*parts]}:
            return all(passes(part) for part in parts)
        case {"any": [*parts]}:
            return any(passes(part) for part in parts)
        case {"not": dict() as part}:
            return not passes(part)
        case _:
            return holds(condition.get("where"), condition.get("op", "eq"), condition.get("value"))


def holds(left: Any, op: str, right: Any) -> bool:
    """Whether `left op right`.

    Two numbers, also written as text, are compared exactly, never as floats. A text with leading zeros is a code:
    "007" is neither "7" nor 7.
    """
    if op == "exists":
        return left not in (None, "") if right is not False else left in (None, "")
    return _COMPARISONS[op](left, right)


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        number = Decimal(repr(value))
        return number if number.is_finite() else None
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return Decimal(value.strip())
    return None


def _pair(left: Any, right: Any) -> tuple[Any, Any]:
    """Both as numbers where both are, else both as text."""
    numbers = _number(left), _number(right)
    if numbers[0] is not None and numbers[1] is not None:
        return numbers
    return _text(left), _text(right)


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, list | dict) or isinstance(right, list | dict):
        return bool(left == right)
    one, other = _pair(left, right)
    return bool(one == other)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def run(left: Any, right: Any) -> bool:
        # What is not there is neither more nor less than anything.
        return left not in (None, "") and right not in (None, "") and compare(*_pair(left, right))

    return run


def _contains(left: Any, right: Any) -> bool:
    match left:
        case list():
            return any(_equal(item, right) for item in left)
        case dict():
            return _text(right) in left
        case _:
            return _text(right) in _text(left)


def _is_in(left: Any, right: Any) -> bool:
    options = right if isinstance(right, list) else [part.strip() for part in _text(right).split(",")]
    return any(_equal(left, option) for option in options)


_COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "eq": _equal,
    "ne": lambda left, right: not _equal(left, right),
    "gt": _ordered(lambda one, other: one > other),
    "gte": _ordered(lambda one, other: one >= other),
    "lt": _ordered(lambda one, other: one < other),
    "lte": _ordered(lambda one, other: one <= other),
    "contains": _contains,
    "not_contains": lambda left, right: not _contains(left, right),
    "starts_with": lambda left, right: _text(left).startswith(_text(right)),
    "ends_with": lambda left, right: _text(left).endswith(_text(right)),
    "in": _is_in,
}


async def delay(call: StepCall, context: StepContext) -> StepOutcome:
    """Wait for a time, until one, or for the next business day: output `{"until": ...}`.

    It waits in Postgres, for up to a year.
    """
    try:
        until = await _until(call, context)
    except ValueError as error:
        return Failed(str(error))
    left = (until - call.run.now).total_seconds()
    return Wait(left) if left > 0 else Done({"until": until.isoformat()})


async def delay_end(call: StepCall, context: StepContext) -> StepOutcome:
    """Tell when a delay that began now would end: output `{"until": ...}`."""
    try:
        return Done({"until": (await _until(call, context)).isoformat()})
    except ValueError as error:
        return Failed(str(error))


async def _until(call: StepCall, context: StepContext) -> datetime:
    if (clock := call.input.get("business_day")) is not None:
        account = await find_account(context.pool, call.run.account_id)
        return next_business_day(call.started_at, time.fromisoformat(clock), ZoneInfo(account.get("time_zone", "UTC")))
    if (moment := call.input.get("until")) is not None:
        until = datetime.fromisoformat(moment)
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
    else:
        until = call.started_at + read_elapsed(str(call.input.get("duration")))
    if until - call.started_at > timedelta(days=DELAY_DAYS_MAX):
        raise ValueError(f"a delay lasts at most {DELAY_DAYS_MAX} days")
    return until


def next_business_day(after: datetime, clock: time, zone: ZoneInfo) -> datetime:
    """The first day from Monday to Friday after the civil day of `after`, at `clock`, both in `zone`; in UTC."""
    day = after.astimezone(zone).date() + timedelta(days=1)
    while day.weekday() >= _SATURDAY:
        day += timedelta(days=1)
    return datetime.combine(day, clock, zone).astimezone(UTC)
