"""The HTTP server behind the ones that are measured: answers a small JSON document at once."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_ITEM = b'{"n":%d,"tags":["a","b","c"],"text":"' + b"x" * 900 + b'"}'


async def item(request: Request) -> Response:
    """A document of about 1 KB."""
    number = int(request.query_params.get("n", "0"))
    return Response(_ITEM % number, media_type="application/json")


app = Starlette(routes=[Route("/item", item)])
