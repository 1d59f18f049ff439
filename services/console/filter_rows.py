"""Rows of a filter step as fields of a form: groups of conditions; all rows of one group, of any group, must hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import orjson

from console.forms import Option
from console.labels import OPERATOR_TEXTS

ROWS_MAX: Final = 20  # conditions of a group, as the API takes
GROUPS_MAX: Final = 20  # alternatives, as the API takes
OPERATORS: Final = tuple(Option(code, text) for code, text in OPERATOR_TEXTS.items())
_FIELD: Final = re.compile(r"rule\[(\d{1,2})\]\[(\d{1,2})\]\.(where|op|value)")
_FAULT: Final = re.compile(
    r"(?P<step>steps\[\d+\])\.input\.?(?:any\[(?P<group>\d+)\]\.?)?(?:all\[(?P<row>\d+)\]\.?)?(?P<field>where|op|value)?"
)

Row = dict[str, str]


def groups_of(condition: Mapping[str, Any]) -> list[list[Row]] | None:
    """The groups of a condition; None: it is nested in another way and is shown as JSON."""
    alternatives = condition["any"] if set(condition) == {"any"} else [condition]
    groups = []
    for one in alternatives:
        rows = one["all"] if set(one) == {"all"} else [one]
        if not all("where" in row for row in rows):
            return None
        groups.append([_row(row) for row in rows])
    return groups


def _row(condition: Mapping[str, Any]) -> Row:
    return {
        "where": _text(condition["where"]), "op": condition.get("op") or "eq", "value": _text(condition.get("value")),
    }  # fmt: skip


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def read(step: Mapping[str, str]) -> list[list[Row]]:
    """The groups that a form has for a step, by the names inside it; gaps are closed."""
    found: dict[int, dict[int, Row]] = {}
    for name, text in step.items():
        if match := _FIELD.fullmatch(name):
            found.setdefault(int(match[1]), {}).setdefault(int(match[2]), {})[match[3]] = text
    return [[rows[number] for number in sorted(rows)] for _, rows in sorted(found.items())]


def write(groups: list[list[Row]]) -> dict[str, str]:
    """The fields of a form for groups, by their names inside the step."""
    return {
        f"rule[{group}][{number}].{name}": text
        for group, rows in enumerate(groups)
        for number, row in enumerate(rows)
        for name, text in row.items()
    }


def condition_of(groups: list[list[Row]]) -> dict[str, Any]:
    """The API's condition for groups, as flat as they allow."""
    alternatives = []
    for rows in groups:
        conditions = [_condition(row) for row in rows]
        alternatives.append(conditions[0] if len(conditions) == 1 else {"all": conditions})
    if not alternatives:
        return {}
    return alternatives[0] if len(alternatives) == 1 else {"any": alternatives}


def _condition(row: Row) -> dict[str, Any]:
    given, operator = row.get("value", "").strip(), row.get("op", "eq")
    value: Any = given
    if operator == "in" and "{{" not in given:
        value = [one.strip() for one in given.split(",") if one.strip()]
    made = {"where": row.get("where", "").strip(), "op": operator}
    return made if operator == "exists" and not given else made | {"value": value}


def changed(groups: list[list[Row]], verb: str, place: list[int]) -> list[list[Row]]:
    """The groups after a button: a row added or taken out, a group added; an empty group goes."""
    made = [list(rows) for rows in groups]
    if verb == "group" and len(made) < GROUPS_MAX:
        made.append([_empty()])
    elif verb == "row" and place and place[0] < len(made) and len(made[place[0]]) < ROWS_MAX:
        made[place[0]].append(_empty())
    elif verb == "unrow" and len(place) > 1 and place[0] < len(made) and place[1] < len(made[place[0]]):
        made[place[0]].pop(place[1])
    return [rows for rows in made if rows] or [[_empty()]]


def _empty() -> Row:
    return {"where": "", "op": "eq", "value": ""}


def place_of_fault(path: str) -> str:
    """The field of a row that a fault of the API belongs to; the path itself where it is about no row."""
    found = _FAULT.fullmatch(path)
    if found is None:
        return path
    row = f"rule[{int(found['group'] or 0)}][{int(found['row'] or 0)}]"
    return f"{found['step']}.{row}.{found['field'] or 'where'}"
