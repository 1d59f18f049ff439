"""Check a picture before it becomes an account's logo, so that every PDF that embeds it can be rendered."""

from __future__ import annotations

from io import BytesIO
from typing import Final

SIDE_PIXELS_MAX: Final = 1_000
"""It is printed at most 60 mm wide: that is over 400 dots per inch, and a million pixels take 3 MB of memory."""

SIDES_RATIO_MAX: Final = 20
"""A narrower picture would be a line."""

_TYPES: Final = {"PNG": "image/png", "JPEG": "image/jpeg"}


class LogoError(ValueError):
    """The file cannot be a logo; the message says why."""


def picture_size(content: bytes) -> tuple[int, int]:
    """Width and height in pixels of a picture that was checked."""
    from PIL import Image  # noqa: PLC0415

    with Image.open(BytesIO(content), formats=list(_TYPES)) as picture:
        return picture.size


def check_logo(content: bytes) -> str:
    """Decode a picture and return its media type.

    Raises:
        LogoError: it is no PNG or JPEG, is damaged, or has too many pixels.
    """
    from PIL import Image  # noqa: PLC0415  memory that a process needs only for its first logo

    try:
        with Image.open(BytesIO(content), formats=list(_TYPES)) as picture:
            fault = _fault_of(*picture.size)
            if fault is None:
                picture.load()
            media_type = _TYPES[str(picture.format)]
    except Exception:  # noqa: BLE001  decoders raise almost anything for a damaged file
        raise LogoError("must be a PNG or JPEG; this file is of another type or damaged") from None
    if fault is not None:
        raise LogoError(fault)
    return media_type


def _fault_of(width: int, height: int) -> str | None:
    if max(width, height) > SIDE_PIXELS_MAX:
        return f"must have at most {SIDE_PIXELS_MAX} pixels a side, this picture has {width} x {height}"
    if max(width, height) > SIDES_RATIO_MAX * min(width, height):
        return f"is too narrow with {width} x {height} pixels"
    return None
