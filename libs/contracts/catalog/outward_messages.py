"""Actions that send a request or a message: input, result and entry of each."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field, StringConstraints

from contracts.catalog.inputs import (
    ATTACHMENTS_MAX,
    AttachedFile,
    HeaderName,
    HeaderValue,
    Json,
    Method,
    Recipients,
    Url,
)
from contracts.catalog.model import Action, LocalizedText
from contracts.resources.json_rules import names_by_pattern
from contracts.resources.output import ResponseModel
from contracts.resources.schemas import Email, LongText, Model, Reference, ShortText


class HttpRequest(Model):
    """One HTTP request; redirects are not followed, and a 2xx is success."""

    url: Annotated[str, StringConstraints(min_length=1, max_length=2048)] | None = Field(
        default=None, description="absolute; or, with a connection, a path on its server, absent for its own URL"
    )
    method: Method = "POST"
    headers: dict[HeaderName, HeaderValue] = Field(
        default_factory=dict, max_length=50, json_schema_extra=names_by_pattern
    )
    body: Json = Field(
        default=None,
        description="an object or list is sent as JSON, a text as it is, an earlier step's file as its bytes",
    )
    timeout_seconds: float = Field(default=15.0, gt=0, le=60)


class HttpRequestResult(ResponseModel):
    """A server's answer: `body` is JSON, a text, or a file; `truncated` is there when it did not come to its end."""

    status: int
    headers: dict[str, str]
    body: Any
    truncated: bool | None = None


class SendEmail(Model):
    """A mail."""

    to: Recipients = Field(min_length=1, max_length=50)
    subject: ShortText
    body: LongText
    reply_to: Email | None = None
    attachments: list[AttachedFile] = Field(default_factory=list, max_length=ATTACHMENTS_MAX)


class SentEmail(ResponseModel):
    """A mail that a server has taken, and for which of its recipients."""

    message_id: str | None
    accepted: list[str]


class SendSms(Model):
    """A text message."""

    to: Reference = Field(description="a number in international form, such as +371 20000000")
    body: Annotated[str, StringConstraints(min_length=1, max_length=1_600)]


class SentSms(ResponseModel):
    """A text message that the gateway has taken."""

    message_id: str | None
    to: str


class PostChatMessage(Model):
    """A message to a chat's incoming webhook, in Slack's form."""

    url: Url | None = Field(default=None, description="the chat's incoming webhook, unless a connection holds it")
    text: Annotated[str, StringConstraints(min_length=1, max_length=40_000)]
    channel: Reference | None = None
    username: Reference | None = None


class PostedChatMessage(ResponseModel):
    """The chat's answer."""

    status: int


MESSAGES: Final = (
    Action(
        "http_request",
        "outwards",
        LocalizedText("HTTP request", "Requête HTTP", "Petición HTTP"),
        LocalizedText(
            "Calls a URL; a 2xx answer is success.",
            "Appelle une URL ; une réponse 2xx est un succès.",
            "Llama a una URL; una respuesta 2xx es un éxito.",
        ),
        HttpRequest,
        {"status": 200, "headers": {"content-type": "application/json"}, "body": {"ok": True}},
        "at_least_once",
        available=True,
        response_model=HttpRequestResult,
        connections=("http",),
        free_form=("headers", "body", "truncated"),
    ),
    Action(
        "send_email",
        "outwards",
        LocalizedText("Send email", "Envoyer un e-mail", "Enviar correo"),
        LocalizedText("Sends a mail to anyone.", "Envoie un e-mail à quiconque.", "Envía un correo a cualquiera."),
        SendEmail,
        {"message_id": "<0198f7c4@baltic-trading.example>", "accepted": ["aija@ozola.example"]},
        "at_least_once",
        available=True,
        response_model=SentEmail,
    ),
    Action(
        "send_sms",
        "outwards",
        LocalizedText("Send SMS", "Envoyer un SMS", "Enviar SMS"),
        LocalizedText("Sends a text message.", "Envoie un SMS.", "Envía un mensaje de texto."),
        SendSms,
        {"message_id": "SM0198f7c4", "to": "+37120000000"},
        "at_least_once",
        available=True,
        response_model=SentSms,
    ),
    Action(
        "post_chat_message",
        "outwards",
        LocalizedText("Post chat message", "Publier dans une messagerie", "Publicar en un chat"),
        LocalizedText(
            "Posts a text to a chat's incoming webhook, in Slack's form.",
            "Publie un texte par le webhook entrant d'une messagerie, au format de Slack.",
            "Publica un texto en el webhook entrante de un chat, en el formato de Slack.",
        ),
        PostChatMessage,
        {"status": 200},
        "at_least_once",
        available=True,
        response_model=PostedChatMessage,
        connections=("chat",),
    ),
)
