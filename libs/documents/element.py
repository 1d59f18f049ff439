"""An element of a parsed XML tree from which values are taken one by one; errors go to the report, with their paths.

Taking removes a value, so what is left at the end is unknown to the reader and becomes warnings. An error never stops
the reading; `need` returns a placeholder after one, which no document ever holds, because a report with errors gives no
document.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

from contracts.primitives.problem import ERRORS_MAX, FieldError
from contracts.resources.inbox import WarningCode
from documents.document import InboxDocument
from documents.parsed import WARNINGS_MAX, Attachment, Parsed, ReadingWarning, bounded_faults, bounded_warnings
from documents.totals import Places, differences
from documents.values import Convert, InvalidValue

T = TypeVar("T")

NAME_CHARS_MAX: Final = 80  # how much of an unknown element's name a message repeats
TEXT: Final = "#text"


class Report:
    """Faults and warnings in the order they were met, each list bounded, and what was left unread."""

    __slots__ = ("_elements", "attachments", "fault_count", "faults", "warning_count", "warnings")

    def __init__(self) -> None:
        self.faults: list[FieldError] = []
        self.fault_count = 0
        self.warnings: list[ReadingWarning] = []
        self.warning_count = 0
        self.attachments: list[Attachment] = []
        self._elements: list[Element] = []

    def refuse(self, path: str, message: str) -> None:
        """Record a reason to refuse the document."""
        self.fault_count += 1
        if self.fault_count <= ERRORS_MAX:
            self.faults.append(FieldError(path, message))

    def warn(self, path: str, code: WarningCode, message: str) -> None:
        """Record something that a person should check."""
        self.warning_count += 1
        if self.warning_count <= WARNINGS_MAX:
            self.warnings.append(ReadingWarning(path, code, message))

    def opened(self, element: Element) -> None:
        """Remember an element whose leftovers are to be reported."""
        self._elements.append(element)

    def warn_of_leftovers(self) -> None:
        """Report every element that was not read; the sender's bytes are kept, so nothing is lost."""
        for element in self._elements:
            for name in element.unread():
                self._warn_of_leftover(element.path, name)

    def _warn_of_leftover(self, path: str, name: str) -> None:
        if name == TEXT:
            self.warn(path, "text_ignored", "has text beside its elements, which was not read")
        else:
            self.warn(
                f"{path}/{name[:NAME_CHARS_MAX]}", "unknown_element", "is not an element known here and was not read"
            )

    def conclude(self, document: InboxDocument, places: Places) -> Parsed | list[FieldError]:
        """Return the document with its warnings if it has no errors, else all errors.

        Each list ends, when it is full, with how many more there are.
        """
        if self.faults:
            return bounded_faults(self.faults, count=self.fault_count)
        for warning in differences(document, places):
            self.warn(warning.path, warning.code, warning.message)
        warnings = bounded_warnings(self.warnings, count=self.warning_count)
        return Parsed(document, warnings, tuple(self.attachments))


