"""The OpenAPI document says of every operation all that it takes and can answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ingress.api.openapi import describe
from ingress.routes import ROUTES

WRITING = frozenset({"post", "put", "patch", "delete"})
DOCUMENT = describe(ROUTES)
OPERATIONS = [(path, verb, operation) for path, verbs in DOCUMENT["paths"].items() for verb, operation in verbs.items()]


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


def test_every_body_and_answer_has_a_schema() -> None:
    for _, _, operation in OPERATIONS:
        name = operation["operationId"]
        assert all(media.get("schema") for _, media in contents(operation)), name
        responses = {status: resolved(response) for status, response in operation["responses"].items()}
        assert {status for status, response in responses.items() if "content" not in response} <= {"304"}, name


def test_every_problem_is_described_as_json_and_xml() -> None:
    for path, verb, operation in OPERATIONS:
        name = operation["operationId"]
        problems = {status: resolved(it) for status, it in operation["responses"].items() if status >= "400"}
        for problem in problems.values():
            kinds = set(problem["content"]) - {"text/html"}  # a page says it as a page as well
            assert kinds == {"application/problem+json", "application/problem+xml"}, name
        expected = {"400", "500", "503"}
        expected |= {"401", "403", "422", "429"} if operation["security"] else set()
        expected |= {"404"} if "{" in path else set()
        expected |= {"408", "409", "413", "415"} if verb in WRITING else set()
        expected |= {"412"} if verb in WRITING and "{id}" in path else set()
        assert expected <= set(problems), name
        assert "default" not in operation["responses"], name


def test_headers_are_described() -> None:
    needed = {"Retry-After": {"429", "503"}, "WWW-Authenticate": {"401"}, "Location": {"201", "202"}}
    for _, verb, operation in OPERATIONS:
        name = operation["operationId"]
        responses = {status: resolved(response) for status, response in operation["responses"].items()}
        for header, statuses in needed.items():
            assert all(header in responses[status]["headers"] for status in statuses & set(responses)), name
        names = {resolved(parameter)["name"] for parameter in operation.get("parameters", ())}
        assert ("Idempotency-Key" in names) == (verb == "post"), name
        assert ("If-None-Match" in names) == ("304" in responses), name


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


def test_a_query_parameter_that_must_be_given_is_required() -> None:
    parameters = {one.get("name"): one for one in DOCUMENT["paths"]["/v1/imports"]["post"]["parameters"]}
    assert parameters["kind"].get("required") is True
    assert "required" not in parameters["format"]


def test_an_object_whose_names_have_a_pattern_takes_no_others_and_values_of_its_form() -> None:
    def objects(value: Any) -> Iterator[dict[str, Any]]:
        if isinstance(value, dict):
            yield from [value] if value.keys() & {"propertyNames", "patternProperties"} else []
        for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from objects(one)

    named = list(objects(DOCUMENT))
    assert [one for one in named if "pattern" in one.get("propertyNames", {})]
    # Generators of clients know no `patternProperties`: such an object could not be given in their clients.
    assert [
        one for one in named if "patternProperties" in one or not isinstance(one["additionalProperties"], dict)
    ] == []


def test_the_currency_of_an_inbox_rule_is_one_of_iso_4217() -> None:
    properties = DOCUMENT["components"]["schemas"]["RuleConditions"]["properties"]
    assert "iso-4217" in str(properties["currency"])
