"""What the starter collectors' messages say, in English, French and Spanish."""

from __future__ import annotations

from typing import Final

_EN: Final = "Dear {{ client.contact }},\n\n"
_FR: Final = "Bonjour {{ client.contact }},\n\n"
_ES: Final = "Hola, {{ client.contact }}:\n\n"

_LIST_EN: Final = (
    "{% for one in invoices %}{{ one.number }}: {{ one.open }} {{ one.currency }}"
    "{% if one.disputed %} (disputed){% endif %}"
    "{% if one.date_due %}, due on {{ one.date_due }}{% endif %}\n{% endfor %}\n"
)
_LIST_FR: Final = (
    "{% for one in invoices %}{{ one.number }} : {{ one.open }} {{ one.currency }}"
    "{% if one.disputed %} (en litige){% endif %}"
    "{% if one.date_due %}, à payer avant le {{ one.date_due }}{% endif %}\n{% endfor %}\n"
)
_LIST_ES: Final = (
    "{% for one in invoices %}{{ one.number }}: {{ one.open }} {{ one.currency }}"
    "{% if one.disputed %} (en disputa){% endif %}"
    "{% if one.date_due %}, vence el {{ one.date_due }}{% endif %}\n{% endfor %}\n"
)
_END_EN: Final = "If you have paid already, please ignore this message.\n\n{{ account.name }}\n"
_END_FR: Final = "Si vous avez déjà payé, ne tenez pas compte de ce message.\n\n{{ account.name }}\n"
_END_ES: Final = "Si ya ha pagado, no tenga en cuenta este mensaje.\n\n{{ account.name }}\n"


def _template(en: tuple[str, str], fr: tuple[str, str], es: tuple[str, str]) -> dict[str, dict[str, str]]:
    return {
        "en": {"subject": en[0], "body": f"{_EN}{en[1]}\n\n{_LIST_EN}{_END_EN}"},
        "fr": {"subject": fr[0], "body": f"{_FR}{fr[1]}\n\n{_LIST_FR}{_END_FR}"},
        "es": {"subject": es[0], "body": f"{_ES}{es[1]}\n\n{_LIST_ES}{_END_ES}"},
    }


FRIENDLY: Final = _template(
    ("Due soon: {{ amount }}", "this is a friendly note that the following will soon be due."),
    ("Bientôt à payer : {{ amount }}", "voici un rappel de ce qui sera bientôt à payer."),
    ("Vence pronto: {{ amount }}", "le recordamos lo que vence pronto."),
)
FIRST: Final = _template(
    ("Reminder: {{ amount }} is open", "we have not received payment of the following yet."),
    ("Rappel : {{ amount }} à payer", "nous n'avons pas encore reçu le paiement de ce qui suit."),
    ("Recordatorio: {{ amount }} pendiente", "todavía no hemos recibido el pago de lo siguiente."),
)
SECOND: Final = _template(
    ("Second reminder: {{ amount }} is open", "the following is still open. Please pay it within a week."),
    ("Deuxième rappel : {{ amount }} à payer", "ce qui suit reste à payer. Merci de régler dans la semaine."),
    ("Segundo recordatorio: {{ amount }} pendiente", "lo siguiente sigue pendiente. Páguelo en una semana, por favor."),
)
THIRD: Final = _template(
    ("Third reminder: {{ amount }} is overdue", "in spite of our reminders the following has not been paid."),
    ("Troisième rappel : {{ amount }} en retard", "malgré nos rappels, ce qui suit n'a pas été payé."),
    ("Tercer recordatorio: {{ amount }} vencido", "a pesar de nuestros avisos, lo siguiente no se ha pagado."),
)
FINAL: Final = _template(
    (
        "Final notice: {{ amount }}",
        "this is our final notice. Without your payment within ten days we will hand the matter over for collection.",
    ),
    (
        "Mise en demeure : {{ amount }}",
        "ceci est notre dernier avis. Sans paiement sous dix jours, nous confierons le dossier au recouvrement.",
    ),
    (
        "Último aviso: {{ amount }}",
        "este es nuestro último aviso. Si no recibimos su pago en diez días, pasaremos el asunto a cobro.",
    ),
)
MOVED: Final = {
    "subject": "{{ client.name }} is moved to {{ target.name }}",
    "body": "All reminders to {{ client.name }} were sent and {{ amount }} is still open.\n",
}
