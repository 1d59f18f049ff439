"""Disputed invoices over HTTP and a real SMTP server, on both buses: not demanded, and marked where that is wanted."""

from __future__ import annotations

from tests.flow.conftest import Deployment
from tests.support.debts import LATE, a_mail, a_next_mail, case_is, collector, debtor, mails_to
from tests.support.listener import Listener
from tests.support.smtp_server import SmtpServer
from tests.unit.pdf.reading import pages


async def test_a_dispute_stops_an_invoice_and_its_resolution_lets_it_go_on(
    deployment: Deployment, mail_server: SmtpServer, listener: Listener
) -> None:
    caller, endpoint = await deployment.account(), listener.endpoint()
    triggers = ["note.created", "dispute.opened", "dispute.resolved"]
    await caller.made_of("/v1/hooks", {"target_url": endpoint.url, "triggers": triggers})
    await collector(caller, a_mail(automatic=False))
    client, sale = await debtor(caller)
    await case_is(caller, client["id"], "pending")
    dispute = await caller.made_of("/v1/disputes", {"sale_id": sale["id"], "reason": "Not delivered"})
    await case_is(caller, client["id"], "disputed")
    resolved = await caller.post(f"/v1/disputes/{dispute['id']}/resolve", {"resolution": "rejected"})
    assert resolved.status == 200
    case = await case_is(caller, client["id"], "pending")
    await caller.post(f"/v1/cases/{case['id']}/send")
    await mails_to(mail_server, client["email"])
    received = await endpoint.receives(3)
    assert sorted(one.trigger for one in received) == sorted(triggers)
    note = next(one.body["data"] for one in received if one.trigger == "note.created")
    assert (note["kind"], note["body"]) == ("dispute", "Not delivered")


async def test_a_disputed_invoice_is_marked_in_reminder_and_statement_where_the_account_wants_that(
    deployment: Deployment, mail_server: SmtpServer
) -> None:
    caller = await deployment.account()
    await caller.patch("/v1/account", {"disputed_invoices": "mark"})
    mark = "{{ one.number }}{% if one.disputed %} (disputed){% endif %}\n"
    texts = {"subject": "Open: {{ amount }}", "body": f"{{% for one in invoices %}}{mark}{{% endfor %}}"}
    step = a_mail(automatic=False, template=texts, attach_pdf=True, attach_statement=True)
    await collector(caller, step, a_next_mail(automatic=False, template=texts, attach_statement=True))
    client, disputed = await debtor(caller)
    owed = await caller.sale(client["id"], **LATE)
    dispute = await caller.made_of("/v1/disputes", {"sale_id": disputed["id"], "reason": "Not delivered"})
    case = await case_is(caller, client["id"], "pending")
    assert (await caller.post(f"/v1/cases/{case['id']}/send")).status == 200
    (mail,) = await mails_to(mail_server, client["email"])
    assert mail.message["Subject"] == "Open: 165.01 EUR"
    assert mail.text.startswith(f"{owed['number']}\n{disputed['number']} (disputed)\n")
    invoice, statement = mail.files
    assert invoice == f"{owed['number']}.pdf"
    (text,) = pages(mail.files[statement])
    assert f"{disputed['number']} (disputed)" in text
    assert (text.count("165.01"), text.count("330.02")) == (7, 0), text

    await caller.patch("/v1/account", {"disputed_invoices": "leave_out"})
    await case_is(caller, client["id"], "pending")
    assert (await caller.post(f"/v1/cases/{case['id']}/send")).status == 200
    _, second = await mails_to(mail_server, client["email"], 2)
    assert disputed["number"] not in second.text
    (text,) = pages(*second.files.values())
    assert (disputed["number"] in text, owed["number"] in text) == (False, True)
    assert dispute["state"] == "open"
