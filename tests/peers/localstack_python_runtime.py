"""Runs a handler in Python as Lambda does: asks the Runtime API for events, and posts what came of them.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import http.client
import importlib
import json
import os
import sys
import traceback
from types import SimpleNamespace

RUNTIME = "/2018-06-01/runtime/invocation"


def request(method, path, body=None):
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    connection.request(method, path, body)
    answer = connection.getresponse()
    return answer.getheader("lambda-runtime-aws-request-id"), answer.read()


def outcome(handler, event, request_id):
    try:
        # All that a handler here asks of the context.
        return "response", handler(event, SimpleNamespace(aws_request_id=request_id))
    except Exception as error:
        traceback.print_exc()
        return "error", {"errorType": type(error).__name__, "errorMessage": str(error)}


sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
sys.stdout.reconfigure(line_buffering=True)
module, function = os.environ["_HANDLER"].rsplit(".", 1)
handler = getattr(importlib.import_module(module), function)
while True:
    request_id, event = request("GET", f"{RUNTIME}/next")
    kind, answer = outcome(handler, json.loads(event), request_id)
    request("POST", f"{RUNTIME}/{request_id}/{kind}", json.dumps(answer))
