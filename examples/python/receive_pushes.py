"""Take outcomes as HTTP pushes: python receive_pushes.py PORT. The service wants its answer within 5 seconds."""

from __future__ import annotations

import argparse
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import clients
import outcomes
import push_signature

LONGEST_BODY = 64 * 1024


class Endpoint(BaseHTTPRequestHandler):
    """Answers 204 once an outcome is handled, 403 to what is not from MNS, 500 to be sent the outcome again."""

    timeout = 10

    def do_POST(self) -> None:
        """Take one push."""
        self.send_response(self.take())
        self.send_header("content-length", "0")
        self.end_headers()

    def take(self) -> int:
        """Handle a push and return the status to answer with."""
        length = self.headers.get("content-length", "")
        if not length.isdigit() or int(length) > LONGEST_BODY:
            self.close_connection = True
            return 413
        body = self.rfile.read(int(length))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            push_signature.verify(self.command, self.path, headers, body, clients.endpoint())
            outcomes.handle_once(body)
        except push_signature.NotFromMns as error:
            print(f"refused: {error}", file=sys.stderr, flush=True)
            return 403
        except Exception as error:  # noqa: BLE001 - whatever it is, the service tries again
            print(f"comes again: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            return 500
        return 204

    def log_message(self, *_: object) -> None:
        """Say nothing more than the above."""


def main(port: int) -> None:
    """Listen on this machine; in production behind whatever ends TLS."""
    clients.endpoint()  # said now when it is missing, not at the first push
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), Endpoint)
    except (OSError, OverflowError) as error:
        sys.exit(f"cannot listen on port {port}: {error}")
    print(f"listening on http://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int, metavar="PORT")
    clients.run(main, parser.parse_args().port)
