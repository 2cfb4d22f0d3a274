"""What `make acceptance` makes, where AWS does not know yet what was made a moment ago, or an answer is lost."""

import sys

import pytest
from botocore.exceptions import ClientError

from acceptance_scene import PROGRAM, RELEASED

sys.path.append(str(PROGRAM))

import account  # noqa: E402
from making import Failed, Maker  # noqa: E402
from names import Names  # noqa: E402
from progress import Progress  # noqa: E402


class Conflict(ClientError):
    pass


class Client:
    """Answers each call with the next of its answers; an error is raised."""

    def __init__(self, **answers):
        self._answers, self.calls = answers, []
        self.exceptions = self
        self.ResourceConflictException = Conflict
        self.meta = self
        self.endpoint_url = "https://s3.eu-west-1.amazonaws.com"

    def can_paginate(self, operation):
        return False

    def __getattr__(self, operation):
        def call(**given):
            self.calls.append((operation, given))
            answers = self._answers.get(operation, [{}])
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            if isinstance(answer, ClientError):
                raise answer
            return answer

        return call


class Here:
    """A place whose clients are these."""

    account, region = "111122223333", "eu-west-1"

    def __init__(self, **clients):
        self.names, self.clients, self.asked_once = Names("abcdef", self.region), clients, []

    def client(self, service):
        return self.clients[service]

    def once(self, service):
        self.asked_once.append(service)
        return self.clients[service]

    def poll(self):
        return 0.001

    def arn(self, service, rest):
        return f"arn:aws:{service}:{self.region}:{self.account}:{rest}"


class NoNotes:
    def note(self, kind, name):
        pass


def maker(**clients):
    return Maker(Here(**clients), NoNotes(), Progress(), 0.2)


def refusal(code, kind=ClientError):
    return kind({"Error": {"Code": code, "Message": "no"}}, "Call")


def test_a_key_is_asked_for_until_iam_knows_its_user_by_a_client_that_repeats_nothing_itself():
    iam = Client(create_access_key=[refusal("NoSuchEntity"), {"AccessKey": "made"}])
    made = maker(iam=iam)
    assert made.key("new") == "made" and made.place.asked_once == ["iam"]
    limited = Client(create_access_key=[refusal("LimitExceeded")])
    with pytest.raises(ClientError):
        maker(iam=limited).key("new")
    assert len(limited.calls) == 1


def made_function(tmp_path, **answers):
    source = tmp_path / "one.py"
    source.write_text("")
    client = Client(create_function=[{"FunctionArn": "arn"}], **answers)
    return maker(**{"lambda": client}).function("one", source, "role"), client


def test_a_function_that_cannot_become_active_is_an_error(tmp_path):
    failed = {"State": "Failed", "StateReason": "no room"}
    with pytest.raises(Failed, match="no room"):
        made_function(tmp_path, get_function_configuration=[{"State": "Pending"}, failed])


def test_a_permission_whose_answer_was_lost_is_no_error(tmp_path):
    late = [refusal("ResourceNotFoundException"), {"State": "Active"}]
    conflict = [refusal("ResourceConflictException", Conflict)]
    arn, client = made_function(tmp_path, get_function_configuration=late, add_permission=conflict)
    assert arn == "arn" and client.calls[-1][0] == "add_permission"


def test_a_template_of_any_size_goes_to_the_bucket():
    complete = [{"Stacks": [{"StackStatus": "CREATE_COMPLETE"}]}]
    storage, stacks = Client(), Client(describe_stacks=complete)
    template = RELEASED.read_text() + " " * 51200
    maker(s3=storage, cloudformation=stacks).stack("stack", "bucket", template)
    created = next(given for operation, given in stacks.calls if operation == "create_stack")
    put = storage.calls[0][1]
    assert created["TemplateURL"] == "https://s3.eu-west-1.amazonaws.com/bucket/template.json"
    assert "TemplateBody" not in created and (put["Key"], put["Body"]) == ("template.json", template.encode())
    assert {"Key": "iam-key-rotator-acceptance-region", "Value": "eu-west-1"} in created["Tags"]


def test_what_an_account_is_like_is_told_as_far_as_it_may_be_read():
    users = [{"Path": "/"}] * account.MANY_USERS
    iam = Client(list_account_aliases=[{"AccountAliases": ["production"]}], list_users=[{"Users": users}])
    denied = Client(describe_stacks=[refusal("AccessDenied")])
    lines = account.shown(Here(iam=iam, cloudformation=denied))
    assert lines[0].strip() == "alias production" and "50 users or more" in lines[1]
    users = [{"Path": "/iam-key-rotator-acceptance/"}] * 51
    ours = Client(list_account_aliases=[refusal("AccessDenied")], list_users=[{"Users": users}])
    assert account.shown(Here(iam=ours, cloudformation=Client())) == []


def test_a_bucket_is_tagged_once_s3_knows_it():
    storage = Client(put_bucket_tagging=[refusal("NoSuchBucket"), {}])
    assert maker(s3=storage).bucket("code") == "iam-key-rotator-acceptance-abcdef-code-111122223333"
    assert [operation for operation, _ in storage.calls].count("put_bucket_tagging") == 2
