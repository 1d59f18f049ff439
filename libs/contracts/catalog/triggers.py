"""Every trigger there is (contract.md, Trigger keys): what fires it, what it carries, what it can be filtered by."""

from __future__ import annotations

from typing import Any, Final

from contracts.catalog import samples
from contracts.catalog.model import Filter, Text, Trigger

_SALE_TYPES: Final = (
    "sales_order",
    "sales_proforma",
    "sales_invoice",
    "sales_receipt",
    "sales_estimate",
    "credit_note",
)

_CLIENT: Final = Filter("client_id", Text("Client", "Client", "Cliente"))
_CURRENCY: Final = Filter("currency", Text("Currency", "Devise", "Moneda"))
_SALE_FILTERS: Final = (
    Filter("sale_type", Text("Kind of document", "Type de document", "Tipo de documento"), _SALE_TYPES),
    _CLIENT,
    _CURRENCY,
    Filter("settlement", Text("Settlement", "Règlement", "Liquidación"), ("unpaid", "partial", "paid")),
    Filter("external_id", Text("External id", "Identifiant externe", "Identificador externo")),
)
_CLIENT_FILTERS: Final = (
    Filter("type", Text("Company or person", "Société ou personne", "Empresa o persona"), ("company", "person")),
    _CURRENCY,
    Filter("address.country", Text("Country", "Pays", "País")),
    Filter("locale", Text("Language", "Langue", "Idioma")),
)
_PAYMENT_FILTERS: Final = (
    _CLIENT,
    _CURRENCY,
    Filter(
        "method",
        Text("Payment method", "Mode de paiement", "Forma de pago"),
        ("not_defined", "bank", "cash", "card", "prepayment", "offsetting", "factoring"),
    ),
)


def _sale(**differs: Any) -> dict[str, Any]:
    return samples.SALE | differs


