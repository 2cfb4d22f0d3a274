"""The organization's state machine, run by ministack's Step Functions, its role's policies enforced.

The definition is the synthesized one, deployed by CloudFormation. ministack runs the distributed map with child
executions of its own. First the sweep is played here, event by event, since it is the definition that is tested: what
each event holds, that an account goes on from its marker, that pages of accounts follow each other, and that an account
that failed neither stops the others nor is lost. Then the real sweep runs through real roles of member accounts, one of
which has none.
"""

import http.server
import json
import sys
import threading

from clients import Key
from deployment import ACCOUNT, Stack, enforcing_ministack, templates
from processes import BINARIES, until

MEMBER, BROKEN, SLOW = "444455556666", "777788889999", "888899990000"

# A `bootstrap` that hands each event to the test, and the test's answer back.
PASS_ON = """#!{python}
import json, os, urllib.error, urllib.request
runtime = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
call = urllib.request.build_opener(urllib.request.ProxyHandler({{}})).open
while True:
    event = call(runtime + "next")
    request = event.headers["lambda-runtime-aws-request-id"]
    try:
        call(runtime + request + "/response", call("{url}", event.read()).read()).read()
    except urllib.error.HTTPError as error:
        call(runtime + request + "/error", error.read()).read()
"""


class PlayedSweep:
    """Answers events as the sweep does (what it reads: src/event/sweep.rs), and keeps them."""

    def __init__(self):
        self.events, play = [], self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                event = json.loads(self.rfile.read(int(self.headers["content-length"])))
                play.events.append(event)
                answer = play.answer(event)
                body = json.dumps(answer).encode()
                self.send_response(500 if "errorType" in answer else 200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{self._server.server_port}/"
        self.bootstrap = PASS_ON.format(python=sys.executable, url=url).encode()

    def answer(self, event):
        if event.get("action") == "accounts":
            # Two pages: three accounts, then one.
            page = [ACCOUNT, BROKEN, SLOW] if event["marker"] is None else [MEMBER]
            accounts = [{"account": each, "name": f"n{each}", "email": f"{each}@example.com"} for each in page]
            return {"accounts": accounts, "marker": "page-2" if event["marker"] is None else None}
        if event.get("action") == "conclude":
            return {"accounts": len(event["results"])}
        if event["account"] == BROKEN:
            return {"errorType": "AccessDenied", "errorMessage": "the member role cannot be assumed"}
        goes_on = event["account"] == SLOW and event["marker"] != "user-4000"
        marker = {None: "user-2000", "user-2000": "user-4000"}[event["marker"]] if goes_on else None
        outcome = "continues" if goes_on else "done"
        return {"account": event["account"], "mode": "enforce", "outcome": outcome, "marker": marker, "users": 1,
                "actions": {}, "findings": [], "failures": []}

    def of(self, action):
        return [event for event in self.events if event.get("action") == action]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


def run(aws, stack):
    """The state machine to its end; answers what it put out."""
    (machine,) = stack.of_type("AWS::StepFunctions::StateMachine")
    states = aws.client("stepfunctions")
    execution = states.start_execution(stateMachineArn=stack.physical_id(machine), input="{}")["executionArn"]
    until(lambda: states.describe_execution(executionArn=execution)["status"] != "RUNNING", "the sweep ends")
    ended = states.describe_execution(executionArn=execution)
    assert ended["status"] == "SUCCEEDED", ended
    return json.loads(ended["output"])


def test_every_account_is_swept_and_the_one_that_failed_is_in_the_conclusion():
    with PlayedSweep() as sweep, enforcing_ministack() as aws:
        run(aws, Stack.synthesized(aws, "organization", "Organization", {"sweep": sweep.bootstrap}))
        assert sweep.of("accounts") == [
            {"action": "accounts", "unit": "ou-ab12-cdefgh34", "marker": marker} for marker in (None, "page-2")
        ]
        swept = [(event["account"], event["marker"]) for event in sweep.of(None)]
        assert sorted(swept, key=str) == sorted(
            [(ACCOUNT, None), (BROKEN, None), (SLOW, None), (SLOW, "user-2000"), (SLOW, "user-4000"), (MEMBER, None)],
            key=str,
        )
        assert {"account", "name", "email", "marker"} == set(sweep.of(None)[0])
        first, second = sweep.of("conclude")
        results = {result["account"]: result for result in first["results"]}
        assert set(results) == {ACCOUNT, BROKEN, SLOW}
        assert results[BROKEN]["error"] == "AccessDenied"
        assert "the member role cannot be assumed" in results[BROKEN]["cause"]
        assert results[SLOW]["outcome"] == "done" and results[ACCOUNT]["marker"] is None
        assert [result["account"] for result in second["results"]] == [MEMBER]
        assert aws.refusals() == []


def test_the_real_sweep_reaches_a_member_account_through_its_role_and_tells_of_the_one_without():
    with enforcing_ministack() as aws:
        organization = aws.client("organizations")
        root = organization.list_roots()["Roots"][0]["Id"]
        unit = organization.create_organizational_unit(ParentId=root, Name="Engineering")["OrganizationalUnit"]["Id"]
        member, without_role = (make_account(organization, name, root, unit) for name in ("build", "play"))
        template = of_unit(templates()["organization.Organization"], unit)
        stack = Stack(aws, "Organization", template, {"sweep": (BINARIES / "sweep").read_bytes()})
        there = aws.under(Key(member, "test"))
        roles = {name: stack.outputs[name] for name in ("RotationRoleArn", "SweepRoleArn")}
        Stack(there, "Member", templates()["organization.Organization-Member"], {}, **roles)
        for user in ("ci-bot", "smtp"):
            there.iam.create_user(UserName=user)
        results = {result["account"]: result for result in run(aws, stack)["results"]}
        assert set(results) == {member, without_role}
        assert results[member]["outcome"] == "done" and results[member]["users"]["total"] == 2
        assert "mode" not in results[without_role] and results[without_role]["error"]
        # STS itself refuses a role that is not there; the policies refused nothing.
        assert aws.refusals() == []


def make_account(organization, name, root, unit):
    made = organization.create_account(Email=f"{name}@example.com", AccountName=name)["CreateAccountStatus"]
    status = organization.describe_create_account_status
    account = until(
        lambda: status(CreateAccountRequestId=made["Id"])["CreateAccountStatus"].get("AccountId"), f"{name} is made"
    )
    organization.move_account(AccountId=account, SourceParentId=root, DestinationParentId=unit)
    return account


def of_unit(template, unit):
    """The template for a unit whose id is known only now."""
    text = json.dumps(template).replace("ou-ab12-cdefgh34", unit)
    return json.loads(text.replace("ou-ab12-", f"{unit.rpartition('-')[0]}-"))
