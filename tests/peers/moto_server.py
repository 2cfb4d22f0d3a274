"""moto's server, except that its Lambda functions run behind MOTO_FUNCTION_URL instead of in Docker.

Run by the stand-ins' own Python. Everything but the one method below is moto's.
"""

import json
import os
import sys
import urllib.request

from moto.awslambda.models import LambdaFunction
from moto.server import main


def invoke_by_url(_, event=None):
    """As `LambdaFunction._invoke_lambda`: the answer, whether it is an error, the log."""
    request = urllib.request.Request(os.environ["MOTO_FUNCTION_URL"], json.dumps(event).encode())
    with urllib.request.urlopen(request) as answered:
        outcome = json.load(answered)
    return json.dumps(outcome["answer"]), outcome["failed"], ""


LambdaFunction._invoke_lambda = invoke_by_url
main(sys.argv[1:])
