"""How long after a kill a service took work again: from the kill to the end of something that was sent after it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from tests.faults.record import Book


def recoveries(book: Book, kills: Iterable[tuple[str, float]]) -> dict[str, list[float]]:
    """Seconds by service, in the order of its kills; none for one after which nothing was sent and done.

    Ingress works when it has answered, the ledger when it has made a client or a document, the others when something
    has been delivered.
    """
    found: dict[str, list[float]] = defaultdict(list)
    for service, killed in kills:
        if service == "ingress":
            ends = (done for sent, done, _ in book.answered if sent > killed)
        elif service == "ledger":
            ends = (done for sent, done, kind in book.answered if sent > killed and kind != "inbox")
        else:
            ends = (done for sent, done in book.arrived if sent > killed)
        if (first := min(ends, default=None)) is not None:
            found[service].append(round(first - killed, 2))
    return dict(found)
