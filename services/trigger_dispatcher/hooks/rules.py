"""What a hook may be: its target, its triggers, its filters; and when two of them are the same one. Pure."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from typing import Final

import orjson

from chassis.egress import EgressPolicy
from contracts.catalog import OFFERED_TRIGGERS
from contracts.primitives.problem import FieldError
from contracts.resources.schemas import FilterRange
from trigger_dispatcher.events.matching import as_text

SECRET_PREFIX: Final = "whsec_"  # noqa: S105  what Standard Webhooks puts before every secret
SECRET_BYTES: Final = 32
TRIGGERS_SHOWN_MAX: Final = 10

Filters = dict[str, list[str] | dict[str, str]]
"""As they are kept: values, or the bounds of a range, all as text."""


def new_secret() -> str:
    """A signing secret as Standard Webhooks writes it: `whsec_` and the base64 of 32 random bytes."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def fingerprint(target_url: str, triggers: Sequence[str], filters: Filters) -> bytes:
    """What two hooks share that are the same: target, triggers and filters, in whatever order they were sent."""
    same = [target_url, sorted(set(triggers)), {path: _in_order(values) for path, values in filters.items()}]
    return hashlib.sha256(orjson.dumps(same, option=orjson.OPT_SORT_KEYS)).digest()


def _in_order(values: list[str] | dict[str, str]) -> object:
    return values if isinstance(values, dict) else sorted(set(values))


def each_once(triggers: Sequence[str]) -> list[str]:
    """The triggers in their order, without repetitions."""
    return list(dict.fromkeys(triggers))


def as_texts(filters: Mapping[str, Sequence[object] | FilterRange]) -> Filters:
    """Normalized filters: every value as text, each once."""
    return {path: _values_as_text(values) for path, values in filters.items()}


def _values_as_text(values: Sequence[object] | FilterRange) -> list[str] | dict[str, str]:
    if isinstance(values, FilterRange):
        return {name: str(bound) for name, bound in (("gte", values.gte), ("lte", values.lte)) if bound is not None}
    return list(dict.fromkeys(as_text(value) or "" for value in values))


def target_faults(target_url: str, egress: EgressPolicy) -> list[FieldError]:
    """Why this URL cannot be a target."""
    reason = egress.allows_url(target_url)
    return [] if reason is None else [FieldError("target_url", reason)]


def trigger_faults(triggers: Sequence[str], path: str = "triggers") -> list[FieldError]:
    """The keys that are no triggers, each with what there is instead."""
    return [
        FieldError(f"{path}[{number}]", f"{key[:100]} is not a trigger: {_instead_of(key)}")
        for number, key in enumerate(triggers)
        if key not in OFFERED_TRIGGERS
    ]


def _instead_of(key: str) -> str:
    family = key.partition(".")[0]
    near = [known for known in OFFERED_TRIGGERS if known.partition(".")[0] == family]
    return f"there is {', '.join(near)}" if near else f"one of {', '.join(OFFERED_TRIGGERS)}"


def filter_faults(filters: Mapping[str, object], triggers: Sequence[str], path: str = "filters") -> list[FieldError]:
    """What would silently pass nothing: fields that no event of these triggers has, numbers for what is decimal text.

    Amounts are text with the decimals of their currency, so that 600 would never equal "600.00".
    """
    known = [OFFERED_TRIGGERS[key] for key in triggers if key in OFFERED_TRIGGERS]
    found = []
    for field, values in filters.items():
        if known and not any(trigger.has_field(field) for trigger in known):
            message = f"is not a field of {' or '.join(one.key for one in known[:TRIGGERS_SHOWN_MAX])}"
            found.append(FieldError(f"{path}.{field}", message))
        elif _has_number(values) and any(trigger.has_decimal(field) for trigger in known):
            found.append(
                FieldError(f"{path}.{field}", 'is an amount: write it as text, as events have it, such as "600.00"')
            )
    return found


def _has_number(values: object) -> bool:
    return isinstance(values, list | tuple) and any(type(value) in {int, float} for value in values)
