"""Routes of transitions: a verb on a resource becomes a command, with the id of the path and the body's fields."""

from __future__ import annotations

from ingress.http.context import Api
from ingress.http.route import Handler, Request, Response


def moving(command: str) -> Handler:
    """The handler of one verb: the command's data is the resource's id and the fields that were sent."""

    async def move(api: Api, call: Request) -> Response:
        thing_id = call.id_of()
        sent = {} if call.body is None else call.body.model_dump(mode="json", exclude_unset=True)
        return await api.submit(call, command, {"id": str(thing_id), **sent}, subject_id=thing_id)

    move.__doc__ = f"Ask for `{command}` of the thing in the path."
    move.__name__ = command
    return move
