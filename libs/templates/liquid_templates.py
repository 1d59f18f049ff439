"""Render Liquid within our bounds; imported by the template worker alone, as one expression can take for ever here.

Bounds: length of ranges, size of what is made, loop iterations, nesting, variables, and processor time. What no bound
foresees ends with the worker's own limits.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import Any, Final

from liquid import BoundTemplate
from liquid import Environment as Base
from liquid.builtin.expressions import logical, primitive
from liquid.builtin.output import Output, OutputNode
from liquid.exceptions import LiquidError
from liquid.undefined import StrictDefaultUndefined, Undefined

from templates.filling import DATA_BYTES_MAX, NAMES, Filled, TemplateFault, as_text, fill

LOOPS_MAX: Final = 1000
ITEMS_MAX: Final = 10_000
NUMBER_BITS_MAX: Final = 4096
JSON_NUMBER_BITS_MAX: Final = 63
SECONDS_MAX: Final = 1.0  # of processor time, for all of a step's templates

# Words of the language are fields after a dot. Texts in quotes stay, as does what stands in raw and comment blocks.
_MARKUP: Final = re.compile(r"\{%-?\s*(raw|comment)\s*-?%\}.*?\{%-?\s*end\1\s*-?%\}|\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_FIELD: Final = re.compile(
    r"\"[^\"]*\"|'[^']*'|(?<=[\w\]])\s*\.\s*"
    r"(empty|blank|nil|null|true|false|and|or|not|in|contains|if|else|with|as|for|limit|offset|reversed|cols|required"
    r"|continue)(?![\w-])"
)


class _Clock:
    ends = float("inf")

    def check(self) -> None:
        if time.process_time() > self.ends:
            raise TooMuch(f"takes more than {SECONDS_MAX:g} s of processor time")


class TooMuch(Exception):
    """A bound of template rendering is reached."""


_clock: Final = _Clock()
_missing: Final[list[str]] = []  # of the current text; there is one thread


def fill_liquid(value: Any, names: Mapping[str, Any]) -> Filled:
    """Fill in an input whose templates may be anything, see `templates.fill`.

    Raises:
        TemplateFault: a name is unknown, the syntax is wrong, or a bound is reached.
    """
    _clock.ends = time.process_time() + SECONDS_MAX
    return fill(value, names, _render)


def render_text(text: str, names: Mapping[str, Any], *, ends: float) -> str:
    """Render one text in which no output may be empty; it has until `ends` on the processor's clock.

    Raises:
        TemplateFault: an output is empty, a name is unknown, the syntax is wrong, or a bound is reached.
    """
    _clock.ends = ends
    with _faults():
        return str(_parse(text, filled=True).render(**names))


def _render(text: str, names: Mapping[str, Any], missing: list[str]) -> Any:
    _missing.clear()
    with _faults():
        template = _parse(text)
        expression = _single_expression(template)
        if expression is None:
            made: Any = template.render(**names)
        else:
            made = _plain(expression.evaluate(template.context_class(template, globals=names)))
    missing.extend(_missing)
    return made


@contextmanager
def _faults() -> Iterator[None]:
    """Make every fault of a template a `TemplateFault` that says what it is."""
    try:
        yield
    except LiquidError as error:
        raise TemplateFault(str(error.args[0]) if error.args else type(error).__name__) from None
    except RecursionError:
        raise TemplateFault("is nested too deep") from None
    except TooMuch as error:
        raise TemplateFault(str(error)) from None
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001  a filter's own fault, whatever it is, is a fault of the template
        raise TemplateFault(f"{type(error).__name__}: {error}"[:500]) from None


@lru_cache(maxsize=256)
def _parse(text: str, *, filled: bool = False) -> BoundTemplate:
    return _environment(filled=filled).from_string(_MARKUP.sub(_name_fields, text))


def _name_fields(markup: re.Match[str]) -> str:
    if markup[1]:
        return markup[0]
    return _FIELD.sub(lambda found: f"['{found[1]}']" if found[1] else found[0], markup[0])


def _single_expression(template: BoundTemplate) -> Any:
    node = template.nodes[0] if len(template.nodes) == 1 else None
    return node.expression if isinstance(node, OutputNode) else None


def _plain(value: Any) -> Any:  # noqa: PLR0911  a row for each type
    """A value as JSON has it.

    Raises:
        TooMuch, LiquidError: it is too large, or its name is unknown.
    """
    _clock.check()
    match value:
        case None | bool() | float():
            return value
        case int():
            # More digits than JSON readers keep: as text they stay what they are.
            return value if value.bit_length() <= JSON_NUMBER_BITS_MAX else str(value)
        case str():
            return str(value)
        case list() | tuple() | range():
            if len(value) > ITEMS_MAX:
                raise TooMuch(f"more than {ITEMS_MAX} items")
            return [_plain(item) for item in value]
        case _ if type(value) is dict:
            return {str(name): _plain(item) for name, item in value.items()}
        case Missing():
            value.note()
            return None
        case _:
            return str(value)  # an unknown name raises here and says itself


class Unknown(StrictDefaultUndefined):
    """A name that templates do not have; says itself."""


class Missing(Undefined):
    """A path that leads nowhere: empty, and noted when it is used."""

    force_liquid_default = True

    def note(self) -> None:
        """Note that it was used."""
        _missing.append(self.hint or self.name)

    def __str__(self) -> str:
        self.note()
        return ""


def _undefined(name: str, *, hint: str | None = None, token: Any = None, **facts: Any) -> Undefined:
    if hint == "index out of range" and name == "steps":
        return Unknown(name, hint="steps has no item there", token=token, **facts)
    if name not in NAMES or hint is None:
        return Unknown(name, hint=hint, token=token, **facts)
    return Missing(name, hint=hint.removesuffix(" is undefined"), token=token, **facts)


def _left_out(name: str, *, hint: str | None = None, token: Any = None, **facts: Any) -> Undefined:
    """What a path is that leads nowhere, in a text whose names are all given: its first name has to be known."""
    if hint is None or hint == f"{name} is undefined":
        return Unknown(name, hint=hint, token=token, **facts)
    return Missing(name, hint=hint.removesuffix(" is undefined"), token=token, **facts)


class JsonNode(OutputNode):
    """Writes lists and objects into a text as JSON."""

    def render_to_output(self, context: Any, buffer: Any) -> int:
        """Write the value."""
        return int(buffer.write(as_text(_plain(self.expression.evaluate(context)))))


class JsonOutput(Output):
    """`{{ ... }}`."""

    node_class = JsonNode


class FilledNode(OutputNode):
    """Writes a value that must be there: a letter never says "Dear ,"."""

    def render_to_output(self, context: Any, buffer: Any) -> int:
        """Write the value."""
        made = as_text(_plain(self.expression.evaluate(context)))
        if not made.strip():
            raise TooMuch(f'{{{{ {self.expression} }}}} is empty: give it a fallback, such as "| default: client.name"')
        return int(buffer.write(made))


class FilledOutput(Output):
    """`{{ ... }}` in a text in which no output may be empty."""

    node_class = FilledNode


class Bounded(Base):
    """Liquid within our bounds."""

    block_nesting_limit = 20
    context_depth_limit = 20
    loop_iteration_limit = LOOPS_MAX
    local_namespace_limit = DATA_BYTES_MAX
    output_stream_limit = DATA_BYTES_MAX


@cache
def _environment(*, filled: bool) -> Base:
    undefined = _left_out if filled else _undefined
    environment = Bounded(undefined=undefined)  # type: ignore[arg-type]  # called as a class is, and answers one
    environment.add_tag(FilledOutput if filled else JsonOutput)
    for name in ("include", "render"):
        del environment.tags[name]  # there is nothing to include
    for name, one in list(environment.filters.items()):
        environment.filters[name] = _bounded(name, one)
    _bound_expressions()
    return environment


@cache
def _bound_expressions() -> None:
    """Measure ranges where they are made, and look at the clock in every comparison that walks.

    The library has no seam for either; this process does nothing but render, so its own classes are changed.
    """
    make_range, contains = primitive.RangeLiteral._make_range, logical._contains  # noqa: SLF001

    def bounded_range(self: Any, start: Any, stop: Any) -> range:
        _clock.check()
        made = make_range(self, start, stop)
        if made.stop - made.start > ITEMS_MAX:
            raise TooMuch(f"a range has at most {ITEMS_MAX} items")
        return made

    def bounded_contains(token: Any, left: Any, right: Any) -> bool:
        _clock.check()
        return contains(token, left, right)

    primitive.RangeLiteral._make_range = bounded_range  # type: ignore[method-assign]  # noqa: SLF001
    logical._contains = bounded_contains  # noqa: SLF001


def _bounded(name: str, one: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that keeps to the bounds of time and size."""
    measure = _MEASURES.get(name)

    def run(value: Any, *rest: Any, **named: Any) -> Any:
        _clock.check()
        if measure is not None and measure(value, *rest) > 2 * DATA_BYTES_MAX:
            raise TooMuch(f"{name} makes more than {DATA_BYTES_MAX // 1024} KiB")
        made = one(value, *rest, **named)
        if type(made) in {str, list} and len(made) > 2 * DATA_BYTES_MAX:
            raise TooMuch(f"{name} makes more than {DATA_BYTES_MAX // 1024} KiB")
        if type(made) is int and made.bit_length() > NUMBER_BITS_MAX:
            raise TooMuch(f"{name} makes too large a number")
        return made

    for mark in ("with_context", "with_environment"):
        if getattr(one, mark, False):
            setattr(run, mark, True)
    return run


def _size_of_replaced(value: Any, old: Any = "", new: Any = "", *_: Any) -> int:
    text, part, instead = str(value), str(old), str(new)
    return len(text) + text.count(part) * len(instead)


def _size_of_joined(value: Any, separator: Any = " ", *_: Any) -> int:
    many = len(value) if isinstance(value, list | tuple | range | str) else 1
    return many * len(str(separator))


_MEASURES: Final[dict[str, Callable[..., int]]] = {"replace": _size_of_replaced, "join": _size_of_joined}
