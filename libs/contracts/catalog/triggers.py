"""Every trigger (contract.md, Trigger keys): what fires it, what it carries, and its filters."""

from __future__ import annotations

from typing import Final

from contracts.catalog.ledger_triggers import LEDGER_TRIGGERS, SALE_TYPES
from contracts.catalog.model import Filter, LocalizedText, Trigger
from contracts.resources import (
    call,
    case,
    dispute,
    hook,
    inbox_message,
    messages,
    note,
    promise,
    run,
    usage,
    webhook,
)

_CLIENT: Final = Filter("client_id", LocalizedText("Client", "Client", "Cliente"))
_INBOX_FILTERS: Final = (
    Filter("box", LocalizedText("Inbox", "Boîte", "Buzón"), ("purchases", "sales")),
    Filter("channel.id", LocalizedText("Channel", "Canal", "Canal")),
    Filter("document.supplier.name", LocalizedText("Supplier", "Fournisseur", "Proveedor")),
    Filter(
        "document.sale_type", LocalizedText("Kind of document", "Type de document", "Tipo de documento"), SALE_TYPES
    ),
)

TRIGGERS: Final = (
    *LEDGER_TRIGGERS,
    Trigger(
        key="inbox.received",
        title=LocalizedText("Inbox message received", "Message reçu dans la boîte", "Mensaje recibido en el buzón"),
        description=LocalizedText(
            "A document arrived in the purchase or sales inbox.",
            "Un document est arrivé dans la boîte des achats ou des ventes.",
            "Llegó un documento al buzón de compras o de ventas.",
        ),
        sample=inbox_message.SAMPLE,
        filters=_INBOX_FILTERS,
    ),
    Trigger(
        key="inbox.accepted",
        title=LocalizedText("Inbox message accepted", "Message accepté", "Mensaje aceptado"),
        description=LocalizedText(
            "A person or a rule accepted a received document: it became a sales document or a supplier's bill.",
            "Une personne ou une règle a accepté un document reçu, devenu document de vente ou facture fournisseur.",
            "Una persona o una regla aceptó un documento recibido: ya es documento de venta o factura de proveedor.",
        ),
        sample=inbox_message.ACCEPTED_SAMPLE,
        filters=_INBOX_FILTERS,
    ),
    Trigger(
        key="inbox.rejected",
        title=LocalizedText("Inbox message rejected", "Message refusé", "Mensaje rechazado"),
        description=LocalizedText(
            "A person rejected a received document, perhaps with a reason.",
            "Une personne a refusé un document reçu, avec ou sans motif.",
            "Una persona rechazó un documento recibido, con o sin motivo.",
        ),
        sample=inbox_message.REJECTED_SAMPLE,
        filters=_INBOX_FILTERS,
    ),
    Trigger(
        key="message.created",
        title=LocalizedText("New message", "Nouveau message", "Mensaje nuevo"),
        description=LocalizedText(
            "A reminder was sent by email or SMS, or a customer replied to one.",
            "Une relance a été envoyée par e-mail ou SMS, ou un client y a répondu.",
            "Se envió un recordatorio por correo o SMS, o un cliente respondió.",
        ),
        sample=messages.SAMPLE,
        filters=(
            Filter("direction", LocalizedText("Direction", "Sens", "Sentido"), ("sent", "received")),
            Filter("channel", LocalizedText("Channel", "Canal", "Canal"), ("email", "sms")),
            _CLIENT,
        ),
    ),
    Trigger(
        key="message.failed",
        title=LocalizedText("Message failed", "Message non remis", "Mensaje no entregado"),
        description=LocalizedText(
            "A message to a client could not be sent, or came back as undeliverable.",
            "Un message à un client n'a pas pu être envoyé, ou est revenu comme non remis.",
            "Un mensaje a un cliente no se pudo enviar, o volvió como no entregable.",
        ),
        sample=messages.SAMPLE
        | {"state": "failed", "detail": "550 5.1.1 no such user", "sent_at": None, "occurred_at": None},
        filters=(Filter("channel", LocalizedText("Channel", "Canal", "Canal"), ("email", "sms")), _CLIENT),
    ),
    Trigger(
        key="note.created",
        title=LocalizedText("New note", "Nouvelle note", "Nota nueva"),
        description=LocalizedText(
            "A note was added to a client: by hand, from a call, or with a dispute's reason.",
            "Une note a été ajoutée à un client : à la main, lors d'un appel, ou avec le motif d'un litige.",
            "Se añadió una nota a un cliente: a mano, en una llamada, o con el motivo de una disputa.",
        ),
        sample=note.SAMPLE,
        filters=(
            Filter("kind", LocalizedText("Kind of note", "Type de note", "Tipo de nota"), ("note", "call", "dispute")),
            _CLIENT,
        ),
    ),
    Trigger(
        key="invoices.moved",
        title=LocalizedText("Invoice(s) moved", "Facture(s) déplacée(s)", "Factura(s) movida(s)"),
        description=LocalizedText(
            "One or several invoices were moved to another collector, by a person or by a workflow's last step.",
            "Une ou plusieurs factures ont changé de parcours de relance, par une personne ou par la dernière étape.",
            "Una o varias facturas pasaron a otro flujo de cobro, por una persona o por el último paso.",
        ),
        sample=case.MOVE_SAMPLE,
        filters=(
            Filter("cause", LocalizedText("Moved by", "Déplacée par", "Movida por"), ("person", "workflow")),
            Filter("to_collector.id", LocalizedText("To collector", "Vers le parcours", "Al flujo de cobro")),
            Filter(
                "from_collector.id", LocalizedText("From collector", "Depuis le parcours", "Desde el flujo de cobro")
            ),
        ),
    ),
    Trigger(
        key="dispute.opened",
        title=LocalizedText("Dispute opened", "Litige ouvert", "Disputa abierta"),
        description=LocalizedText(
            "An invoice was marked as disputed, with a reason.",
            "Une facture a été marquée comme contestée, avec un motif.",
            "Se marcó una factura como disputada, con un motivo.",
        ),
        sample=dispute.SAMPLE,
        filters=(_CLIENT,),
    ),
    Trigger(
        key="dispute.resolved",
        title=LocalizedText("Dispute resolved", "Litige résolu", "Disputa resuelta"),
        description=LocalizedText(
            "A dispute was resolved; its invoice is collected again.",
            "Un litige a été résolu ; sa facture est de nouveau relancée.",
            "Se resolvió una disputa; su factura vuelve a cobrarse.",
        ),
        sample=dispute.SAMPLE
        | {"state": "resolved", "resolution": "Price confirmed.", "resolved_at": "2026-03-23T09:00:00+00:00"},
        filters=(_CLIENT,),
    ),
    Trigger(
        key="promise.recorded",
        title=LocalizedText("Promise to pay", "Promesse de paiement", "Promesa de pago"),
        description=LocalizedText(
            "A client promised to pay by a date.",
            "Un client a promis de payer avant une date.",
            "Un cliente prometió pagar antes de una fecha.",
        ),
        sample=promise.SAMPLE,
        filters=(_CLIENT,),
    ),
    Trigger(
        key="promise.broken",
        title=LocalizedText("Promise broken", "Promesse non tenue", "Promesa incumplida"),
        description=LocalizedText(
            "The promised date is over and the amount has not come in.",
            "La date promise est passée et le montant n'est pas arrivé.",
            "Pasó la fecha prometida y el importe no llegó.",
        ),
        sample=promise.SAMPLE | {"state": "broken", "ended_at": "2026-03-31T22:00:00+00:00"},
        filters=(_CLIENT,),
    ),
    Trigger(
        key="call.recorded",
        title=LocalizedText("Call recorded", "Appel enregistré", "Llamada registrada"),
        description=LocalizedText(
            "The outcome of a call with a client was recorded.",
            "Le résultat d'un appel avec un client a été enregistré.",
            "Se registró el resultado de una llamada con un cliente.",
        ),
        sample=call.SAMPLE,
        filters=(
            Filter(
                "outcome",
                LocalizedText("Outcome", "Résultat", "Resultado"),
                ("no_answer", "left_message", "spoke", "promised", "wrong_number", "disputed", "other"),
            ),
            _CLIENT,
        ),
    ),
    Trigger(
        key="quota.reached",
        title=LocalizedText("Plan limit reached", "Limite du forfait atteinte", "Límite del plan alcanzado"),
        description=LocalizedText(
            "Something was refused because the plan's limit is reached; once in a period.",
            "Une création a été refusée car la limite du forfait est atteinte ; une fois par période.",
            "Se rechazó una creación porque se alcanzó el límite del plan; una vez por período.",
        ),
        sample=usage.QUOTA_SAMPLE,
        filters=(Filter("quota", LocalizedText("Limit", "Limite", "Límite"), ("clients", "products")),),
    ),
    Trigger(
        key="webhook.received",
        title=LocalizedText("Webhook received", "Webhook reçu", "Webhook recibido"),
        description=LocalizedText(
            "JSON or a form was posted to a channel of kind hook.",
            "Du JSON ou un formulaire a été envoyé à un canal de type hook.",
            "Se envió JSON o un formulario a un canal de tipo hook.",
        ),
        sample=webhook.SAMPLE,
        filters=(
            Filter("channel.id", LocalizedText("Channel", "Canal", "Canal")),
            Filter("channel.name", LocalizedText("Channel's name", "Nom du canal", "Nombre del canal")),
        ),
        free_form=True,
    ),
    Trigger(
        key="hook.disabled",
        title=LocalizedText("Hook disabled", "Webhook désactivé", "Webhook desactivado"),
        description=LocalizedText(
            "A hook was switched off: its receiver answered 410 (removed) or failed for days (disabled).",
            "Un webhook s'est arrêté : son destinataire a répondu 410 (removed) ou échoué des jours durant (disabled).",
            "Un webhook terminó solo: su receptor respondió 410 (removed) o falló durante días (disabled).",
        ),
        sample=hook.SAMPLE,
        filters=(
            Filter("state", LocalizedText("State", "État", "Estado"), ("disabled", "removed")),
            Filter("target_url", LocalizedText("Target", "Cible", "Destino")),
        ),
    ),
    Trigger(
        key="run.failed",
        title=LocalizedText("Automation run failed", "Échec d'une automatisation", "Falló una automatización"),
        description=LocalizedText(
            "A run of an automation failed. An automation on this trigger that fails itself fires nothing.",
            "Une exécution d'automatisation a échoué. Une automatisation sur ce déclencheur n'en produit pas.",
            "Falló una ejecución de automatización. Si falla una automatización con este disparador, no se emite nada.",
        ),
        sample=run.FAILED_SAMPLE,
        filters=(Filter("automation_id", LocalizedText("Automation", "Automatisation", "Automatización")),),
    ),
)
