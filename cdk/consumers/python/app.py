from aws_cdk import App, Duration, Environment, Stack
from aws_cdk.aws_iam import User
from iam_key_rotator_cdk import AlertSettings, IamKeyRotation, KeySettings, RotatedAccessKey, SweepMode, SweepSettings

app = App()
stack = Stack(app, "Keys", env=Environment(account="111122223333", region="eu-west-1"))

rotation = IamKeyRotation(
    stack,
    "Rotator",
    keys=KeySettings(overlap=Duration.days(2)),
    sweep=SweepSettings(mode=SweepMode.ENFORCE),
    alerts=AlertSettings(emails=["ops@example.com"]),
)

RotatedAccessKey(stack, "Smtp", rotation=rotation, user=User(stack, "SmtpUser", user_name="smtp-relay"))

app.synth()
