"""How long AWS takes to show what was written: several samples, their median and the longest."""

import statistics
import time

from botocore.exceptions import ClientError

from progress import span
from waiting import code_of

SAMPLES = 10
# Reads after the first right one that show whether an older state comes back.
LATER_READS = 20
# Answers in a row, for one may have met only one of STS's servers.
IN_A_ROW = 5
LONGEST = 120


class LagQuestions:
    def __init__(self, place, maker):
        self._place, self._maker = place, maker
        self._manager, self._iam = place.client("secretsmanager"), place.client("iam")

    def secret_lag(self):
        self._maker.secret("asked-lag", "0")
        name = self._place.names.of("asked-lag")
        times, older = {"GetSecretValue": [], "DescribeSecret": []}, 0
        for number in range(SAMPLES):
            version = self._manager.put_secret_value(SecretId=name, SecretString=str(number + 1))["VersionId"]
            reads = {
                "GetSecretValue": lambda: self._manager.get_secret_value(SecretId=name)["VersionId"] == version,
                "DescribeSecret": lambda: "AWSCURRENT" in self._stages(name).get(version, []),
            }
            # Each sample measures one of them: the other would be measured late.
            read = list(reads)[number % 2]
            times[read].append(shown(reads[read]))
            older += sum(not reads[read]() for _ in range(LATER_READS))
        parts = [f"{read}: {summary(taken)}" for read, taken in times.items()]
        return f"{'; '.join(parts)}; an older state came back in {older} of {SAMPLES * LATER_READS} later reads"

    def _stages(self, name):
        return self._manager.describe_secret(SecretId=name)["VersionIdsToStages"]

    def iam_lag(self):
        user, listed, tagged = self._maker.user("asked-lists"), [], []
        for number in range(SAMPLES // 2):
            key = self._maker.key(user)["AccessKeyId"]
            listed.append(shown(lambda: key in self._keys(user)))
            self._iam.delete_access_key(UserName=user, AccessKeyId=key)
            self._iam.tag_user(UserName=user, Tags=[{"Key": "sample", "Value": str(number)}])
            tagged.append(shown(lambda: self._tag(user) == str(number)))
        return f"ListAccessKeys: {summary(listed)}; ListUserTags: {summary(tagged)}"

    def _keys(self, user):
        return {each["AccessKeyId"] for each in self._iam.list_access_keys(UserName=user)["AccessKeyMetadata"]}

    def _tag(self, user):
        tags = self._iam.list_user_tags(UserName=user)["Tags"]
        return next((tag["Value"] for tag in tags if tag["Key"] == "sample"), None)

    def key_lag(self):
        user, accepted, steady, refused = self._maker.user("asked-keys"), [], [], []
        for _ in range(SAMPLES // 2):
            key = self._maker.key(user)
            sts = self._sts(key)
            began = time.monotonic()
            accepted.append(shown(lambda: accepts(sts)))
            steady.append(time.monotonic() - began if in_a_row(lambda: accepts(sts), began) else None)
            named = {"UserName": user, "AccessKeyId": key["AccessKeyId"]}
            self._iam.update_access_key(**named, Status="Inactive")
            began = time.monotonic()
            refused.append(time.monotonic() - began if in_a_row(lambda: not accepts(sts), began) else None)
            self._iam.delete_access_key(**named)
        parts = {"first accepted": accepted, f"{IN_A_ROW} times in a row": steady, "refused after Inactive": refused}
        return "; ".join(f"{what}: {summary(taken)}" for what, taken in parts.items())

    def _sts(self, key):
        given = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
        return self._place.session.client("sts", **given)


def shown(right):
    """Seconds until a read is right, or none; refusals are reads that are not."""
    began = time.monotonic()
    while time.monotonic() - began < LONGEST:
        try:
            if right():
                return time.monotonic() - began
        except ClientError as error:
            if "NotFound" not in code_of(error) and "NoSuch" not in code_of(error):
                raise
    return None


def in_a_row(right, began):
    count = 0
    while count < IN_A_ROW and time.monotonic() - began < LONGEST:
        count = count + 1 if right() else 0
    return count == IN_A_ROW


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
    ended = [each for each in taken if each is not None]
    late = f", {len(taken) - len(ended)} not within {span(LONGEST)}" if len(ended) < len(taken) else ""
    if not ended:
        return f"none of {len(taken)} within {span(LONGEST)}"
    return f"median {span(statistics.median(ended))}, longest {span(max(ended))} ({len(taken)} samples{late})"
