"""Every action (contract.md, Action keys): its input, its output, and its guarantee.

Actions on our own ledger run under a command id of the step, so that a repetition changes nothing: exactly once.
Outward actions carry the same id as their idempotency key: at least once.
"""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel

from contracts.catalog import inputs
from contracts.catalog.flow_actions import FLOW
from contracts.catalog.model import Action, LocalizedText
from contracts.catalog.outward_actions import OUTWARDS
from contracts.resources import case, client, dispute, inbox_message, messages, note, payment, product, promise, sale
from contracts.resources.case import MoveInvoices
from contracts.resources.client import ClientIn, ClientUpdate
from contracts.resources.dispute import DisputeIn, ResolveDispute
from contracts.resources.messages import MessageToSend
from contracts.resources.note import NoteIn
from contracts.resources.payment import PaymentIn
from contracts.resources.product import ProductIn
from contracts.resources.promise import PromiseIn
from contracts.resources.sale import SaleIn
from contracts.wire import commands


def _ours(
    key: str,
    title: LocalizedText,
    description: LocalizedText,
    input_model: type[BaseModel],
    output: dict[str, Any],
    *,
    command: str | None = None,
    path: str | None = None,
    available: bool = False,
) -> Action:
    available = available or command is not None
    return Action(
        key, "ours", title, description, input_model, output, "exactly_once", available, command=command, path=path
    )


