"""`/v1/account`: the company's profile and settings, and where they take effect."""

from __future__ import annotations

import base64
import re
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfReader

from ingress.access.accounts import AccountSettings
from tests.component.api.test_automations import an_automation
from tests.support.api_installation import House
from tests.support.caller import Caller, an_invoice
from tests.support.eventually import eventually

IBAN = "LV80BANK0000435195001"
PROFILE: dict[str, Any] = {
    "name": "Ozola",
    "legal_name": "Ozola un partneri SIA",
    "address": {"street": "Brīvības iela 1", "city": "Rīga", "postal_code": "LV-1010", "country": "LV"},
    "reg_number": "40003000001",
    "vat_number": "LV40003000001",
    "email": "books@example.com",
    "phone": "+371 20000000",
    "website": "https://example.com",
    "bank_accounts": [{"name": "Banka", "iban": "lv80 bank 0000 4351 9500 1", "bic": "BANKLV22"}],
    "endpoint_id": "0218:40003000001",
    "locale": "lv",
    "time_zone": "Europe/Riga",
    "currency": "USD",
    "default_pay_term": {"type": 1, "days": 30},
    "invoice_footer": "Paldies!\nThank you.",
}


def a_picture(kind: str = "PNG", *, size: tuple[int, int] = (120, 40)) -> str:
    file = BytesIO()
    Image.new("RGB", size, (20, 60, 120)).save(file, kind)
    return base64.b64encode(file.getvalue()).decode()


