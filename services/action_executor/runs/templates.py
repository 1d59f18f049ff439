"""Fill a step's input in: Liquid over `trigger`, `steps[n].output` and `account`, within strict bounds.

Liquid is imported by the first run that needs it (about 5 MB). Bounds: size of a template and of what it makes, loop
iterations, nesting, variables, and time; filters that can blow a text up are measured before they run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final

import orjson

if TYPE_CHECKING:
    from liquid import BoundTemplate, Environment

DATA_BYTES_MAX: Final = 256 * 1024
TEMPLATE_CHARACTERS_MAX: Final = 16 * 1024
LOOPS_MAX: Final = 1000
ITEMS_MAX: Final = 10_000
NUMBER_BITS_MAX: Final = 4096
SECONDS_MAX: Final = 1.0
DEPTH_MAX: Final = 32

_ends: ContextVar[float] = ContextVar("ends", default=float("inf"))


class TemplateFault(Exception):
    """A template cannot be filled in; the message says which and why."""


class TooMuch(Exception):
    """A bound of template rendering is reached."""


def fill(value: Any, names: Mapping[str, Any]) -> Any:
    """Fill in every text inside a JSON value; a text that is exactly one expression becomes that expression's value.

    Takes up to a second of CPU: call it in a thread.

    Raises:
        TemplateFault: a variable is unknown, the syntax is wrong, or a bound is reached.
    """
    _ends.set(time.monotonic() + SECONDS_MAX)
    filled = _fill(value, names, "input", 0)
    if len(orjson.dumps(filled)) > DATA_BYTES_MAX:
        raise TemplateFault(f"input: comes to more than {DATA_BYTES_MAX // 1024} KiB")
    return filled


def _fill(value: Any, names: Mapping[str, Any], path: str, depth: int) -> Any:
    if depth > DEPTH_MAX:
        raise TemplateFault(f"{path}: is nested more than {DEPTH_MAX} deep")
    match value:
        case str():
            return _render(value, names, path) if "{{" in value or "{%" in value else value
        case list():
            return [_fill(part, names, f"{path}[{number}]", depth + 1) for number, part in enumerate(value)]
        case dict():
            return {name: _fill(part, names, f"{path}.{name}", depth + 1) for name, part in value.items()}
        case _:
            return value


def _render(text: str, names: Mapping[str, Any], path: str) -> Any:
    from liquid.exceptions import LiquidError  # noqa: PLC0415  only runs need it

    if len(text) > TEMPLATE_CHARACTERS_MAX:
        raise TemplateFault(f"{path}: a template has at most {TEMPLATE_CHARACTERS_MAX} characters")
    try:
        template = _parse(text)
        expression = _single_expression(template)
        if expression is None:
            return template.render(**names)
        return _plain(expression.evaluate(template.context_class(template, globals=names)))
    except LiquidError as error:
        raise TemplateFault(f"{path}: {error.args[0] if error.args else type(error).__name__}") from None
    except (TooMuch, ArithmeticError, TypeError, ValueError, RecursionError) as error:
        raise TemplateFault(f"{path}: {error}") from None


@lru_cache(maxsize=256)
def _parse(text: str) -> BoundTemplate:
    return _environment().from_string(text)


def _single_expression(template: BoundTemplate) -> Any:
    from liquid.builtin.output import OutputNode  # noqa: PLC0415  only runs need it

    node = template.nodes[0] if len(template.nodes) == 1 else None
    return node.expression if isinstance(node, OutputNode) else None


def _plain(value: Any) -> Any:
    """A value as JSON has it.

    Raises:
        TemplateFault, LiquidError: it is none, or not defined.
    """
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return str(value)
        case list() | tuple() | range():
            if len(value) > ITEMS_MAX:
                raise TooMuch(f"more than {ITEMS_MAX} items")
            return [_plain(item) for item in value]
        case _ if type(value) is dict:
            return {str(name): _plain(item) for name, item in value.items()}
        case _:
            return str(value)  # what is not defined raises here and says its name


@cache
def _environment() -> Environment:
    from liquid import Environment as Base  # noqa: PLC0415  only runs need it
    from liquid.builtin.output import Output, OutputNode  # noqa: PLC0415
    from liquid.undefined import StrictDefaultUndefined  # noqa: PLC0415

    class Unknown(StrictDefaultUndefined):
        """A variable that is not there; says its name."""

        def __init__(self, name: str, *, hint: str | None = None, **facts: Any) -> None:
            super().__init__(name, hint=f"{name} has no item there" if hint == "index out of range" else hint, **facts)

    class JsonNode(OutputNode):
        """Writes lists and objects into a text as JSON."""

        def render_to_output(self, context: Any, buffer: Any) -> int:
            value = _plain(self.expression.evaluate(context))
            match value:
                case None:
                    text = ""
                case str():
                    text = value
                case _:
                    text = orjson.dumps(value).decode()
            return int(buffer.write(text))

    class JsonOutput(Output):
        """`{{ ... }}`."""

        node_class = JsonNode

    class Bounded(Base):
        """Liquid within our bounds."""

        block_nesting_limit = 20
        context_depth_limit = 20
        loop_iteration_limit = LOOPS_MAX
        local_namespace_limit = DATA_BYTES_MAX
        output_stream_limit = DATA_BYTES_MAX

    environment = Bounded(undefined=Unknown)
    environment.add_tag(JsonOutput)
    for name in ("include", "render"):
        del environment.tags[name]  # there is nothing to include
    for name, one in list(environment.filters.items()):
        environment.filters[name] = _bounded(name, one)
    return environment


def _bounded(name: str, one: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that keeps to the bounds of time and size."""
    measure = _MEASURES.get(name)

    def run(value: Any, *rest: Any, **named: Any) -> Any:
        if time.monotonic() > _ends.get():
            raise TooMuch(f"takes longer than {SECONDS_MAX:g} s")
        for given in (value, *rest):
            # By `type`: to ask an unknown variable for its class raises, also where a default is at hand.
            if type(given) is range and len(given) > ITEMS_MAX:
                raise TooMuch(f"a range has at most {ITEMS_MAX} items")
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
