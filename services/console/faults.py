"""What the API refuses, in the person's language: its messages, its codes, and the names of the fields."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from console import field_names
from console.api_client import FieldError
from console.i18n import LOCALES, N_

_OWNERS: Final[Mapping[str, str]] = {"account": N_("Your company"), "client": N_("Client")}  # of a document's fields
SOURCE_LOCALE: Final = LOCALES[0]  # the API's own language

_MESSAGES: Final[Mapping[re.Pattern[str], str]] = {re.compile(pattern): text for pattern, text in {
    r"is required.*": N_("is required"),
    r"is not a field of this (object|form|action): leave it out": N_("is not a field of this object: leave it out"),
    r"must have (?P<a>\S+) characters or more": N_("must have {a} characters or more"),
    r"must have at most (?P<a>\S+) characters": N_("must have at most {a} characters"),
    r"must have (?P<a>\S+) or more of them, here are (?P<b>\S+)": N_("must have {a} or more of them, here are {b}"),
    r"must have at most (?P<a>\S+) (of them|items)": N_("must have at most {a} of them"),
    r"must be more than (?P<a>\S+)": N_("must be more than {a}"),
    r"must be (?P<a>\S+) or more": N_("must be {a} or more"),
    r"must be less than (?P<a>\S+)": N_("must be less than {a}"),
    r"must be (?P<a>\S+) or less": N_("must be {a} or less"),
    r"must be at most (?P<a>[^,\s]+).*": N_("must be at most {a}"),
    r"must be a text": N_("must be a text"),
    r"must be a whole number": N_("must be a whole number"),
    r"must be a( finite)? number": N_("must be a number"),
    r"must be true or false": N_("must be true or false"),
    r"must be a list.*": N_("must be a list"),
    r"must be an object": N_("must be an object"),
    r"must be an id": N_("must be an id"),
    r"must not contain the name": N_("must not contain the name"),
    r"must be (an|one) (e-mail|mail) address.*": N_("must be an e-mail address"),
    r"must be a date.*": N_("must be a date"),
    r"must be a time of day.*": N_("must be a time of day, such as 09:00"),
    r"must be a time with.*": N_("must be a time with its zone"),
    r"must be a pause.*": N_("must be a pause such as 5s, 10m, 2h or 1d"),
    r".*(ISO 8601 duration|is no duration).*": N_("must be a duration such as P3D or PT2H"),
    r"must be a language.*": N_("must be a language, such as en or fr-CA"),
    r"must be the two letters of a country.*": N_("must be the two letters of a country, such as FR"),
    r"must be an absolute URL.*": N_("must be a whole address, such as https://example.com"),
    r"must be an IBAN.*": N_("must be an IBAN"),
    r"is not a valid IBAN.*": N_("is not a valid IBAN: compare it with the original"),
    r"must be a BIC.*": N_("must be a BIC of 8 or 11 capitals"),
    r"must be a Peppol.*": N_("must be a Peppol identifier, such as 0088:5790000435975"),
    r"must be a PNG or a JPEG": N_("must be a PNG or a JPEG"),
    r"must be a file of at most (?P<a>\d+) bytes.*": N_("must be a file of at most {a} bytes"),
    r"must close after it opens": N_("must close after it opens"),
    r"is not a time zone of the IANA database.*|must be a time zone.*": N_("is not a time zone, such as Europe/Riga"),
    r".*ISO 4217.*": N_("must be the code of a currency, such as EUR"),
    r"must be a decimal.*": N_("must be a number, such as 1250.50"),
    r"is not the password of this person": N_("is not your password"),
    r"is not a valid code of this secret.*": N_("is not a valid code: check your phone's clock"),
    r"is not valid, or has expired: ask for a new one": N_("is not valid, or has expired: ask for a new one"),
    r"unknown (sale|product|client|supplier|payment|invoice|connection|collector|.*message)": N_("is not there"),
    r"is no event of this account": N_("is no event of this account"),
    r"there is no draft.*": N_("there is no draft"),
    r"needs days with type 1.*": N_("needs the number of days"),
    r"needs either client_id or client.*": N_("choose a client"),
    r"needs exactly one of where, all, any and not": N_("needs a condition"),
    r"needs a description, an item_code or a product_id": N_("needs a description or a product"),
    r"is before from": N_("must be after the beginning"),
    r"is over: name.*": N_("must not be in the past"),
    r"is more than what is open: (?P<a>.+)": N_("is more than what is open: {a}"),
    r"is no open invoice of this client": N_("is no open invoice of this client"),
    r"is not a trigger.*": N_("is not an event that can be chosen"),
    r"must be one of (?P<a>.*)": N_("must be one of {a}"),
}.items()}  # fmt: skip

CODES: Final[Mapping[str, str]] = {
    "forbidden": N_("Your role does not allow this."),
    "quota_exceeded": N_("The plan's limit is reached. Nothing was created."),
    "not_found": N_("There is nothing here."),
    "conflict": N_("Something with this identity exists already."),
    "external_id_taken": N_("Another object has this reference. Use that one, or choose another reference."),
    "state_forbids": N_("This is not possible in its present state."),
    "client_archived": N_("The client is archived. Restore it first."),
    "product_archived": N_("The product is archived. Restore it first."),
    "nothing_open": N_("Nothing is open here."), "nothing_applied": N_("There is nothing to take off."),
    "not_open": N_("The invoice takes no payment."), "already_void": N_("The bill is void already."),
    "invoice_not_issued": N_("Issue the invoice first."), "has_receipt": N_("There is a receipt for it already."),
    "not_overdue": N_("The invoice is not overdue."),
    "already_invoiced": N_("It is invoiced already. Make that invoice void, or delete it, first."),
    "client_in_use": N_("There are documents of this client. Archive it instead."),
    "credit_applied": N_("Some of it is applied or refunded. Take that back first."),
    "has_credit_notes": N_("There is a credit note against it. Make that void first."),
    "has_refunds": N_("Some of it was refunded. Take that back first."),
    "has_settlements": N_("Payments or credits are applied to it. Take them off first, or make a credit note."),
    "no_confirmed_payment": N_("A receipt is issued from a confirmed payment."),
    "nothing_unapplied": N_("Nothing of it is left."),
    "over_creditable": N_("It is more than what is left to credit of its invoice."),
    "already_disputed": N_("The invoice has an open dispute. Resolve it first."),
    "already_resolved": N_("The dispute is over."), "in_use": N_("It is in use. Name another that takes its place."),
    "already_there": N_("The invoices are in that collector already."),
    "bill_exists": N_("The bill of this message exists already."),
    "duplicate_accepted": N_("A message like this one was accepted already."),
    "hook_exists": N_("Another hook has this address, these events and filters."),
    "hook_not_active": N_("Turn the hook on first."), "run_ended": N_("The run has ended."),
    "run_not_ended": N_("The run is still under way. Wait until it ends, or cancel it."),
    "nothing_to_replay": N_("There is nothing to run again."), "not_replayable": N_("This cannot be run again."),
    "no_draft": N_("There is no draft to publish."), "not_waiting": N_("The run waits for no decision."),
    "decided": N_("It was decided otherwise before."), "version_gone": N_("The automation was deleted."),
    "automation_loop": N_("The automation triggered itself and was stopped."),
    "limit_reached": N_("There may be no more of these. Remove some first."),
    "secret_not_kept": N_("This secret was shown already and cannot be shown again. Make a new one."),
    "refused": N_("This was refused."),
    "precondition_failed": N_("This was changed meanwhile. Read it again."),
    "body_too_large": N_("This is too large."), "unsupported_media_type": N_("This kind of file is not taken."),
    "action_failed": N_("The other side refused it."), "import_aborted": N_("A line is bad, and nothing was taken."),
    "idempotency_key_reused": N_("This form was sent before with other values. Open it again."),
    "too_many_requests": N_("That was too much at once. Wait a moment."),
    "unauthorized": N_("The sign-in or the code is wrong."), "malformed": N_("This cannot be read."),
    "unavailable": N_("A part does not answer. Try again in a moment."),
}  # fmt: skip


def translated(message: str, text: Callable[[str], str]) -> str:
    """A message of the API in the person's language; as the API writes it where there is no translation."""
    for pattern, template in _MESSAGES.items():
        if found := pattern.fullmatch(message):
            return text(template).format(**found.groupdict())
    return message


def sentence_of(fault: FieldError, text: Callable[[str], str], locale: str) -> str:
    """A fault as a sentence: the field's name, and what is wrong. The API's own details are in English only."""
    if fault.code and locale != SOURCE_LOCALE and fault.code in CODES:
        return text(CODES[fault.code])
    message = translated(fault.message, text)
    name = text(field_names.name_of_path(fault.path)) if fault.path else ""
    owner = _OWNERS.get(fault.path.partition(".")[0]) if "." in fault.path else None
    if owner is not None:
        name = f"{text(owner)}, {name}"
    line = field_names.line_of_path(fault.path)
    if line is not None:
        name = text(N_("Line {number}, {field}")).format(number=line, field=name)
    return text(N_("{name}: {message}")).format(name=name, message=message) if name else message
