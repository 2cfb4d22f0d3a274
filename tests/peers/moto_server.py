"""moto's server, with two differences; everything else is moto's. Run by the stand-ins' own Python.

- Its Lambda functions run behind MOTO_FUNCTION_URL instead of in Docker.
- It answers one request at a time: a thread of it walks through the dictionaries that another one
  changes, and then answers 500 ("dictionary changed size during iteration").
"""

import json
import os
import sys
import threading
import urllib.request

from moto.awslambda.models import LambdaFunction
from moto.moto_server.werkzeug_app import DomainDispatcherApplication
from moto.server import main

turn = threading.Lock()
dispatch = DomainDispatcherApplication.__call__


def dispatch_in_turn(*request):
    with turn:
        return dispatch(*request)


def invoke_by_url(_, event=None):
    """As `LambdaFunction._invoke_lambda`: the answer, whether it is an error, the log."""
    request = urllib.request.Request(os.environ["MOTO_FUNCTION_URL"], json.dumps(event).encode())
    # The request that waits for the function gives way to those that the function makes.
    turn.release()
    try:
        with urllib.request.urlopen(request) as answered:
            outcome = json.load(answered)
    finally:
        turn.acquire()
    return json.dumps(outcome["answer"]), outcome["failed"], ""


DomainDispatcherApplication.__call__ = dispatch_in_turn
LambdaFunction._invoke_lambda = invoke_by_url
main(sys.argv[1:])
