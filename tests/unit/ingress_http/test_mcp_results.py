"""What a tool of the Model Context Protocol says of an answer of the API."""

from __future__ import annotations

import pytest

from ingress.mcp.api_client import ApiAnswer
from ingress.mcp.results import result_of
from ingress.mcp.tool_specs import ToolSpec, make_tools
from ingress.routes import ROUTES

TOOLS = make_tools(ROUTES)
EACH = TOOLS["for_each"]
TOO_LONG = ApiAnswer(200, None, is_too_long=True)


def test_a_preview_that_takes_longer_is_not_called_one() -> None:
    shown = result_of(EACH, EACH.request({}), ApiAnswer(202, {"id": "1", "state": "pending"}))
    assert "get_operation with this id shows it" in shown.texts[0]
    assert "confirm" not in shown.texts[0]


def test_an_answer_too_long_to_show_says_whether_anything_has_changed() -> None:
    shown, done = (result_of(EACH, EACH.request({"confirm": confirmed}), TOO_LONG) for confirmed in (False, True))
    assert shown.is_error
    assert "nothing has changed" in shown.texts[0]
    assert not done.is_error
    assert "do not repeat it" in done.texts[0]
    read = result_of(TOOLS["list_sales"], TOOLS["list_sales"].request({}), TOO_LONG)
    assert read.is_error
    assert "`limit`" in read.texts[0]


@pytest.mark.parametrize("tool", [TOOLS[name] for name in ("branch", "for_each", "approve", "send_email")])
def test_what_may_call_others_says_so(tool: ToolSpec) -> None:
    assert tool.reaches_out
    assert not TOOLS["delay"].reaches_out
