"""Mark the body of a mail with a token that names its message, and find the token in a reply: pure.

A mail program may drop a reply's `In-Reply-To`; what it quotes keeps the token.
"""

from __future__ import annotations

import base64
import re
from typing import Final
from uuid import UUID

TOKENS_MAX: Final = 20  # of one reply; a long thread quotes a token for each message, the newest first
_TOKEN: Final = re.compile(r"\bLW-([A-Z2-7]{26})\b", re.ASCII | re.IGNORECASE)
_PADDING: Final = "======"  # of 16 bytes in base 32


def token_of(message_id: UUID) -> str:
    """The token of a message: its id in base 32."""
    return f"LW-{base64.b32encode(message_id.bytes).decode().rstrip('=')}"


def marked(body: str, message_id: UUID) -> str:
    """The body with the message's token in a last line of its own."""
    return f"{body.rstrip()}\n\nRef: {token_of(message_id)}\n"


def tokens_in(text: str) -> list[UUID]:
    """The messages that a text names by their tokens, in its order, each once."""
    found = (UUID(bytes=base64.b32decode(match[1].upper() + _PADDING)) for match in _TOKEN.finditer(text))
    return list(dict.fromkeys(identifier for identifier, _ in zip(found, range(TOKENS_MAX), strict=False)))
