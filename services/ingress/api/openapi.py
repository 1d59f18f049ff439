"""Describe the API as OpenAPI 3.1, from the same routes and models that answer it, and the triggers as its webhooks.

Built on the first request and kept: neither the library nor the document costs anything before somebody asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from openapi_pydantic import (
    Components,
    Contact,
    Info,
    License,
    MediaType,
    OpenAPI,
    Operation,
    Parameter,
    PathItem,
    Reference,
    RequestBody,
    Response,
    Schema,
    SecurityScheme,
    Server,
    Tag,
)
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from contracts.catalog import TRIGGERS, Trigger
from contracts.version import VERSION
from ingress import response_models
from ingress.api.schema_names import SCHEMA_NAMES, schema_name
from ingress.http.route import Route

_TEMPLATE: Final = "#/components/schemas/{model}"
_JSON: Final = "application/json"
_PROBLEM: Final = "application/problem+json"
_WRITING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_PUSHED: Final = ("application/xml", "text/xml", _JSON)  # what inboxes read
_LINES: Final = ("text/csv", "application/x-ndjson")
_ANYTHING: Final = (_JSON, "application/x-www-form-urlencoded", "multipart/form-data")

# A document, a file, or both; what stands in `document` is JSON or XML.
_FORM: Final = Schema.model_validate(
    {
        "type": "object",
        "properties": {
            "file": {"type": "string", "format": "binary"},
            "document": {"type": "string"},
            "links": {"type": "string"},
            "comment": {"type": "string"},
        },
    }
)

_ABOUT: Final = (
    "Every error is RFC 9457 problem details. Money is a decimal string beside its currency. Lists are newest first,"
    " `limit` 1 to 200, with a `cursor` for the next page. `Idempotency-Key` makes any POST safe to repeat."
)

_HEADERS: Final = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "The same key and request again gives the first answer and changes nothing; kept 24 h or more.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    },
    "Prefer": {
        "name": "Prefer",
        "in": "header",
        "description": "`respond-async`: do not wait for the books, answer 202 with an operation.",
        "schema": {"type": "string"},
    },
}
_SECURITY: Final = {
    "AccessToken": SecurityScheme(type="http", scheme="bearer", description="`lw_...`, made at `/v1/tokens`"),
    "APIKey": SecurityScheme(type="apiKey", name="APIKey", security_scheme_in="header"),
    "APIToken": SecurityScheme(type="apiKey", name="APIToken", security_scheme_in="header"),
    "APIKeyInQuery": SecurityScheme(type="apiKey", name="APIKey", security_scheme_in="query"),
    "APITokenInQuery": SecurityScheme(type="apiKey", name="APIToken", security_scheme_in="query"),
}


class _Generator(GenerateJsonSchema):
    """Leaves out the titles of fields, which only repeat their names."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  pydantic's signature
        """Never set one."""
        return False


class Models:
    """The models of the API, each described once under its public name and referred to."""

    def __init__(self, routes: Sequence[Route]) -> None:
        used = {model for route in routes for model in (route.body, route.answers) if model is not None}
        used |= {response_models.PendingOperation, response_models.Event, response_models.Problem, *SCHEMA_NAMES}
        ordered = sorted(used, key=lambda model: model.__name__)
        references, described = models_json_schema(
            [(model, "validation") for model in ordered], ref_template=_TEMPLATE, schema_generator=_Generator
        )
        public = {references[model, "validation"]["$ref"]: name for model in ordered if (name := schema_name(model))}
        self._references: Final = {model: _renamed(references[model, "validation"], public) for model in ordered}
        self.schemas: Final[dict[str, Schema | Reference]] = {}
        for key, schema in described["$defs"].items():
            name = public.get(_TEMPLATE.format(model=key), key)
            self.schemas[name] = Schema.model_validate(_renamed(schema, public) | {"title": name})

    def media(self, model: type[BaseModel], **more: Any) -> MediaType:
        """A body of this model."""
        return MediaType(media_type_schema=Reference.model_validate(self._references[model]), **more)


def _renamed(schema: Any, public: Mapping[str, str]) -> Any:
    """A schema with its references to the public names."""
    match schema:
        case {"$ref": str(reference)} if reference in public:
            return schema | {"$ref": _TEMPLATE.format(model=public[reference])}
        case dict():
            return {key: _renamed(value, public) for key, value in schema.items()}
        case list():
            return [_renamed(value, public) for value in schema]
        case _:
            return schema


