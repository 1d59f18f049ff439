"""Hand a verb on a thing to the service that owns it: its id from the path, and what the body says of it."""

from __future__ import annotations

from ingress.http.context import Api
from ingress.http.route import Handler, Request, Response


def moving(command: str) -> Handler:
    """The handler of one verb: the command's data is the thing's id and the fields that were sent."""

    async def move(api: Api, call: Request) -> Response:
        thing_id = call.id_of()
        sent = {} if call.body is None else call.body.model_dump(mode="json", exclude_unset=True)
        return await api.submit(call, command, {"id": str(thing_id), **sent}, subject_id=thing_id)

    move.__doc__ = f"Ask for `{command}` of the thing in the path."
    move.__name__ = command
    return move
