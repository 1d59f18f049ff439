"""Texts as people and programs really send them: nothing of them breaks the paper, hides, or is taken for markup."""
# ruff: noqa: RUF001  letters that look like others

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from documents.pdf.content import content_of
from documents.pdf.fonts import REGULAR, REPLACEMENT, typeface
from documents.pdf.pages import HEIGHT, LEFT, RIGHT
from documents.pdf.render import pages_of
from tests.unit.pdf.builders import a_client, a_line, a_sale
from tests.unit.pdf.reading import text_of

LETTERS = typeface()
SMALLEST_READABLE = 4.5  # points


def test_markup_is_text_like_any_other() -> None:
    said = "<b>bold</b> &amp; <para> </para> <!-- x --> (a\\b) %s {page} <font color=red>"
    reported = text_of(a_sale(client=a_client(said), lines=[a_line(said)], comment=said, number="<i>7</i>"))
    assert reported.count(said) == 3
    assert "<i>7</i>" in reported


def test_what_cannot_be_drawn_is_replaced_where_it_stands() -> None:
    reported = text_of(a_sale(lines=[a_line("Tea 茶 \x00\x07 שלום 🍵 end")]))
    assert f"Tea {REPLACEMENT} {REPLACEMENT * 2} {REPLACEMENT * 4} {REPLACEMENT} end" in reported


def test_what_is_invisible_cannot_reorder_or_hide_what_others_read() -> None:
    assert LETTERS.clean("a\u202eb\u200bc\u00add\ufeffe\u2066f") == "abcdef"
    assert LETTERS.clean("👍🏽\ufe0f") == REPLACEMENT


def test_letters_in_parts_are_composed_and_wide_forms_are_plain() -> None:
    assert LETTERS.clean("Ke\u0304nin\u0327s\u030c ＡＢＣ") == "Kēniņš ABC"


def test_lines_end_however_they_were_ended() -> None:
    assert LETTERS.clean("a\r\nb\rc\u2028d\x85e\tf") == "a\nb\nc\nd\ne f"


def test_every_european_alphabet_has_its_glyphs_in_both_weights() -> None:
    ranges = ((0x21, 0x7E), (0xC0, 0x17F), (0x391, 0x3A1), (0x3A3, 0x3CE), (0x1F70, 0x1F7D), (0x400, 0x45F))
    alphabets = "".join(chr(code) for first, last in ranges for code in range(first, last + 1))
    assert LETTERS.can_draw(alphabets + "ȘșȚțẞǅ€£¥₴₽₺«»„“”‚‘’–—…•№")


TEXTS = st.text(st.characters(codec=None), max_size=200) | st.text("ab <&\n\t\u0000\u200d👩日é", max_size=400)


@given(TEXTS, st.floats(8, 300))
@settings(deadline=None)
def test_no_line_is_wider_than_its_room_and_no_letter_is_lost(text: str, width: float) -> None:
    clean = LETTERS.clean(text)
    lines = LETTERS.wrapped(clean, REGULAR, 9, width)
    assert "".join("".join(lines).split()) == "".join(clean.split())
    widest_letter = 9 * max(LETTERS.widths[REGULAR].values())
    assert all(LETTERS.width(line, REGULAR, 9) <= max(width, widest_letter) + 1e-6 for line in lines)


@given(TEXTS, st.sampled_from(["en", "fr", "lv"]))
@settings(deadline=None, max_examples=40)
def test_whatever_is_said_stays_on_the_paper(text: str, locale: str) -> None:
    name = text or "x"
    sale = a_sale(
        client=a_client(name, email=text, address={"street": text, "city": text}),
        number=text,
        lines=[a_line(name, item_code=text, unit=text, tax_category=text, tax_rate=None)],
        comment=text,
        taxes=[{"category": text, "rate": "99.999999", "net": "1.00", "tax": "1.00"}],
    )
    for page in pages_of(content_of(sale, {"name": name}, locale=locale, typeface=LETTERS), LETTERS):
        for text_set in page.texts:
            right = text_set.left + LETTERS.width(text_set.text, text_set.weight, text_set.size)
            assert text_set.left >= LEFT - 0.01
            assert right <= RIGHT + 0.01
            assert 0 < text_set.baseline < HEIGHT


def test_the_largest_figures_there_are_fit_beside_one_another() -> None:
    large = "123456789012.12345678"
    line = a_line("x" * 900, net="92000000000000000.00", quantity=large, unit_price=large, unit="kilogram")
    line |= {"discount": "99.999999", "tax_rate": "99.999999"}
    sale = a_sale(lines=[line], total="92000000000000000.00", amount_due="92000000000000000.00")
    (first, *_) = pages_of(content_of(sale, {"name": "W" * 200}, locale="fr", typeface=LETTERS), LETTERS)
    figures = [text for text in first.texts if any(part in text.text for part in ("345678", "999999", "92\u202f000"))]
    assert len(figures) >= 5
    assert all(text.size > SMALLEST_READABLE for text in figures)
    rights = [text.left + LETTERS.width(text.text, text.weight, text.size) for text in figures]
    assert all(right <= after.left for right, after in zip(rights, figures[1:], strict=False))
    assert rights[-1] <= RIGHT + 0.01
