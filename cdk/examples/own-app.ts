import { App, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { User } from 'aws-cdk-lib/aws-iam';
import { IamKeyRotation, RotatedAccessKey } from '../lib';

const app = new App();
const stack = new Stack(app, 'Keys', { env: { account: '111122223333', region: 'eu-west-1' } });

const rotation = new IamKeyRotation(stack, 'Rotator', {
  keys: { overlap: Duration.days(2) },
  sweep: { maxAge: Duration.days(95) },
});

new RotatedAccessKey(stack, 'Smtp', {
  rotation,
  user: new User(stack, 'SmtpUser', { userName: 'smtp-relay' }),
  readers: ['arn:aws:iam::111122223333:role/mail-relay'],
});

// Who may set the rotator's tags, beside its own roles: the role that deploys this stack, and those of operators.
const policy = rotation.serviceControlPolicy([
  'arn:aws:iam::111122223333:role/cdk-hnb659fds-cfn-exec-role-111122223333-eu-west-1',
  'arn:aws:iam::111122223333:role/KeyOperator',
]);
new CfnOutput(stack, 'ServiceControlPolicy', { value: policy.text });
