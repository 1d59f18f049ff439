"""Templates under attack over a real Postgres: what is too much for a worker process ends the step, not the service."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from contracts.primitives.ids import new_id
from templates import filling as templates
from templates import render_worker
from templates.filling import TemplateFault
from templates.renderer import Renderer, WorkerKilled
from tests.support.executor import ExecutorHarness
from tests.support.receiver import Receiver, open_receiver

NAMES: dict[str, Any] = {
    "trigger": {"data": {"empty": "yes", "blank": " ", "first": 1, "size": "L", "long": "a" * 100_000, "list": [3]}},
    "steps": [{"output": {"id": "c1"}}],
    "account": {"id": "acc"},
}


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with open_receiver() as opened:
        yield opened


@pytest.fixture
async def renderer() -> AsyncIterator[Renderer]:
    made = Renderer()
    yield made
    await made.stop()


def step(text: str, url: str) -> dict[str, Any]:
    return {"action": "post_chat_message", "input": {"url": url, "text": text}, "connection_id": None}


# Nothing in the renderer looks at the clock within one replacement: only the limit of processor time ends this.
ENDLESS = (
    "{% assign a = 'ab' %}{% for i in (1..15) %}{% assign a = a | append: a %}{% endfor %}"
    "{% assign b = a | split: '' | sort | join: ' ' | split: ' ' %}"
    "{% for i in (1..900) %}{% assign c = b | sort | uniq %}{% endfor %}{{ c }}"
)


@pytest.mark.parametrize(
    "template",
    [
        "{% if (1..99999999999999) contains 1.5 %}x{% endif %}",
        "{% for i in (1..99999999999999) reversed %}x{% endfor %}",
        "{% for i in (1..99999999999999) offset: 99999999999990 %}x{% endfor %}",
        "{% tablerow i in (1..99999999999999) cols: 2 %}x{% endtablerow %}",
        "{{ (1..99999999999999) | sort }}",
        "{{ (1..99999999999999) | size }}",
        "{% for i in (1..900) %}{% assign a = trigger.data.long | split: 'a' | sort %}{% endfor %}",
        ENDLESS,
        "{% if " + "not " * 3000 + "true %}x{% endif %}",
        "{{ " + "[" * 5000 + "1" + "]" * 5000 + " | size }}",
        "{{ 1 | " + "plus: 1 | " * 100 + "nonsense }}",
    ],
)
async def test_a_template_that_takes_too_much_is_a_fault(renderer: Renderer, template: str) -> None:
    with pytest.raises((TemplateFault, WorkerKilled)):
        await renderer.fill(new_id(), {"text": template}, NAMES)
    assert (await renderer.fill(new_id(), "{{ account.id | upcase }}", NAMES)).value == "ACC"


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{ trigger.data.empty }}", "yes"),
        ("{{ trigger.data.first }}", 1),
        ("{{ trigger.data.size }}/{{ trigger.data.list.size }}", "L/1"),
        ("{{ trigger.data.list.first }}", 3),
        ("{{ trigger.data.empty | upcase }}", "YES"),
        ("{% if trigger.data.empty == 'yes' %}{{ trigger.data.blank | size }}{% endif %}", "1"),
        ("{{ trigger.data['empty'] | append: '.empty' }}", "yes.empty"),
        ("{{ trigger.data.size | downcase }}", "l"),
    ],
)
async def test_a_field_may_be_named_like_a_word_of_the_language(renderer: Renderer, template: str, value: Any) -> None:
    assert (await renderer.fill(new_id(), template, NAMES)).value == value


@pytest.mark.parametrize("template", ["{{ trigger.data.none.here }}", "{{ trigger.data.none.here | upcase }}"])
async def test_a_missing_value_is_empty_with_a_warning(renderer: Renderer, template: str) -> None:
    filled = await renderer.fill(new_id(), {"text": f"<{template}>"}, NAMES)
    assert filled.value == {"text": "<>"}
    assert [(one["path"], one["code"]) for one in filled.warnings] == [("input.text", "missing_value")]
    assert "trigger.data.none" in filled.warnings[0]["message"]


async def test_a_run_whose_templates_kill_two_workers_fails_and_others_go_on(
    executor: ExecutorHarness, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    killer = await executor.make_automation(step("{% assign x = 1 %}", receiver.url("/never")))
    peaceful = await executor.make_automation(step("{{ trigger.data.number }}", receiver.url("/other")))
    ends, runs_on = executor.run_job(killer), executor.run_job(peaceful)
    exchange = "templates.renderer._exchange"

    async def die(worker: Any, request: bytes) -> dict[str, Any]:
        worker.kill()
        return await original(worker, request)

    from templates import renderer as module  # noqa: PLC0415  its function as it was

    original = module._exchange
    monkeypatch.setattr(exchange, die)
    async with executor.running():
        await executor.publish(ends, runs_on)
        row = await executor.run_becomes(ends.id, "failed")
        await executor.run_becomes(runs_on.id, "succeeded")
    (failed,) = await executor.steps(ends.id)
    assert "processor time" in row["error"]
    assert (failed["template_kills"], failed["state"]) == (2, "failed")
    assert receiver.on("/never") == []


async def test_paths_alone_need_no_worker(renderer: Renderer) -> None:
    await renderer.fill(
        new_id(), {"a": "{{ trigger.data.empty }}", "b": ["{{ account.id }} {{ steps[0].output }}"]}, NAMES
    )
    assert renderer._idle == []


def test_the_limits_leave_room_for_the_largest_input() -> None:
    assert render_worker.MEMORY_BYTES_MAX > 20 * 10 * templates.DATA_BYTES_MAX
