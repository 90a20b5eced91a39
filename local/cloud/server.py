"""The cloud as an HTTP server, for every SDK in any language. Loopback only unless told otherwise."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from local import defaults
from local.cloud import feed
from local.cloud.dispatch import answer
from local.cloud.http import HttpRequest
from local.cloud.origin import refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.types import ASGIApp, Receive, Scope, Send

    from local.cloud.cloud import Cloud

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
STOP_SECONDS = 5.0
KEEP_ALIVE_SECONDS = 75
"""How long a connection stays open between two requests, as gateways have it: a client that a busy machine holds up for
some seconds does not find it closed."""


class _Protocol(AutoHTTPProtocol):  # type: ignore[misc,valid-type]  # httptools where it is installed, else h11
    """Lets the application end a connection without an answer, as a network does."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self.app_state: dict[str, Any] = {**self.app_state, "transport": transport}


def make_app(current: Callable[[], Cloud], *, loopback: bool = True) -> ASGIApp:
    """Return an ASGI application that answers each request from the cloud there is at the time.

    Whatever comes from a web page of elsewhere is refused, the calls of the services too: their keys are known to all.
    Beyond `loopback` a cloud may have a name, and its services are called by it.
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        read = _read(scope, await request.body())
        if refused := (refusal(read) if loopback or "origin" in read.headers else None):
            await Response(refused.body, refused.status, refused.headers)(scope, receive, send)
            return
        response = await _answer(current, request, read)
        if response is None:
            await _drop(scope, receive)
        else:
            try:
                await response(scope, receive, send)
            except asyncio.CancelledError:
                # The server stops. A feed never ends by itself, and so it does here.
                await send({"type": "http.response.body", "body": b"", "more_body": False})

    return app


@contextmanager
def running(cloud: Cloud | Callable[[], Cloud], host: str = defaults.HOST, port: int = 0) -> Iterator[str]:
    """Run the server in a thread and yield its URL; port 0 takes a free one; raise OSError when the port is taken.

    Beyond loopback it listens only where a host is given, and says so on stderr. A function is asked for the cloud at
    each request: one server, one fresh cloud after the other.
    """
    listener = listen(host, port)
    if host not in LOOPBACK:
        sys.stderr.write(f"warning: the local cloud listens on {host}, beyond this machine's loopback\n")
    server = _server(cloud if callable(cloud) else lambda: cloud, loopback=host in LOOPBACK)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="local-cloud", daemon=True)
    thread.start()
    # The listener takes connections from now on; requests wait in its backlog until the loop runs.
    try:
        yield f"http://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        thread.join(STOP_SECONDS)


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket; raise OSError naming the address when that fails."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, the loop switches Nagle's algorithm off, which costs 40 ms an answer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise OSError(error.errno, f"cannot listen on {host}:{port}: {error.strerror}") from None
    listener.listen(1024)
    return listener


def _server(current: Callable[[], Cloud], *, loopback: bool) -> uvicorn.Server:
    config = uvicorn.Config(
        make_app(current, loopback=loopback),
        http=_Protocol,
        ws="none",
        loop="asyncio",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


def _read(scope: Scope, body: bytes) -> HttpRequest:
    target = scope["raw_path"].decode("latin-1")
    if scope["query_string"]:
        target += "?" + scope["query_string"].decode("latin-1")
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return HttpRequest(scope["method"], target, headers, body)


async def _answer(current: Callable[[], Cloud], client: Request, request: HttpRequest) -> Response | None:
    if request.method == "GET" and request.path == feed.PATH and refusal(request) is None:
        return feed.respond(current, request)
    steps = answer(current(), request)
    gone: bool | None = None
    while True:
        try:
            seconds = steps.send(gone)
        except StopIteration as end:
            response = end.value
            return response and Response(response.body, response.status, response.headers)
        await asyncio.sleep(seconds)
        gone = await client.is_disconnected()


async def _drop(scope: Scope, receive: Receive) -> None:
    """End the connection, and wait until the server has noticed: it answers for an application that does not."""
    scope["state"]["transport"].abort()
    while (await receive())["type"] != "http.disconnect":
        pass
