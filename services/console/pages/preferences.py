"""Language and colours, before and after sign-in: two cookies, and back to where one was."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from console.i18n import LOCALES
from console.visit import LANGUAGE_COOKIE, THEME_COOKIE, THEMES, YEAR_SECONDS, Route, Visit, safe_path


async def save(visit: Visit) -> web.StreamResponse:
    """Keep what was chosen and go back."""
    form = await visit.read_form()
    answer = visit.go(safe_path(form.get("back", "")))
    if form.get("language") in LOCALES:
        visit.set_cookie(answer, LANGUAGE_COOKIE, form["language"], seconds=YEAR_SECONDS)
    if form.get("theme") in THEMES:
        visit.set_cookie(answer, THEME_COOKIE, form["theme"], seconds=YEAR_SECONDS)
    return answer


ROUTES: Final = (Route("POST", "/preferences", save, is_open=True),)
