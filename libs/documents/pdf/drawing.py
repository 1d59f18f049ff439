"""Draw pages as PDF. Equal pages give equal bytes: the only other input is the document's own date."""

from __future__ import annotations

from io import BytesIO
from typing import Final

from reportlab import rl_config
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from contracts.version import VERSION
from documents.pdf.fonts import BOLD, REGULAR, Typeface
from documents.pdf.pages import HEIGHT, SHADOW, WIDTH, Colour, Page, Picture, Rectangle

_ACROSS_DEGREES: Final = 52
_ACROSS_LENGTH: Final = 620.0
_ACROSS_SIZE_MAX: Final = 150.0


def drawn(pages: list[Page], typeface: Typeface, *, title: str, author: str, language: str, dated: str) -> bytes:
    """The pages as a PDF. `dated` is `YYYY-MM-DD`: when it says it was made.

    The texts must be clean (`Typeface.clean`).
    """
    rl_config.useA85 = 0  # bytes as they are: a fifth smaller than dressed up as letters
    paper = BytesIO()
    canvas = Canvas(
        paper,
        pagesize=(WIDTH, HEIGHT),
        pageCompression=1,
        invariant=1,
        lang=language,
        initialFontName=REGULAR,  # type: ignore[arg-type]  # the stub says float, it is a font's name
    )
    canvas.setTitle(title)
    canvas.setAuthor(author)
    canvas.setSubject("")
    canvas.setCreator(f"Ledgerwire {VERSION}")
    canvas.setDateFormatter(lambda *_: f"D:{dated.replace('-', '')}000000Z")
    for page in pages:
        if page.across:
            _draw_across(canvas, typeface, page.across)
        for box in page.boxes:
            _draw_box(canvas, box)
        for picture in page.pictures:
            _draw_picture(canvas, picture)
        _draw_texts(canvas, page)
        canvas.showPage()
    canvas.save()
    return paper.getvalue()


def _draw_across(canvas: Canvas, typeface: Typeface, text: str) -> None:
    size = min(_ACROSS_SIZE_MAX, _ACROSS_LENGTH / typeface.width(text, BOLD, 1))
    canvas.saveState()
    canvas.translate(WIDTH / 2, HEIGHT / 2)
    canvas.rotate(_ACROSS_DEGREES)
    canvas.setFont(BOLD, size)
    canvas.setFillColorRGB(*SHADOW)
    canvas.drawCentredString(0, -size * 0.36, text)
    canvas.restoreState()


def _draw_box(canvas: Canvas, box: Rectangle) -> None:
    bottom = HEIGHT - box.top - box.height
    canvas.setFillColorRGB(*box.colour)
    if box.line:
        canvas.setStrokeColorRGB(*box.colour)
        canvas.setLineWidth(box.line)
    fill, stroke = int(not box.line), int(box.line > 0)
    if box.radius:
        canvas.roundRect(box.left, bottom, box.width, box.height, box.radius, stroke=stroke, fill=fill)
    else:
        canvas.rect(box.left, bottom, box.width, box.height, stroke=stroke, fill=fill)


def _draw_picture(canvas: Canvas, picture: Picture) -> None:
    image, bottom = ImageReader(BytesIO(picture.content)), HEIGHT - picture.top - picture.height
    canvas.drawImage(image, picture.left, bottom, picture.width, picture.height, mask="auto")


def _draw_texts(canvas: Canvas, page: Page) -> None:
    """All texts as one object, setting font and colour only where they change."""
    texts = canvas.beginText()
    font: tuple[str, float] | None = None
    colour: Colour | None = None
    for text in page.texts:
        if (text.weight, text.size) != font:
            font = (text.weight, text.size)
            texts.setFont(*font)
        if text.colour != colour:
            colour = text.colour
            texts.setFillColorRGB(*colour)
        texts.setTextOrigin(text.left, HEIGHT - text.baseline)
        texts.textOut(text.text)
    canvas.drawText(texts)
