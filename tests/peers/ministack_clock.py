"""A clock that moves, for tests in which days pass. Imported by `ministack_server` when MOVABLE_CLOCK is set.

A POST of seconds to the address that is printed moves the clock of the whole process forward: the Date of every answer,
CreateDate, LastRotatedDate, the times of mails. Clients
sign by the real time; the AWS SDK of the functions corrects its own by the Date of answers. Signatures of both are accepted.
Added here, since ministack lacks it:
- GetAccessKeyLastUsed says when a key last signed a request. AWS says so up to four hours late; here it is at once.
- A schedule invokes its function under its own role, a rule by the function's policy, and each run prints one line. ministack
  itself fires both when the clock passes their time. One that missed several times fires once.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccessKeyLastUsed.html
https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html#setting-up-execution-role
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-lambda-permissions
"""

import http.server
import json
import os
import threading
import time

import time_machine
from ministack.core import iam_evaluator, lambda_runtime, sigv4
from ministack.services import eventbridge, iam, lambda_svc, scheduler, sts
from ministack_engine import invoker

clock = time_machine.travel(time.time()).start()
# Time, region and service of the last request, by key.
last_uses = {}
one_at_a_time = threading.Lock()


class Control(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        seconds = int(self.rfile.read(int(self.headers["content-length"])))
        # A function that keeps a session of a role counts its time by a clock that does not move.
        for session in list(sts._sessions.values()):
            if isinstance(session.get("Expiration"), (int, float)):
                session["Expiration"] += seconds
        clock.shift(seconds)
        body = json.dumps(time.time()).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def request_time_failure(signature):
    """Any time from the real one to the moved one is accepted: a client that learned the moved time once goes on by it."""
    real, moved = time_machine.escape_hatch.datetime.datetime.now(sigv4.dt.UTC), sigv4.dt.datetime.now(sigv4.dt.UTC)
    signed = sigv4._amz_datetime(signature.amz_date) or real
    return judged_by_time(signature, now=min(max(signed, real), moved))


def authenticate(access_key_id, account_id):
    """Notes the use of a key, whether or not its request is allowed later."""
    request = iam_evaluator._signed_request.get()
    answer = authenticated(access_key_id, account_id)
    if isinstance(answer, iam_evaluator.ResolvedCredential) and access_key_id in iam._access_keys:
        signature = sigv4.parse_header_signature(request.headers)
        last_uses[access_key_id] = (iam._now(), signature.region, signature.service)
    return answer


def get_access_key_last_used(parameters):
    status, headers, body = last_used(parameters)
    if status == 200 and iam._p(parameters, "AccessKeyId") in last_uses:
        date, region, service = last_uses[iam._p(parameters, "AccessKeyId")]
        never = b"<Region>N/A</Region><ServiceName>N/A</ServiceName>"
        used = f"<LastUsedDate>{date}</LastUsedDate><Region>{region}</Region><ServiceName>{service}</ServiceName>"
        assert never in body
        body = body.replace(never, used.encode())
    return status, headers, body


def invoke_target(target, event, rule, view=None):
    """Lambda functions: with the role of the schedule, or as their own policies let the rule invoke them."""
    if ":lambda:" not in target["Arn"]:
        return targeted(target, event, rule, view)
    if "RoleArn" in target:
        session = lambda_runtime.execution_credentials({"FunctionArn": target["Arn"], "Role": target["RoleArn"]})
        return invoke(target, {name.lower(): value for name, value in session.items()})
    policy, _ = lambda_svc.function_policy_for_arn(target["Arn"]) or ({}, None)
    if lets_rule_invoke(policy, rule["Arn"]):
        return invoke(target, {})
    print(f"REFUSED lambda:InvokeFunction on {target['Arn']} to {rule['Arn']}", flush=True)


def lets_rule_invoke(policy, rule):
    policy = json.loads(policy) if isinstance(policy, str) else policy
    return any(
        statement["Principal"] == {"Service": "events.amazonaws.com"}
        and statement.get("Condition", {}).get("ArnLike", {}).get("AWS:SourceArn") == rule
        for statement in (policy or {}).get("Statement", [])
    )


def invoke(target, key):
    print(f"FIRES {target['Arn']}", flush=True)
    # The sweep has a reserved concurrency of 1: what comes meanwhile waits in Lambda's queue.
    with one_at_a_time:
        if "ROTATION_SCHEDULES" in os.environ:
            import ministack_schedules

            ministack_schedules.wait()
        answered = invoker(target["Arn"], **key).invoke(FunctionName=target["Arn"], Payload=target["Input"])
    print(f"SCHEDULED {answered['Payload'].read().decode()}", flush=True)


authenticated, iam_evaluator.authenticate = iam_evaluator.authenticate, authenticate
judged_by_time, sigv4.request_time_failure = sigv4.request_time_failure, request_time_failure
last_used = iam._get_access_key_last_used
iam._IAM_HANDLERS["GetAccessKeyLastUsed"] = get_access_key_last_used
targeted, eventbridge._invoke_target = eventbridge._invoke_target, invoke_target
# ministack reads its schedules and rules every ten seconds.
scheduler._SCHEDULE_TICK_INTERVAL, eventbridge._SCHEDULER_TICK_INTERVAL = 0.1, 0.05
control = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Control)
threading.Thread(target=control.serve_forever, daemon=True).start()
print(f"CLOCK=http://127.0.0.1:{control.server_port}/", flush=True)