async def patch(caller: Caller, changes: Any, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await caller.send("PATCH", "/v1/account", json=changes, headers=named)


async def test_a_new_account_has_defaults_and_an_empty_profile(caller: Caller) -> None:
    account = (await caller.get("/v1/account")).json
    assert account["id"] == caller.made["account_id"]
    assert (account["time_zone"], account["currency"], account["locale"]) == ("UTC", "EUR", "en")
    assert (account["legal_name"], account["bank_accounts"], account["logo"]) == (None, [], None)
    assert account["plan"] == {"clients_max": None, "products_max": None}


async def test_an_account_is_made_with_a_time_zone_a_currency_and_a_locale(house: House) -> None:
    caller = await house.account(settings=AccountSettings("Asia/Tokyo", "JPY", "fr-CA"))
    account = (await caller.get("/v1/account")).json
    assert (account["time_zone"], account["currency"], account["locale"]) == ("Asia/Tokyo", "JPY", "fr-CA")


async def test_what_is_changed_is_shown_and_the_rest_stays(caller: Caller) -> None:
    changed = await patch(caller, PROFILE)
    assert changed.status == 200, changed.text
    expected = PROFILE | {"bank_accounts": [{"name": "Banka", "iban": IBAN, "bic": "BANKLV22"}]}
    expected["address"] = PROFILE["address"] | {"region": None}
    assert changed.json | expected == changed.json
    assert (await caller.get("/v1/account")).json == changed.json
    less = await patch(caller, {"phone": None, "bank_accounts": []})
    assert (less.json["phone"], less.json["bank_accounts"]) == (None, [])
    assert less.json["website"] == "https://example.com"
    me = (await caller.get("/v1/me")).json
    assert (me["account"]["name"], me["account"]["time_zone"]) == ("Ozola", "Europe/Riga")


async def test_every_fault_of_a_change_is_named_and_nothing_is_changed(caller: Caller) -> None:
    wrong = {
        "name": None, "locale": "english", "time_zone": "Riga", "currency": "XXQ", "email": "nobody",
        "website": "example.com", "endpoint_id": "40003000001", "number_format": "INV-{n}",
        "bank_accounts": [{"iban": "LV81BANK0000435195001", "bic": "x"}, {"iban": "1"}],
        "default_pay_term": {"type": 0}, "logo": {"content": "bm8gcGljdHVyZQ=="},
    }  # fmt: skip
    before = (await caller.get("/v1/account")).json
    refused = await patch(caller, wrong)
    assert (refused.status, refused.json["code"]) == (422, "invalid_input")
    assert {fault["path"] for fault in refused.json["errors"]} == {
        "name", "locale", "time_zone", "currency", "email", "website", "endpoint_id", "number_format",
        "bank_accounts[0].iban", "bank_accounts[0].bic", "bank_accounts[1].iban", "default_pay_term", "logo.content",
    }  # fmt: skip
    assert (await caller.get("/v1/account")).json == before


@pytest.mark.parametrize(
    "change",
    [{"name": 7}, {"bank_accounts": {}}, {"default_pay_term": {"type": "1", "days": 7}}, {"address": "Riga"}, []],
)
async def test_a_change_of_another_type_is_refused(caller: Caller, change: Any) -> None:
    assert (await patch(caller, change)).status == 422


async def test_an_account_changes_only_in_the_state_that_its_caller_knows(caller: Caller) -> None:
    tag = (await caller.get("/v1/account")).headers["ETag"]
    for wrong in ('"nonsense"', f"W/{tag}", '"' + "0" * 32 + '"'):
        assert (await patch(caller, {"phone": "1"}, If_Match=wrong)).status == 412
    changed = await patch(caller, {"phone": "1"}, If_Match=tag)
    assert changed.status == 200
    assert changed.headers["ETag"] == (await caller.get("/v1/account")).headers["ETag"] != tag
    assert (await patch(caller, {"phone": "2"}, If_Match=tag)).status == 412


async def test_a_change_sent_again_with_its_key_changes_nothing_further(caller: Caller) -> None:
    tag = (await caller.get("/v1/account")).headers["ETag"]
    first = await patch(caller, {"phone": "1"}, Idempotency_Key="k", If_Match=tag)
    await patch(caller, {"phone": "2"})
    again = await patch(caller, {"phone": "1"}, Idempotency_Key="k", If_Match=tag)
    assert (again.status, again.json) == (200, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (await caller.get("/v1/account")).json["phone"] == "2"


async def test_only_the_scope_admin_changes_an_account(caller: Caller) -> None:
    token = await caller.made_of("/v1/tokens", {"name": "Reader", "scopes": ["read", "write"]})
    reader = Caller(caller.session, caller.url, caller.made | {"access_token": token["token"]})
    assert (await reader.get("/v1/account")).status == 200
    assert (await patch(reader, {"phone": "1"})).status == 403


async def test_clients_and_documents_without_a_currency_and_a_term_get_the_accounts(caller: Caller) -> None:
    assert (await patch(caller, {"currency": "USD", "default_pay_term": {"type": 2, "days": 5}})).status == 200
    client = await caller.client()
    assert client["currency"] == "USD"
    reported = an_invoice(client["id"], document_date="2026-02-10", currency="USD")
    reported = {name: value for name, value in reported.items() if name not in {"date_due", "pay_term"}}
    assert (await caller.made_of("/v1/sales", reported))["date_due"] == "2026-03-05"
    receipt = reported | {"sale_type": "credit_note"}
    assert (await caller.made_of("/v1/sales", receipt))["date_due"] == "2026-02-10"
    with_term = await caller.made_of("/v1/clients", {"name": "Own term", "pay_term": {"type": 1, "days": 7}})
    assert (await caller.made_of("/v1/sales", reported | {"client_id": with_term["id"]}))["date_due"] == "2026-02-17"


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
async def test_the_pdf_shows_the_seller_with_logo_bank_account_and_footer(caller: Caller, kind: str) -> None:
    changed = await patch(caller, PROFILE | {"logo": {"content": a_picture(kind)}, "locale": "en"})
    assert changed.status == 200, changed.text
    client = await caller.client()
    sale = await caller.made_of("/v1/sales", an_invoice(client["id"]))
    pdf = PdfReader(BytesIO((await caller.get(f"/v1/sales/{sale['id']}/pdf")).raw))
    text = re.sub(r"\s+", " ", pdf.pages[0].extract_text())
    for shown in ("Ozola un partneri SIA", "Brīvības iela 1", "40003000001", IBAN, "BANKLV22", "example.com",
                  "Paldies! Thank you."):  # fmt: skip
        assert shown in text
    assert [image.image.size for image in pdf.pages[0].images if image.image] == [(120, 40)]


async def test_a_logo_is_given_back_byte_by_byte_until_it_is_taken_away(caller: Caller) -> None:
    content = a_picture()
    logo = (await patch(caller, {"logo": {"content": content}})).json["logo"]
    assert logo["content_type"] == "image/png"
    given = await caller.get("/v1/account/logo")
    assert (given.raw, given.headers["Content-Type"]) == (base64.b64decode(content), "image/png")
    assert logo["url"] == f"{caller.url}/v1/account/logo"
    assert (await patch(caller, {"logo": None})).json["logo"] is None
    assert (await caller.get("/v1/account/logo")).status == 404


async def test_a_picture_that_could_not_be_printed_is_no_logo(caller: Caller) -> None:
    whole = base64.b64decode(a_picture(size=(300, 300)))
    damaged = base64.b64encode(whole[: len(whole) // 2]).decode()
    for content in (damaged, a_picture(size=(1001, 10)), a_picture(size=(900, 2)), "%%%", ""):
        refused = await patch(caller, {"logo": {"content": content}})
        assert refused.status == 422
        assert [fault["path"] for fault in refused.json["errors"]] == ["logo.content"]


async def test_templates_may_use_every_field_of_the_account(caller: Caller) -> None:
    await patch(caller, PROFILE)
    where = "{{ account.legal_name }} {{ account.address.city }} {{ account.bank_accounts[0].iban }}"
    same = {"action": "filter", "input": {"where": where, "op": "eq", "value": f"Ozola un partneri SIA Rīga {IBAN}"}}
    await caller.made_of("/v1/automations", an_automation(trigger={"key": "client.created"}, steps=[same]))
    await caller.client()

    async def ended() -> bool:
        return [run["state"] for run in await caller.items("/v1/runs")] == ["succeeded"]

    await eventually(ended)


async def test_a_field_that_no_account_has_is_refused_in_a_template(caller: Caller) -> None:
    unknown = {"action": "filter", "input": {"where": "{{ account.legalname }}", "op": "eq", "value": "1"}}
    refused = await caller.post("/v1/automations", an_automation(steps=[unknown]))
    assert refused.status == 422
    assert "did you mean legal_name" in refused.faults["steps[0].input.where"]


async def test_documents_are_numbered_in_the_form_that_the_account_sets(caller: Caller) -> None:
    client = await caller.client()
    first = await caller.sale(client["id"])
    assert (await caller.read("/v1/account"))["number_format"] == "{prefix}-{year}-{number:6}"
    changed = await caller.patch("/v1/account", {"number_format": "{number:4}/{prefix}.{year}"})
    assert (changed.status, changed.json["number_format"]) == (200, "{number:4}/{prefix}.{year}")
    second = await caller.sale(client["id"])
    year = first["number"].split("-")[1]
    assert (first["number"], second["number"]) == (f"INV-{year}-000001", f"0002/INV.{year}")
    back = await caller.patch("/v1/account", {"number_format": None})
    assert back.json["number_format"] == "{prefix}-{year}-{number:6}"
    refused = await caller.patch("/v1/account", {"number_format": "{prefix}{number}"})
    assert (refused.status, refused.json["errors"][0]["path"]) == (422, "number_format")
