"""What the site has besides docs/: changelog, guide for contributors, and the API reference made from its routes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import orjson
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from ingress.api.openapi import describe
from ingress.routes import ROUTES

ROOT = Path(__file__).resolve().parents[2]
SWAGGER = ROOT / "services" / "ingress" / "api" / "swagger_ui"
PAGES = {"changelog.md": "CHANGELOG.md", "contributing.md": "CONTRIBUTING.md"}
# A link to a file of the repository that the site does not have: its text stays.
SOURCE_LINK = re.compile(r"\[([^\]]*)\]\((?:\.\./)*(?:deploy|libs|services|tests|tools)/[^)]*\)")
FIRST_DECISION = "adr/0001-publish-only-from-an-outbox.md"  # a folder is no page
REFERENCE = "reference/index.html"
READ_ONLY = 'supportedSubmitMethods: [], url: "openapi.json"'  # there is no server behind the site


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """List the decisions in the navigation, one after the other."""
    decisions = [f"adr/{path.name}" for path in sorted((ROOT / "docs" / "adr").glob("*.md"))]
    for section in config.nav or ():
        for entry in section.get("Developing", ()):
            if isinstance(entry, dict) and "Decisions" in entry:
                entry["Decisions"] = decisions
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what is not in docs/."""
    for name, source in PAGES.items():
        files.append(File.generated(config, name, abs_src_path=str(ROOT / source)))
    document = describe(ROUTES)
    start = (SWAGGER / "start.js").read_text(encoding="utf-8").replace('url: "openapi.json"', READ_ONLY)
    page = (SWAGGER / "index.html").read_text(encoding="utf-8").replace("docs/", "")
    made = {
        "reference.md": _reference(document),
        REFERENCE: page,
        "reference/start.js": start,
        "reference/openapi.json": orjson.dumps(document),
    }
    for name, content in made.items():
        files.append(File.generated(config, name, content=content))
    for name in ("swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-bundle.js.LICENSE.txt", "LICENSE", "NOTICE"):
        files.append(File.generated(config, f"reference/{name}", abs_src_path=str(SWAGGER / name)))
    return files


def on_page_markdown(markdown: str, *, page: Page, **_: Any) -> str:
    """Let links that leave docs/ lead to the same pages of the site."""
    up = "../" * page.file.src_uri.count("/")
    text = re.sub(r"\]\((?:\.\./)+CHANGELOG\.md", f"]({up}changelog.md", markdown)
    text = SOURCE_LINK.sub(r"\1", text)
    if page.file.src_uri in PAGES:
        text = text.replace("](docs/", "](")
    return text.replace("](adr/)", f"]({FIRST_DECISION})")


def _reference(document: dict[str, Any]) -> str:
    """Every operation in a table by tag, each with a link into the page that shows all of it."""
    by_tag: dict[str, list[str]] = {}
    for path, verbs in document["paths"].items():
        for verb, operation in verbs.items():
            tag = (operation.get("tags") or ["other"])[0]
            link = f"{REFERENCE}#/{tag}/{operation['operationId']}"
            row = f"| `{verb.upper()}` | [`{path}`]({link}) | {operation.get('summary', '')} |"
            by_tag.setdefault(tag, []).append(row)
    about = (
        f"Every operation of the API, version {document['info']['version']}, as [openapi.json](reference/openapi.json)"
        " describes it. A running installation serves the same at `/docs`, where requests can be tried."
    )
    head = ["# API reference", "", about]
    parts = [["", f"## {tag}", "", "| | path | |", "|---|---|---|", *rows] for tag, rows in sorted(by_tag.items())]
    return "\n".join([*head, *(line for part in parts for line in part), ""])
