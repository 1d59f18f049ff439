"""Put the apps together: templates as they are, generated files from the catalog."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from contracts.catalog import Action, Trigger
from contracts.version import VERSION
from tools.apps import n8n, zapier

TEMPLATES: Final = Path(__file__).resolve().parent / "templates"
# Made by npm and by the compiler beside what is written here.
_OTHERS: Final = frozenset({"node_modules", "dist", "node_modules.lock", "package-lock.json"})
_TEXTS: Final = frozenset({".js", ".json", ".md", ".mjs", ".ts"})


def files_of_apps(triggers: Sequence[Trigger], actions: Sequence[Action]) -> dict[str, bytes]:
    """Every file by its path under `deploy/`."""
    made: dict[str, bytes] = {}
    for app, generated in (("zapier", zapier.files(triggers, actions)), ("n8n", n8n.files(triggers, actions))):
        for template in sorted((TEMPLATES / app).rglob("*")):
            if template.is_file():
                made[f"{app}/{template.relative_to(TEMPLATES / app).as_posix()}"] = _filled(template)
        made |= {f"{app}/{path}": text.encode() for path, text in generated.items()}
    return made


def write_apps(folder: Path, triggers: Sequence[Trigger], actions: Sequence[Action]) -> list[str]:
    """Write every file under `folder` and remove others of the apps; give the paths."""
    made = files_of_apps(triggers, actions)
    for path in files_in(folder):
        if path not in made:
            (folder / path).unlink()
    for path, content in made.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return sorted(made)


def files_in(folder: Path) -> list[str]:
    """The files of the apps that are there, without what npm and the compiler make."""
    found = []
    for app in ("zapier", "n8n"):
        for place, folders, names in os.walk(folder / app):
            folders[:] = [name for name in folders if name not in _OTHERS]
            found += [Path(place, name).relative_to(folder).as_posix() for name in names if name not in _OTHERS]
    return sorted(found)


def _filled(template: Path) -> bytes:
    content = template.read_bytes()
    return content.replace(b"@VERSION@", VERSION.encode()) if template.suffix in _TEXTS else content
