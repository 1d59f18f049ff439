"""Make plain text of what a mail says, and part what its writer wrote from what they quoted."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Final

from documents.mail.headers import clean
from documents.mail.models import BODY_CHARS_MAX

HTML_CHARS_MAX: Final = 1_000_000  # newsletters have 100,000; the source has all of it
SPLIT_CHARS_MAX: Final = 30_000  # what is written anew stands at the top; beyond it nothing is looked for
LANGUAGES: Final = ("en", "fr", "es", "de", "it", "nl", "pl", "sv", "da", "cs")
_BREAKS: Final = frozenset({"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "table", "blockquote", "hr", "pre"})
_SILENT: Final = frozenset({"script", "style", "head", "title"})


class _Text(HTMLParser):
    """Gathers the text of a page; what is quoted gets a `>` in front of each line."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = [""]
        self._silent, self._quoted = 0, 0

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in _SILENT
        if tag in _BREAKS:
            self.lines.append("")
        self._quoted += tag == "blockquote"

    def handle_endtag(self, tag: str) -> None:
        self._silent = max(self._silent - (tag in _SILENT), 0)
        if tag == "blockquote":
            self._quoted = max(self._quoted - 1, 0)
        if tag in _BREAKS:
            self.lines.append("")

    def handle_data(self, data: str) -> None:
        words = " ".join(data.split())
        if self._silent or not words:
            return
        line = self.lines.pop()
        mark = "> " if self._quoted and not line else ""
        space = " " if line and data[:1].isspace() else ""
        self.lines.append(f"{line}{mark}{space}{words}{' ' if data[-1:].isspace() else ''}")


def text_of_html(html: str) -> str:
    """The text of a page, without its markup."""
    parser = _Text()
    parser.feed(html[:HTML_CHARS_MAX])
    lines: list[str] = []
    for line in (one.strip() for one in parser.lines):
        if line or (lines and lines[-1]):
            lines.append(line)
    return "\n".join(lines).strip()


def split_quoted(text: str) -> tuple[str, str | None]:
    """What a reply's writer wrote, and what they quoted below it; None where they quoted nothing.

    An answer below the quotation stays with it: all of it is what was written then.
    """
    # Here, because ingress reads this module too, without the library.
    from mailparser_reply import EmailReplyParser  # noqa: PLC0415

    whole = clean(text).replace("\r\n", "\n").strip()
    read = EmailReplyParser(languages=list(LANGUAGES)).read(whole[:SPLIT_CHARS_MAX])
    written = next((reply.content.strip() for reply in read.replies if reply.content.strip()), "")
    written = _without_last_quotes(written)
    place = whole.find(written) if written else -1
    if not written or place != 0 or written == whole:
        return whole[:BODY_CHARS_MAX], None
    return written[:BODY_CHARS_MAX], whole[len(written) :].strip()[:BODY_CHARS_MAX] or None


def _without_last_quotes(text: str) -> str:
    lines = text.splitlines()
    while lines and (not lines[-1].strip() or lines[-1].lstrip().startswith(">")):
        lines.pop()
    return "\n".join(lines)
