"""The ledger's triggers: clients, products, sales documents and payments. What fires each, and what it carries."""

from __future__ import annotations

from typing import Any, Final

from contracts.catalog.model import Filter, LocalizedText, Trigger
from contracts.resources import client, payment, product, sale
from contracts.resources.document_kinds import KINDS

SALE_TYPES: Final = tuple(KINDS)

_CLIENT: Final = Filter("client_id", LocalizedText("Client", "Client", "Cliente"))
_CURRENCY: Final = Filter("currency", LocalizedText("Currency", "Devise", "Moneda"))
_SALE_FILTERS: Final = (
    Filter("sale_type", LocalizedText("Kind of document", "Type de document", "Tipo de documento"), SALE_TYPES),
    _CLIENT,
    _CURRENCY,
    Filter("settlement", LocalizedText("Settlement", "Règlement", "Liquidación"), ("unpaid", "partial", "paid")),
    Filter("external_id", LocalizedText("External id", "Identifiant externe", "Identificador externo")),
)
_STATUS: Final = Filter("status", LocalizedText("Status", "État", "Estado"))
_CLIENT_FILTERS: Final = (
    Filter(
        "type", LocalizedText("Company or person", "Société ou personne", "Empresa o persona"), ("company", "person")
    ),
    _CURRENCY,
    Filter("address.country", LocalizedText("Country", "Pays", "País")),
    Filter("locale", LocalizedText("Language", "Langue", "Idioma")),
)
_PAYMENT_FILTERS: Final = (
    _CLIENT,
    _CURRENCY,
    Filter(
        "method",
        LocalizedText("Payment method", "Mode de paiement", "Forma de pago"),
        ("not_defined", "bank", "cash", "card", "prepayment", "offsetting", "factoring"),
    ),
)


def _sale(**differs: Any) -> dict[str, Any]:
    return sale.SAMPLE | differs


