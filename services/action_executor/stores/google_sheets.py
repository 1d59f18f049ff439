"""Add rows to Google spreadsheets as a service account (RFC 7523), through the guarded HTTP client.

google-auth signs the assertion. Values are written as they are (`RAW`), so that nothing becomes a formula. The API has
no idempotency key: a row is looked for by its id before it is added.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

import orjson

from action_executor.connections.rules import GOOGLE_SHEETS
from action_executor.http_client import OutboundHttpClient, OutboundRequest, OutboundResponse, TransportError
from action_executor.stores.http_answers import fault_of, is_success
from action_executor.stores.port import StoreFault
from action_executor.stores.rows import AlreadyThere, cells, check_columns, first_columns, with_id
from contracts.resources.connection import ConnectionIn, ServiceAccount

SCOPE: Final = "https://www.googleapis.com/auth/spreadsheets"
GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ASSERTION_SECONDS: Final = 300  # Google takes up to an hour
READ_BYTES_MAX: Final = 4 * 1024 * 1024  # a column of 100,000 ids
TIMEOUT_SECONDS: Final = 30.0  # Google's own limit for a request is 180 s, most take 1 s
_LETTERS: Final = 26


@dataclass(frozen=True, slots=True)
class Added:
    """A row that was added, and where."""

    sheet: str
    row: int | None


class GoogleSheets:
    """The spreadsheets that a service account may change."""

    def __init__(self, client: OutboundHttpClient, made: ConnectionIn, account: ServiceAccount) -> None:
        self._client, self._account = client, account
        self._server = (made.url or GOOGLE_SHEETS).rstrip("/")

    async def add_row(
        self,
        spreadsheet: str,
        sheet: str | None,
        values: Mapping[str, Any],
        *,
        id_column: str | None,
        row_id: str,
        order: Sequence[str] = (),
    ) -> Added | tuple[str, AlreadyThere]:
        """Add a row at the end of a sheet, the first one if none is named.

        Raises:
            StoreFault: Google refuses it, or cannot be reached.
            RowFault: a value has no column.
        """
        token = await self._token()
        title = sheet or await self._first_sheet(token, spreadsheet)
        columns = [str(one) for one in await self._range(token, spreadsheet, f"{_quoted(title)}!1:1")]
        given = with_id(values, id_column, row_id)
        rows = []
        if not columns:
            columns = first_columns(given, order)
            rows.append(columns)
        check_columns(columns, given)
        if not rows and id_column is not None:
            letter = _letter(columns.index(id_column))
            ids = await self._range(token, spreadsheet, f"{_quoted(title)}!{letter}2:{letter}", by="COLUMNS")
            if row_id in ids:
                return title, AlreadyThere(ids.index(row_id) + 2)
        rows.append(cells(columns, given, guard=False))
        return Added(title, await self._append(token, spreadsheet, title, rows))

    async def _append(self, token: str, spreadsheet: str, title: str, rows: Sequence[Sequence[str]]) -> int | None:
        query = urlencode({"valueInputOption": "RAW", "insertDataOption": "INSERT_ROWS"})
        at = quote(f"{_quoted(title)}!A1", safe="")
        path = f"/v4/spreadsheets/{quote(spreadsheet, safe='')}/values/{at}:append?{query}"
        answer = await self._call(token, "POST", path, {"values": rows})
        updated = str((answer.get("updates") or {}).get("updatedRange", ""))
        digits = "".join(char for char in updated.rpartition(":")[2] if char.isdigit())
        return int(digits) if digits else None

    async def _first_sheet(self, token: str, spreadsheet: str) -> str:
        path = f"/v4/spreadsheets/{quote(spreadsheet, safe='')}?fields=sheets.properties.title"
        answer = await self._call(token, "GET", path)
        try:
            return str(answer["sheets"][0]["properties"]["title"])
        except (KeyError, IndexError, TypeError):
            raise StoreFault("the spreadsheet has no sheet") from None

    async def _range(self, token: str, spreadsheet: str, span: str, *, by: str = "ROWS") -> list[Any]:
        """The values of one row or column."""
        path = f"/v4/spreadsheets/{quote(spreadsheet, safe='')}/values/{quote(span, safe='')}?majorDimension={by}"
        found = (await self._call(token, "GET", path)).get("values") or [[]]
        return list(found[0])

    async def _call(self, token: str, method: str, path: str, body: Any = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        sent = None if body is None else orjson.dumps(body)
        answer = await self._request(OutboundRequest(method, self._server + path, headers, sent, READ_BYTES_MAX))
        if not is_success(answer):
            raise fault_of(answer, _message(answer))
        return _object(answer)

    async def _token(self) -> str:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode({"grant_type": GRANT, "assertion": self._assertion()}).encode()
        answer = await self._request(OutboundRequest("POST", self._account.token_uri, headers, body))
        token = _object(answer).get("access_token") if is_success(answer) else None
        if not isinstance(token, str):
            raise fault_of(answer, "to the service account")
        return token

    def _assertion(self) -> str:
        # Here, because only installations with such a connection need it.
        from google.auth import crypt, jwt  # noqa: PLC0415

        account, now = self._account, int(time.time())
        claims = {
            "iss": account.client_email,
            "scope": SCOPE,
            "aud": account.token_uri,
            "iat": now,
            "exp": now + ASSERTION_SECONDS,
        }
        try:
            signer = crypt.RSASigner.from_string(  # type: ignore[no-untyped-call]  # the library has no types there
                account.private_key, account.private_key_id
            )
            signed: bytes = jwt.encode(signer, claims)  # type: ignore[no-untyped-call]  # as above
        except ValueError:
            raise StoreFault("the service account's private_key cannot be read") from None
        return signed.decode()

    async def _request(self, request: OutboundRequest) -> OutboundResponse:
        answer = await self._client.call(request)
        if isinstance(answer, TransportError):
            raise StoreFault(answer.reason, retryable=not (answer.refused or answer.answered))
        return answer


def _object(answer: OutboundResponse) -> dict[str, Any]:
    try:
        found = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise StoreFault("the server's answer is no JSON object", retryable=True)
    return found


def _message(answer: OutboundResponse) -> str:
    """Google's own words, without anything that was sent."""
    try:
        return str(orjson.loads(answer.body)["error"]["status"])[:60]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return ""


def _quoted(title: str) -> str:
    return "'" + title.replace("'", "''") + "'"


def _letter(place: int) -> str:
    """The letters of a column, from 0: A, B ... Z, AA."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, _LETTERS)
        letters = chr(ord("A") + rest) + letters
    return letters
