"""The documentation says what the code does: links, paths, settings, codes and examples are real."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest
from standardwebhooks import Webhook

from action_executor.settings import ExecutorSettings
from chassis.settings import PREFIX
from console.settings import ConsoleSettings
from ingress.settings import IngressSettings
from ledger.settings import LedgerSettings
from trigger_dispatcher.settings import DispatcherSettings

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md", ROOT / "CONTRIBUTING.md",
    *sorted(page for page in (ROOT / "docs").rglob("*.md") if "node_modules" not in page.parts),
]  # fmt: skip
SETTINGS = (IngressSettings, LedgerSettings, DispatcherSettings, ExecutorSettings, ConsoleSettings)
LINK = re.compile(r"\]\((?!https?://|mailto:)([^)\s]*)\)")
PATH = re.compile(r"`((?:libs|services|tests|docs|deploy|requirements)/[\w./{},*-]+)`")
TEST_PATH = re.compile(r"`((?:component|flow|unit)/[\w/]+\.py)`")
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
CODE = re.compile(
    r"""code(?:: ClassVar\[str\])?(?:, http_status)? = "([a-z_]+)"|code="([a-z_]+)"|problem\(\d+, "([a-z_]+)\""""
)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_each_test_that_the_page_on_tests_names_is_there() -> None:
    text = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:unit|component|flow|architecture)/[\w/]+\.py)`", text))
    assert len(named) > 50
    assert [name for name in sorted(named) if not (ROOT / "tests" / name).is_file()] == []


def _named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", FENCED.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=_named)
def test_every_link_between_pages_leads_to_a_page_and_a_heading(page: Path) -> None:
    for link in LINK.findall(FENCED.sub("", page.read_text(encoding="utf-8"))):
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), f"{_named(page)}: {link}"
        assert not anchor or anchor in _anchors(target), f"{_named(page)}: {link}"


def _expanded(path: str) -> Iterator[str]:
    found = re.search(r"\{([^}]*)\}", path)
    if found is None:
        yield path
        return
    for one in found[1].split(","):
        yield from _expanded(path.replace(found[0], one, 1))


@pytest.mark.parametrize("page", PAGES, ids=_named)
def test_every_path_that_a_page_names_is_there(page: Path) -> None:
    for named in PATH.findall(page.read_text(encoding="utf-8")):
        for path in _expanded(named):
            assert any(ROOT.glob(path.rstrip("/"))), f"{_named(page)}: {path}"


def test_every_test_that_the_guide_to_tests_names_is_there_and_each_flow_of_collections_is_named() -> None:
    named = set(TEST_PATH.findall((ROOT / "docs/testing.md").read_text(encoding="utf-8")))
    assert {one for one in named if not (ROOT / "tests" / one).is_file()} == set()
    collecting = [
        path for path in (ROOT / "tests/flow").glob("test_*.py")
        if "tests.support.debts" in path.read_text(encoding="utf-8")
    ]  # fmt: skip
    assert {f"flow/{path.name}" for path in collecting} - named == set()


@pytest.mark.parametrize("name", ["settings.md", "bounds.md"])
def test_every_setting_that_is_a_number_is_in_the_pages_of_operators(name: str) -> None:
    text = (ROOT / "docs" / "operations" / name).read_text(encoding="utf-8")
    for kind in SETTINGS:
        for setting, field in kind.model_fields.items():
            number = isinstance(field.default, int | float) and not isinstance(field.default, bool)
            if name == "settings.md" or (number and not setting.endswith("port")):
                assert f"`{PREFIX}{setting.upper()}`" in text, setting


def test_every_error_code_is_in_the_api_guide() -> None:
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    for source in (ROOT / "services").rglob("*.py"):
        for found in CODE.findall(source.read_text(encoding="utf-8")):
            assert f"`{''.join(found)}`" in text, (
                f"docs/api.md, Errors: add the code {''.join(found)} of {_named(source)}"
            )


@pytest.mark.parametrize("page", ["README.md", "docs/tutorial.md"])
def test_the_receivers_that_pages_show_are_the_examples(page: str) -> None:
    examples = [
        path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs" / "examples").iterdir()) if path.is_file()
    ]
    shown = re.findall(
        r"^```(?:python|js|php)\n(.*?)^```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    assert shown
    for block in shown:
        assert any(block in example for example in examples), block


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    spec = importlib.util.spec_from_file_location("receiver", ROOT / "docs" / "examples" / "receiver.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_example_accepts_what_is_signed_and_nothing_else(receiver: ModuleType) -> None:
    body, now = json.dumps({"type": "sale.posted"}), datetime.now(tz=UTC)
    signature = Webhook(SECRET).sign("evt_1", now, body)
    headers = {"webhook-id": "evt_1", "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature}
    assert receiver.is_signed(headers, body.encode())
    assert not receiver.is_signed(headers, b"{}")
    assert not receiver.is_signed(headers | {"webhook-id": "evt_2"}, body.encode())
    assert not receiver.is_signed(headers | {"webhook-timestamp": "1"}, body.encode())
    assert not receiver.is_signed({}, body.encode())


def test_every_metric_that_a_page_names_is_measured() -> None:
    sources = [
        path.read_text(encoding="utf-8") for part in ("libs", "services") for path in (ROOT / part).rglob("*.py")
    ]
    text = (ROOT / "docs" / "operations" / "README.md").read_text(encoding="utf-8")
    for metric in re.findall(r"`(ledgerwire_(?!<)\w+)`", text):
        assert any(f'"{metric}"' in source for source in sources), metric
