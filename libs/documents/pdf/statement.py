"""Render a statement of account: a client's open invoices with what is overdue, in words and figures of its locale."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from documents.pdf.body import set_closing, set_totals
from documents.pdf.content import Content, Total
from documents.pdf.drawing import drawn
from documents.pdf.fonts import Typeface, typeface
from documents.pdf.footer import set_feet
from documents.pdf.formats import Formats, formats_of
from documents.pdf.header import first_head, next_head
from documents.pdf.labels import labels_of, spoken
from documents.pdf.labels.shape import Labels
from documents.pdf.pages import BODY, LEFT, RIGHT, PageFlow
from documents.pdf.parties import party
from documents.pdf.table import Cell, Column, Table

_FIGURE_WIDTHS: Final = (78.0, 78.0, 92.0, 92.0)  # two dates, two amounts of up to eleven digits


def render_statement(statement: Mapping[str, Any], seller: Mapping[str, Any], *, locale: str) -> bytes:
    """The PDF of a statement; an equal statement, seller and locale give equal bytes.

    `statement` has `as_of` (YYYY-MM-DD), `client` and `invoices`, longest due first, each with `number`,
    `document_date`, `date_due`, `currency`, `total`, `amount_due`, `overdue` and `disputed`: such a one is marked, and
    its amount is not demanded. `seller` is as for `render_sale`.
    """
    letters = typeface()
    writer = _Writer(statement, labels_of(spoken(locale)), formats_of(spoken(locale)), letters)
    content = writer.content(seller, spoken(locale).replace("_", "-"))
    flow = PageFlow(letters, lambda flow, page: next_head(flow, page, content))
    first, *figures = writer.headings()
    columns = [
        Column(first, RIGHT - LEFT - sum(_FIGURE_WIDTHS)),
        *(Column(heading, width, "right") for heading, width in zip(figures, _FIGURE_WIDTHS, strict=True)),
    ]
    place = Table(flow, LEFT, columns).set(first_head(flow, content, seller.get("logo")), writer.rows())
    set_closing(flow, set_totals(flow, place.down(16), content), content)
    set_feet(flow, content)
    return drawn(
        flow.pages,
        letters,
        title=content.title,
        author=content.seller.name,
        language=content.language,
        dated=content.dated,
    )


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes the texts of one statement."""

    statement: Mapping[str, Any]
    labels: Labels
    formats: Formats
    letters: Typeface

    def content(self, seller: Mapping[str, Any], language: str) -> Content:
        """What the header, the totals and the footer show."""
        labels, clean = self.labels, self.letters.clean
        totals = [*self._totals()]
        return Content(
            labels=labels,
            language=language,
            currency="",
            title=labels.statement,
            number="",
            mark="",
            tone="quiet",
            is_draft=False,
            with_tax=False,
            dated=self.statement["as_of"],
            seller=party(seller, labels, self.formats, clean),
            client=party(self.statement["client"], labels, self.formats, clean),
            facts=((labels.date, self.formats.date(self.statement["as_of"])),),
            lines=(),
            taxes=(),
            totals=tuple(totals[:-1]),
            due=totals[-1] if totals else Total(labels.amount_due, self.formats.number("0")),
            notes="",
            closing=clean(str(seller.get("invoice_footer") or "")).strip(),
        )

    def _totals(self) -> Iterator[Total]:
        """What is disputed, what else is overdue and open in each currency, the last one highlighted."""
        sums: defaultdict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0), Decimal(0)])
        for one in self.statement["invoices"]:
            amount, of_currency = Decimal(one["amount_due"]), sums[one["currency"]]
            of_currency[0] += Decimal(0) if one["disputed"] else amount
            of_currency[1] += amount if one["overdue"] and not one["disputed"] else Decimal(0)
            of_currency[2] += amount if one["disputed"] else Decimal(0)
        for currency, (amount_due, overdue, disputed) in sums.items():
            if disputed:
                yield Total(self.labels.disputed, self._money(str(disputed), currency))
            if overdue:
                yield Total(self.labels.overdue, self._money(str(overdue), currency))
            yield Total(self.labels.amount_due, self._money(str(amount_due), currency), is_sum=True)

    def _money(self, value: str, currency: str) -> str:
        symbol = self.formats.symbol(currency)
        return self.formats.money(value, currency, symbol if self.letters.can_draw(symbol) else currency)

    def headings(self) -> tuple[str, ...]:
        """The headings of the columns."""
        labels = self.labels
        return labels.document, labels.date, labels.due_date, labels.total, labels.amount_due

    def rows(self) -> Iterator[list[Cell]]:
        """The invoices, one a row."""
        for one in self.statement["invoices"]:
            due = self.formats.date(one["date_due"]) if one["date_due"] else ""
            mark = f" ({self.labels.disputed.lower()})" if one["disputed"] else ""
            texts = (
                " ".join(self.letters.clean(one["number"]).split()) + mark,
                self.formats.date(one["document_date"]),
                due,
                self._money(one["total"], one["currency"]),
                self._money(one["amount_due"], one["currency"]),
            )
            yield [[(text, BODY)] for text in texts]
