"""How long AWS takes to show what was written: several samples, their median and the longest."""

import statistics
import time

from botocore.exceptions import ClientError

from place import ONCE
from progress import span
from waiting import code_of

SAMPLES = 10
# Reads after the first right one that show whether an older state comes back.
LATER_READS = 20
# Seconds between two reads.
APART = 0.02
# Answers in a row, for one may have met only one of STS's servers.
IN_A_ROW = 5


class LagQuestions:
    def __init__(self, place, maker, recorder, patience):
        self._place, self._maker, self._recorder, self._patience = place, maker, recorder, patience
        self._manager, self._iam = place.client("secretsmanager"), place.client("iam")
        # A refused read is no late read, and one that is repeated unseen is no single one.
        self._read_manager, self._read_iam = place.once("secretsmanager"), place.once("iam")
        # Reads of the question that is asked.
        self._throttled = 0
        # Seconds between the later reads: ten seconds of them on AWS.
        self._later_apart = 0.5 if place.real() else APART

    def secret_lag(self):
        self._maker.secret("asked-lag", "0")
        name = self._place.names.of("asked-lag")
        times, older, self._throttled = {"GetSecretValue": [], "DescribeSecret": []}, 0, 0
        for number in range(SAMPLES):
            version = self._manager.put_secret_value(SecretId=name, SecretString=str(number + 1))["VersionId"]
            reads = {
                "GetSecretValue": lambda: self._read_manager.get_secret_value(SecretId=name)["VersionId"] == version,
                "DescribeSecret": lambda: "AWSCURRENT" in self._stages(name).get(version, []),
            }
            # Each sample measures one of them: the other would be measured late.
            read = list(reads)[number % 2]
            times[read].append(self._shown(reads[read]))
            older += sum(self._older(reads[read]) for _ in range(LATER_READS))
        parts = [f"{read}: {summary(taken)}" for read, taken in times.items()]
        later = f"an older state came back in {older} of {SAMPLES * LATER_READS} later reads"
        return "; ".join([*parts, later, *self._refused(), *self._in_function()])

    def _older(self, read):
        time.sleep(self._later_apart)
        return self._right(read) is False

    def _refused(self):
        return [f"{self._throttled} reads were throttled and do not count"] if self._throttled else []

    def _in_function(self):
        """setSecret reads the version that createSecret wrote a moment before, as the product does."""
        reports = self._recorder.reports.all() if self._recorder else []
        read = [report["by_version"] for report in reports if report["Step"] == "setSecret" and "by_version" in report]
        missed = sum("refused" in found or "empty" in found for found in read)
        return [f"setSecret did not find the value of createSecret {missed} times of {len(read)}"] if read else []

    def _stages(self, name):
        return self._read_manager.describe_secret(SecretId=name)["VersionIdsToStages"]

    def iam_lag(self):
        user, listed, tagged, self._throttled = self._maker.user("asked-lists"), [], [], 0
        for number in range(SAMPLES // 2):
            key = self._maker.key(user)["AccessKeyId"]
            listed.append(self._shown(lambda: key in self._keys(user)))
            self._iam.delete_access_key(UserName=user, AccessKeyId=key)
            self._iam.tag_user(UserName=user, Tags=[{"Key": "sample", "Value": str(number)}])
            tagged.append(self._shown(lambda: self._tag(user) == str(number)))
        return "; ".join([f"ListAccessKeys: {summary(listed)}", f"ListUserTags: {summary(tagged)}", *self._refused()])

    def _keys(self, user):
        return {each["AccessKeyId"] for each in self._read_iam.list_access_keys(UserName=user)["AccessKeyMetadata"]}

    def _tag(self, user):
        tags = self._read_iam.list_user_tags(UserName=user)["Tags"]
        return next((tag["Value"] for tag in tags if tag["Key"] == "sample"), None)

    def key_lag(self):
        user, taken, self._throttled = self._maker.user("asked-keys"), [], 0
        # One that never comes would never come again.
        while len(taken) < SAMPLES // 2 and not (taken and None in taken[-1]):
            taken.append(self._key_sample(user))
        names = ("first accepted", f"{IN_A_ROW} times in a row", "refused after Inactive")
        told = [f"{name}: {summary(column)}" for name, column in zip(names, zip(*taken))]
        return "; ".join([*told, *self._refused()])

    def _key_sample(self, user):
        """Seconds until STS accepts a new key, accepts it steadily, and refuses it once it is inactive."""
        key = self._maker.key(user)
        sts, named = self._sts(key), {"UserName": user, "AccessKeyId": key["AccessKeyId"]}
        began = time.monotonic()
        first = self._shown(lambda: accepts(sts))
        steady = self._in_a_row(lambda: accepts(sts), began)
        self._iam.update_access_key(**named, Status="Inactive")
        refused = self._in_a_row(lambda: not accepts(sts), time.monotonic())
        self._iam.delete_access_key(**named)
        return first, steady, refused

    def _shown(self, right):
        """Seconds until a read is right, or none. A refusal because nothing is there is a read that is not."""
        began = time.monotonic()
        while time.monotonic() - began < self._patience:
            if self._right(right):
                return time.monotonic() - began
            time.sleep(APART)
        return None

    def _right(self, right):
        """Whether a read is right; none where it was throttled. What is not found is an older state."""
        try:
            return bool(right())
        except ClientError as error:
            if "NotFound" in code_of(error) or "NoSuch" in code_of(error):
                return False
            if "Throttl" not in code_of(error):
                raise
        self._throttled += 1
        time.sleep(self._later_apart)
        return None

    def _in_a_row(self, right, began):
        """Seconds until the last of some right answers in a row, or none."""
        count = 0
        while time.monotonic() - began < self._patience:
            found = self._right(right)
            # A call that was throttled says nothing.
            count = count if found is None else count + 1 if found else 0
            if count == IN_A_ROW:
                return time.monotonic() - began
            time.sleep(APART)
        return None

    def _sts(self, key):
        given = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
        return self._place.session.client("sts", config=ONCE, **given)


def accepts(sts):
    try:
        sts.get_caller_identity()
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 403:
            raise
        return False
    return True


def summary(taken):
    """Median and longest, of those that came to an end."""
    ended, count = [each for each in taken if each is not None], len(taken)
    if not ended:
        return "never while it was watched"
    late = f", {count - len(ended)} of them never while it was watched" if len(ended) < count else ""
    return f"median {span(statistics.median(ended))}, longest {span(max(ended))} ({count} samples{late})"
