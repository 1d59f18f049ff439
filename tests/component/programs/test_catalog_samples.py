"""The catalog's samples have the very shape of what the services give: driven through the real ledger."""

from __future__ import annotations

import base64
from typing import Any

import orjson

from contracts.catalog import TRIGGERS, fields_of
from contracts.primitives.ids import new_id
from contracts.resources import client, inbox_message, payment, product, sale
from contracts.wire import commands
from documents.command_form import as_json
from documents.json_format import read_json_form
from documents.parsed import Parsed
from tests.support.ledger import LedgerHarness, open_harness


async def test_samples_have_the_fields_of_real_events_in_their_order(ledger_dsn: str) -> None:
    async with open_harness(ledger_dsn) as ledger:
        client_id = await ledger.client(**_given(client.SAMPLE, commands.CREATE_CLIENT))
        issued = await ledger.sale(
            client_id, **_given(sale.SAMPLE, commands.CREATE_SALE), lines=_lines(), adjustments=_adjustments()
        )
        given = _given(payment.SAMPLE, commands.RECORD_PAYMENT)
        await ledger.pay(client_id, payment.SAMPLE["amount"], (issued.id, "165.01"), **given)
        await ledger.handle(ledger.command(commands.RECEIVE_INBOX_MESSAGE, _inbox_message()))
        await ledger.ask(commands.UPDATE_CLIENT, {"id": client_id, "phone": "+371 20000001"})
        await ledger.ask(commands.CREATE_PRODUCT, _given(product.SAMPLE, commands.CREATE_PRODUCT))
        await ledger.add_account(ledger.account_id, products_max=1)
        await ledger.ask(commands.CREATE_PRODUCT, {"code": "ONE", "name": "Too many"})
        real = {event.name: event.data["object"] for event in await ledger.events()}
        real["client.created"]["balance"] = (await _balance(ledger, client_id)) or real["client.created"]["balance"]
    for key in (
        "client.created", "client.updated", "product.created", "sale.created", "sale.posted", "sale.paid",
        "payment.posted", "inbox.received", "quota.reached",
    ):  # fmt: skip
        sample = TRIGGERS[key].sample
        assert _paths(sample) == _paths(real[key]), key
        assert list(sample) == list(real[key]), key
    for field in ("net", "tax", "total", "amount_due", "taxes", "lines", "adjustments", "date_due"):
        assert real["sale.posted"][field] == sale.SAMPLE[field], field


def test_the_inbox_sample_is_a_document_that_the_inbox_takes() -> None:
    sample = inbox_message.SAMPLE
    sent = {name: sample[name] for name in ("document", "links", "comment")}
    parsed = read_json_form(orjson.dumps(sent), box="purchases")
    assert isinstance(parsed, Parsed), parsed
    assert not parsed.warnings
    assert as_json(parsed.document) == sent


def test_samples_of_one_kind_of_thing_share_their_fields() -> None:
    for keys in (
        ("client.created", "client.updated"),
        ("sale.created", "sale.posted", "sale.sent", "sale.paid", "sale.overdue", "sale.voided", "sale.updated"),
        ("sale.posted", "sale.deleted"),
        ("payment.posted", "payment.reversed", "payment.created", "payment.updated", "payment.failed"),
        ("dispute.opened", "dispute.resolved"),
        ("promise.recorded", "promise.broken"),
    ):
        assert len({tuple(TRIGGERS[key].sample) for key in keys}) == 1, keys


def _given(sample: dict[str, Any], command: str) -> dict[str, Any]:
    """What of a sample a caller may have sent."""
    sent = {
        commands.CREATE_CLIENT: "name type first_name last_name email phone reg_number vat_number address"
        " shipping_address contacts locale currency pay_term external_id comment",
        commands.CREATE_PRODUCT: "code name type description barcode unit unit_price currency tax_rate tax_category"
        " external_id",
        commands.CREATE_SALE: "sale_type currency document_date pay_term operation tax_basis payment_method comment"
        " external_id",
        commands.RECORD_PAYMENT: "currency date method reference external_id",
    }
    return {name: sample[name] for name in sent[command].split()}


def _lines() -> list[dict[str, Any]]:
    return [{name: value for name, value in line.items() if name != "net"} for line in sale.SAMPLE["lines"]]


def _adjustments() -> list[dict[str, Any]]:
    return [{name: value for name, value in one.items() if name != "net"} for one in sale.SAMPLE["adjustments"]]


def _inbox_message() -> dict[str, Any]:
    sample = inbox_message.SAMPLE
    reported = {name: sample[name] for name in ("box", "channel", "received_at", "warnings", "duplicate_of")}
    raw = base64.b64encode(b"{}").decode()
    content = {name: sample[name] for name in ("document", "links", "comment", "file")}
    return {**reported, **content, "message_id": str(new_id()), "content_type": "application/json", "raw": raw}


async def _balance(ledger: LedgerHarness, client_id: str) -> Any:
    """A new client has no balance yet; that of a client who owes has the sample's shape."""
    return client.from_row(dict(await ledger.row("client", client_id)))["balance"]


def _paths(value: dict[str, Any]) -> set[str]:
    return {field.path for field in fields_of(value)}
