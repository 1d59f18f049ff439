"""Steps that keep files elsewhere: `store_file`."""

from __future__ import annotations

import hashlib
import mimetypes
from typing import Any, Final

from action_executor.actions import file_source
from action_executor.actions.context import StepContext
from action_executor.actions.sale_files import MadeFile
from action_executor.connections.repository import UnusableConnection
from action_executor.runs.records import Done, Failed, StepCall, StepOutcome, wrong_input
from action_executor.stores.port import FileStore, StoreFault, clean_path, numbered
from contracts.catalog import ACTIONS
from contracts.resources.connection import ConnectionKind

NAMES_MAX: Final = 50  # `INV-1 (50).pdf`: an automation that stores more of one name should overwrite
PLACES: Final[tuple[ConnectionKind, ...]] = ("s3", "webdav", "sftp", "folder")


async def store_file(call: StepCall, context: StepContext) -> StepOutcome:
    """Store a file: output `{"location", "name", "bytes", "sha256", "stored"}`.

    `stored` is false where the same content has this name already, also by an earlier try of this step.
    """
    prepared = await _place(call, context)
    if isinstance(prepared, Failed):
        return prepared
    store, path = prepared
    file = await file_source.load(call, context, call.input)
    if isinstance(file, Failed):
        return file
    try:
        if call.input.get("if_exists") == "overwrite":
            await store.overwrite(path, file.content, _type(path, file))
            return _done(store, path, file, stored=True)
        return await _under_a_free_name(store, path, file)
    except StoreFault as fault:
        return Failed(fault.reason, fault.retryable)


async def show_file(call: StepCall, context: StepContext) -> StepOutcome:
    """Show where the file would be stored; one of a sales document is made, one of a URL is not fetched."""
    prepared = await _place(call, context)
    if isinstance(prepared, Failed):
        return prepared
    store, path = prepared
    would: dict[str, Any] = {"location": store.location(path), "if_exists": call.input.get("if_exists", "new_name")}
    if isinstance(call.input.get("file"), str):
        return Done(would | file_source.describe(call.input))
    file = await file_source.load(call, context, call.input)
    if isinstance(file, Failed):
        return file
    return Done(would | {"bytes": len(file.content), "sha256": _digest(file), "content_type": _type(path, file)})


async def open_store(call: StepCall, context: StepContext) -> FileStore | Failed:
    """The place where the step's connection leads."""
    if call.connection_id is None:
        kinds = " or ".join(ACTIONS["store_file"].connections)
        return wrong_input("connection_id", f"is required: a connection of kind {kinds}")
    opened = await context.connections.open(
        account_id=call.run.account_id, connection_id=call.connection_id, kinds=PLACES
    )
    if isinstance(opened, UnusableConnection):
        return wrong_input("connection_id", opened.reason)
    try:
        return context.stores.open(opened.made, call.run.account_id)
    except StoreFault as fault:
        return wrong_input("connection_id", fault.reason)


async def _place(call: StepCall, context: StepContext) -> tuple[FileStore, str] | Failed:
    try:
        path = clean_path(str(call.input["name"]))
    except ValueError as error:
        return wrong_input("name", str(error))
    store = await open_store(call, context)
    return store if isinstance(store, Failed) else (store, path)


async def _under_a_free_name(store: FileStore, path: str, file: MadeFile) -> StepOutcome:
    for number in range(1, NAMES_MAX + 1):
        name = path if number == 1 else numbered(path, number)
        if await store.create(name, file.content, _type(path, file)):
            return _done(store, name, file, stored=True)
        there = await store.read(name)
        if there is not None and there.content == file.content:
            return _done(store, name, file, stored=False)
    return wrong_input("name", f"there are {NAMES_MAX} files of this name already: choose another, or overwrite")


def _done(store: FileStore, path: str, file: MadeFile, *, stored: bool) -> Done:
    return Done(
        {
            "location": store.location(path),
            "name": path,
            "bytes": len(file.content),
            "sha256": _digest(file),
            "stored": stored,
        }
    )


def _digest(file: MadeFile) -> str:
    return hashlib.sha256(file.content).hexdigest()


def _type(path: str, file: MadeFile) -> str:
    """The file's own type; of plain bytes and text, what its name says."""
    if file.content_type.startswith(("text/plain", file_source.BINARY)):
        return mimetypes.guess_type(path)[0] or file.content_type
    return file.content_type
