"""The OpenAPI document says of every operation all that it takes and can answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ingress.api.openapi import describe
from ingress.routes import ROUTES

WRITING = frozenset({"post", "put", "patch", "delete"})
DOCUMENT = describe(ROUTES)
OPERATIONS = [
    pytest.param(path, verb, operation, id=operation["operationId"])
    for path, verbs in DOCUMENT["paths"].items()
    for verb, operation in verbs.items()
]
each_operation = pytest.mark.parametrize(("path", "verb", "operation"), OPERATIONS)


def resolved(value: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in value:
        found: Any = DOCUMENT
        for step in value["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        value = found
    return value


def contents(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from operation.get("requestBody", {}).get("content", {}).items()
    for response in operation["responses"].values():
        yield from resolved(response).get("content", {}).items()


@each_operation
def test_every_body_and_answer_has_a_schema(path: str, verb: str, operation: dict[str, Any]) -> None:
    assert all(media.get("schema") for _, media in contents(operation))
    assert all(
        "content" in resolved(response) for status, response in operation["responses"].items() if status != "304"
    )


@each_operation
def test_every_problem_is_described_as_json_and_xml(path: str, verb: str, operation: dict[str, Any]) -> None:
    problems = {status: resolved(response) for status, response in operation["responses"].items() if status >= "400"}
    for problem in problems.values():
        assert set(problem["content"]) == {"application/problem+json", "application/problem+xml"}
    expected = {"400", "500", "503"}
    expected |= {"401", "403", "422", "429"} if operation["security"] else set()
    expected |= {"404"} if "{" in path else set()
    expected |= {"408", "409", "413", "415"} if verb in WRITING else set()
    expected |= {"412"} if verb in WRITING and "{id}" in path else set()
    assert expected <= set(problems)
    assert "default" not in operation["responses"]


@each_operation
def test_headers_are_described(path: str, verb: str, operation: dict[str, Any]) -> None:
    responses = {status: resolved(response) for status, response in operation["responses"].items()}
    assert all("Retry-After" in responses[status]["headers"] for status in {"429", "503"} & set(responses))
    assert all("WWW-Authenticate" in responses[status]["headers"] for status in {"401"} & set(responses))
    assert all("Location" in responses[status]["headers"] for status in {"201", "202"} & set(responses))
    names = {resolved(parameter)["name"] for parameter in operation.get("parameters", ())}
    assert ("Idempotency-Key" in names) == (verb == "post")
    assert ("If-None-Match" in names) == ("304" in responses)


def test_what_is_not_json_is_described() -> None:
    def types_of(path: str, verb: str) -> set[str]:
        operation = DOCUMENT["paths"][path][verb]
        return {kind for kind, _ in contents(operation) if "problem" not in kind}

    assert types_of("/v1/clients/export", "get") == {"text/csv", "application/x-ndjson"}
    assert types_of("/v1/sales/{id}/pdf", "get") == {"application/pdf"}
    assert {"text/csv", "application/x-ndjson"} <= types_of("/v1/imports", "post")
    assert {"application/xml", "text/xml", "application/json"} <= types_of("/ext/direct/inbox/{secret}", "post")
    assert "multipart/form-data" in types_of("/v1/inbox/purchases", "post")


def test_bounds_of_headers_and_cursors_are_described() -> None:
    key = DOCUMENT["components"]["parameters"]["IdempotencyKey"]["schema"]
    assert (key["minLength"], key["maxLength"]) == (1, 255)
    parameters = [
        item for verbs in DOCUMENT["paths"].values() for one in verbs.values() for item in one.get("parameters", ())
    ]
    cursors = [item["schema"] for item in parameters if item.get("name") == "cursor"]
    assert cursors
    assert all(cursor["pattern"] and cursor["maxLength"] for cursor in cursors)
