"""The texts of the sign-in and consent pages, in English, French and Spanish."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ingress.scopes import Scope

LOCALES: Final = ("en", "fr", "es")

TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "sign_in": "Sign in",
        "new_password": "Choose a new password",
        "save": "Save",
        "saved": "Your password is changed. You can close this page and sign in.",
        "too_short": "Choose 12 characters or more.",
        "reset_ended": "This link was used, or has ended. Ask for a new one.",
        "forgot": "Forgot your password?",
        "send_link": "Send a link",
        "link_sent": "If this name is known and has an e-mail address, a link is on its way to it. It serves an hour.",
        "name": "Name",
        "password": "Password",
        "code": "Code of your second factor, if you have one",
        "wrong": "The name, the password or the code is wrong.",
        "limited": "Too many attempts. Wait a minute and try again.",
        "asks": "{client} asks for access to your account",
        "account": "Account",
        "may": "It will be able to:",
        "leads": "Afterwards you return to {place}.",
        "allow": "Allow",
        "refuse": "Refuse",
        "signed_in": "Signed in as {name}",
        "no_account": "You belong to no account.",
        "error": "This request cannot be answered",
        "advice": "Go back to the application and try to connect again. If this happens again, tell its developer:",
    },
    "fr": {
        "sign_in": "Se connecter",
        "new_password": "Choisissez un nouveau mot de passe",
        "save": "Enregistrer",
        "saved": "Votre mot de passe est changé. Vous pouvez fermer cette page et vous connecter.",
        "too_short": "Choisissez au moins 12 caractères.",
        "reset_ended": "Ce lien a été utilisé ou a expiré. Demandez-en un autre.",
        "forgot": "Mot de passe oublié ?",
        "send_link": "Envoyer un lien",
        "link_sent": "Si ce nom est connu et a une adresse e-mail, un lien y est envoyé. Il est valable une heure.",
        "name": "Nom",
        "password": "Mot de passe",
        "code": "Code de votre second facteur, si vous en avez un",
        "wrong": "Le nom, le mot de passe ou le code est incorrect.",
        "limited": "Trop de tentatives. Attendez une minute et réessayez.",
        "asks": "{client} demande l’accès à votre compte",  # noqa: RUF001  French typography
        "account": "Compte",
        "may": "Cette application pourra :",
        "leads": "Vous reviendrez ensuite à {place}.",
        "allow": "Autoriser",
        "refuse": "Refuser",
        "signed_in": "Connecté en tant que {name}",
        "no_account": "Vous n’appartenez à aucun compte.",  # noqa: RUF001
        "error": "Cette demande ne peut pas aboutir",
        "advice": "Recommencez la connexion dans votre application. Si cela se reproduit, signalez à son éditeur :",
    },
    "es": {
        "sign_in": "Iniciar sesión",
        "new_password": "Elija una nueva contraseña",
        "save": "Guardar",
        "saved": "Su contraseña ha cambiado. Puede cerrar esta página e iniciar sesión.",
        "too_short": "Elija 12 caracteres o más.",
        "reset_ended": "Este enlace ya se usó o ha caducado. Solicite uno nuevo.",
        "forgot": "¿Ha olvidado su contraseña?",
        "send_link": "Enviar un enlace",
        "link_sent": "Si este nombre existe y tiene un correo electrónico, se le envía un enlace. Vale una hora.",
        "name": "Nombre",
        "password": "Contraseña",
        "code": "Código de su segundo factor, si lo tiene",
        "wrong": "El nombre, la contraseña o el código no es correcto.",
        "limited": "Demasiados intentos. Espere un minuto e inténtelo de nuevo.",
        "asks": "{client} solicita acceso a su cuenta",
        "account": "Cuenta",
        "may": "Podrá:",
        "leads": "Después volverá a {place}.",
        "allow": "Permitir",
        "refuse": "Rechazar",
        "signed_in": "Sesión iniciada como {name}",
        "no_account": "No pertenece a ninguna cuenta.",
        "error": "No se puede responder a esta solicitud",
        "advice": "Vuelva a la aplicación e intente conectarse de nuevo. Si se repite, comunique a su autor:",
    },
}

SCOPE_TEXTS: Final[Mapping[str, Mapping[Scope, str]]] = {
    "en": {
        "read": "read your clients, documents, payments and inboxes",
        "write": "create and change clients, products, documents, payments and inbox messages",
        "automate": "manage hooks, automations and connections",
        "admin": "manage users, credentials, channels and the account itself",
    },
    "fr": {
        "read": "lire vos clients, documents, paiements et boîtes de réception",
        "write": "créer et modifier clients, produits, documents, paiements et messages reçus",
        "automate": "gérer les hooks, les automatisations et les connexions",
        "admin": "gérer les utilisateurs, les identifiants, les canaux et le compte lui-même",
    },
    "es": {
        "read": "leer sus clientes, documentos, pagos y bandejas de entrada",
        "write": "crear y modificar clientes, productos, documentos, pagos y mensajes recibidos",
        "automate": "gestionar hooks, automatizaciones y conexiones",
        "admin": "gestionar usuarios, credenciales, canales y la propia cuenta",
    },
}


def locale_of(wanted: str | None, accept_language: str) -> str:
    """The language of a page: the `ui_locales` of the request, else what the browser prefers, else English."""
    parts = (wanted or "").replace(" ", ",") + "," + accept_language
    for part in parts.split(","):
        language = part.partition(";")[0].strip().lower().partition("-")[0]
        if language in LOCALES:
            return language
    return "en"
