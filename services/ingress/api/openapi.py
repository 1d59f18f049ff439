"""Describe the API as OpenAPI 3.1, from its routes and models, and the triggers as its webhooks.

Built on the first request and cached: before that neither the library nor the document takes memory.
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
from contracts.resources.event import Event
from contracts.version import VERSION
from ingress import response_models
from ingress.access.oauth.texts import SCOPE_TEXTS
from ingress.access.sessions import SESSION_COOKIE
from ingress.api.openapi_requests import BODY_SCHEMAS, HEADER_PARAMETERS, body_of, parameters_of
from ingress.api.openapi_responses import HEADERS, JSON, problem_responses, responses_of
from ingress.api.schema_names import SCHEMA_NAMES, schema_name
from ingress.http.route import Route
from ingress.scopes import SCOPES

_TEMPLATE: Final = "#/components/schemas/{model}"
_ABOUT: Final = (
    "Every error is RFC 9457 problem details. Money is a decimal string beside its currency. Lists are newest first,"
    " `limit` 1 to 200, with a `cursor` for the next page. `Idempotency-Key` makes any POST safe to repeat."
)

_SECURITY: Final = {
    "AccessToken": SecurityScheme(type="http", scheme="bearer", description="`lw_...`, made at `/v1/tokens`"),
    "OAuth": SecurityScheme.model_validate(
        {
            "type": "oauth2",
            "description": "OAuth 2.1 with PKCE; metadata at `/.well-known/oauth-authorization-server`",
            "flows": {
                "authorizationCode": {
                    "authorizationUrl": "/oauth/authorize",
                    "tokenUrl": "/oauth/token",
                    "refreshUrl": "/oauth/token",
                    "scopes": {scope: SCOPE_TEXTS["en"][scope] for scope in SCOPES},
                }
            },
        }
    ),
    "Session": SecurityScheme(
        type="apiKey",
        name=SESSION_COOKIE,
        security_scheme_in="cookie",
        description="Made at `/v1/session`; whatever changes something needs its `csrf_token` in `X-CSRF-Token`",
    ),
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
        used = {model for route in routes for model in (route.body, route.response_model) if model is not None}
        used |= {response_models.PendingOperation, Event, response_models.Problem, *SCHEMA_NAMES}
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

    def refer(self, model: type[BaseModel]) -> dict[str, Any]:
        """Refer to the schema of this model."""
        return dict(self._references[model])


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
        components=Components.model_validate(
            {
                "schemas": models.schemas | {name: Schema.model_validate(it) for name, it in BODY_SCHEMAS.items()},
                "responses": problem_responses(models.refer),
                "parameters": HEADER_PARAMETERS,
                "headers": HEADERS,
                "securitySchemes": _SECURITY,
            }
        ),
    )
    whole: dict[str, Any] = api.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_unset=True)
    return whole


def _operation(route: Route, models: Models) -> Operation:
    return Operation.model_validate(
        {
            "operationId": route.operation_id,
            "summary": route.summary,
            "tags": [route.tag] if route.tag else None,
            "parameters": parameters_of(route) or None,
            "requestBody": body_of(route, models.refer),
            "responses": responses_of(route, models.refer),
            "security": _security(route),
        }
    )


def _security(route: Route) -> list[dict[str, list[str]]]:
    if route.session:
        return [{"Session": []}]
    if route.scope is None:
        return []
    in_headers: dict[str, list[str]] = {"APIKey": [], "APIToken": []}
    in_query: dict[str, list[str]] = {"APIKeyInQuery": [], "APITokenInQuery": []}
    return [{"AccessToken": [route.scope]}, {"OAuth": [route.scope]}, in_headers, in_query]


def _webhook(trigger: Trigger, models: Models) -> PathItem:
    body = {"schema": models.refer(Event), "example": trigger.sample_event()}
    return PathItem(
        post=Operation(
            operationId="on" + trigger.key.title().replace(".", ""),
            summary=trigger.title.en,
            description=f"{trigger.description.en} Signed as Standard Webhooks 1.0.0; `webhook-id` is the event's id.",
            requestBody=RequestBody(required=True, content={JSON: MediaType.model_validate(body)}),
            responses={"2XX": Response(description="Any 2xx ends it; 410 ends the hook; else it is tried again")},
            security=[],
        )
    )
