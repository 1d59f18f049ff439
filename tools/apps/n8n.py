"""The generated files of the n8n package: the events of the trigger node, the operations of the action node."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from contracts.catalog import Action, Filter, Trigger
from tools.apps.fields import FormField, Kind, Source, fields_of_action, source_of
from tools.apps.literal import literal
from tools.apps.selection import action_is_in_apps
from tools.apps.wording import label_of, sentence, sentence_case, title

_METHODS: Final[dict[Source, str]] = {
    "clients": "getClients",
    "products": "getProducts",
    "collectors": "getCollectors",
}
_TYPES: Final[dict[Kind, tuple[str, Any]]] = {
    "string": ("string", ""), "text": ("string", ""), "file": ("string", ""), "integer": ("number", 0),
    "number": ("number", 0), "boolean": ("boolean", False), "date": ("dateTime", ""), "datetime": ("dateTime", ""),
    "json": ("json", "{}"), "dict": ("json", "{}"),
}  # fmt: skip
_READ_AS: Final[dict[Kind, str]] = {"date": "date", "json": "json", "dict": "json", "file": "file", "list": "list"}
_EXPRESSION: Final = 'using an <a href="https://docs.n8n.io/code/expressions/">expression</a>'
_DOCUMENT: Final = "document"


def files(triggers: Iterable[Trigger], actions: Iterable[Action]) -> dict[str, str]:
    """Every generated file by its path in the package."""
    offered = [action for action in actions if action_is_in_apps(action)]
    return {
        "nodes/LedgerwireTrigger/events.ts": _module(properties=_events(list(triggers))),
        "nodes/Ledgerwire/actions.ts": _module(
            "import type { ActionField } from './inputs';\n", properties=_operations(offered), actions=_forms(offered)
        ),
    }


def _events(triggers: Sequence[Trigger]) -> list[dict[str, Any]]:
    options = [
        {"name": title(one.title.en), "value": one.key, "description": _description(one.description.en)}
        for one in triggers
    ]
    event = {
        "displayName": "Event",
        "name": "event",
        "type": "options",
        "noDataExpression": True,
        "options": _sorted(options),
        "default": triggers[0].key,
        "required": True,
    }
    return [event, *(_filters(one) for one in triggers if one.filters), _DOWNLOAD_WITH_EVENT]


_DOWNLOAD_WITH_EVENT: Final = {
    "displayName": "Download PDF",
    "name": "downloadPdf",
    "type": "boolean",
    "default": False,
    "description": "Whether to add the PDF of a sales document to the item",
}


def _filters(trigger: Trigger) -> dict[str, Any]:
    return {
        "displayName": "Filters",
        "name": "filters",
        "type": "collection",
        "placeholder": "Add Filter",
        "default": {},
        "displayOptions": {"show": {"event": [trigger.key]}},
        "options": _sorted([_filter(one) for one in trigger.filters]),
    }


def _filter(given: Filter) -> dict[str, Any]:
    made: dict[str, Any] = {"displayName": title(given.title.en), "name": given.field.replace(".", "__")}
    if given.values:
        return made | {"type": "multiOptions", "options": _choices(given.values), "default": []}
    if source := source_of(given.field):
        return made | {
            "displayName": f"{made['displayName']} Names or IDs",
            "type": "multiOptions",
            "typeOptions": {"loadOptionsMethod": _METHODS[source]},
            "default": [],
            "description": f"Choose from the list, or specify IDs {_EXPRESSION}",
        }
    return made | {"type": "string", "default": "", "description": "Several values are separated by commas"}


def _operations(actions: Sequence[Action]) -> list[dict[str, Any]]:
    resources: dict[str, list[dict[str, Any]]] = {}
    for action in actions:
        resources.setdefault(_resource(action), []).append(_operation(action))
    resources.setdefault(_DOCUMENT, []).append(_DOWNLOAD)
    resource = {
        "displayName": "Resource",
        "name": "resource",
        "type": "options",
        "noDataExpression": True,
        "options": _sorted([{"name": label_of((one,)), "value": one} for one in resources]),
        "default": next(iter(resources)),
    }
    chosen = [
        {
            "displayName": "Operation",
            "name": "operation",
            "type": "options",
            "noDataExpression": True,
            "displayOptions": {"show": {"resource": [name]}},
            "options": _sorted(operations),
            "default": operations[0]["value"],
        }
        for name, operations in resources.items()
    ]
    forms = [field for action in actions for field in _form(action)]
    return [resource, *chosen, *forms, *_DOWNLOAD_FORM]


def _resource(action: Action) -> str:
    return action.key.rpartition("_")[2].removesuffix("s") if action.key != "send_sms" else "sms"


def _operation(action: Action) -> dict[str, Any]:
    return {
        "name": label_of((action.key.rpartition("_")[0],)),
        "value": action.key,
        "action": sentence_case(action.title.en),
        "description": _description(action.description.en),
    }


_DOWNLOAD: Final = {
    "name": "Download PDF",
    "value": "download_pdf",
    "action": "Download the PDF of a document",
    "description": "Gives an issued document with its PDF as binary data",
}
_SHOWN_FOR_DOWNLOAD: Final = {"show": {"resource": [_DOCUMENT], "operation": ["download_pdf"]}}
_DOWNLOAD_FORM: Final = (
    {
        "displayName": "Document ID", "name": "id", "type": "string", "default": "", "required": True,
        "displayOptions": _SHOWN_FOR_DOWNLOAD,
    },
    {
        "displayName": "Put Output File in Field", "name": "binaryPropertyName", "type": "string", "default": "data",
        "required": True, "displayOptions": _SHOWN_FOR_DOWNLOAD,
        "hint": "The name of the output binary field to put the file in",
    },
    {
        "displayName": "Factur-X", "name": "facturx", "type": "boolean", "default": False,
        "description": "Whether the PDF carries the invoice as Factur-X", "displayOptions": _SHOWN_FOR_DOWNLOAD,
    },
)  # fmt: skip


def _form(action: Action) -> list[dict[str, Any]]:
    display = {"show": {"resource": [_resource(action)], "operation": [action.key]}}
    fields = fields_of_action(action)
    made = [_property(field) | {"required": True, "displayOptions": display} for field in fields if field.required]
    optional = [one for field in fields if not field.required for one in _with_binary(field)]
    if optional:
        made.append(
            {
                "displayName": "Additional Fields",
                "name": "additionalFields",
                "type": "collection",
                "placeholder": "Add Field",
                "default": {},
                "displayOptions": display,
                "options": _sorted(optional),
            }
        )
    return made


def _with_binary(field: FormField) -> list[dict[str, Any]]:
    made = _property(field)
    if field.kind != "file":
        return [made]
    binary = {
        "displayName": f"{field.label} From Binary Field",
        "name": f"{field.name}__binary",
        "type": "string",
        "default": "",
        "description": "The name of the input's binary field that holds the file",
    }
    return [made | {"displayName": f"{field.label} URL", "description": "Where Ledgerwire fetches the file"}, binary]


def _property(field: FormField) -> dict[str, Any]:
    made: dict[str, Any] = {"displayName": field.label, "name": field.name}
    if field.kind == "list":
        return made | _rows(field)
    if field.source:
        return made | {
            "displayName": f"{field.label} Name or ID",
            "type": "options",
            "typeOptions": {"loadOptionsMethod": _METHODS[field.source]},
            "default": "",
            "description": f"Choose from the list, or specify an ID {_EXPRESSION}",
        }
    if field.choices and not field.many:
        made |= {"type": "options", "options": _choices(field.choices), "default": field.choices[0]}
    else:
        made["type"], made["default"] = _TYPES[field.kind]
    return made | _details(field)


def _details(field: FormField) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if field.searched or field.path[-1] == "id":
        made["displayName"] = f"{field.label} ID{'s' if field.many else ''}"
    if field.path[-1] == "operation":  # the linter takes it for the node's own
        made["noDataExpression"] = True
    if field.kind == "text":
        made["typeOptions"] = {"rows": 4}
    if field.path[-1] == "email":
        made["placeholder"] = "name@email.com"
    if field.kind == "boolean":
        made["description"] = f"Whether this is so: {field.label.lower()}"
    elif field.many:
        made["description"] = "Several values are separated by commas"
    elif field.help:
        made["description"] = _description(field.help)
    return made


def _rows(field: FormField) -> dict[str, Any]:
    return {
        "type": "fixedCollection",
        "typeOptions": {"multipleValues": True},
        "placeholder": f"Add {field.label.removesuffix('s')}",
        "default": {},
        "options": [
            {
                "displayName": field.label.removesuffix("s"),
                "name": "item",
                "values": _sorted([_property(child) for child in field.children]),
            }
        ],
    }


def _forms(actions: Sequence[Action]) -> dict[str, Any]:
    """How the node reads the parameters of each action."""
    return {action.key: [_read(field) for field in fields_of_action(action)] for action in actions}


def _read(field: FormField) -> dict[str, Any]:
    made: dict[str, Any] = {"name": field.name, "kind": "many" if field.many else _READ_AS.get(field.kind, "value")}
    if field.required:
        made["required"] = True
    if field.children:
        made["children"] = [_read(child) for child in field.children]
    return made


def _choices(values: Sequence[str | int]) -> list[dict[str, Any]]:
    return _sorted([{"name": title(str(value).replace("_", " ")), "value": value} for value in values])


def _sorted(given: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """By what is shown, as n8n's linter wants it."""
    return sorted(given, key=lambda one: str(one.get("displayName", one.get("name"))).lower())


def _description(text: str) -> str:
    """A full stop stands only between sentences."""
    whole = re.sub(r"\bid\b", "ID", sentence(text) or "")
    return whole if ". " in whole else whole.removesuffix(".")


def _module(imports: str = "", **exported: Any) -> str:
    types = {"properties": "INodeProperties[]", "actions": "Record<string, ActionField[]>"}
    head = f"import type {{ INodeProperties }} from 'n8n-workflow';\n{chr(10) if imports else ''}{imports}"
    parts = [f"export const {name}: {types[name]} = {literal(value)};\n" for name, value in exported.items()]
    return "\n".join([head, *parts])
