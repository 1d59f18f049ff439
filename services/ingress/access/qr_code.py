"""Draw a text as a QR code (ISO/IEC 18004), for cameras that read it off a page."""

from __future__ import annotations

from importlib import import_module


def draw(text: str) -> tuple[int, str]:
    """How many modules a side has, and the dark ones as the data of an SVG path, a unit for each module.

    The encoder loads all kinds of barcodes, about 3 MB: only what enrols a second factor needs it.
    """
    encoder = import_module("reportlab.graphics.barcode.qrencoder")
    code = encoder.QRCode(None, encoder.QRErrorCorrectLevel.M)
    code.addData(text)
    code.make()
    size = code.getModuleCount()
    dark = ((x, y) for y in range(size) for x in range(size) if code.isDark(y, x))
    return size, "".join(f"M{x} {y}h1v1h-1z" for x, y in dark)
