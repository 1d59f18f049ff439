"""The step `append_row`: to a CSV file in any place, or to a Google spreadsheet."""

from __future__ import annotations

import asyncio
import random
from typing import Any, Final

from action_executor.actions.context import StepContext
from action_executor.connections.repository import UnusableConnection
from action_executor.runs.records import Done, Failed, StepCall, StepOutcome, wrong_input
from action_executor.stores.google_sheets import Added, GoogleSheets
from action_executor.stores.port import FileStore, StoreFault, clean_path
from action_executor.stores.rows import Addition, AlreadyThere, NewFile, RowFault, add_row, with_id
from contracts.resources.connection import ConnectionIn, ConnectionKind

TRIES_MAX: Final = 8  # of one call, while others write to the same file; then the step's own schedule
PAUSE_SECONDS: Final = 0.1  # at most, and more each time: others that wait come at other moments
CSV: Final = "text/csv; charset=utf-8"
PLACES: Final[tuple[ConnectionKind, ...]] = ("s3", "webdav", "sftp", "folder", "google_sheets")
CROWDED: Final = "others write to the same file all the time"


async def append_row(call: StepCall, context: StepContext) -> StepOutcome:
    """Add a row: output `{"file", "sheet", "row", "added"}`.

    `row` counts the columns' line as 1; `added` is false where the row was there already, from an earlier try.
    """
    made = await _connection(call, context)
    if isinstance(made, Failed):
        return made
    try:
        if made.kind == "google_sheets":
            return await _to_sheet(call, context, made)
        return await _to_file(call, context.stores.open(made, call.run.account_id))
    except RowFault as fault:
        return wrong_input(fault.path, fault.message)
    except StoreFault as fault:
        return Failed(fault.reason, fault.retryable)


async def show_row(call: StepCall, context: StepContext) -> StepOutcome:
    """Show the row and where it would go; the file is not read."""
    made = await _connection(call, context)
    if isinstance(made, Failed):
        return made
    row = with_id(call.input["values"], call.input.get("id_column", "row_id"), str(call.command_id))
    if made.kind == "google_sheets":
        return Done({"file": call.input["file"], "sheet": call.input.get("sheet"), "values": row})
    try:
        path = clean_path(str(call.input["file"]))
        location = context.stores.open(made, call.run.account_id).location(path)
    except ValueError as error:
        return wrong_input("file", str(error))
    except StoreFault as fault:
        return wrong_input("connection_id", fault.reason)
    return Done({"file": location, "sheet": None, "values": row})


async def _connection(call: StepCall, context: StepContext) -> ConnectionIn | Failed:
    if call.connection_id is None:
        return wrong_input("connection_id", f"is required: a connection of kind {' or '.join(PLACES)}")
    opened = await context.connections.open(
        account_id=call.run.account_id, connection_id=call.connection_id, kinds=PLACES
    )
    if isinstance(opened, UnusableConnection):
        return wrong_input("connection_id", opened.reason)
    return opened.made


async def _to_sheet(call: StepCall, context: StepContext, made: ConnectionIn) -> StepOutcome:
    if made.service_account is None:
        return wrong_input("connection_id", "has no service account")
    sheets = GoogleSheets(context.http_client, made, made.service_account)
    file = str(call.input["file"])
    result = await sheets.add_row(
        file, call.input.get("sheet"), call.input["values"],
        id_column=call.input.get("id_column", "row_id"), row_id=str(call.command_id),
        order=call.input.get("columns", ()),
    )  # fmt: skip
    if isinstance(result, Added):
        return _done(file, result.row, sheet=result.sheet, added=True)
    title, there = result
    return _done(file, there.row, sheet=title, added=False)


async def _to_file(call: StepCall, store: FileStore) -> StepOutcome:
    try:
        path = clean_path(str(call.input["file"]))
    except ValueError as error:
        return wrong_input("file", str(error))
    for number in range(TRIES_MAX):
        there = await store.read(path)
        change = await asyncio.to_thread(
            add_row,
            there.content if there else None,
            call.input["values"],
            id_column=call.input.get("id_column", "row_id"),
            row_id=str(call.command_id),
            delimiter=call.input.get("delimiter", ","),
            order=call.input.get("columns", ()),
        )
        match change:
            case AlreadyThere(row):
                return _done(store.location(path), row, added=False)
            case NewFile(content, row) if there is None:
                written = await store.create(path, content, CSV)
            case NewFile(content, row) | Addition(content, row):
                written = there is not None and await store.extend(path, there, content, CSV)
        if written:
            return _done(store.location(path), row, added=True)
        await asyncio.sleep(random.uniform(0, PAUSE_SECONDS * (number + 1)))  # noqa: S311  no secret
    return Failed(CROWDED, retryable=True)


def _done(file: str, row: int | None, *, added: bool, sheet: str | None = None) -> Done:
    result: dict[str, Any] = {"file": file, "sheet": sheet, "row": row, "added": added}
    return Done(result)
