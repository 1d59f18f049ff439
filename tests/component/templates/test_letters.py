"""Letters rendered by the template workers: no output is empty, and one letter's fault is its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from contracts.primitives.ids import new_id
from templates import renderer as renderers
from templates.renderer import Letter, Renderer

NAMES = {"client": {"name": "Ozola", "first_name": None}, "invoices": [{"number": "A1"}, {"number": "A2"}]}


@pytest.fixture
async def renderer() -> AsyncIterator[Renderer]:
    one = Renderer()
    yield one
    await one.stop()


def letter(body: str) -> Letter:
    return Letter({"subject": "Yours", "body": body}, NAMES)


async def test_a_letter_loops_and_falls_back(renderer: Renderer) -> None:
    body = "{{ client.first_name | default: client.name }}{% for one in invoices %} {{ one.number }}{% endfor %}"
    (made,) = await renderer.render(new_id(), [letter(body)])
    assert made.texts == {"subject": "Yours", "body": "Ozola A1 A2"}


@pytest.mark.parametrize(
    "body", ["Dear {{ client.first_name }},", "Dear {{ client.nickname }},", "Dear {{ custommer.name }},"]
)
async def test_an_output_that_is_empty_is_a_fault_that_names_it(renderer: Renderer, body: str) -> None:
    (made,) = await renderer.render(new_id(), [letter(body)])
    assert made.texts is None
    assert made.fault is not None
    assert "is empty: give it a fallback" in made.fault


async def test_the_fault_of_one_letter_leaves_the_others(renderer: Renderer) -> None:
    loops = "{% for a in (1..900) %}{% for b in (1..900) %}{{ a }}{% endfor %}{% endfor %}"
    made = await renderer.render(new_id(), [letter("1"), letter(loops), letter("{% if %}"), letter("4")])
    assert [one.texts and one.texts["body"] for one in made] == ["1", None, None, "4"]


async def test_a_letter_that_kills_its_worker_is_found_among_others(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = renderers._exchange

    async def die(worker: Any, request: bytes) -> dict[str, Any]:
        if b"deadly" in request:
            worker.kill()
        return await original(worker, request)

    monkeypatch.setattr(renderers, "_exchange", die)
    made = await renderer.render(new_id(), [letter("1"), letter("2"), letter("deadly"), letter("4")])
    assert [one.texts and one.texts["body"] for one in made] == ["1", "2", None, "4"]
    assert made[2].fault is not None
