"""Questions to IAM and STS."""

import datetime
from urllib.error import HTTPError
from urllib.request import Request, build_opener

from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError

from making import document, statement
from waiting import code_of, until

# Of the form of a key id; nobody has it.
UNKNOWN_KEY = "AKIAAAAAAAAAAAAAAAAA"
MINUTES = (4, 6, 14, 16)


class IamQuestions:
    def __init__(self, place, maker, patience):
        self._place, self._maker, self._patience = place, maker, patience
        self._iam = place.client("iam")

    def last_used_unknown(self):
        try:
            answer = self._iam.get_access_key_last_used(AccessKeyId=UNKNOWN_KEY)
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            return f"{code_of(error)}, {status}"
        return f"an answer: {answer['AccessKeyLastUsed']}"

    def last_used_condition(self):
        """Asked as a user who may do it by the user's tag, and may list keys anyway: then the policy is in effect."""
        user = self._maker.user("asked-last-used", [{"Key": "asked", "Value": "yes"}])
        tagged = {"Condition": {"StringEquals": {"iam:ResourceTag/asked": "yes"}}}
        allowed = [statement("iam:GetAccessKeyLastUsed", "*", **tagged), statement("iam:ListAccessKeys", "*")]
        self._iam.put_user_policy(UserName=user, PolicyName="only", PolicyDocument=document(*allowed))
        key = self._maker.key(user)
        given = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
        iam = self._place.session.client("iam", **given)
        if not until(lambda: allows(lambda: iam.list_access_keys(UserName=user)), self._patience, self._place.poll()):
            return "not settled: the user's policy did not come into effect"
        try:
            iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])
        except ClientError as error:
            return f"no: {code_of(error)}"
        return "yes"

    def skewed_clock(self):
        found = [f"{minutes} minutes late: {self._signed_ago(minutes)}" for minutes in MINUTES]
        return "; ".join(found)

    def _signed_ago(self, minutes):
        """What STS answers to a request that was signed so long ago."""
        client = self._place.client("sts")
        request = AWSRequest("POST", client.meta.endpoint_url + "/", data="Action=GetCallerIdentity&Version=2011-06-15")
        request.headers["Content-Type"] = "application/x-www-form-urlencoded"
        credentials = self._place.session.get_credentials().get_frozen_credentials()
        Backdated(credentials, self._place.region, minutes).add_auth(request)
        prepared = request.prepare()
        try:
            build_opener().open(Request(prepared.url, prepared.body.encode(), dict(prepared.headers)), timeout=30)
        except HTTPError as error:
            return f"refused, {error.code}"
        return "accepted"


class Backdated(SigV4Auth):
    """Signs as if it were some minutes ago."""

    def __init__(self, credentials, region, minutes):
        super().__init__(credentials, "sts", region)
        then = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=minutes)
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
