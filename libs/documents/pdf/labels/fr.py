"""The PDF's labels in French."""
# ruff: noqa: RUF001  the apostrophe of French print

from __future__ import annotations

from dataclasses import replace
from typing import Final

from documents.pdf.labels.shape import Labels

FR: Final = Labels(
    marks={
        "draft": "Brouillon",
        "void": "Annulé",
        "paid": "Payé",
        "partial": "Payé en partie",
        "written_off": "Passé en perte",
        "accepted": "Accepté",
        "declined": "Refusé",
        "expired": "Expiré",
        "converted": "Converti",
        "confirmed": "Confirmé",
        "closed": "Clôturé",
        "cancelled": "Annulé",
    },
    methods={
        "bank": "Virement bancaire",
        "cash": "Espèces",
        "card": "Carte",
        "prepayment": "Paiement d’avance",
        "offsetting": "Compensation",
        "factoring": "Affacturage",
    },
    deliveries={1: "Livraison de biens", 2: "Transfert de biens", 3: "Retour de marchandises"},
    client="Client",
    registration="N° d’immatriculation",
    vat="N° TVA",
    date="Date",
    due_date="Échéance",
    valid_until="Valable jusqu’au",
    corrects="Facture d’origine",
    pay_term="Conditions",
    days={"one": "{days} jour", "other": "{days} jours"},
    at_once="À réception",
    end_of_month="Fin de mois + {days}",
    cash_on_delivery="Paiement à la livraison",
    no_fixed_date="Sans échéance fixe",
    payment_method="Mode de paiement",
    delivery="Livraison",
    description="Désignation",
    quantity="Quantité",
    unit_price="Prix unitaire",
    unit_price_with_tax="Prix TTC",
    line_discount="Remise",
    tax="TVA",
    amount="Montant HT",
    amount_without_tax="Montant HT",
    taxable="Base HT",
    tax_amount="Montant TVA",
    discount="Remise",
    charge="Supplément",
    shipping="Frais de port",
    shipping_with_tax="Frais de port TTC",
    net="Total HT",
    total="Total",
    total_with_tax="Total TTC",
    total_credit="Total de l’avoir",
    deposit="Acompte",
    settled="Déjà réglé",
    amount_due="Net à payer",
    notes="Remarques",
    statement="Relevé de compte",
    document="Document",
    overdue="En retard",
    disputed="En litige",
    page="Page {page} sur {pages}",
)

# In Canada taxes are several and none is called TVA.
FR_CA: Final = replace(
    FR,
    vat="N° de taxe",
    tax="Taxes",
    amount="Montant",
    amount_without_tax="Montant avant taxes",
    unit_price_with_tax="Prix taxes incluses",
    taxable="Montant taxable",
    tax_amount="Taxe",
    shipping_with_tax="Frais de port taxes incluses",
    net="Total avant taxes",
    total_with_tax="Total taxes incluses",
)
