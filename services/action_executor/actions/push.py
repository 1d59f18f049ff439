"""Steps that put a document into an inbox, with its file: from a URL, an earlier step, or the input itself."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import orjson

from action_executor.actions import file_source
from action_executor.actions.context import StepContext
from action_executor.actions.internal import LOOK_SECONDS_FIRST, envelope_of, look
from action_executor.actions.sale_files import MadeFile
from action_executor.runs.records import Failed, Sent, StepCall, StepOutcome, Wait, wrong_input, wrong_inputs
from contracts.primitives.problem import FieldError, problem
from contracts.wire.commands import RECEIVE_INBOX_MESSAGE
from documents.content import content_digest
from documents.document import InboxKind
from documents.filetype import HEAD_BYTES, JSON, safe_name, sniffed
from documents.parser import read_document
from documents.received import StoredFile, of_document
from storage.counted_blobs import StorageLimitReached

FAULTS_SHOWN_MAX: Final = 10  # as of a step's other input


def push_step(box: InboxKind) -> Callable[[StepCall, StepContext], Awaitable[StepOutcome]]:
    """The step that puts a document into an inbox: output the message and `duplicate`.

    A document that is there already, with the same file, is a duplicate: the output is the earlier message.
    """

    async def run(call: StepCall, context: StepContext) -> StepOutcome:
        given = dict(call.input)
        source = given.pop("file", None)
        if not call.first:
            found = await look(call, context.pool)
            if source is None or not isinstance(found, Wait):
                return found
            # Its file could not be had before, or the command is under way: under the same id it changes nothing.
        raw = orjson.dumps(given)
        read = read_document(raw, content_type=JSON, box=box)
        if isinstance(read, list):
            return wrong_inputs(read[:FAULTS_SHOWN_MAX])
        file = await _kept(call, context, source) if source is not None else None
        if isinstance(file, Failed):
            return file
        message = of_document(raw, JSON, read, content_digest(raw, JSON), file)
        data = {
            "message_id": str(call.command_id),
            "box": box,
            "channel": None,
            "content_type": JSON,
            "raw": b64encode(raw).decode(),
            "raw_file": None,
            "received_at": call.started_at.isoformat(),
            "warnings": message.warnings,
            "duplicate_of": None,
            "from_step": True,
            **message.data,
        }
        return Sent(envelope_of(call, context, RECEIVE_INBOX_MESSAGE, data), LOOK_SECONDS_FIRST)

    return run


async def _kept(call: StepCall, context: StepContext, source: Any) -> StoredFile | Failed:
    """The file in the blob store, where the inboxes have theirs."""
    if context.blobs is None:
        return wrong_input("file", "files are not kept here: an operator sets LEDGERWIRE_FILES")
    file = await file_source.load(call, context, _as_source(source))
    if isinstance(file, Failed):
        return file
    kind = sniffed(file.content[:HEAD_BYTES], file.name)
    if kind is None or not file.content:
        return wrong_input("file", "must be a PDF, a picture, XML, JSON, an office document or plain text")
    async with context.blobs.receive(call.run.account_id) as upload:
        await upload.write(file.content)
        try:
            blob = await upload.keep()
        except StorageLimitReached as reached:
            return _too_much(reached)
    return StoredFile(safe_name(_name(source, file), kind), kind, blob.size, blob.sha256)


def _too_much(reached: StorageLimitReached) -> Failed:
    fault_text = (
        f"has {reached.size} bytes, and the account's files have at most {reached.limit} together:"
        " erase what is not needed any more, or ask the operator for more"
    )
    fault = FieldError("file", fault_text)
    code, status = "quota_exceeded", 403
    body = problem(status, code, "The plan's limit is reached", "the account's storage is full", [fault])
    reason = f"{body['detail']}: the file {fault_text}"
    return Failed(reason, output=body, code=code, status=status, faults=[fault])


def _as_source(source: Any) -> Mapping[str, Any]:
    if isinstance(source, dict) and "content" in source:
        return {"content_base64": source["content"]}
    return {"file": source}


def _name(source: Any, file: MadeFile) -> str:
    named = source.get("name") if isinstance(source, dict) else None
    return str(named or file.name)
