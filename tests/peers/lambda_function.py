"""The real binaries, started as Lambda starts them, each behind a Lambda Runtime API of our own.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import http.server
import json
import queue
import threading
import time
import uuid

from clients import REGION, ROOT
from processes import BINARIES, PATIENCE_SECONDS, Process, bare_environment

RUNTIME = "/2018-06-01/runtime/invocation"


class FunctionFailed(Exception):
    """The function answered with an error."""

    def __init__(self, error):
        super().__init__(f"{error['errorType']}: {error['errorMessage']}")
        self.error_type, self.message = error["errorType"], error["errorMessage"]


def environment(endpoint, key=ROOT, region=REGION, **settings):
    """What Lambda and the function's configuration put into its environment."""
    return bare_environment(
        AWS_ENDPOINT_URL=endpoint,
        AWS_REGION=region,
        AWS_ACCESS_KEY_ID=key.id,
        AWS_SECRET_ACCESS_KEY=key.secret,
        AWS_SESSION_TOKEN=key.token or "",
        AWS_LAMBDA_FUNCTION_NAME="rotation",
        AWS_LAMBDA_FUNCTION_VERSION="$LATEST",
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE="128",
        **settings,
    )


class RotationFunction:
    """The binary in a process; `invoke` hands it an event and returns its answer."""

    program = "rotation"

    def __init__(self, arn, variables=None):
        self._arn, self.process = arn, None
        # One process of a function has one invocation at a time.
        self._busy = threading.Lock()
        # What came of the events that arrived by `url`.
        self.outcomes = []
        self._events, self._answers = queue.Queue(), queue.Queue()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self._runtime_api = f"127.0.0.1:{self._server.server_port}"
        # For a rotation engine in another process: takes an event by POST.
        self.url = f"http://{self._runtime_api}/invoke"
        if variables is not None:
            self.start(variables)

    def start(self, variables):
        """Starts the binary; by itself where its environment is known only now."""
        variables = variables | {"AWS_LAMBDA_RUNTIME_API": self._runtime_api}
        self.process = Process([BINARIES / self.program], variables)

    def invoke(self, event):
        with self._busy:
            self._events.put((str(uuid.uuid4()), event))
            answered, body = self._answers.get(timeout=PATIENCE_SECONDS)
        if answered == "error":
            raise FunctionFailed(body)
        return body

    def _outcome(self, event):
        try:
            outcome = {"failed": False, "answer": self.invoke(event)}
        except FunctionFailed as error:
            answer = {"errorType": error.error_type, "errorMessage": error.message}
            outcome = {"failed": True, "answer": answer}
        self.outcomes.append(outcome)
        return outcome

    def log(self):
        return self.process.output()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.stop()
        self._events.put(None)
        self._server.shutdown()
        self._server.server_close()

    def _handler(self):
        function = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                job = function._events.get()
                if job is None:
                    self.close_connection = True
                    return
                request_id, event = job
                deadline = int((time.time() + PATIENCE_SECONDS) * 1000)
                self._answer(200, event, {
                    "lambda-runtime-aws-request-id": request_id,
                    "lambda-runtime-deadline-ms": str(deadline),
                    "lambda-runtime-invoked-function-arn": function._arn,
                })

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                if self.path == "/invoke":
                    self._answer(200, function._outcome(body), {})
                    return
                kind = self.path.rsplit("/", 1)[1]
                self._answer(202, {"status": "OK"}, {})
                function._answers.put((kind, body))

            def _answer(self, status, body, headers):
                data = json.dumps(body).encode()
                self.send_response(status)
                for name, value in ({"content-length": str(len(data))} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        return Handler


class SweepFunction(RotationFunction):
    program = "sweep"
