"""The check of answers against AWS's models can fail."""

import json

import pytest

from clients import Aws
from shapes import problems

SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:a-AbCdEf"


def found(service, operation, body):
    client = getattr(Aws("http://127.0.0.1:1"), service)
    return list(problems(client.meta.service_model.operation_model(operation), body.encode()))


def user(inner):
    fields = "<Path>/</Path><UserId>AIDAAAAAAAAAAAAAAAAA</UserId><Arn>arn:aws:iam::111122223333:user/a</Arn>"
    body = f"<GetUserResult><User>{fields}{inner}</User></GetUserResult><ResponseMetadata/>"
    return found("iam", "GetUser", f'<GetUserResponse xmlns="https://iam">{body}</GetUserResponse>')


@pytest.mark.parametrize(
    ("inner", "problem"),
    [
        ("<UserName>a</UserName><CreateDate>2026-01-01T00:00:00Z</CreateDate>", None),
        ("<UserName>a</UserName>", "answer.User.CreateDate is missing"),
        ("<UserName>a</UserName><CreateDate>today</CreateDate>", "answer.User.CreateDate is no timestamp"),
        (
            "<UserName></UserName><CreateDate>2026-01-01T00:00:00Z</CreateDate>",
            "answer.User.UserName has a length that the model refuses",
        ),
        (
            "<UserName>a</UserName><CreateDate>2026-01-01T00:00:00Z</CreateDate><Age>1</Age>",
            "answer.User.Age is in no model",
        ),
    ],
)
def test_xml_that_does_not_fit_the_model_is_told(inner, problem):
    assert user(inner) == ([problem] if problem else [])


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ({"ARN": SECRET, "CreatedDate": 1.5, "VersionIdsToStages": {"x" * 36: ["AWSCURRENT"]}}, None),
        ({"CreatedDate": "today"}, "answer.CreatedDate is no timestamp"),
        ({"Description": None}, "answer.Description is null instead of absent"),
        ({"Arn": SECRET}, "answer.Arn is in no model"),
        ({"Tags": {"a": "b"}}, "answer.Tags is no list"),
        ({"RotationEnabled": 1}, "answer.RotationEnabled is no boolean"),
    ],
)
def test_json_that_does_not_fit_the_model_is_told(answer, problem):
    assert found("secretsmanager", "DescribeSecret", json.dumps(answer)) == ([problem] if problem else [])


def test_a_blob_in_xml_is_a_text_without_enumerated_values():
    content = "<Content>dXNlcixhcm4=</Content><ReportFormat>text/csv</ReportFormat>"
    body = f"<GetCredentialReportResult>{content}</GetCredentialReportResult><ResponseMetadata/>"
    answer = f'<GetCredentialReportResponse xmlns="https://iam">{body}</GetCredentialReportResponse>'
    assert found("iam", "GetCredentialReport", answer) == []
    (problem,) = found("iam", "GetCredentialReport", answer.replace("text/csv", "text/html"))
    assert problem == "answer.ReportFormat is none of text/csv"
