"""One move, replayed: an old system's account, docs/migrating.md typed by a person with the real AWS CLI, and days that pass.

What both engines have (`migrating_engines`).
"""

import contextlib
import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

from botocore.exceptions import ClientError

import migrating_page
from attacks_scene import allow, document
from clients import Key
from processes import BINARIES, PATIENCE_SECONDS, bare_environment

PROGRAMS = Path(sys.executable).parent


class Move:
    """A day is counted from the beginning of the replay. An engine adds `configure`, `to`, `settle` and `hear`."""

    def __init__(self, system):
        self.system, self.told, self.texts, self._messages, self.sweeps = system, [], [], 0, True
        # What the page leaves to its reader, and what stands there instead.
        self.names = {}

    def deploy(self, mode=None, nth=0, **more):
        """Both functions get the settings of the section's block, changed only as the page has its reader change them."""
        block = {name: self.arns.get(value, value) for name, value in migrating_page.settings(self.system, nth).items()}
        changed = block | ({"ROTATOR_MODE": mode} if mode else {}) | more
        self.configure({name: value for name, value in changed.items() if value is not None})

    def run(self, *beginnings, typed=None, **filled):
        """The page's commands that begin so, in one shell, with the names filled in; answers what they print."""
        script = "\n".join(migrating_page.command(self.system, beginning) for beginning in beginnings)
        names = self.names | filled
        assert all(name in script for name in filled), f"{script!r} does not have {filled}"
        missing = migrating_page.placeholders(script) - set(names)
        assert not missing, f"what stands for {missing} in {script!r}?"
        # An account's number stands within names too.
        words = [name if name.isdigit() else rf"(?<![\w-]){re.escape(name)}(?![\w-])" for name in sorted(names, key=len, reverse=True)]
        return self.shell(re.sub("|".join(words), lambda word: names[word[0]], script), typed)

    def shell(self, script, typed=None):
        """As on a terminal, where what is typed answers the commands' questions. A command that fails ends it."""
        person, terminal = pty.openpty()
        os.write(person, f"{typed or ''}\n".encode())
        path = os.pathsep.join([str(PROGRAMS), str(BINARIES), os.environ["PATH"]])
        ran = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", script],
            env=bare_environment(NO_PROXY="127.0.0.1", PATH=path, **self.credentials),
            cwd=self.folder,
            stdin=terminal,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
        )
        for end in (person, terminal):
            os.close(end)
        assert ran.returncode == 0, f"{script}\n{ran.stdout}{ran.stderr}"
        return ran.stdout

    @staticmethod
    def answer(printed):
        """What a function answered to `aws lambda invoke … /dev/stdout`, which prints its own answer after it."""
        return json.JSONDecoder().raw_decode(printed)[0]

    @contextlib.contextmanager
    def shows(self, sentence):
        """The assertions of the block show this sentence of the page."""
        assert sentence in migrating_page.sentences(self.system), f"{sentence!r} is not on the page"
        yield

    def label(self, secret, field="AccessKeyId"):
        """The page's commands that label the versions of a secret, with the line that the reader changes."""
        line = {"secret=app field=AccessKeyId current=": f"secret={secret} field={field} current="}
        return self.run("secret=app field=AccessKeyId current=", "for stage in AWSCURRENT", **line)

    def labels(self, secret):
        """Which key each of a secret's labelled versions holds, by AWS's labels."""
        versions = self.manager.describe_secret(SecretId=secret)["VersionIdsToStages"].values()
        keys = {label: [each for each in labels if each.startswith("AKIA")] for labels in versions for label in labels}
        return {label: held for label, held in keys.items() if label.startswith("AWS")}

    def statuses(self, user="app", iam=None):
        """Of the user's keys, the oldest first."""
        return [key["Status"] for key in self._keys(user, iam)]

    def ids(self, user="app", iam=None):
        return [key["AccessKeyId"] for key in self._keys(user, iam)]

    def _keys(self, user, iam):
        listed = (iam or self.iam).list_access_keys(UserName=user)["AccessKeyMetadata"]
        return sorted(listed, key=lambda key: key["CreateDate"])

    def value(self, secret, **which):
        return json.loads(self.manager.get_secret_value(SecretId=secret, **which)["SecretString"])

    def pair(self, secret, fields=("AccessKeyId", "SecretAccessKey"), **which):
        """The key in a secret."""
        held = self.value(secret, **which)
        return tuple(held[field] for field in fields)

    def names_of_secrets(self):
        return sorted(secret["Name"] for secret in self.manager.list_secrets()["SecretList"])

    def overdue(self, now):
        """Secrets whose schedule's time has passed."""
        listed = self.manager.list_secrets()["SecretList"]
        return [each["Name"] for each in listed if "NextRotationDate" in each and each["NextRotationDate"].timestamp() < now]

    def reads(self, pair, secret):
        """Whether the holder of a key gets the value."""
        try:
            return bool(self.aws.under(Key(*pair)).secretsmanager.get_secret_value(SecretId=secret)["SecretString"])
        except ClientError as error:
            assert error.response["Error"]["Code"] == "AccessDeniedException", error
            return False

    def administrator(self, name="admin", iam=None):
        """The key of a user who may do anything, and whom the product leaves alone."""
        key = self.old_user(name, iam, **{"iam-key-rotator:exempt": "the administrator"})
        (iam or self.iam).put_user_policy(UserName=name, PolicyName="everything", PolicyDocument=document(allow("*")))
        return key["AccessKeyId"], key["SecretAccessKey"]

    def old_user(self, name="app", iam=None, **tags):
        """A user as the old system has it; answers its key."""
        iam = iam or self.iam
        iam.create_user(UserName=name, Tags=[{"Key": key, "Value": value} for key, value in tags.items()])
        return iam.create_access_key(UserName=name)["AccessKey"]

    def old_secret(self, name, *values):
        """A secret as the old system wrote it, value after value."""
        made = self.manager.create_secret(Name=name, SecretString=json.dumps(values[0]))
        for value in values[1:]:
            self.manager.put_secret_value(SecretId=name, SecretString=json.dumps(value))
        return made["ARN"]

    def works(self, key):
        """Whether AWS accepts a pair of id and secret. To ask is to use the key: one that is to be retired stays for it."""
        try:
            return bool(self.aws.under(Key(*key)).sts.get_caller_identity()["Arn"])
        except ClientError as error:
            assert error.response["Error"]["Code"] in ("InvalidClientTokenId", "UnrecognizedClientException"), error
            return False

    def messages(self, *beginnings):
        """What people were told, a line a message: day, receiver, subject; those that begin so, or all."""
        return [line for line in self.told if not beginnings or line.startswith(beginnings)]

    def note(self, new):
        """New messages: receiver, subject and text, on the day that it is. Ids of keys are not told apart."""
        for receiver, subject, text in new:
            self.texts.append(text)
            self.told.append(f"{self.day} {receiver}: {re.sub(r'AKIA[A-Z0-9]{12,}', 'AKIA…', subject)}")

    def days(self, first, last):
        for day in range(first, last + 1):
            self.to(day)
