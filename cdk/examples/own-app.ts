import { App, Duration, Stack } from 'aws-cdk-lib';
import { User } from 'aws-cdk-lib/aws-iam';
import { IamKeyRotation, RotatedAccessKey } from '../lib';

const app = new App();
const stack = new Stack(app, 'Keys', { env: { account: '111122223333', region: 'eu-west-1' } });

const rotation = new IamKeyRotation(stack, 'Rotator', {
  keys: { overlap: Duration.days(2) },
  sweep: { maxAge: '95d' },
});

new RotatedAccessKey(stack, 'Smtp', {
  rotation,
  user: new User(stack, 'SmtpUser', { userName: 'smtp-relay' }),
  readers: ['arn:aws:iam::111122223333:role/mail-relay'],
});
