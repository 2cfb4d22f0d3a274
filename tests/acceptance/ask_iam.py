"""Questions to IAM and STS."""

import datetime
import re
import time
from email.utils import parsedate_to_datetime
from urllib.error import HTTPError, URLError
from urllib.request import Request, build_opener

from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError

from making import document, statement
from progress import span
from unasked import Unsettled
from waiting import PASSING, answer_of, until

# Of the form of a key id; nobody has it.
UNKNOWN_KEY = "AKIAAAAAAAAAAAAAAAAA"
# Before STS's own time, and after it. The first one shows that a request so made is accepted at all.
MINUTES = (0, 4, 6, 14, 16, -4, -6, -14, -16)
TAGGED = ("iam:ResourceTag", "aws:ResourceTag")


class IamQuestions:
    def __init__(self, place, maker, patience):
        self._place, self._maker, self._patience = place, maker, patience
        self._iam = place.client("iam")
        # Seconds until what was written is known everywhere.
        self._later = 60 if place.real() else 0.5

    def last_used_unknown(self):
        """Of an id that nobody ever had, and of a key that was just deleted: the product meets the latter."""
        user = self._maker.user("asked-deleted")
        key = self._maker.key(user)["AccessKeyId"]
        known = lambda: allows(lambda: self._iam.get_access_key_last_used(AccessKeyId=key))
        if not until(known, self._patience, self._place.poll()):
            raise Unsettled("GetAccessKeyLastUsed is refused for a key that is there, too")
        self._iam.delete_access_key(UserName=user, AccessKeyId=key)
        at_once = self._last_used(key)
        time.sleep(self._later)
        return (
            f"an id that nobody ever had: {self._last_used(UNKNOWN_KEY)}; a key just deleted: {at_once}, "
            f"{span(self._later)} later {self._last_used(key)}"
        )

    def _last_used(self, key):
        try:
            answer = self._iam.get_access_key_last_used(AccessKeyId=key)
        except ClientError as error:
            return answer_of(error)
        used = answer["AccessKeyLastUsed"]
        whose = "the user's name" if answer.get("UserName") else "no user name"
        return f"an answer with {whose}, {'used' if used.get('LastUsedDate') else 'never used'}"

    def last_used_condition(self):
        return "; ".join(f"by {name}: {self._allowed_by(name)}" for name in TAGGED)

    def _allowed_by(self, condition):
        """Asked as a user who may do it by the user's tag, and may list keys anyway: then the policy is in effect."""
        user = self._maker.user(f"asked-{condition.partition(':')[0]}-tag", [{"Key": "asked", "Value": "yes"}])
        tagged = {"Condition": {"StringEquals": {f"{condition}/asked": "yes"}}}
        allowed = [statement("iam:GetAccessKeyLastUsed", "*", **tagged), statement("iam:ListAccessKeys", "*")]
        self._iam.put_user_policy(UserName=user, PolicyName="only", PolicyDocument=document(*allowed))
        key = self._maker.key(user)
        given = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
        iam, wait = self._place.session.client("iam", **given), (self._patience, self._place.poll())
        if not until(lambda: allows(lambda: iam.list_access_keys(UserName=user)), *wait):
            raise Unsettled("the user's policy did not come into effect")
        refused = []

        def allowed_now():
            try:
                iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])
            except ClientError as error:
                refused.append(answer_of(error))
                return False
            return True

        # The tags of a new user are known later than the policy, maybe.
        if until(allowed_now, self._later, self._place.poll()):
            return "yes"
        return f"no ({refused[-1]}, for {span(self._later)})"

    def skewed_clock(self):
        ahead = self._ahead()
        first, *found = [(minutes, self._signed_ago(minutes, ahead)) for minutes in MINUTES]
        if first[1] != "accepted":
            raise Unsettled(f"a request with the right date is not accepted: {first[1]}")
        shown = [f"{abs(minutes)} minutes {'late' if minutes > 0 else 'early'}: {answer}" for minutes, answer in found]
        return "; ".join(shown)

    def _ahead(self):
        """How far STS's time is ahead of this machine's, from the date of an answer."""
        headers = self._place.client("sts").get_caller_identity()["ResponseMetadata"]["HTTPHeaders"]
        now = datetime.datetime.now(datetime.timezone.utc)
        return parsedate_to_datetime(headers["date"]) - now if "date" in headers else datetime.timedelta(0)

    def _signed_ago(self, minutes, ahead):
        """What STS answers to a request that was signed so long ago, by its own time."""
        client = self._place.client("sts")
        request = AWSRequest("POST", client.meta.endpoint_url + "/", data="Action=GetCallerIdentity&Version=2011-06-15")
        request.headers["Content-Type"] = "application/x-www-form-urlencoded"
        credentials = self._place.session.get_credentials().get_frozen_credentials()
        then = datetime.datetime.now(datetime.timezone.utc) + ahead - datetime.timedelta(minutes=minutes)
        Backdated(credentials, client.meta.region_name, then).add_auth(request)
        prepared = request.prepare()
        try:
            build_opener().open(Request(prepared.url, prepared.body.encode(), dict(prepared.headers)), timeout=30)
        except HTTPError as error:
            code = re.search(r"<Code>(\w+)</Code>", error.read().decode(errors="replace"))
            if error.code >= 500 or code and PASSING.search(code[1]) and code[1] != "RequestExpired":
                raise Unsettled(f"STS did not answer: {code[1] if code else error.code}") from error
            return f"{code[1] if code else 'refused'}, {error.code}"
        except URLError as error:
            raise Unsettled(f"STS was not reached: {error.reason}") from error
        return "accepted"


class Backdated(SigV4Auth):
    """Signs as if it were another time."""

    def __init__(self, credentials, region, then):
        super().__init__(credentials, "sts", region)
        self._then = then.strftime(SIGV4_TIMESTAMP)

    def add_auth(self, request):
        request.context["timestamp"] = self._then
        self._modify_request_before_signing(request)
        signed = self.string_to_sign(request, self.canonical_request(request))
        self._inject_signature_to_request(request, self.signature(signed, request))


def allows(call):
    try:
        call()
    except ClientError:
        return False
    return True
