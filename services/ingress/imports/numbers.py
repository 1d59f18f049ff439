"""Read numbers as spreadsheets write them: decimal point or comma, thousands in groups.

`1.234,50` and `12,5` are unambiguous; `1,234` is not. The column's other numbers decide, then the file's other columns;
otherwise the number is an error and never a guess.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, Literal

from contracts.primitives.problem import FieldError

Mark = Literal[".", ","]

_SPACES: Final = re.compile(r"(?<=\d)[ \u00a0\u2009\u202f'\u2019](?=\d{3}(?!\d))")
_NUMBER: Final = re.compile(r"[+-]?\d[\d.,]*|[+-]?[.,]\d+", re.ASCII)
_GROUPED: Final = {mark: re.compile(rf"[+-]?\d{{1,3}}(?:{re.escape(mark)}\d{{3}})+", re.ASCII) for mark in ".,"}
_AMBIGUOUS: Final = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", re.ASCII)
_OTHER: Final[dict[str, Mark]] = {".": ",", ",": "."}
_DIGITS_MAX: Final = 60  # longer ones are not numbers, and are not parsed


@dataclass(slots=True)
class Numbers:
    """The numbers of one file.

    `point_usual`: `1.234` has a decimal point, as in the API, unless other numbers show otherwise.
    """

    point_usual: bool
    marks_by_column: dict[str, set[Mark]] = field(default_factory=dict)

    def note(self, column: str, cell: str) -> None:
        """Record a cell's format for the interpretation of ambiguous cells."""
        if ("," in cell or "." in cell) and (mark := _own_mark(_without_spaces(cell)[0], cell)) is not None:
            self.marks_by_column.setdefault(column, set()).add(mark)

    def read(self, column: str, cell: str) -> str | FieldError:
        """The number as the API writes it; a cell that is not a number is returned unchanged."""
        text, had_spaces = _without_spaces(cell)
        if not _NUMBER.fullmatch(text) or len(text) > _DIGITS_MAX:
            return cell
        if "," not in text and "." not in text:
            return text
        mark = _own_mark(text, cell)
        if mark is None and _AMBIGUOUS.fullmatch(text) and not had_spaces:
            mark = self._decided(column) or ("." if self._may_be_usual(column, text) else None)
            if mark is None:
                return _ambiguous(column, text)
        if mark is None:
            return cell
        whole, _, decimals = text.partition(mark)
        whole = whole.replace(_OTHER[mark], "")
        if whole in {"", "+", "-"}:
            whole += "0"
        return f"{whole}.{decimals}" if decimals else whole

    def _decided(self, column: str) -> Mark | None:
        of_column = self.marks_by_column.get(column)
        marks = of_column or set[Mark]().union(*self.marks_by_column.values())
        return next(iter(marks)) if len(marks) == 1 else None

    def _may_be_usual(self, column: str, text: str) -> bool:
        return self.point_usual and "." in text and not self.marks_by_column.get(column)


def _without_spaces(cell: str) -> tuple[str, bool]:
    text = _SPACES.sub("", cell[: 2 * _DIGITS_MAX] if len(cell) > 2 * _DIGITS_MAX else cell)
    return text, len(text) < len(cell)


def _own_mark(text: str, cell: str) -> Mark | None:
    """The decimal mark of an unambiguous number."""
    if len(cell) > _DIGITS_MAX or not _NUMBER.fullmatch(text):
        return None
    points, commas = text.count("."), text.count(",")
    if points and commas:
        mark: Mark = "." if text.rindex(".") > text.rindex(",") else ","
        whole = text.partition(mark)[0]
        return mark if text.count(mark) == 1 and _GROUPED[_OTHER[mark]].fullmatch(whole) else None
    mark = "." if points else ","
    if points + commas > 1:
        return _OTHER[mark] if _GROUPED[mark].fullmatch(text) else None
    return None if _AMBIGUOUS.fullmatch(text) and len(text) == len(cell) else mark


def _ambiguous(column: str, text: str) -> FieldError:
    plain = text.replace(",", ".")
    grouped = text.replace(",", "").replace(".", "")
    return FieldError(column, f"is ambiguous: {text} can mean {plain} or {grouped}; write {plain}0 or {grouped}")
