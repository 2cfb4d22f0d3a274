"""The account and the region of a run: clients, and whether it is AWS itself."""

import os
import re
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import ProfileNotFound

from names import Names

# How stand-ins say that they do not have something.
LACKING = re.compile(r"has no (service|operation)|not (yet )?(implemented|supported)|[Uu]nknown ?operation")
# Endpoints of the partitions aws, aws-us-gov, aws-cn and aws-eusc, with IPv6 too:
# https://docs.aws.amazon.com/general/latest/gr/rande.html
DOMAINS = (".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".api.aws", ".api.amazonwebservices.com.cn")
# For calls that must not be repeated unseen: where only the answer was lost, a second access key would be made.
ONCE = Config(retries={"total_max_attempts": 1}, connect_timeout=10, read_timeout=70)
CONFIG = Config(retries={"mode": "standard", "max_attempts": 5}, connect_timeout=10, read_timeout=70)


class Unusable(Exception):
    """What the caller gave cannot be used; says what to do."""


class Place:
    def __init__(self, run, profile=None, region=None):
        try:
            # boto3 reads AWS_DEFAULT_REGION only; every other tool of AWS reads this first.
            region = region or os.environ.get("AWS_REGION")
            self.session = boto3.Session(profile_name=profile, region_name=region)
        except ProfileNotFound as missing:
            raise Unusable(f"{missing}. `aws configure list-profiles` shows those that are there.") from missing
        if not self.session.region_name:
            raise Unusable("No region is set. Give --region, or set AWS_REGION.")
        self.region, self.names = self.session.region_name, Names(run, self.session.region_name)
        self._profile = profile
        self.account = self.caller = self.partition = None
        self._clients = {}
        # AWS lists them for a while.
        self.deleted_secrets = set()

    def client(self, service):
        if service not in self._clients:
            self._clients[service] = self.session.client(service, config=CONFIG)
        return self._clients[service]

    def once(self, service):
        """A client that repeats no call."""
        return self.session.client(service, config=ONCE)

    def given(self):
        """What names this account and region to a command line."""
        return f"{f'--profile {self._profile} ' if self._profile else ''}--region {self.region}"

    def endpoint(self):
        """Where calls go instead of to AWS, or none: AWS_ENDPOINT_URL or the profile's `endpoint_url`."""
        return None if self.real() else self.client("sts").meta.endpoint_url

    def real(self):
        """Whether every call so far and the next ones go to AWS itself: no client has another endpoint."""
        needed = ("sts", "iam", "secretsmanager", *self._clients)
        hosts = [urlsplit(self.client(service).meta.endpoint_url).hostname for service in needed]
        return all(host.endswith(DOMAINS) for host in hosts)

    def lacks(self, error):
        """Whether a stand-in lacks what was called. AWS lacks nothing."""
        return not self.real() and LACKING.search(str(error)) is not None

    def identify(self):
        """The first call: whose credentials these are."""
        told = self.client("sts").get_caller_identity()
        self.account, self.caller = told["Account"], told["Arn"]
        if self.real() and self.caller.endswith(":root"):
            raise Unusable("These are the account's root credentials, which cannot assume roles. Use a role or a user.")
        self.partition = told["Arn"].split(":")[1]

    def arn(self, service, rest):
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{rest}"

    def poll(self):
        """Seconds between two looks at the same thing: a stand-in costs nothing."""
        return 2 if self.real() else 0.2

    def settling(self):
        """Seconds until what AWS does not show is not there: its lists and reads lag."""
        return 60 if self.real() else 0.3


def credentials_of(profile, environment):
    """Which credentials would be used, said without reading them. Only a profile that is named goes before the key."""
    if profile:
        return f"profile {profile}"
    if environment.get("AWS_ACCESS_KEY_ID"):
        return "the access key of the environment (AWS_ACCESS_KEY_ID)"
    if environment.get("AWS_PROFILE"):
        return f"profile {environment['AWS_PROFILE']}"
    return "the default chain of boto3: profile default, then the role of this machine"


