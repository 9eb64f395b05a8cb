"""Routes of calls, for which the usual request is read without the framework's machinery.

FastAPI works out each declared argument anew for every request, which costs more than the engine's
whole pipeline around a call. The same arguments are read here directly where nothing is unusual;
whatever is, mistakes included, goes FastAPI's way, so that each mistake is told in one place.
"""

import json
from collections.abc import Awaitable, Callable, Coroutine
from inspect import signature
from typing import Any, get_type_hints

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from engine.sidecar.deps import enter, visit_of

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
_UNUSUAL = object()


class PlainRoute(APIRoute):
    """A route whose handler takes a visit, texts of path and headers, a body, and options.

    Options are query parameters with a default. A request that uses one is not plain.
    """

    def get_route_handler(self) -> Handler:
        """What answers a request: the endpoint at once, or FastAPI's own handler."""
        usual = super().get_route_handler()
        if [each.call for each in self.dependant.dependencies] != [enter]:
            return usual
        endpoint: Callable[..., Awaitable[Response]] = self.endpoint
        options = {each.alias for each in self.dependant.query_params}
        headers = {each.name: each.alias for each in self.dependant.header_params}
        takes_request = "request" in signature(endpoint).parameters
        read_body = _body_reader(endpoint)

        async def handle(request: Request) -> Response:
            # An endpoint without the request has no way to look at other query parameters.
            if request.scope["query_string"] and not options.isdisjoint(request.query_params):
                return await usual(request)
            body = await read_body(request)
            if body is _UNUSUAL:
                return await usual(request)
            values = dict(request.path_params)
            for name, header in headers.items():
                if header in request.headers:
                    values[name] = request.headers[header]
            if body is not None:
                values["body"] = body
            if takes_request:
                values["request"] = request
            return await endpoint(**values, visit=await visit_of(request))

        return handle


def _body_reader(endpoint: Callable[..., object]) -> Callable[[Request], Awaitable[object]]:
    """What reads the body that an endpoint takes: a model, None for its default, or `_UNUSUAL`."""
    parameter = signature(endpoint).parameters.get("body")
    if parameter is None:
        return _read_nothing
    model: type[BaseModel] = get_type_hints(endpoint)["body"]
    is_optional = parameter.default is not parameter.empty

    async def read(request: Request) -> object:
        sent = await _bytes_of(request)
        if not sent:
            return None if is_optional else _UNUSUAL
        if request.headers.get("content-type") != "application/json":
            return _UNUSUAL
        try:
            written = json.loads(sent)
            return _UNUSUAL if written is None else model.model_validate(written)
        except (ValueError, RecursionError):
            return _UNUSUAL

    return read


async def _read_nothing(_: Request) -> None:
    return None


async def _bytes_of(request: Request) -> bytes:
    try:
        return await request.body()
    except ClientDisconnect as error:
        raise HTTPException(400, "the caller went away before the body was complete") from error
