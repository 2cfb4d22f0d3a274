"""A rotation function in Python, as AWS's own template has it, that asks a Lambda Runtime API for work.

https://github.com/aws-samples/aws-secrets-manager-rotation-lambdas/blob/master/SecretsManagerRotationTemplate/lambda_function.py
"""

import http.client
import json
import threading

from botocore.exceptions import ClientError

RUNTIME = "/2018-06-01/runtime/invocation"


class PythonFunction:
    """Serves invocations in a thread until the Runtime API is gone. Notes every event it gets."""

    def __init__(self, runtime_api, secretsmanager):
        self.events = []
        # Steps that shall fail.
        self.failing = set()
        # What came of the calls that the simulator ought to refuse.
        self.refusals = []
        self._runtime_api, self._manager = runtime_api, secretsmanager
        threading.Thread(target=self._serve, daemon=True).start()

    def steps(self):
        return [event["Step"] for event in self.events]

    def _serve(self):
        while True:
            try:
                request_id, event = self._next()
                outcome, answer = self._run(event)
                self._post(f"{RUNTIME}/{request_id}/{outcome}", answer)
            except (OSError, http.client.HTTPException):
                # The simulator was stopped.
                return

    def _next(self):
        connection = http.client.HTTPConnection(self._runtime_api)
        connection.request("GET", f"{RUNTIME}/next")
        answer = connection.getresponse()
        return answer.getheader("lambda-runtime-aws-request-id"), json.loads(answer.read())

    def _post(self, path, body):
        connection = http.client.HTTPConnection(self._runtime_api)
        connection.request("POST", path, json.dumps(body))
        connection.getresponse().read()

    def _run(self, event):
        self.events.append(event)
        try:
            if event["Step"] in self.failing:
                raise RuntimeError("this step was told to fail")
            getattr(self, event["Step"])(event)
        except Exception as error:
            return "error", {"errorType": type(error).__name__, "errorMessage": str(error)}
        return "response", {}

    def createSecret(self, event):
        put = {"SecretId": event["SecretId"], "ClientRequestToken": event["ClientRequestToken"]}
        staged = {"VersionId": event["ClientRequestToken"], "VersionStage": "AWSPENDING"}
        try:
            self._manager.get_secret_value(SecretId=event["SecretId"], **staged)
            return
        except ClientError as error:
            self.refusals.append(error.response["Error"]["Code"])
        try:
            self._manager.put_secret_value(SecretString="new", VersionStages=["AWSPENDING"], **put)
        except ClientError as error:
            self.refusals.append(error.response["Error"]["Code"])
        self._manager.put_secret_value(
            SecretString=event["ClientRequestToken"],
            VersionStages=["AWSPENDING", "AKIAEXAMPLE"],
            RotationToken=event["RotationToken"],
            **put,
        )

    def setSecret(self, event):
        pass

    def testSecret(self, event):
        pass

    def finishSecret(self, event):
        stages = self._manager.describe_secret(SecretId=event["SecretId"])["VersionIdsToStages"]
        current = next(version for version, labels in stages.items() if "AWSCURRENT" in labels)
        if current == event["ClientRequestToken"]:
            return
        self._manager.update_secret_version_stage(
            SecretId=event["SecretId"],
            VersionStage="AWSCURRENT",
            MoveToVersionId=event["ClientRequestToken"],
            RemoveFromVersionId=current,
        )