def describe(routes: Sequence[Route]) -> dict[str, Any]:
    """The OpenAPI document as plain JSON values."""
    models = Models(routes)
    paths: dict[str, dict[str, Operation]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, models)
    api = OpenAPI(
        openapi="3.1.1",
        info=Info(
            title="Ledgerwire",
            version=VERSION,
            description=_ABOUT,
            license=License(name="Apache-2.0", identifier="Apache-2.0"),
            contact=Contact(name="Ledgerwire"),
        ),
        servers=[Server(url="/")],
        tags=[Tag(name=tag) for tag in dict.fromkeys(route.tag for route in routes if route.tag)],
        paths={path: PathItem.model_validate(verbs) for path, verbs in paths.items()},
        webhooks={trigger.key: _webhook(trigger, models) for trigger in TRIGGERS.values()},
        components=Components(
            schemas=models.schemas,
            parameters={name: Parameter.model_validate(about) for name, about in _HEADERS.items()},
            securitySchemes=dict(_SECURITY),
        ),
    )
    whole: dict[str, Any] = api.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_unset=True)
    return whole


def _refer(place: str, name: str) -> Reference:
    return Reference.model_validate({"$ref": f"#/components/{place}/{name}"})


def _operation(route: Route, models: Models) -> Operation:
    return Operation(
        operationId=route.operation_id,
        summary=route.summary,
        tags=[route.tag] if route.tag else None,
        parameters=[*_path_parameters(route), *_query_parameters(route), *_headers(route)] or None,
        requestBody=_request_body(route, models),
        responses=_responses(route, models),
        security=_security(route),
    )


def _path_parameters(route: Route) -> list[Parameter]:
    return [
        Parameter.model_validate({"name": name, "in": "path", "required": True, "schema": _id_schema(name)})
        for name in (part[1:-1] for part in route.path.split("/") if part.startswith("{"))
    ]


def _id_schema(name: str) -> dict[str, str]:
    return {"type": "string", "format": "uuid"} if name == "id" else {"type": "string"}


def _query_parameters(route: Route) -> list[Parameter]:
    if route.query is None:
        return []
    schema = route.query.model_json_schema()
    return [
        Parameter.model_validate({"name": name, "in": "query", "schema": _without_null(about)})
        for name, about in schema["properties"].items()
    ]


def _without_null(about: dict[str, Any]) -> dict[str, Any]:
    """A query parameter is absent, never null."""
    choices: list[dict[str, Any]] = [one for one in about.get("anyOf", ()) if one != {"type": "null"}]
    plain = {name: value for name, value in about.items() if name not in {"anyOf", "title", "default"}}
    if about.get("default") is not None:
        plain["default"] = about["default"]
    if len(choices) == 1:
        return plain | choices[0]
    return plain | ({"anyOf": choices} if choices else {})


def _headers(route: Route) -> list[Reference]:
    names = ["IdempotencyKey"] if route.method == "POST" else []
    names += ["Prefer"] if route.may_be_pending else []
    return [_refer("parameters", name) for name in names]


def _request_body(route: Route, models: Models) -> RequestBody | None:
    if route.request_type != "json" and route.method in _WRITING:
        form = {"multipart/form-data": MediaType(media_type_schema=_FORM)} if route.request_type == "form" else {}
        taken = {"anything": _ANYTHING, "lines": _LINES}.get(route.request_type, _PUSHED)
        return RequestBody(required=True, content={kind: MediaType() for kind in taken} | form)
    if route.body is None:
        return None
    required = any(field.is_required() for field in route.body.model_fields.values())
    return RequestBody(required=required, content={_JSON: models.media(route.body)})


def _responses(route: Route, models: Models) -> dict[str, Response | Reference]:
    done = {route.response_type: models.media(route.answers) if route.answers else MediaType()}
    responses: dict[str, Response | Reference] = {str(route.status): Response(description="Done", content=done)}
    if route.may_be_pending:
        responses["202"] = Response(
            description="Accepted; its outcome will be at `/v1/operations/{id}`",
            content={_JSON: models.media(response_models.PendingOperation)},
        )
    responses["default"] = Response(description="A problem", content={_PROBLEM: models.media(response_models.Problem)})
    return responses


def _security(route: Route) -> list[dict[str, list[str]]]:
    if route.scope is None:
        return []
    in_headers: dict[str, list[str]] = {"APIKey": [], "APIToken": []}
    in_query: dict[str, list[str]] = {"APIKeyInQuery": [], "APITokenInQuery": []}
    return [{"AccessToken": [route.scope]}, in_headers, in_query]


def _webhook(trigger: Trigger, models: Models) -> PathItem:
    body = models.media(response_models.Event, example=trigger.sample_event())
    return PathItem(
        post=Operation(
            operationId="on" + trigger.key.title().replace(".", ""),
            summary=trigger.title.en,
            description=f"{trigger.description.en} Signed as Standard Webhooks 1.0.0; `webhook-id` is the event's id.",
            requestBody=RequestBody(required=True, content={_JSON: body}),
            responses={"2XX": Response(description="Any 2xx ends it; 410 ends the hook; else it is tried again")},
            security=[],
        )
    )
