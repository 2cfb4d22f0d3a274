import { App, Duration, Stack } from 'aws-cdk-lib';
import { User } from 'aws-cdk-lib/aws-iam';
import { IamKeyRotation, RotatedAccessKey, SweepMode } from 'iam-key-rotator-cdk';

const app = new App();
const stack = new Stack(app, 'Keys', { env: { account: '111122223333', region: 'eu-west-1' } });

const rotation = new IamKeyRotation(stack, 'Rotator', {
  keys: { overlap: Duration.days(2) },
  sweep: { mode: SweepMode.ENFORCE },
  alerts: { emails: ['ops@example.com'] },
});

new RotatedAccessKey(stack, 'Smtp', {
  rotation,
  user: new User(stack, 'SmtpUser', { userName: 'smtp-relay' }),
});

app.synth();
