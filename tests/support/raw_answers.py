"""Strategies for what a server may answer: bytes that are not HTTP, and heads and bodies with hostile parts."""

from __future__ import annotations

from hypothesis import strategies as st

_HEADER = st.tuples(
    st.sampled_from([b"Content-Length", b"Transfer-Encoding", b"Retry-After", b"Connection", b"X-A", b"Set-Cookie"]),
    st.one_of(
        st.sampled_from([b"chunked", b"gzip", b"0", b"5", b"99999999999999999999", b"Fri, 31 Dec 9999 23:59:59 -2359"]),
        st.binary(max_size=20),
    ),
).map(b": ".join)

RAW_ANSWERS = st.one_of(
    st.binary(max_size=200),
    st.builds(
        lambda status, reason, headers, body: b"\r\n".join(
            [b"HTTP/1.1 " + status + b" " + reason, *headers, b"", body]
        ),
        st.integers(100, 999).map(lambda number: str(number).encode()),
        st.binary(max_size=10),
        st.lists(_HEADER, max_size=4),
        st.binary(max_size=60),
    ),
)
