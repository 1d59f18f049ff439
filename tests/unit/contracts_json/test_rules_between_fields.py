"""Rules between fields: what the JSON Schema of a model takes is what the model takes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, Final
from uuid import UUID

import jsonschema_rs
import pytest
from pydantic import BaseModel, ValidationError

from contracts.catalog.inputs import FileSource
from contracts.command_errors import InvalidInput
from contracts.resources.account import AccountPatch
from contracts.resources.call import CallIn
from contracts.resources.case import MoveInvoices
from contracts.resources.client import ClientIn
from contracts.resources.collector import CollectorStepIn, StepPreviewIn
from contracts.resources.connection import ConnectionIn
from contracts.resources.inbox_rule import InboxRuleIn
from contracts.resources.messages import MessageIn, MessageToSend
from contracts.resources.payment import PaymentIn
from contracts.resources.sale import SaleCalculationIn, SaleIn, SalePatch
from contracts.resources.sale_line import LineIn
from contracts.resources.schemas import PayTerm
from ingress.api.outward_actions import RUNNABLE
from ledger.account import Account
from ledger.clients.rules import new_client
from ledger.sales.sale import draft

ABSENT: Final = object()
MATCH: Final = {"reg_number": "40003000001"}
AN_ID: Final = "0198f7c4-4c00-7f30-8c73-2e4f5a6b7c8d"
TEXT: Final = {"body": "Hello"}
MAIL: Final = TEXT | {"subject": "Reminder"}
LINE: Final = {"description": "Paper", "quantity": 1, "unit_price": 1}
NO_ID: Final = [ABSENT, None, AN_ID]
SWITCH: Final = [ABSENT, False, True]
NO_ENTRIES: Final[list[Any]] = [ABSENT, []]
CLIENTS: Final = {"client_id": NO_ID, "client": [ABSENT, None, {"name": "Ozola"}]}
REFERENCES: Final = {"invoice_id": NO_ID, "payment_id": NO_ID}
LINE_AS_VALUES: Final = {name: [value] for name, value in LINE.items()}
KINDS: Final[dict[str, list[Any]]] = {"sale_type": ["sales_invoice", "credit_note", "sales_receipt"]}
BY_URL: Final = {"url": [ABSENT, None, "https://a.example"], "connection_id": NO_ID}
RUNS: Final[list[tuple[type[BaseModel], dict[str, list[Any]]]]] = [
    (RUNNABLE["http_request"].body, {}),
    (RUNNABLE["post_chat_message"].body, {"text": ["Hello"]}),
    (RUNNABLE["send_direct"].body, {"sale_id": [AN_ID]}),
]
VALUES: Final[list[tuple[type[BaseModel], Mapping[str, list[Any]]]]] = [
    (PayTerm, {"type": [0, 1, 2, 3, 4], "days": [ABSENT, None, 0, 14]}),
    (
        InboxRuleIn,
        {
            "box": ["purchases", "sales"],
            "match": [MATCH],
            "issue": SWITCH,
            "auto_processing": SWITCH,
        },
    ),
    (
        AccountPatch,
        {"default_pay_term": [ABSENT, None, *({"type": kind} for kind in range(5)), {"type": 1, "days": 0}]},
    ),
    (AccountPatch, {"sms_sender": ["Baltic 1", "+37120000000", "Baltic Trading", "Baltic\n", "x +3712000000000"]}),
    (
        AccountPatch,
        {"logo": [{"content": text} for text in ["iVBORw0KGgo=", "/9j/", "/9j/4A==", "/9j/4", "UGFwZXI=", "?"]]},
    ),
    (CollectorStepIn, {"channel": ["call"], "delay": ["P3D", "PT12H", "P1W2DT3M", "P", "PT", "P3DT", "P1", "3D", ""]}),
    (
        CallIn,
        {
            "client_id": [AN_ID],
            "outcome": ["promised", "spoke"],
            "promise": [ABSENT, None, {"date": "2026-03-02"}],
            "snooze_until": [ABSENT, None, "2026-03-02"],
        },
    ),
    (
        MoveInvoices,
        {
            "invoice_ids": [ABSENT, None, [AN_ID]],
            "client_id": NO_ID,
            "origin": [ABSENT, "own", "external"],
            "collector_id": [ABSENT, None, AN_ID],
            "to_collector": [ABSENT, None, "Legal"],
            "from_collector": [ABSENT, "Friendly"],
            "cause": [ABSENT, "person", "workflow"],
            "notification": [ABSENT, MAIL],
            "occurred_at": [ABSENT, "2026-03-02T09:30:00Z"],
        },
    ),
    (
        CollectorStepIn,
        {
            "channel": ["email", "sms", "call", "move"],
            "template": [ABSENT, None, TEXT, MAIL, {"en": TEXT}, {"en": MAIL, "fr": TEXT}, {"en": MAIL}],
            "attach_statement": SWITCH,
            "target_collector_id": NO_ID,
            "starts_manually": SWITCH,
            "notify": [ABSENT, None, MAIL],
        },
    ),
    (
        ConnectionIn,
        {
            "name": ["Store"],
            "kind": ["chat", "http", "s3", "webdav", "folder"],
            "url": [ABSENT, None, "https://a.example"],
            "headers": [ABSENT, {}, {"X-Key": "1"}],
            "username": [ABSENT, None, "me"],
            "access_key_id": [ABSENT, "key"],
            "secret_access_key": [ABSENT, "secret"],
            "region": [ABSENT, "eu"],
            "path": [ABSENT, None, "", "a/b"],
        },
    ),
    (
        ConnectionIn,
        {
            "name": ["Store"],
            "kind": ["sftp", "google_sheets", "webdav"],
            "url": [ABSENT, "sftp://a.example"],
            "username": [ABSENT, "me"],
            "host_key": [ABSENT, "SHA256:abcdefgh"],
            "password": [ABSENT, None, "secret"],
            "private_key": [ABSENT, None, "", "key"],
            "service_account": [ABSENT, None, {"client_email": "a@b", "private_key": "k" * 100}],
        },
    ),
    (
        MessageToSend,
        {
            "client_id": [AN_ID],
            "channel": ["email", "sms"],
            "body": ["Hello"],
            "subject": [ABSENT, None, "Reminder"],
            "attach_pdf": SWITCH,
            "attach_statement": SWITCH,
        },
    ),
    (
        MessageIn,
        {
            "client_id": [AN_ID],
            "channel": ["email", "sms"],
            "body": [ABSENT, "", "Hello"],
            "subject": [ABSENT, None, "Reminder"],
            "template": [ABSENT, None, MAIL, {"en": MAIL}, {"collector_id": AN_ID, "step": 0}],
            "attach_pdf": SWITCH,
            "origin": [ABSENT, "own", "external"],
            "direction": [ABSENT, None, "sent", "received"],
        },
    ),
    (
        MessageIn,
        {
            "client_id": [AN_ID],
            "channel": ["email", "sms"],
            "body": ["Hello"],
            "attach_statement": SWITCH,
            "origin": [ABSENT, "own", "external"],
            "direction": ["sent"],
            "occurred_at": [ABSENT, None, "2026-03-02T09:30:00Z"],
            "from": [ABSENT, None, "aija@ozola.example"],
        },
    ),
    (
        PaymentIn,
        {
            "client_id": [AN_ID],
            "amount": ["1"],
            "currency": ["EUR"],
            "status": [ABSENT, "pending", "confirmed"],
            "allocations": [*NO_ENTRIES, [{"sale_id": AN_ID, "amount": "1"}]],
        },
    ),
    (SaleIn, {**KINDS, **CLIENTS, **REFERENCES, "lines": [[LINE]]}),
    (SaleCalculationIn, {**KINDS, **CLIENTS, **REFERENCES, "lines": [[LINE]]}),
    (SalePatch, CLIENTS),
    (
        LineIn,
        {
            "product_id": NO_ID,
            "item_code": [ABSENT, None, "A4"],
            "description": [ABSENT, None, "", "Paper"],
            "quantity": [1],
            "unit_price": [ABSENT, None, 1],
            "discount": [ABSENT, None, 0, "0.0", 5, "5"],
            "discount_amount": [ABSENT, None, 0, "0.0", 0.5, "0.5"],
        },
    ),
    (
        LineIn,
        LINE_AS_VALUES
        | {
            "taxes": [*NO_ENTRIES, [{"rate": 5}]],
            "tax_rate": [ABSENT, None, 0, 21],
            "tax_category": [ABSENT, None, "S"],
        },
    ),
    (
        FileSource,
        {
            "file": [ABSENT, None, "https://a.example/a.pdf"],
            "sale_id": NO_ID,
            "content": [ABSENT, None, "", "Paper"],
            "content_base64": [ABSENT, None, "UGFwZXI="],
            "format": [ABSENT, "pdf", "ubl"],
        },
    ),
    *((model, BY_URL | about) for model, about in RUNS),
    (
        StepPreviewIn,
        {
            "step": [{"channel": "call"}, {"channel": "call", "template": None}, {"channel": "call", "template": TEXT}],
            "client_id": NO_ID,
            "sale_id": NO_ID,
        },
    ),
]


def every(values: Mapping[str, list[Any]]) -> Iterator[dict[str, Any]]:
    """Every combination of the values; an absent one leaves its field out."""
    for chosen in product(*values.values()):
        yield {name: value for name, value in zip(values, chosen, strict=True) if value is not ABSENT}


def takes(model: type[BaseModel], given: dict[str, Any]) -> bool:
    """Whether the model takes it."""
    try:
        model.model_validate(given)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(("model", "values"), VALUES)
def test_the_schema_takes_what_the_model_takes(model: type[BaseModel], values: Mapping[str, list[Any]]) -> None:
    schema = jsonschema_rs.validator_for(model.model_json_schema())
    judged = {str(given): (schema.is_valid(given), takes(model, given)) for given in every(values)}
    assert {by_model for _, by_model in judged.values()} == {True, False}
    assert {given for given, (by_schema, by_model) in judged.items() if by_schema != by_model} == set()


SALES: Final[dict[str, list[Any]]] = KINDS | {
    "client_id": [AN_ID],
    "lines": [[LINE]],
    "deposit": [ABSENT, None, 0, "0.0", "0.5"],
    "date_due": [ABSENT, None, "2026-03-02"],
    "pay_term": [ABSENT, None, {"type": 1, "days": 14}, *({"type": kind} for kind in range(5))],
}


def computes(given: dict[str, Any]) -> bool:
    """Whether the ledger drafts it."""
    now = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    account, client_id = Account(UUID(int=1)), UUID(AN_ID)
    client = new_client(ClientIn(name="Ozola"), account=account, client_id=client_id, now=now)
    try:
        draft(SaleIn(**given), sale_id=client_id, account=account, client=client, today=now.date(), now=now)
    except InvalidInput:
        return False
    return True


def test_the_schema_takes_the_terms_and_deposits_that_the_ledger_takes() -> None:
    schema = jsonschema_rs.validator_for(SaleIn.model_json_schema())
    judged = {str(given): (schema.is_valid(given), computes(given)) for given in every(SALES)}
    assert {by_ledger for _, by_ledger in judged.values()} == {True, False}
    assert {given for given, (by_schema, by_ledger) in judged.items() if by_schema != by_ledger} == set()