_OURS: Final = (
    _ours(
        "create_client",
        LocalizedText("Create client", "Créer un client", "Crear cliente"),
        LocalizedText(
            "Adds a client; counts against the plan.",
            "Ajoute un client ; compte dans le forfait.",
            "Añade un cliente; cuenta en el plan.",
        ),
        ClientIn,
        client.SAMPLE,
        command=commands.CREATE_CLIENT,
        path="/v1/clients",
    ),
    _ours(
        "find_client",
        LocalizedText("Find client", "Rechercher un client", "Buscar cliente"),
        LocalizedText(
            "Finds a client by email, external id, registration number or name; nothing found is no error.",
            "Recherche un client par e-mail, identifiant externe, numéro d'immatriculation ou nom.",
            "Busca un cliente por correo, identificador externo, número de registro o nombre.",
        ),
        inputs.FindClient,
        {"found": True, "client": client.SAMPLE},
        available=True,
    ),
    _ours(
        "find_or_create_client",
        LocalizedText("Find or create client", "Rechercher ou créer un client", "Buscar o crear cliente"),
        LocalizedText(
            "Finds the client with this external id or email, else adds it.",
            "Recherche le client avec cet identifiant externe ou cet e-mail, sinon l'ajoute.",
            "Busca el cliente con este identificador externo o correo; si no existe, lo añade.",
        ),
        ClientIn,
        client.found_or_created(client.SAMPLE, created=False),
        available=True,
    ),
    _ours(
        "update_client",
        LocalizedText("Update client", "Modifier un client", "Modificar cliente"),
        LocalizedText(
            "Changes the given fields of a client.",
            "Modifie les champs indiqués d'un client.",
            "Modifica los campos indicados de un cliente.",
        ),
        ClientUpdate,
        client.SAMPLE,
        command=commands.UPDATE_CLIENT,
    ),
    _ours(
        "create_product",
        LocalizedText("Create product", "Créer un produit", "Crear producto"),
        LocalizedText(
            "Adds a product or service; counts against the plan.",
            "Ajoute un produit ou un service ; compte dans le forfait.",
            "Añade un producto o servicio; cuenta en el plan.",
        ),
        ProductIn,
        product.SAMPLE,
        command=commands.CREATE_PRODUCT,
        path="/v1/products",
    ),
    _ours(
        "find_product",
        LocalizedText("Find product", "Rechercher un produit", "Buscar producto"),
        LocalizedText(
            "Finds a product by code, external id or name; nothing found is no error.",
            "Recherche un produit par code, identifiant externe ou nom.",
            "Busca un producto por código, identificador externo o nombre.",
        ),
        inputs.FindProduct,
        {"found": True, "product": product.SAMPLE},
        available=True,
    ),
    _ours(
        "find_sale",
        LocalizedText("Find sales document", "Rechercher un document de vente", "Buscar documento de venta"),
        LocalizedText(
            "Finds a sales document by its number or external id; nothing found is no error.",
            "Recherche un document de vente par numéro ou identifiant externe.",
            "Busca un documento de venta por número o identificador externo.",
        ),
        inputs.FindSale,
        {"found": True, "sale": sale.SAMPLE},
        available=True,
    ),
    _ours(
        "create_purchase",
        LocalizedText("Create purchase", "Créer un achat", "Crear compra"),
        LocalizedText(
            "Pushes a document and its file into the purchase inbox.",
            "Dépose un document et son fichier dans la boîte des achats.",
            "Deja un documento y su archivo en el buzón de compras.",
        ),
        inputs.PushInboxMessage,
        inbox_message.PUSHED_SAMPLE,
        available=True,
    ),
    _ours(
        "create_sale",
        LocalizedText("Create sale", "Créer une vente", "Crear venta"),
        LocalizedText(
            "Pushes an order into the sales inbox.",
            "Dépose une commande dans la boîte des ventes.",
            "Deja un pedido en el buzón de ventas.",
        ),
        inputs.PushInboxMessage,
        inbox_message.PUSHED_SAMPLE | {"box": "sales"},
        available=True,
    ),
    _ours(
        "create_document",
        LocalizedText("Create sales document", "Créer un document de vente", "Crear documento de venta"),
        LocalizedText(
            "Drafts a quote, order, proforma, invoice, receipt or credit note and, if asked, issues it at once.",
            "Prépare un devis, une commande, une facture ou un avoir et, sur demande, l'émet aussitôt.",
            "Prepara un presupuesto, pedido, factura o nota de crédito y, si se pide, lo emite enseguida.",
        ),
        SaleIn,
        sale.SAMPLE,
        command=commands.CREATE_SALE,
        path="/v1/sales",
    ),
    _ours(
        "issue_document",
        LocalizedText("Issue document", "Émettre un document", "Emitir documento"),
        LocalizedText(
            "Issues a draft: it gets its number and is posted.",
            "Émet un brouillon : il reçoit son numéro et entre en comptabilité.",
            "Emite un borrador: recibe su número y entra en los libros.",
        ),
        inputs.ByIdInput,
        sale.SAMPLE,
        command=commands.ISSUE_SALE,
    ),
    _ours(
        "send_document",
        LocalizedText("Send document", "Envoyer un document", "Enviar documento"),
        LocalizedText(
            "Sends an issued document to its client.",
            "Envoie un document émis à son client.",
            "Envía un documento emitido a su cliente.",
        ),
        inputs.SendDocument,
        sale.SAMPLE,
        command=commands.SEND_SALE,
    ),
    _ours(
        "void_document",
        LocalizedText("Void document", "Annuler un document", "Anular documento"),
        LocalizedText(
            "Voids an issued document on which nothing is settled.",
            "Annule un document émis sur lequel rien n'est réglé.",
            "Anula un documento emitido sin nada liquidado.",
        ),
        inputs.VoidDocument,
        sale.SAMPLE | {"status": "void", "settlement": None, "amount_due": "0.00"},
        command=commands.VOID_SALE,
    ),
    _ours(
        "record_payment",
        LocalizedText("Record payment", "Enregistrer un paiement", "Registrar pago"),
        LocalizedText(
            "Records an incoming payment and settles what it is allocated to.",
            "Enregistre un paiement reçu et règle ce à quoi il est affecté.",
            "Registra un pago recibido y liquida aquello a lo que se asigna.",
        ),
        PaymentIn,
        payment.SAMPLE,
        command=commands.RECORD_PAYMENT,
        path="/v1/payments",
    ),
    _ours(
        "add_note",
        LocalizedText("Add note", "Ajouter une note", "Añadir nota"),
        LocalizedText(
            "Adds a note to a client.",
            "Ajoute une note à un client.",
            "Añade una nota a un cliente.",
        ),
        NoteIn,
        note.SAMPLE,
        command=commands.ADD_NOTE,
        path="/v1/notes",
    ),
    _ours(
        "open_dispute",
        LocalizedText("Open dispute", "Ouvrir un litige", "Abrir disputa"),
        LocalizedText(
            "Marks an invoice as disputed, with its reason.",
            "Marque une facture comme contestée, avec son motif.",
            "Marca una factura como disputada, con su motivo.",
        ),
        DisputeIn,
        dispute.SAMPLE,
        command=commands.OPEN_DISPUTE,
        path="/v1/disputes",
    ),
    _ours(
        "resolve_dispute",
        LocalizedText("Resolve dispute", "Résoudre un litige", "Resolver disputa"),
        LocalizedText(
            "Resolves a dispute; its invoice is collected again.",
            "Résout un litige ; sa facture est de nouveau relancée.",
            "Resuelve una disputa; su factura vuelve a cobrarse.",
        ),
        ResolveDispute,
        dispute.SAMPLE | {"state": "resolved"},
        command=commands.RESOLVE_DISPUTE,
    ),
    _ours(
        "record_promise",
        LocalizedText("Record promise", "Enregistrer une promesse", "Registrar promesa"),
        LocalizedText(
            "Records that a client will pay by a date; reminders rest until then.",
            "Enregistre qu'un client paiera avant une date ; les relances attendent jusque-là.",
            "Registra que un cliente pagará antes de una fecha; los recordatorios esperan.",
        ),
        PromiseIn,
        promise.SAMPLE,
        command=commands.RECORD_PROMISE,
        path="/v1/promises",
    ),
    _ours(
        "move_invoices",
        LocalizedText("Move invoices", "Déplacer des factures", "Mover facturas"),
        LocalizedText(
            "Moves invoices, or all of a client's, to another collector.",
            "Déplace des factures, ou toutes celles d'un client, vers un autre parcours de relance.",
            "Mueve facturas, o todas las de un cliente, a otro flujo de cobro.",
        ),
        MoveInvoices,
        case.MOVE_SAMPLE | {"cause": "person", "notification": None, "other_clients": []},
        command=commands.MOVE_INVOICES,
    ),
    _ours(
        "send_message",
        LocalizedText("Send message", "Envoyer un message", "Enviar mensaje"),
        LocalizedText(
            "Sends an email or SMS to a client and keeps it with the client.",
            "Envoie un e-mail ou un SMS à un client et le garde dans son dossier.",
            "Envía un correo o SMS a un cliente y lo guarda en su ficha.",
        ),
        MessageToSend,
        messages.SAMPLE | {"state": "requested", "from": None, "detail": None, "sent_at": None, "occurred_at": None},
        command=commands.REQUEST_MESSAGE,
        path="/v1/messages",
    ),
)

ACTIONS: Final = (*_OURS, *OUTWARDS, *FLOW)
