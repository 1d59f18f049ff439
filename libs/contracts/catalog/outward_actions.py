"""Outward actions: each carries the step's id as its idempotency key, at least once."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel

from contracts.catalog import inputs
from contracts.catalog.model import Action, LocalizedText
from contracts.resources import sale
from contracts.resources.connection import ConnectionKind


def _outwards(
    key: str,
    title: LocalizedText,
    description: LocalizedText,
    input_model: type[BaseModel],
    output: dict[str, Any],
    *,
    available: bool = False,
    connections: tuple[ConnectionKind, ...] = (),
    free_form: tuple[str, ...] = (),
) -> Action:
    return Action(
        key, "outwards", title, description, input_model, output, "at_least_once", available, connections, free_form
    )


OUTWARDS: Final = (
    _outwards(
        "http_request",
        LocalizedText("HTTP request", "Requête HTTP", "Petición HTTP"),
        LocalizedText(
            "Calls a URL; a 2xx answer is success.",
            "Appelle une URL ; une réponse 2xx est un succès.",
            "Llama a una URL; una respuesta 2xx es un éxito.",
        ),
        inputs.HttpRequest,
        {"status": 200, "headers": {"content-type": "application/json"}, "body": {"ok": True}},
        available=True,
        connections=("http",),
        free_form=("headers", "body", "truncated"),
    ),
    _outwards(
        "send_email",
        LocalizedText("Send email", "Envoyer un e-mail", "Enviar correo"),
        LocalizedText("Sends a mail to anyone.", "Envoie un e-mail à quiconque.", "Envía un correo a cualquiera."),
        inputs.SendEmail,
        {"message_id": "<0198f7c4@baltic-trading.example>", "accepted": ["aija@ozola.example"]},
        available=True,
    ),
    _outwards(
        "send_sms",
        LocalizedText("Send SMS", "Envoyer un SMS", "Enviar SMS"),
        LocalizedText("Sends a text message.", "Envoie un SMS.", "Envía un mensaje de texto."),
        inputs.SendSms,
        {"message_id": "SM0198f7c4", "to": "+37120000000"},
        available=True,
    ),
    _outwards(
        "post_chat_message",
        LocalizedText("Post chat message", "Publier dans une messagerie", "Publicar en un chat"),
        LocalizedText(
            "Posts a text to a chat's incoming webhook, in Slack's form.",
            "Publie un texte par le webhook entrant d'une messagerie, au format de Slack.",
            "Publica un texto en el webhook entrante de un chat, en el formato de Slack.",
        ),
        inputs.PostChatMessage,
        {"status": 200},
        available=True,
        connections=("chat",),
    ),
    _outwards(
        "store_file",
        LocalizedText("Store file", "Enregistrer un fichier", "Guardar archivo"),
        LocalizedText(
            "Keeps a file in S3, over WebDAV or SFTP, or in a folder.",
            "Enregistre un fichier dans S3, par WebDAV ou SFTP, ou dans un dossier.",
            "Guarda un archivo en S3, por WebDAV o SFTP, o en una carpeta.",
        ),
        inputs.StoreFile,
        {
            "location": "s3://invoices/INV-2026-000042.pdf",
            "name": "INV-2026-000042.pdf",
            "bytes": 48213,
            "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "stored": True,
        },
        available=True,
        connections=("s3", "webdav", "sftp", "folder"),
    ),
    _outwards(
        "append_row",
        LocalizedText("Append row", "Ajouter une ligne", "Añadir fila"),
        LocalizedText(
            "Appends a row to a CSV file or a Google spreadsheet.",
            "Ajoute une ligne à un fichier CSV ou à un tableur Google.",
            "Añade una fila a un archivo CSV o a una hoja de Google.",
        ),
        inputs.AppendRow,
        {"file": "s3://books/invoices.csv", "sheet": None, "row": 42, "added": True},
        available=True,
        connections=("s3", "webdav", "sftp", "folder", "google_sheets"),
    ),
    _outwards(
        "send_direct",
        LocalizedText("Send over PayTraq Direct", "Envoyer par PayTraq Direct", "Enviar por PayTraq Direct"),
        LocalizedText(
            "Delivers an invoice to the buyer's own purchase inbox.",
            "Remet une facture dans la boîte des achats de l'acheteur.",
            "Entrega una factura en el buzón de compras del comprador.",
        ),
        inputs.SendDirect,
        {
            "status": 200,
            "sale_id": sale.SAMPLE_ID,
            "message_id": "0198f7c4-5a00-7c3e-9d1b-6f2a4b8c0d1e",
            "duplicate": False,
        },
        available=True,
        connections=("http",),
    ),
)
