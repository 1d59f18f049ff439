"""Arguments with which every action of the catalog succeeds in an account, and the forms in which apps pass them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from contracts.catalog import ACTIONS
from tests.support.caller import Caller, a_document
from tests.support.receiver import Receiver
from tools.apps.fields import FormField, fields_of_action

REMINDER: Final = {
    "channel": "email", "anchor": "after_due", "delay": "P3D", "template": {"subject": "Late", "body": "Pay"},
}  # fmt: skip


async def acting_arguments(caller: Caller, receiver: Receiver) -> dict[str, dict[str, Any]]:
    """Arguments of each action that changes the account or calls out to `receiver`, by the action's key."""
    client = await caller.client(email="aija@ozola.example")
    sale, other = await caller.sale(client["id"]), await caller.sale(client["id"])
    draft = await caller.sale(client["id"], issue=False)
    collector = await caller.made_of("/v1/collectors", {"name": "Late", "steps": [REMINDER]})
    disputed = await caller.made_of("/v1/disputes", {"sale_id": other["id"], "reason": "broken"})
    invoice = {"sale_type": "sales_invoice", "client_id": client["id"], "currency": "EUR"}
    return {
        "create_client": {"name": "Ion Popa"},
        "find_or_create_client": {"name": "Ion Popa", "email": "ion@popa.example"},
        "update_client": {"id": client["id"], "phone": "+37120000000"},
        "create_product": {"code": "INK", "name": "Ink"},
        "create_purchase": a_document("P-1"),
        "create_sale": a_document("S-1", sale_type="sales_order"),
        "create_document": invoice | {"lines": [{"description": "Ink", "quantity": "1", "unit_price": "5.00"}]},
        "issue_document": {"id": draft["id"]},
        "send_document": {"id": sale["id"]},
        "record_payment": {"client_id": client["id"], "amount": "1.00", "currency": "EUR"},
        "add_note": {"client_id": client["id"], "body": "Called"},
        "resolve_dispute": {"id": disputed["id"]},
        "open_dispute": {"sale_id": sale["id"], "reason": "late"},
        "record_promise": {"client_id": client["id"], "date": str(datetime.now(tz=UTC).date() + timedelta(days=7))},
        "move_invoices": {"client_id": client["id"], "collector_id": collector["id"]},
        "send_message": {"client_id": client["id"], "channel": "email", "subject": "Hi", "body": "Text"},
        "void_document": {"id": other["id"]},
        "http_request": {"url": receiver.url()},
        "post_chat_message": {"url": receiver.url(), "text": "hello"},
        "send_direct": {"sale_id": sale["id"], "url": receiver.url()},
        "send_email": {"to": ["a@a.example"], "subject": "Hi", "body": "Text"},
        "send_sms": {"to": "+37120000000", "body": "Text"},
    }


SEARCHES: Final[dict[str, dict[str, Any]]] = {
    "find_client": {"email": "aija@ozola.example"},
    "find_product": {"code": "NONE"},
    "find_sale": {"number": "NONE"},
}


def zapier_inputs(key: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """An action's arguments as the fields of a Zap's form: flat names, lists of line items."""
    return _flat(fields_of_action(ACTIONS[key]), arguments, nested=lambda rows: rows)


def node_parameters(key: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """An action's arguments as parameters of n8n's node: what is optional among the additional fields."""
    fields = fields_of_action(ACTIONS[key])
    given = _flat(fields, arguments, nested=lambda rows: {"item": rows}, whole_names=False)
    needed = {field.name for field in fields if field.required}
    return {name: value for name, value in given.items() if name in needed} | {
        "additionalFields": {name: value for name, value in given.items() if name not in needed}
    }


def _flat(
    fields: tuple[FormField, ...], arguments: dict[str, Any], *, nested: Any, whole_names: bool = True
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in fields:
        value: Any = arguments
        for part in field.path:
            value = value.get(part) if isinstance(value, dict) else None
        if value is None:
            continue
        if field.kind == "list":
            prefix = f"{field.name}__" if whole_names else ""
            rows = [_flat(field.children, row, nested=nested) for row in value]
            value = nested([{f"{prefix}{name}": inner for name, inner in row.items()} for row in rows])
        elif field.kind in {"json", "dict"}:
            value = json.dumps(value)
        found[field.name] = value
    return found
