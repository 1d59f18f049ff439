"""E-invoices, one file for each rule, are read as the JSON beside them says, warnings and attachments included."""

from __future__ import annotations

import base64
from pathlib import Path

import orjson
import pytest

from documents.command_form import as_json
from tests.unit.documents.messages import SAMPLES, accepted

FILES = sorted([*SAMPLES.glob("cii/*.xml"), *SAMPLES.glob("estonian/*.xml"), *SAMPLES.glob("ubl/*.xml")])


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_sample_is_read_as_the_json_beside_it_says(path: Path) -> None:
    parsed = accepted(path.read_bytes())
    said = as_json(parsed.document) | {
        "warnings": [{"path": one.path, "code": one.code, "message": one.message} for one in parsed.warnings],
        "attachments": [
            {"name": one.name, "content": base64.b64encode(one.content).decode()} for one in parsed.attachments
        ],
    }
    assert said == orjson.loads(path.with_suffix(".json").read_bytes())