LEDGER_TRIGGERS: Final = (
    Trigger(
        key="client.created",
        title=LocalizedText("New client", "Nouveau client", "Cliente nuevo"),
        description=LocalizedText(
            "A client was added, whichever way: by hand, over the API, by an automation or from an order.",
            "Un client a été ajouté, quelle que soit la voie : à la main, par l'API, une automatisation, une commande.",
            "Se añadió un cliente, por cualquier vía: a mano, por la API, una automatización o un pedido.",
        ),
        sample=client.SAMPLE,
        filters=_CLIENT_FILTERS,
    ),
    Trigger(
        key="client.updated",
        title=LocalizedText("Client changed", "Client modifié", "Cliente modificado"),
        description=LocalizedText(
            "Something about a client was changed.",
            "Une donnée d'un client a été modifiée.",
            "Se modificó algún dato de un cliente.",
        ),
        sample=client.SAMPLE | {"phone": "+371 20000001", "updated_at": "2026-03-05T08:00:00+00:00"},
        filters=_CLIENT_FILTERS,
    ),
    Trigger(
        key="product.created",
        title=LocalizedText("New product", "Nouveau produit", "Producto nuevo"),
        description=LocalizedText(
            "A product or service was added.",
            "Un produit ou un service a été ajouté.",
            "Se añadió un producto o servicio.",
        ),
        sample=product.SAMPLE,
        filters=(
            Filter(
                "type",
                LocalizedText("Product or service", "Produit ou service", "Producto o servicio"),
                ("product", "service"),
            ),
            _CURRENCY,
        ),
    ),
    Trigger(
        key="sale.created",
        title=LocalizedText("New draft", "Nouveau brouillon", "Borrador nuevo"),
        description=LocalizedText(
            "A sales document was drafted; it has no number yet.",
            "Un document de vente a été préparé ; il n'a pas encore de numéro.",
            "Se preparó un documento de venta; aún no tiene número.",
        ),
        sample=_sale(status="draft", number=None, issued_at=None),
        filters=_SALE_FILTERS,
    ),
    Trigger(
        key="sale.updated",
        title=LocalizedText("Document changed", "Document modifié", "Documento modificado"),
        description=LocalizedText(
            "A draft was changed, or a document moved on: accepted, converted, closed, written off, its credit used.",
            "Un brouillon a changé, ou un document a évolué : accepté, converti, clos, passé en perte, avoir imputé.",
            "Cambió un borrador, o un documento avanzó: aceptado, convertido, cerrado, incobrable, abono aplicado.",
        ),
        sample=_sale(sale_type="sales_estimate", number="EST-2026-000007", status="accepted", settlement=None),
        filters=(*_SALE_FILTERS[:3], _STATUS, *_SALE_FILTERS[4:]),
    ),
    Trigger(
        key="sale.deleted",
        title=LocalizedText("Draft deleted", "Brouillon supprimé", "Borrador eliminado"),
        description=LocalizedText(
            "A draft was deleted; it is shown as it was last.",
            "Un brouillon a été supprimé ; il est montré dans son dernier état.",
            "Se eliminó un borrador; se muestra como estaba al final.",
        ),
        sample=_sale(status="deleted", number=None, issued_at=None),
        filters=_SALE_FILTERS,
    ),
    Trigger(
        key="sale.posted",
        title=LocalizedText("New sales document", "Nouveau document de vente", "Documento de venta nuevo"),
        description=LocalizedText(
            "A quote, order, proforma, invoice, receipt or credit note was issued.",
            "Un devis, une commande, une facture proforma, une facture, un reçu ou un avoir a été émis.",
            "Se emitió un presupuesto, pedido, factura proforma, factura, recibo o nota de crédito.",
        ),
        sample=sale.SAMPLE,
        filters=_SALE_FILTERS,
    ),
    Trigger(
        key="sale.sent",
        title=LocalizedText("Document sent", "Document envoyé", "Documento enviado"),
        description=LocalizedText(
            "A sales document was handed to the mail server for its client.",
            "Un document de vente a été remis au serveur de messagerie pour son client.",
            "Se entregó al servidor de correo un documento de venta para su cliente.",
        ),
        sample=sale.SAMPLE,
        filters=_SALE_FILTERS,
    ),
    Trigger(
        key="sale.paid",
        title=LocalizedText("Invoice paid", "Facture payée", "Factura pagada"),
        description=LocalizedText(
            "Nothing is left to pay of an invoice.",
            "Il ne reste rien à payer d'une facture.",
            "No queda nada por pagar de una factura.",
        ),
        sample=_sale(settlement="paid", amount_due="0.00"),
        filters=_SALE_FILTERS,
    ),
    Trigger(
        key="sale.overdue",
        title=LocalizedText("Invoice overdue", "Facture en retard", "Factura vencida"),
        description=LocalizedText(
            "An invoice's due date has passed in the account's time zone and something is left to pay.",
            "L'échéance d'une facture est passée dans le fuseau du compte et il reste un solde à payer.",
            "Venció una factura en la zona horaria de la cuenta y queda algo por pagar.",
        ),
        sample=_sale(overdue=True),
        filters=_SALE_FILTERS,
    ),
    Trigger(
        key="sale.voided",
        title=LocalizedText("Document voided", "Document annulé", "Documento anulado"),
        description=LocalizedText(
            "A sales document was voided; its number stays used.",
            "Un document de vente a été annulé ; son numéro reste utilisé.",
            "Se anuló un documento de venta; su número queda usado.",
        ),
        sample=_sale(status="void", settlement=None, amount_due="0.00"),
        filters=tuple(one for one in _SALE_FILTERS if one.field != "settlement"),
    ),
    Trigger(
        key="payment.created",
        title=LocalizedText("Payment announced", "Paiement annoncé", "Pago anunciado"),
        description=LocalizedText(
            "A payment is expected; it is posted once it is confirmed.",
            "Un paiement est attendu ; il n'est comptabilisé qu'une fois confirmé.",
            "Se espera un pago; no está en los libros hasta que se confirma.",
        ),
        sample=payment.SAMPLE | {"status": "pending", "allocations": [], "unapplied": "0.00"},
        filters=_PAYMENT_FILTERS,
    ),
    Trigger(
        key="payment.posted",
        title=LocalizedText("New incoming payment", "Nouveau paiement reçu", "Pago recibido nuevo"),
        description=LocalizedText(
            "A payment came in and is posted.",
            "Un paiement a été reçu et comptabilisé.",
            "Se recibió un pago y está en los libros.",
        ),
        sample=payment.SAMPLE,
        filters=_PAYMENT_FILTERS,
    ),
    Trigger(
        key="payment.reversed",
        title=LocalizedText("Payment reversed", "Paiement extourné", "Pago revertido"),
        description=LocalizedText(
            "A payment was taken back; what it had settled is due again.",
            "Un paiement a été repris ; ce qu'il réglait est de nouveau dû.",
            "Se revirtió un pago; lo que liquidaba vuelve a deberse.",
        ),
        sample=payment.SAMPLE | {"status": "reversed", "allocations": [], "unapplied": "0.00"},
        filters=_PAYMENT_FILTERS,
    ),
    Trigger(
        key="payment.updated",
        title=LocalizedText("Payment applied otherwise", "Paiement imputé autrement", "Pago aplicado de otro modo"),
        description=LocalizedText(
            "What a payment settles, or what of it was refunded, has changed.",
            "Ce qu'un paiement règle, ou ce qui en a été remboursé, a changé.",
            "Cambió lo que un pago liquida o lo que se devolvió de él.",
        ),
        sample=payment.SAMPLE,
        filters=_PAYMENT_FILTERS,
    ),
    Trigger(
        key="payment.failed",
        title=LocalizedText("Payment failed", "Paiement échoué", "Pago fallido"),
        description=LocalizedText(
            "An announced payment did not come in.",
            "Un paiement annoncé n'est pas arrivé.",
            "Un pago anunciado no llegó.",
        ),
        sample=payment.SAMPLE | {"status": "failed", "allocations": [], "unapplied": "0.00"},
        filters=_PAYMENT_FILTERS,
    ),
)
