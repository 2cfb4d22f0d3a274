"""Whether a secret of one account rotates by a function of another: `--member PROFILE`.

The released member template names its roles, which the second account may have already. So the role here is the run's
own: the function assumes it, as the product does.
"""

from botocore.exceptions import ClientError

from making import document, statement
from recorder import RULES, STEPS
from unasked import Unasked
from waiting import answer_of, refusal_of, until

ROTATE = ["DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage"]


class MemberQuestions:
    """`member` makes things in the second account; none where no profile was given."""

    def __init__(self, place, member, recorder, patience):
        self._place, self._member, self._recorder, self._patience = place, member, recorder, patience
        # Why RotateSecret was refused last.
        self._refusal = "nothing was asked"

    def across_accounts(self):
        if self._member is None:
            raise Unasked("no second account is given (--member PROFILE)")
        if self._recorder is None:
            raise Unasked("no function of ours can be deployed")
        account = self._member.place.account
        role, secret = self._member_role(), self._member.secret("asked-across", "one")
        function = self._recorder.member_function(role, secret)
        service = "secretsmanager.amazonaws.com"
        tried = self._tried(function, service, account)
        found = [f"the function's policy allows {service} for the second account: {tried}"]
        if not self._rotated():
            self._place.client("lambda").remove_permission(FunctionName=function, StatementId="member")
            whole = f"arn:{self._place.partition}:iam::{account}:root"
            found.append(f"it allows the second account itself: {self._tried(function, whole)}")
        return f"{'yes' if self._rotated() else 'no'}; {'; '.join(found)}"

    def _member_role(self):
        """The function's role may assume it, and it may rotate the secrets of this run."""
        place = self._member.place
        secrets = place.arn("secretsmanager", f"secret:{place.names.prefix}*")
        allowed = statement([f"secretsmanager:{each}" for each in ROTATE], secrets)
        role = self._member.role("member", {"AWS": self._recorder.role}, allowed)
        assume = document(statement("sts:AssumeRole", role))
        name = self._recorder.role.rsplit("/", 1)[1]
        self._place.client("iam").put_role_policy(RoleName=name, PolicyName="member", PolicyDocument=assume)
        return role

    def _tried(self, function, principal, account=None):
        """What RotateSecret in the second account leads to while this principal may invoke the function."""
        of_account = {"SourceAccount": account} if account else {}
        given = {"StatementId": "member", "Action": "lambda:InvokeFunction", "Principal": principal}
        self._place.client("lambda").add_permission(FunctionName=function, **given, **of_account)
        return until(lambda: self._rotates(function), self._patience, self._place.poll()) or self._refusal

    def _rotates(self, function):
        """A new permission is not known everywhere at once: a refusal may pass."""
        manager, name = self._member.place.client("secretsmanager"), self._place.names.of("asked-across")
        try:
            manager.rotate_secret(SecretId=name, RotationLambdaARN=function, RotationRules=RULES)
        except ClientError as error:
            answer_of(error)
            self._refusal = refusal_of(error)
            return None
        until(self._rotated, self._patience, self._place.poll())
        return self._seen()

    def _reports(self):
        return self._recorder.reports.of(self._place.names.of("asked-across"))

    def _rotated(self):
        return any(report["Step"] == STEPS[-1] and "failed" not in report for report in self._reports())

    def _seen(self):
        reports = self._reports()
        if not reports:
            return "RotateSecret is accepted, but the function is not invoked"
        token = "a RotationToken" if all("token_hash" in report for report in reports) else "no RotationToken"
        failed = next((f", which failed: {report['failed']}" for report in reports if "failed" in report), "")
        return f"RotateSecret is accepted; {', '.join(report['Step'] for report in reports)}{failed}, with {token}"
