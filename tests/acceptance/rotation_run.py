"""The product end to end: a throwaway user's key is rotated by the real function, twice, and once in vain.

1. RotateImmediately=false changes nothing.
2. A rotation: a new key that works, and the old one active for the overlap.
3. A rotation that fails, because its user is exempt: nothing changes, and the alert arrives.
4. The retry, with an overlap of 0: the superseded key is retired at once.
"""

import json
import time

from botocore.exceptions import ClientError

from product import EXEMPT, IN_SCOPE
from progress import span
from unasked import Unasked, Unsettled
from waiting import UNANSWERED, code_of, patiently, refusal_of, until

OTHER_FIELD = ("note", "to be kept")
OVERLAP = "iam-key-rotator:overlap"
FAILED = "Key rotation failed: UserExempt"


class Broken(Exception):
    """The product did something else than it says."""


class EndToEnd:
    def __init__(self, place, maker, product, alerts, progress, options):
        self._place, self._maker, self._product, self._progress = place, maker, product, progress
        self._alerts = alerts
        self._email, self._patience = options.email, options.patience
        self._iam, self._manager = place.client("iam"), place.client("secretsmanager")
        # Seconds until RotateSecret is asked again; for which AWSPENDING must stay if nothing else shows a failure.
        self._again, self._hold = (30, 60) if place.real() else (5, 1)
        self._failure = None
        self.steps = []

    def run(self):
        """(what was tried, whether it did as it should, what was found)."""
        self._set_up()
        self._step("RotateImmediately=false changes nothing", self._test_only)
        self._step("a rotation makes a new key, and the old one stays for the overlap", self._first)
        self._step("a rotation that fails changes nothing", self._failing)
        self._step("its alert arrives", self._alert)
        self._step("the retry succeeds, and overlap 0 retires the superseded key at once", self._retry)
        return self.steps

    def _step(self, what, act):
        try:
            found = act()
            self.steps.append((what, "yes", found))
        except Unasked as unasked:
            self.steps.append((what, "not asked", str(unasked)))
        except Unsettled as unsettled:
            self.steps.append((what, "not settled", str(unsettled)))
        except Broken as broken:
            self.steps.append((what, "no", str(broken)))
        except ClientError as error:
            outcome = "failed" if UNANSWERED.search(code_of(error)) else "no"
            self.steps.append((what, outcome, refusal_of(error)))
        what, outcome, found = self.steps[-1]
        self._progress.step(f"{what}: {outcome}; {found}")

    def _set_up(self):
        mail = [{"Key": "email", "Value": self._email}] if self._email else []
        in_scope = {"Key": IN_SCOPE, "Value": self._product.tag_value}
        self._user = self._maker.user("rotated", [in_scope, *mail])
        key = self._maker.key(self._user)
        value = {name: key[name] for name in ("UserName", "AccessKeyId", "SecretAccessKey")} | dict([OTHER_FIELD])
        tags = [{"Key": "iam-key-rotator:user", "Value": self._user}]
        self._secret = self._maker.secret("rotated", json.dumps(value), tags)
        self._first_key = key["AccessKeyId"]

    def _test_only(self):
        before, began = self._state(), int(time.time() * 1000)
        given = {"RotationLambdaARN": self._product.function, "RotateImmediately": False}
        given["RotationRules"] = {"AutomaticallyAfterDays": 365}
        # A new function's permission is not known everywhere at once.
        denied = ("AccessDeniedException",)
        patiently(lambda: self._manager.rotate_secret(SecretId=self._secret, **given), denied, *self._wait())
        settled = lambda: self._state() == before and not self._pending()
        if not until(settled, *self._wait()):
            raise Broken(f"the secret or its keys changed: {self._shown()}")
        evidence = self._tested(began)
        if self._state() != before:
            raise Broken(f"the secret or its keys changed: {self._shown()}")
        return f"{self._shown()}; {evidence}"

    def _tested(self, began):
        """That testSecret ran: a state that did not change does not tell. The function's log does."""
        try:
            if until(lambda: self._logged("testSecret", began), *self._wait()):
                return "the function's log has testSecret"
        except ClientError as error:
            if not self._place.real():
                return "that testSecret ran cannot be seen here"
            raise Unsettled(f"nothing changed, but that testSecret ran is not known: {refusal_of(error)}") from error
        raise Unsettled("nothing changed, but the function's log does not show that testSecret ran")

    def _logged(self, word, began):
        told = self._place.client("lambda").get_function_configuration(FunctionName=self._product.function)
        group = told.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{told['FunctionName']}"
        asked = {"logGroupName": group, "startTime": began, "filterPattern": f'"{word}"'}
        pages = self._place.client("logs").get_paginator("filter_log_events").paginate(**asked)
        # Other secrets may rotate with a function that was there before. A line names step and secret.
        try:
            return any(self._secret in event["message"] for page in pages for event in page["events"])
        except ClientError as error:
            # Lambda makes a function's log group with its first line.
            if code_of(error) != "ResourceNotFoundException" or not self._place.real():
                raise
            return False

    def _first(self):
        self._rotate(self._first_key)
        self._expect({self._first_key: "Active"})
        return self._shown()

    def _failing(self):
        self._iam.tag_user(UserName=self._user, Tags=[{"Key": EXEMPT, "Value": "acceptance: to fail"}])
        tagged = lambda: EXEMPT in {tag["Key"] for tag in self._iam.list_user_tags(UserName=self._user)["Tags"]}
        until(tagged, *self._wait())
        before, read = self._state(), len(self._alerts.all()) if self._readable() else 0
        # The rotation before may still be ending.
        rotate = lambda: self._manager.rotate_secret(SecretId=self._secret)
        patiently(rotate, ("InvalidRequestException",), *self._wait())
        if self._readable():
            self._failure = self._alerts.with_text(FAILED, self._user, *self._wait(), after=read)
        if not self._failure:
            self._wait_for_pending()
        if self._state() != before:
            raise Broken(f"the value or the keys changed: {self._shown()}")
        return self._shown()

    def _readable(self):
        return self._alerts is not None and not self._alerts.missing

    def _wait_for_pending(self):
        """Without an alert only an AWSPENDING that stays tells a rotation that failed from one that is under way."""
        if not until(self._pending, *self._wait()):
            raise Broken(f"no AWSPENDING shows that a rotation failed: {self._shown()}")
        if until(lambda: not self._pending(), self._hold, self._place.poll()):
            raise Broken(f"AWSPENDING did not stay, so the rotation did not fail: {self._shown()}")

    def _alert(self):
        if not self._readable():
            raise Unasked(self._alerts.missing if self._alerts else "the alerts cannot be read")
        if not self._failure:
            raise Broken(f"no alert \"{FAILED}…\" that names {self._user} arrived within {span(self._patience)}")
        return self._failure.get("Subject") or "it has no subject"

    def _retry(self):
        before = self._value()["AccessKeyId"]
        self._manager.tag_resource(SecretId=self._secret, Tags=[{"Key": OVERLAP, "Value": "0"}])
        self._iam.untag_user(UserName=self._user, TagKeys=[EXEMPT])
        self._rotate(before)
        self._expect({before: "Inactive"})
        return self._shown()

    def _rotate(self, before):
        """RotateSecret until AWSCURRENT has moved.

        AWS refuses it while it repeats a failed rotation by itself, and an attempt may fail in a way that passes. It is
        asked again seldom: each time begins an attempt.
        """
        asked = []

        def moved():
            if self._value()["AccessKeyId"] != before:
                return True
            if not asked or time.monotonic() - asked[-1] > self._again:
                asked.append(time.monotonic())
                try:
                    self._manager.rotate_secret(SecretId=self._secret)
                except ClientError as error:
                    if code_of(error) not in ("InvalidRequestException", "AccessDeniedException"):
                        raise
            return False

        if not until(moved, *self._wait()):
            raise Broken(f"AWSCURRENT has not moved within {span(self._patience)}: {self._shown()}")

    def _expect(self, others):
        """The current key works; beside it the user has these keys, once finishSecret has ended, and no others."""
        value = self._value()
        wanted = others | {value["AccessKeyId"]: "Active"}
        if not until(lambda: self._keys() == wanted, *self._wait()):
            raise Broken(f"other keys than expected: {self._shown()}")
        if dict([OTHER_FIELD]).items() - value.items():
            raise Broken("the other field of the secret was not kept")
        if not until(lambda: works(self._place, value, self._user), *self._wait()):
            raise Broken("STS does not accept the key of AWSCURRENT")

    def _wait(self):
        return self._patience, self._place.poll()

    def _value(self):
        return json.loads(self._manager.get_secret_value(SecretId=self._secret)["SecretString"])

    def _keys(self):
        """Statuses by id."""
        listed = self._iam.list_access_keys(UserName=self._user)["AccessKeyMetadata"]
        return {key["AccessKeyId"]: key["Status"] for key in listed}

    def _state(self):
        return self._value(), self._keys()

    def _pending(self):
        """Whether AWSPENDING is on a version that is not current."""
        stages = self._manager.describe_secret(SecretId=self._secret)["VersionIdsToStages"].values()
        return any("AWSPENDING" in labels and "AWSCURRENT" not in labels for labels in stages)

    def _shown(self):
        """The keys' states, the current one first, without their ids."""
        current, keys = self._value()["AccessKeyId"], self._keys()
        others = sorted(status for key, status in keys.items() if key != current)
        return f"current key {keys.get(current, 'missing')}, other keys: {', '.join(others) or 'none'}"


def works(place, value, user):
    """Whether STS takes the key for the user's."""
    credentials = {"aws_access_key_id": value["AccessKeyId"], "aws_secret_access_key": value["SecretAccessKey"]}
    try:
        return place.session.client("sts", **credentials).get_caller_identity()["Arn"].endswith(f"/{user}")
    except ClientError:
        return False
