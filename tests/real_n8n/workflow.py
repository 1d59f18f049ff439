"""A workflow of both nodes: an issued invoice starts it, its PDF is downloaded, a note says so. As n8n imports them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

NOTE: Final = "n8n has "
ID: Final = "ledgerwire1"
CREDENTIALS_ID: Final = "credentials1"
_PACKAGE: Final = "n8n-nodes-ledgerwire"


def credentials(base_url: str, access_token: str) -> list[dict[str, Any]]:
    """The credentials of the workflow's nodes."""
    data = {"baseUrl": base_url, "accessToken": access_token}
    return [{"id": CREDENTIALS_ID, "name": "Ledgerwire", "type": "ledgerwireApi", "data": data}]


def workflow() -> list[dict[str, Any]]:
    """The workflow, not active yet."""
    nodes = [
        _node("Issued", "ledgerwireTrigger", 0, event="sale.posted", filters={"sale_type": ["sales_invoice"]}),
        _node(
            "PDF", "ledgerwire", 1, resource="document", operation="download_pdf", id="={{ $json.data.id }}",
            binaryPropertyName="invoice", facturx=False,
        ),
        _node(
            "Note", "ledgerwire", 2, resource="note", operation="add_note", client_id="={{ $json.client_id }}",
            body=f"={NOTE}{{{{ $binary.invoice.fileName }}}}", additionalFields={"pinned": True},
        ),
    ]  # fmt: skip
    names = [node["name"] for node in nodes]
    connections = {name: {"main": [[{"node": after, "type": "main", "index": 0}]]} for name, after in pairwise(names)}
    return [
        {"id": ID, "name": "An invoice", "nodes": nodes, "connections": connections, "active": False, "settings": {}}
    ]


def _node(name: str, kind: str, place: int, **parameters: Any) -> dict[str, Any]:
    return {
        "id": f"node-{place}",
        "name": name,
        "type": f"{_PACKAGE}.{kind}",
        "typeVersion": 1,
        "position": [220 * place, 0],
        "webhookId": f"1f0e7c1a-0000-4000-8000-00000000000{place}",
        "parameters": {"authentication": "accessToken", **parameters},
        "credentials": {"ledgerwireApi": {"id": CREDENTIALS_ID, "name": "Ledgerwire"}},
    }