class Element:
    """One element; its path is absolute, repeated elements are counted from 1: `/Sale/LineItems/LineItem[2]`."""

    __slots__ = ("_content", "path", "report")

    def __init__(self, path: str, content: dict[str, Any], report: Report) -> None:
        self.path = path
        self._content = content
        self.report = report
        report.opened(self)

    def has(self, name: str) -> bool:
        """Whether a non-empty element of this name is still unread."""
        return not _is_blank(self._content.get(name))

    def is_plain(self, name: str) -> bool:
        """Whether an unread element of this name is text without elements of its own."""
        return isinstance(self._content.get(name), str)

    def value(self, name: str, convert: Convert[T]) -> T | None:
        """Take the value of an optional element; None when it is absent, empty, or invalid."""
        found = self._content.pop(name, None)
        if found is None:
            return None
        try:
            text = found if type(found) is str else _text_of(found)
            return convert(text) if text is not None else None
        except InvalidValue as wrong:
            self.refuse(name, str(wrong))
            return None

    def need(self, name: str, convert: Convert[T], stand_in: T) -> T:
        """Take the value of a required element."""
        faults_before = self.report.fault_count
        value = self.value(name, convert)
        if value is not None:
            return value
        if self.report.fault_count == faults_before:
            self.refuse(name, "is required")
        return stand_in

    def optional(self, name: str, convert: Convert[T]) -> T | None:
        """Take the value of an element that no document needs: an invalid value is a warning, not an error."""
        found = self._content.pop(name, None)
        try:
            text = _text_of(found)
            return None if text is None else convert(text)
        except InvalidValue as wrong:
            self.warn(name, "value_ignored", f"{wrong}; it was left out")
            return None

    def text(self, name: str, chars_max: int) -> str | None:
        """Take text, cut where it is longer than what is kept."""
        text = self.optional(name, str)
        if text is None or len(text) <= chars_max:
            return text
        self.warn(name, "text_cut", f"is longer than {chars_max} characters: the rest was left out")
        return text[:chars_max].rstrip()

    def texts(self, name: str, chars_max: int) -> str | None:
        """Take all texts of a repeatable element as lines of one, cut where it is longer than what is kept."""
        self._content[name] = "\n".join(self.values(name, str)) or None
        return self.text(name, chars_max)

    def values(self, name: str, convert: Convert[T]) -> list[T]:
        """Take all values of a repeatable element, those that are wrong left out."""
        found = self._content.pop(name, None)
        several = found if isinstance(found, list) else [found]
        taken = []
        for number, each in enumerate(several, start=1):
            self._content[numbered := f"{name}[{number}]"] = each
            if (value := self.value(numbered, convert)) is not None:
                taken.append(value)
        return taken

    def choose(self, name: str, convert: Convert[T], *, currency: str) -> T | None:
        """Take the amount in this currency of several; one that names no currency is in it."""
        found = self._content.get(name)
        several = [each for each in (found if isinstance(found, list) else [found]) if not _is_blank(each)]
        own = [each for each in several if not isinstance(each, dict) or each.get("@currencyID") in {None, currency}]
        self._content[name] = own or several[:1]
        return self.value(name, convert)

    def child(self, name: str) -> Element:
        """Take a group of elements; an absent one reads as one with nothing in it."""
        found = self._content.pop(name, None)
        several = [each for each in found if not _is_blank(each)] if isinstance(found, list) else [found]
        if len(several) > 1:
            self.refuse(name, _once(len(several)))
        return self._opened(name, several[0] if several else None)

    def first(self, name: str) -> Element:
        """Take the first of a group that may occur several times, where one is enough; the raw bytes keep the rest."""
        several = self.children(name)
        return several[0] if several else self._opened(name, None)

    def children(self, name: str) -> list[Element]:
        """Take all of a repeatable element, empty ones left out but counted in the others' numbers."""
        found = self._content.pop(name, None)
        several = found if isinstance(found, list) else [found]
        return [
            self._opened(f"{name}[{number}]", each)
            for number, each in enumerate(several, start=1)
            if not _is_blank(each)
        ]

    def attribute(self, name: str, attribute: str) -> str | None:
        """Look at an attribute of an element not yet taken; None when it is not there."""
        found = self._content.get(name)
        value = found.get(f"@{attribute}") if isinstance(found, dict) else None
        return value if isinstance(value, str) else None

    def own_attribute(self, attribute: str) -> str | None:
        """Look at an attribute of this element; None when it is not there."""
        value = self._content.get(f"@{attribute}")
        return value if isinstance(value, str) else None

    def refuse(self, name: str, message: str) -> None:
        """Record a fault of one of this element's own."""
        self.report.refuse(f"{self.path}/{name}", message)

    def warn(self, name: str, code: WarningCode, message: str) -> None:
        """Record a warning about one of this element's own."""
        self.report.warn(f"{self.path}/{name}", code, message)

    def unread(self) -> list[str]:
        """Names of the non-empty elements that nothing took, and "#text" for text among elements."""
        return [name for name, found in self._content.items() if not name.startswith("@") and not _is_blank(found)]

    def _opened(self, step: str, found: Any) -> Element:
        path = f"{self.path}/{step}"
        if isinstance(found, str):
            self.report.refuse(path, "has text where elements are expected")
            found = None
        return Element(path, found or {}, self.report)


def _is_blank(found: Any) -> bool:
    """Whether an element holds only empty elements, like an unused block of a template."""
    if isinstance(found, dict):
        return all(name.startswith("@") or _is_blank(each) for name, each in found.items())
    if isinstance(found, list):
        return all(_is_blank(each) for each in found)
    return found is None


def _text_of(found: Any) -> str | None:
    """The text of a leaf: plain text, one with attributes, or one that should not be as it is."""
    if found is None:
        return None
    if isinstance(found, list):
        several = [each for each in found if each is not None]
        if len(several) > 1:
            raise InvalidValue(_once(len(several)))
        return _text_of(several[0]) if several else None
    if isinstance(found, dict):
        if any(not name.startswith(("@", "#")) for name in found):
            raise InvalidValue("has elements where a value is expected")
        return found.get(TEXT)
    return str(found)


def _once(times: int) -> str:
    return f"is there {times} times: once is allowed"
