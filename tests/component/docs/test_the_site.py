"""The documentation as a site: it builds strictly, has every page, and each link and anchor leads somewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from lxml import html

ROOT = Path(__file__).parents[3]
OUTSIDE = ("http:", "https:", "mailto:", "data:", "javascript:")

pytestmark = [pytest.mark.long, pytest.mark.timeout(400)]  # the first test builds it: 10 s of an idle processor


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("site")
    mkdocs = Path(sys.executable).with_name("mkdocs")
    ran = subprocess.run(
        [mkdocs, "build", "--quiet", "--strict", "--site-dir", made], cwd=ROOT, capture_output=True, text=True,
        check=False, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return made


def test_every_page_of_the_documentation_is_in_the_site(site: Path) -> None:
    pages = {
        path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md") if "node_modules" not in path.parts
    }
    missing = [page for page in pages if not (site / page.with_suffix(".html")).exists()]
    assert missing == [Path("operations/README.md")]  # which is the folder's index
    assert (site / "operations" / "index.html").exists()
    assert {"changelog.html", "contributing.html", "reference.html"} <= {path.name for path in site.iterdir()}


def test_every_link_and_anchor_of_the_site_leads_somewhere(site: Path) -> None:
    pages = {path: html.parse(str(path)).getroot() for path in site.rglob("*.html") if path.name != "404.html"}
    anchors = {path: {one.get("id") for one in root.iter() if one.get("id")} for path, root in pages.items()}
    broken, checked = [], 0
    for path, root in pages.items():
        for element, _, link, _ in root.iterlinks():
            if link.startswith(OUTSIDE) or element.get("rel") == "canonical":
                continue
            parts, checked = urlsplit(link), checked + 1
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            wanted = unquote(parts.fragment)
            is_there = target.exists() and (not wanted or wanted.startswith("/") or wanted in anchors.get(target, ()))
            if not is_there:
                broken.append(f"{path.relative_to(site)}: {link}")
    assert broken == []
    assert checked > 1000


def test_the_reference_lists_every_operation_and_its_page_asks_no_other_server(site: Path) -> None:
    shown = (site / "reference.html").read_text(encoding="utf-8")
    assert all(f"#/{tag}" in shown for tag in ("clients/createClient", "sales/createSale", "actions/runSendMessage"))
    page = (site / "reference" / "index.html").read_text(encoding="utf-8")
    assert "http" not in page
    assert "supportedSubmitMethods: []" in (site / "reference" / "start.js").read_text(encoding="utf-8")
    assert (site / "reference" / "openapi.json").stat().st_size > 100_000
