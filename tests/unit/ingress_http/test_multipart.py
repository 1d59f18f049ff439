"""Forms with files: every split of their bytes gives the same parts, and what is no form is refused in bounds."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingress.http.multipart import (
    HEAD_BYTES_MAX,
    HEADERS_MAX,
    PREAMBLE_BYTES_MAX,
    FormBroken,
    FormParser,
    Part,
    boundary_of,
)

BOUNDARY = "x-bound"


def a_part(name: str, content: bytes, *, disposition: str = "", headers: str = "") -> bytes:
    head = f'Content-Disposition: form-data; name="{name}"{disposition}\r\n{headers}'
    return f"--{BOUNDARY}\r\n{head}\r\n".encode() + content + b"\r\n"


def a_form(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def parsed(*pieces: bytes, boundary: str = BOUNDARY) -> list[tuple[Part, bytes]]:
    parser = FormParser(boundary)
    found: list[tuple[Part, bytes]] = []
    for piece in pieces:
        for event in parser.feed(piece):
            if isinstance(event, Part):
                found.append((event, b""))
            else:
                part, content = found[-1]
                found[-1] = (part, content + event)
    parser.end()
    return found


def cut(body: bytes, places: Iterable[int]) -> list[bytes]:
    edges = [0, *sorted({place % (len(body) + 1) for place in places}), len(body)]
    return [body[start:end] for start, end in pairwise(edges)]


# Bytes that look like the delimiter's own, so that every near miss comes up.
CONTENT = st.lists(st.sampled_from([b"\r", b"\n", b"-", b"--", b"x-bound", b"\r\n--x-boun", b"a", b"\0"])).map(b"".join)


@given(st.lists(CONTENT, max_size=4), st.lists(st.integers(min_value=0), max_size=12))
def test_parts_are_the_same_however_the_bytes_arrive(contents: list[bytes], places: list[int]) -> None:
    contents = [content for content in contents if b"\r\n--x-bound" not in b"\r\n" + content]
    body = a_form(*(a_part(f"field-{number}", content) for number, content in enumerate(contents)))
    found = parsed(*cut(body, places))
    assert [(part.name, content) for part, content in found] == [
        (f"field-{number}", content) for number, content in enumerate(contents)
    ]


@given(st.binary(max_size=300), st.lists(st.integers(min_value=0), max_size=5))
def test_any_bytes_are_parts_or_no_form(junk: bytes, places: list[int]) -> None:
    try:
        parsed(*cut(junk, places), boundary="b")
    except FormBroken:
        return
    assert b"--b--" in junk


def test_one_byte_at_a_time_is_read_too() -> None:
    body = b"preamble\r\n" + a_form(a_part("a", b"1"), a_part("b", b"")) + b"epilogue"
    assert [(part.name, content) for part, content in parsed(*(bytes([byte]) for byte in body))] == [
        ("a", b"1"),
        ("b", b""),
    ]


@given(st.lists(st.integers(min_value=0), max_size=5))
def test_a_part_without_an_empty_line_is_refused_and_swallows_no_other(places: list[int]) -> None:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="a"\r\n\r\n'.encode()
    with pytest.raises(FormBroken):
        parsed(*cut(head + a_form(a_part("b", b"1")), places))


@pytest.mark.parametrize(
    ("disposition", "filename"),
    [
        ("", None),
        ('; filename="A-17.pdf"', "A-17.pdf"),
        ("; filename=A-17.pdf", "A-17.pdf"),
        ('; filename="a \\"b\\".pdf"', 'a "b".pdf'),
        ('; filename="C:\\Invoices\\A-17.pdf"', "C:\\Invoices\\A-17.pdf"),
        ('; filename="rēķins; A.pdf"', "rēķins; A.pdf"),
        ("; filename=\"x.pdf\"; filename*=UTF-8''r%C4%93%C4%B7ins.pdf", "rēķins.pdf"),
        ('; filename="r%C4%93%C4%B7ins%22.pdf"', 'rēķins".pdf'),
        ('; filename="100%.pdf"', "100%.pdf"),
        ('; filename="50%FF.pdf"', "50%FF.pdf"),
        ("; filename=\"x.pdf\"; filename*=utf-7''+AGE-", "x.pdf"),
    ],
)
def test_a_files_name_is_read_as_browsers_and_programs_write_it(disposition: str, filename: str | None) -> None:
    ((part, _),) = parsed(a_form(a_part("file", b"%PDF", disposition=disposition)))
    assert (part.name, part.filename) == ("file", filename)


def test_what_a_part_says_of_its_length_and_encoding_is_not_believed() -> None:
    headers = "Content-Length: 2\r\nContent-Encoding: gzip\r\nContent-Transfer-Encoding: base64\r\n"
    ((part, content),) = parsed(a_form(a_part("file", b"AAAA", headers=headers + "Content-Type: image/png\r\n")))
    assert (part.content_type, content) == ("image/png", b"AAAA")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--x-bound",
        a_part("a", b"1"),
        a_form(a_part("a", b"1"))[:-6],
        b"--x-boundary\r\n\r\n\r\n--x-bound--",
        b"--x-bound\r\nContent-Type: text/plain\r\n\r\n1\r\n--x-bound--",
        b"--x-bound\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n--x-bound--",
        b'--x-bound\r\nContent-Disposition: form-data; name=""\r\n\r\n1\r\n--x-bound--',
        b"--x-bound\r\nno header\r\n\r\n1\r\n--x-bound--",
        b"--x-bound" + b" " * 100 + b"\r\n",
        a_part("a", b"1")[:-2] + b"\r\n--x-bound" + b" " * 200_000 + b"\r\n",
        b"--x-bound\r\n" + b"X: y\r\n" * HEADERS_MAX,
        b"--x-bound\r\n" + b"X: " + b"y" * HEAD_BYTES_MAX + b"\r\n",
        b"--x-bound\r\n" + (b"X: " + b"y" * 1000 + b"\r\n") * 10,
        b"x" * (PREAMBLE_BYTES_MAX + 1),
    ],
    ids=range(15),
)
def test_what_is_no_form_is_refused(body: bytes) -> None:
    with pytest.raises(FormBroken):
        parsed(body)


def test_a_boundary_is_taken_from_the_content_type_of_a_form_alone() -> None:
    assert boundary_of('multipart/form-data; charset=utf-8; boundary="a b+c"') == "a b+c"
    assert boundary_of("Multipart/Form-Data;boundary=----WebKitFormBoundary7MA4") == "----WebKitFormBoundary7MA4"
    assert boundary_of("multipart/mixed; boundary=a") is None
    assert boundary_of("application/json") is None


@pytest.mark.parametrize("boundary", ["", '""', "é", "a" * 71, '"ends with a space "'])
def test_a_boundary_that_may_not_be_is_refused(boundary: str) -> None:
    with pytest.raises(FormBroken):
        boundary_of(f"multipart/form-data; boundary={boundary}")