TRIGGERS: Final = (
    Trigger(
        key="client.created",
        title=Text("New client", "Nouveau client", "Cliente nuevo"),
        description=Text(
            "A client was added, whichever way: by hand, over the API, by an automation or from an order.",
            "Un client a été ajouté, quelle que soit la voie : à la main, par l'API, une automatisation, une commande.",
            "Se añadió un cliente, por cualquier vía: a mano, por la API, una automatización o un pedido.",
        ),
        sample=samples.CLIENT,
        filters=_CLIENT_FILTERS,
    ),
    Trigger(
        key="client.updated",
        title=Text("Client changed", "Client modifié", "Cliente modificado"),
        description=Text(
            "Something about a client was changed.",
            "Une donnée d'un client a été modifiée.",
            "Se modificó algún dato de un cliente.",
        ),
        sample=samples.CLIENT | {"phone": "+371 20000001", "updated_at": "2026-03-05T08:00:00+00:00"},
        filters=_CLIENT_FILTERS,
    ),
    Trigger(
        key="product.created",
        title=Text("New product", "Nouveau produit", "Producto nuevo"),
        description=Text(
            "A product or service was added.",
            "Un produit ou un service a été ajouté.",
            "Se añadió un producto o servicio.",
        ),
        sample=samples.PRODUCT,
        filters=(
            Filter(
                "type", Text("Product or service", "Produit ou service", "Producto o servicio"), ("product", "service")
            ),
            _CURRENCY,
        ),
    ),
    Trigger(
        key="sale.created",
        title=Text("New draft", "Nouveau brouillon", "Borrador nuevo"),
        description=Text(
            "A sales document was drafted; it has no number yet.",
            "Un document de vente a été préparé ; il n'a pas encore de numéro.",
            "Se preparó un documento de venta; aún no tiene número.",
        ),
        sample=_sale(status="draft", number=None),
        filters=_SALE_FILTERS,
    ),
    Trigger(
        key="sale.posted",
        title=Text("New sales document", "Nouveau document de vente", "Documento de venta nuevo"),
        description=Text(
            "A quote, order, proforma, invoice, receipt or credit note was issued.",
            "Un devis, une commande, une facture proforma, une facture, un reçu ou un avoir a été émis.",
            "Se emitió un presupuesto, pedido, factura proforma, factura, recibo o nota de crédito.",
        ),
        sample=samples.SALE,
        filters=_SALE_FILTERS,
    ),
    Trigger(
        key="sale.sent",
        title=Text("Document sent", "Document envoyé", "Documento enviado"),
        description=Text(
            "A sales document was handed over to its client.",
            "Un document de vente a été transmis à son client.",
            "Se entregó un documento de venta a su cliente.",
        ),
        sample=samples.SALE,
        filters=_SALE_FILTERS,
    ),
    Trigger(
        key="sale.paid",
        title=Text("Invoice paid", "Facture payée", "Factura pagada"),
        description=Text(
            "Nothing is left to pay of an invoice.",
            "Il ne reste rien à payer d'une facture.",
            "No queda nada por pagar de una factura.",
        ),
        sample=_sale(settlement="paid", amount_due="0.00"),
        filters=_SALE_FILTERS,
    ),
    Trigger(
        key="sale.overdue",
        title=Text("Invoice overdue", "Facture en retard", "Factura vencida"),
        description=Text(
            "An invoice's due date has passed in the account's time zone and something is left to pay.",
            "L'échéance d'une facture est passée dans le fuseau du compte et il reste un solde à payer.",
            "Venció una factura en la zona horaria de la cuenta y queda algo por pagar.",
        ),
        sample=_sale(overdue=True),
        filters=_SALE_FILTERS,
    ),
    Trigger(
        key="sale.voided",
        title=Text("Document voided", "Document annulé", "Documento anulado"),
        description=Text(
            "A sales document was voided; its number stays used.",
            "Un document de vente a été annulé ; son numéro reste utilisé.",
            "Se anuló un documento de venta; su número queda usado.",
        ),
        sample=_sale(status="void", settlement=None, amount_due="0.00"),
        filters=tuple(one for one in _SALE_FILTERS if one.field != "settlement"),
    ),
    Trigger(
        key="payment.posted",
        title=Text("New incoming payment", "Nouveau paiement reçu", "Pago recibido nuevo"),
        description=Text(
            "A payment came in and is in the books.",
            "Un paiement a été reçu et comptabilisé.",
            "Se recibió un pago y está en los libros.",
        ),
        sample=samples.PAYMENT,
        filters=_PAYMENT_FILTERS,
    ),
    Trigger(
        key="payment.reversed",
        title=Text("Payment reversed", "Paiement extourné", "Pago revertido"),
        description=Text(
            "A payment was taken back; what it had settled is due again.",
            "Un paiement a été repris ; ce qu'il réglait est de nouveau dû.",
            "Se revirtió un pago; lo que liquidaba vuelve a deberse.",
        ),
        sample=samples.PAYMENT | {"status": "reversed", "allocations": [], "unapplied": "0.00"},
        filters=_PAYMENT_FILTERS,
    ),
    Trigger(
        key="inbox.received",
        title=Text("Inbox message received", "Message reçu dans la boîte", "Mensaje recibido en el buzón"),
        description=Text(
            "Somebody pushed a document into the purchase or sales inbox.",
            "Quelqu'un a déposé un document dans la boîte des achats ou des ventes.",
            "Alguien dejó un documento en el buzón de compras o de ventas.",
        ),
        sample=samples.INBOX_MESSAGE,
        filters=(
            Filter("box", Text("Inbox", "Boîte", "Buzón"), ("purchases", "sales")),
            Filter("channel_id", Text("Channel", "Canal", "Canal")),
            Filter("document.supplier.name", Text("Supplier", "Fournisseur", "Proveedor")),
            Filter(
                "document.sale_type", Text("Kind of document", "Type de document", "Tipo de documento"), _SALE_TYPES
            ),
        ),
    ),
    Trigger(
        key="message.created",
        title=Text("New message", "Nouveau message", "Mensaje nuevo"),
        description=Text(
            "A reminder was sent by email or SMS, or a customer replied to one.",
            "Une relance a été envoyée par e-mail ou SMS, ou un client y a répondu.",
            "Se envió un recordatorio por correo o SMS, o un cliente respondió.",
        ),
        sample=samples.MESSAGE,
        filters=(
            Filter("direction", Text("Direction", "Sens", "Sentido"), ("sent", "received")),
            Filter("channel", Text("Channel", "Canal", "Canal"), ("email", "sms")),
            _CLIENT,
        ),
    ),
    Trigger(
        key="note.created",
        title=Text("New note", "Nouvelle note", "Nota nueva"),
        description=Text(
            "A note was added to a client: by hand, from a call, or with a dispute's reason.",
            "Une note a été ajoutée à un client : à la main, lors d'un appel, ou avec le motif d'un litige.",
            "Se añadió una nota a un cliente: a mano, en una llamada, o con el motivo de una disputa.",
        ),
        sample=samples.NOTE,
        filters=(
            Filter("kind", Text("Kind of note", "Type de note", "Tipo de nota"), ("note", "call", "dispute")),
            _CLIENT,
        ),
    ),
    Trigger(
        key="invoices.moved",
        title=Text("Invoice(s) moved", "Facture(s) déplacée(s)", "Factura(s) movida(s)"),
        description=Text(
            "One or several invoices were moved to another collector, by a person or by a workflow's last step.",
            "Une ou plusieurs factures ont changé de parcours de relance, par une personne ou par la dernière étape.",
            "Una o varias facturas pasaron a otro flujo de cobro, por una persona o por el último paso.",
        ),
        sample=samples.MOVE,
        filters=(
            Filter("cause", Text("Moved by", "Déplacée par", "Movida por"), ("person", "workflow")),
            Filter("to_collector.id", Text("To collector", "Vers le parcours", "Al flujo de cobro")),
            Filter("from_collector.id", Text("From collector", "Depuis le parcours", "Desde el flujo de cobro")),
        ),
    ),
    Trigger(
        key="dispute.opened",
        title=Text("Dispute opened", "Litige ouvert", "Disputa abierta"),
        description=Text(
            "An invoice was marked as disputed, with a reason.",
            "Une facture a été marquée comme contestée, avec un motif.",
            "Se marcó una factura como disputada, con un motivo.",
        ),
        sample=samples.DISPUTE,
        filters=(_CLIENT,),
    ),
    Trigger(
        key="dispute.resolved",
        title=Text("Dispute resolved", "Litige résolu", "Disputa resuelta"),
        description=Text(
            "A dispute was resolved; its invoice is collected again.",
            "Un litige a été résolu ; sa facture est de nouveau relancée.",
            "Se resolvió una disputa; su factura vuelve a cobrarse.",
        ),
        sample=samples.DISPUTE
        | {"state": "resolved", "resolution": "Price confirmed.", "resolved_at": "2026-03-23T09:00:00+00:00"},
        filters=(_CLIENT,),
    ),
    Trigger(
        key="promise.recorded",
        title=Text("Promise to pay", "Promesse de paiement", "Promesa de pago"),
        description=Text(
            "A client promised to pay by a date.",
            "Un client a promis de payer avant une date.",
            "Un cliente prometió pagar antes de una fecha.",
        ),
        sample=samples.PROMISE,
        filters=(_CLIENT,),
    ),
    Trigger(
        key="promise.broken",
        title=Text("Promise broken", "Promesse non tenue", "Promesa incumplida"),
        description=Text(
            "The promised date is over and the amount has not come in.",
            "La date promise est passée et le montant n'est pas arrivé.",
            "Pasó la fecha prometida y el importe no llegó.",
        ),
        sample=samples.PROMISE | {"state": "broken"},
        filters=(_CLIENT,),
    ),
    Trigger(
        key="call.recorded",
        title=Text("Call recorded", "Appel enregistré", "Llamada registrada"),
        description=Text(
            "The outcome of a call with a client was recorded.",
            "Le résultat d'un appel avec un client a été enregistré.",
            "Se registró el resultado de una llamada con un cliente.",
        ),
        sample=samples.CALL,
        filters=(
            Filter(
                "outcome",
                Text("Outcome", "Résultat", "Resultado"),
                ("no_answer", "left_message", "spoke", "promised", "wrong_number", "disputed", "other"),
            ),
            _CLIENT,
        ),
    ),
    Trigger(
        key="quota.reached",
        title=Text("Plan limit reached", "Limite du forfait atteinte", "Límite del plan alcanzado"),
        description=Text(
            "Something was refused because the plan's limit is reached; once in a period.",
            "Une création a été refusée car la limite du forfait est atteinte ; une fois par période.",
            "Se rechazó una creación porque se alcanzó el límite del plan; una vez por período.",
        ),
        sample=samples.QUOTA,
        filters=(Filter("quota", Text("Limit", "Limite", "Límite"), ("clients", "products")),),
    ),
    Trigger(
        key="webhook.received",
        title=Text("Webhook received", "Webhook reçu", "Webhook recibido"),
        description=Text(
            "Somebody posted JSON or a form to a channel of kind hook.",
            "Quelqu'un a envoyé du JSON ou un formulaire à un canal de type hook.",
            "Alguien envió JSON o un formulario a un canal de tipo hook.",
        ),
        sample=samples.WEBHOOK,
        filters=(Filter("channel_id", Text("Channel", "Canal", "Canal")),),
        free_form=True,
    ),
)
