"""The public name of every model in the OpenAPI document: generated clients use them as class names.

They are part of the API: a class may be renamed or moved, its name here stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pydantic import BaseModel

from contracts.resources.output import ResourcePage
from ingress.api.request_schema_names import REQUEST_SCHEMA_NAMES
from ingress.api.response_schema_names import RESPONSE_SCHEMA_NAMES

SCHEMA_NAMES: Final[Mapping[type[BaseModel], str]] = MappingProxyType({**REQUEST_SCHEMA_NAMES, **RESPONSE_SCHEMA_NAMES})


def schema_name(model: type[BaseModel]) -> str | None:
    """Return a model's public name; a page of clients is a `ClientList`. None for a model without one."""
    generic = model.__pydantic_generic_metadata__
    if generic["origin"] is ResourcePage:
        return f"{SCHEMA_NAMES[generic['args'][0]]}List"
    return SCHEMA_NAMES.get(model)
