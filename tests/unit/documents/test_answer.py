"""Answers to senders of XML: well formed whatever they are made of."""

from __future__ import annotations

from typing import Any

import pytest
import xmltodict
from hypothesis import given
from hypothesis import strategies as st

from contracts.primitives.problem import FieldError, problem
from documents.xml_answer import accepted_xml, problem_xml


def parsed(answer: bytes) -> Any:
    return xmltodict.parse(answer, force_list={"i", "warning"}, strip_whitespace=False)


@pytest.mark.parametrize("duplicate", [True, False])
def test_an_accepted_message_is_answered_with_its_id(*, duplicate: bool) -> None:
    warnings = [{"path": "/Sale/Totals/NetAmount", "code": "document", "message": "is 1 < 2"}]
    answer = accepted_xml(message_id="0199-a", duplicate=duplicate, warnings=warnings)
    reported = "true" if duplicate else "false"
    assert answer.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<response><message_id>0199-a</message_id><duplicate>{reported}</duplicate>"
        "<warnings><warning><path>/Sale/Totals/NetAmount</path><code>document</code><message>is 1 &lt; 2</message>"
        "</warning></warnings></response>\n"
    )


def test_a_problem_is_reported_in_the_form_of_rfc_7807() -> None:
    body = problem(422, "invalid_document", "The document is wrong", "2 faults", [FieldError("/Sale/A", "is <b> & c")])
    assert problem_xml(body).decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<problem xmlns="urn:ietf:rfc:7807"><type>https://ledgerwire.example/problems/invalid_document</type>'
        "<title>The document is wrong</title><status>422</status><detail>2 faults</detail>"
        "<code>invalid_document</code>"
        "<errors><i><path>/Sale/A</path><message>is &lt;b&gt; &amp; c</message></i></errors></problem>\n"
    )


def test_a_problem_without_faults_has_no_errors() -> None:
    assert "errors" not in parsed(problem_xml(problem(413, "body_too_large", "Too large")))["problem"]


@given(st.text(alphabet=st.characters(codec=None, exclude_categories=())), st.text())
def test_any_text_comes_back_as_well_formed_xml(path: str, message: str) -> None:
    answer = parsed(problem_xml({"errors": [{"path": path, "message": message}]}))
    ((fault),) = answer["problem"]["errors"]["i"]
    assert set(fault) == {"path", "message"}
    warning = {"path": path, "code": "document", "message": message}
    assert parsed(accepted_xml(message_id="x", duplicate=False, warnings=[warning]))
