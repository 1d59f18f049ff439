"""Actions that keep a file or a row elsewhere, or deliver a document: input, result and entry of each."""

from __future__ import annotations

from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from contracts.catalog.inputs import Cell, FileSource, Url
from contracts.catalog.model import Action, LocalizedText
from contracts.resources import sale
from contracts.resources.json_rules import names_by_pattern
from contracts.resources.output import ResponseModel
from contracts.resources.schemas import Model, ShortText

# The pattern is not all that the store checks: names parted by single slashes, without . and .. and blanks around one.
StoredPath = Annotated[
    str,
    StringConstraints(min_length=1, max_length=500),
    Field(json_schema_extra={"pattern": r"^[^\x00-\x1f\x7f\\]*$"}),
]


class StoreFile(FileSource):
    """A file that is kept elsewhere, where the step's connection leads."""

    name: StoredPath = Field(description="its path in the store, such as invoices/{{ trigger.data.number }}.pdf")
    if_exists: Literal["new_name", "overwrite"] = Field(
        default="new_name", description="where another file has this name; the same content is stored once"
    )


class StoredFile(ResponseModel):
    """Where a file is; `stored` is false where the same content was there under this name already."""

    location: str
    name: str
    bytes: int
    sha256: str
    stored: bool


class AppendRow(Model):
    """A row at the end of a CSV file, or of a sheet of a Google spreadsheet, where the step's connection leads.

    The first line of a file or sheet names the columns; one that is empty is begun with the columns of `values`.
    """

    file: StoredPath = Field(description="the CSV file's path in the store, or the spreadsheet's id")
    sheet: ShortText | None = Field(default=None, description="of a spreadsheet; else its first one")
    values: dict[ShortText, Cell] = Field(
        min_length=1, max_length=200, description="values by column", json_schema_extra=names_by_pattern
    )
    columns: list[ShortText] = Field(
        default_factory=list, max_length=200, description="the order of the columns where a file or sheet is begun"
    )
    id_column: ShortText | None = Field(
        default="row_id",
        description="has the step's id, so that a repeated step adds no second row; null leaves it out",
    )
    delimiter: Literal[",", ";", "\t"] = Field(default=",", description="of a CSV file")


class AppendedRow(ResponseModel):
    """Where a row is, the columns' line being 1; `added` is false where it was there already."""

    file: str
    sheet: str | None
    row: int | None
    added: bool


class SendDirect(Model):
    """An invoice for the buyer's own inbox over PayTraq Direct."""

    sale_id: UUID
    url: Url | None = Field(default=None, description="the buyer's Direct address, unless a connection holds it")
    format: Literal["paytraq", "ubl"] = "paytraq"


class DirectReceipt(ResponseModel):
    """What the other side answered; null where it does not say."""

    status: int
    sale_id: UUID
    message_id: str | None
    duplicate: bool | None


FILES: Final = (
    Action(
        "store_file",
        "outwards",
        LocalizedText("Store file", "Enregistrer un fichier", "Guardar archivo"),
        LocalizedText(
            "Keeps a file in S3, over WebDAV or SFTP, or in a folder.",
            "Enregistre un fichier dans S3, par WebDAV ou SFTP, ou dans un dossier.",
            "Guarda un archivo en S3, por WebDAV o SFTP, o en una carpeta.",
        ),
        StoreFile,
        {
            "location": "s3://invoices/INV-2026-000042.pdf",
            "name": "INV-2026-000042.pdf",
            "bytes": 48213,
            "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "stored": True,
        },
        "at_least_once",
        available=True,
        response_model=StoredFile,
        connections=("s3", "webdav", "sftp", "folder"),
    ),
    Action(
        "append_row",
        "outwards",
        LocalizedText("Append row", "Ajouter une ligne", "Añadir fila"),
        LocalizedText(
            "Appends a row to a CSV file or a Google spreadsheet.",
            "Ajoute une ligne à un fichier CSV ou à un tableur Google.",
            "Añade una fila a un archivo CSV o a una hoja de Google.",
        ),
        AppendRow,
        {"file": "s3://books/invoices.csv", "sheet": None, "row": 42, "added": True},
        "at_least_once",
        available=True,
        response_model=AppendedRow,
        connections=("s3", "webdav", "sftp", "folder", "google_sheets"),
    ),
    Action(
        "send_direct",
        "outwards",
        LocalizedText("Send over PayTraq Direct", "Envoyer par PayTraq Direct", "Enviar por PayTraq Direct"),
        LocalizedText(
            "Delivers an invoice to the buyer's own purchase inbox.",
            "Remet une facture dans la boîte des achats de l'acheteur.",
            "Entrega una factura en el buzón de compras del comprador.",
        ),
        SendDirect,
        {
            "status": 200,
            "sale_id": sale.SAMPLE_ID,
            "message_id": "0198f7c4-5a00-7c3e-9d1b-6f2a4b8c0d1e",
            "duplicate": False,
        },
        "at_least_once",
        available=True,
        response_model=DirectReceipt,
        connections=("http",),
    ),
)
