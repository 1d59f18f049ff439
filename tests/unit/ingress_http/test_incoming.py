"""Bodies that come compressed are inflated step by step, and no further than the reader asks."""

from __future__ import annotations

import gzip
import zlib
from itertools import islice

import pytest

from ingress.errors import Malformed, UnsupportedMediaType
from ingress.http.incoming import STEP_BYTES, _inflater

TEXT = b"An invoice. " * 20_000
RAW = zlib.compressobj(wbits=-zlib.MAX_WBITS)
PACKED = {
    "gzip": gzip.compress(TEXT),
    "x-gzip": gzip.compress(TEXT),
    "GZIP": gzip.compress(TEXT[:5_000]) + gzip.compress(TEXT[5_000:]),
    "deflate": zlib.compress(TEXT),
    "deflate, identity": RAW.compress(TEXT) + RAW.flush(),
}


def inflated(encoding: str, packed: bytes, piece: int) -> bytes:
    inflater = _inflater([encoding])
    assert inflater is not None
    found = b"".join(part for at in range(0, len(packed), piece) for part in inflater.feed(packed[at : at + piece]))
    inflater.end()
    return found


@pytest.mark.parametrize("piece", [1, 7, 1_000_000])
@pytest.mark.parametrize("encoding", PACKED)
def test_what_is_packed_is_unpacked_however_it_arrives(encoding: str, piece: int) -> None:
    assert inflated(encoding, PACKED[encoding], piece) == TEXT


def test_a_bomb_is_inflated_only_as_far_as_it_is_read() -> None:
    inflater = _inflater(["gzip"])
    assert inflater is not None
    bomb = gzip.compress(b"\0" * 50_000_000)
    pieces = list(islice(inflater.feed(bomb), 3))
    assert [len(piece) for piece in pieces] == [STEP_BYTES] * 3


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", b"no gzip at all"),
        ("gzip", PACKED["gzip"][:-9]),
        ("gzip", PACKED["gzip"] + b"trailing"),
        ("deflate", PACKED["deflate"][:100]),
        ("deflate", PACKED["deflate"] + b"trailing"),
    ],
)
def test_what_is_not_of_its_encoding_is_malformed(encoding: str, packed: bytes) -> None:
    with pytest.raises(Malformed):
        inflated(encoding, packed, 100)


@pytest.mark.parametrize("encodings", [["br"], ["zstd"], ["gzip, gzip"], ["gzip", "deflate"], ["x" * 10_000]])
def test_another_encoding_is_refused_with_those_that_are_read(encodings: list[str]) -> None:
    with pytest.raises(UnsupportedMediaType, match="send gzip or deflate") as refused:
        _inflater(encodings)
    assert refused.value.headers == {"Accept-Encoding": "gzip, deflate"}
    assert len(refused.value.detail) < 300


@pytest.mark.parametrize("encodings", [[], [""], ["identity"], ["Identity, identity"]])
def test_what_is_not_packed_is_left_as_it_is(encodings: list[str]) -> None:
    assert _inflater(encodings) is None
