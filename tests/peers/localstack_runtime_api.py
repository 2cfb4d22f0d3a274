"""A Lambda Runtime API for one process of a function, one invocation at a time.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import http.server
import json
import queue
import threading
import time
from concurrent.futures import Future


class RuntimeApi:
    def __init__(self, function_arn, timeout):
        self._arn, self._timeout = function_arn, timeout
        self._events, self._answer = queue.Queue(), None
        # Why the process can answer no more.
        self._ended = None
        # A process may end while an invocation begins.
        self._turn = threading.Lock()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.address = f"127.0.0.1:{self._server.server_port}"

    def invoke(self, request_id, payload):
        """A future of whether the function failed, and of what it answered."""
        with self._turn:
            self._answer = Future()
            if self._ended:
                self._answer.set_result(self._ended)
            else:
                self._events.put((request_id, payload))
            return self._answer

    def failed(self, error_type, message):
        """The process has ended: so has its invocation, if it has one."""
        with self._turn:
            self._ended = True, json.dumps({"errorType": error_type, "errorMessage": message}).encode()
            self._answered(*self._ended)

    def _answered(self, failed, body):
        if self._answer and not self._answer.done():
            self._answer.set_result((failed, body))

    def close(self):
        self._events.put(None)
        self._server.shutdown()
        self._server.server_close()

    def _handler(self):
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                """The next event."""
                job = api._events.get()
                if job is None:
                    self.close_connection = True
                    return
                request_id, payload = job
                deadline = round((time.time() + api._timeout) * 1000)
                self._answer(200, payload.encode(), {
                    "lambda-runtime-aws-request-id": request_id,
                    "lambda-runtime-deadline-ms": str(deadline),
                    "lambda-runtime-invoked-function-arn": api._arn,
                })

            def do_POST(self):
                """An answer, an error, or an error before the first event."""
                body = self.rfile.read(int(self.headers["content-length"]))
                self._answer(202, b'{"status":"OK"}', {})
                with api._turn:
                    api._answered(self.path.endswith("/error"), body)

            def _answer(self, status, data, headers):
                self.send_response(status)
                for name, value in ({"content-length": str(len(data))} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        return Handler
