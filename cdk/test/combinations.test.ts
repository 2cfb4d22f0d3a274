import { Duration, Stack } from 'aws-cdk-lib';
import { User } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { MemberAccountRole, OrganizationSweep, RotatedAccessKey, UserScope } from '../lib';
import { SettingsError } from '../lib/settings-error';
import type { OrganizationSweepProps , IamKeyRotation} from '../lib';
import type { RotationConfig } from '../lib/app/config';
import { rotatorSettings } from '../lib/app/rotation-config';
import { ENV, MEMBER, runtime } from './configurations';
import { newApp } from './templates';
import { Rotator } from './rotator';

function stack(): Stack {
  return new Stack(newApp(), 'Stack', { env: ENV });
}

function rotator(props: RotationConfig, scope: Stack = stack()): IamKeyRotation {
  return new Rotator(scope, 'Rotator', { runtime: runtime(), ...props });
}

const central = { externalId: 'example', secretsIn: 'central' } as const;

/** What cannot work, and the words that name the prop and the remedy. */
const REFUSED: [string, RotationConfig, string[]][] = [
  ['an unreadable duration', { keys: { overlap: '1 day' } }, ['keys.overlap', '"1 day"', '24h']],
  ['an answer to exposed keys that is none', { sweep: { exposed: 'rotat' as never } }, ['sweep.exposed is "rotat"', "'alert', 'rotate', 'revoke'"]],
  ['a mode that is none', { sweep: { mode: 'on' as never } }, ['sweep.mode is "on"', "'audit', 'retire', 'enforce'"]],
  ['another word for a key in use', { keys: { inUse: 'keep' as never } }, ['keys.inUse is "keep"', "'wait', 'deactivate'"]],
  ['another word for unknown keys', { keys: { unknownKeys: 'keep' as never } }, ['keys.unknownKeys is "keep"', "'refuse'"]],
  ['another place of secrets', { members: { externalId: 'example', secretsIn: 'here' as never } }, ['members.secretsIn is "here"', "'central', 'member'"]],
  ['a duration beyond ten years', { keys: { recovery: '5000d' } }, ['keys.recovery', 'ten years']],
  ['interval and overlap above the maximum age', { sweep: { maxAge: '90d' } }, ['sweep.rotateAfter (90d)', 'keys.overlap (1d)', 'next sweep (1h)', 'together are 91d 1h', 'sweep.maxAge (90d)', 'Shorten', 'raise sweep.maxAge to 91d 1h']],
  ['an age without room for the next sweep', { sweep: { mode: 'enforce', rotateAfter: '89d', maxAge: '90d' } }, ['90d 1h', 'sweep.maxAge (90d)']],
  ['an age without room for a weekend', { sweep: { rotateAfter: '87d', maxAge: '90d' }, sweeping: { schedule: ScheduleExpression.expression('cron(0 8-17 ? * MON-FRI *)') } }, ['next sweep (2d 15h)', '90d 15h']],
  ['an age without room for the last use to be known', { keys: { overlap: '1h' }, sweep: { rotateAfter: '90d', maxAge: '90d' } }, ["keys.overlap (1h, at least 4h with keys.inUse 'wait')", '90d 5h']],
  ['an age below the interval', { keys: { overlap: '0' }, sweep: { mode: 'audit', rotateAfter: '91d', maxAge: '90d' } }, ['sweep.rotateAfter (91d) exceeds sweep.maxAge (90d)', '91d']],
  ['an age that an audit does not keep', { sweep: { mode: 'audit', rotateAfter: '80d', maxAge: '95d' } }, ["sweep.mode is 'audit'", 'sweep.rotateAfter (80d)', 'up to 160d', 'sweep.maxAge is 95d', "sweep.mode: 'retire'", '47d 12h']],
  ['an overlap as long as the interval', { keys: { overlap: '90d' } }, ['keys.overlap', 'superseded', 'shorter']],
  ['an age of nothing', { sweep: { rotateAfter: '0' } }, ['sweep.rotateAfter', '90d']],
  ['a sender without an identity', { mail: { from: 'a@example.com' } as never }, ['mail.from', 'mail.identity', "'create'"]],
  ['an identity that does not cover the sender', { mail: { from: 'a@example.com', identity: 'example.org' } }, ['mail.identity', 'a@example.com', 'domain']],
  ['a sender that is no address', { mail: { from: 'example.com', identity: 'create' } }, ['mail.from', 'address']],
  ['a domain with an at sign', { mail: { from: 'a@example.com', identity: 'create', domain: '@example.com' } }, ['mail.domain', 'example.com']],
  ['a name without {user}', { keys: { secretName: 'key' } }, ['keys.secretName', '{user}']],
  ['a name with {user} twice', { keys: { secretName: '{user}/{user}' } }, ['keys.secretName', 'once']],
  ['a name with a wildcard', { keys: { secretName: 'keys/*/{user}' } }, ['keys.secretName', '"keys/*/{user}"', 'letters, digits', 'iam-key/{user}']],
  ['secrets created under a name without text of its own', { keys: { secretName: '{user}' }, sweep: { mode: 'enforce', scope: 'all' } }, ['keys.secretName is "{user}"', "sweep.mode is 'enforce'", 'iam-key/{user}', 'iam-key-rotator enroll']],
  ['such a name with the account', { keys: { secretName: '{account}{user}' }, sweep: { mode: 'enforce', scope: 'all' } }, ['keys.secretName', 'before or after {user}']],
  ['a listed secret with a wildcard', { sweep: { scope: ['ci', 'prod/*'] } }, ['sweep.scope', '"prod/*"', 'one secret']],
  ['a shape without a pair', { keys: { secretShape: ['UserName'] } }, ['keys.secretShape', 'AccessKeyId']],
  ['a shape with two pairs', { keys: { secretShape: ['AccessKeyId', 'SecretAccessKey', 'AccessKey', 'SecretKey'] } }, ['keys.secretShape', 'one access key pair']],
  ['an empty list of secrets', { sweep: { scope: [] } }, ['sweep.scope', 'at least one']],
  ['a secret with a semicolon', { sweep: { scope: ['a;b'] } }, ['sweep.scope', 'semicolon']],
  ['a region that is none', { keys: { testRegions: ['Ireland'] } }, ['keys.testRegions', 'eu-west-1']],
  ['a replica where the secret is', { sweep: { replicaRegions: ['eu-west-1'] } }, ['sweep.replicaRegions', 'eu-west-1']],
  ['members without a way to be invoked from', { members: { externalId: 'example', secretsIn: 'member' } }, ['members.accounts', "'central'"]],
  ['secrets made in member accounts without a key', { members: { externalId: 'example', secretsIn: 'member', accounts: [MEMBER] }, sweep: { mode: 'enforce', scope: 'all' } }, ['createdSecretsKey', "'central'"]],
  ['more members than a policy has room for', { members: { externalId: 'example', secretsIn: 'member', accounts: Array.from({ length: 51 }, (_, i) => String(100000000000 + i)) } }, ['members.accounts', '51', "'central'"]],
  ['an account that is none', { members: { ...central, accounts: ['12'] } }, ['members.accounts', 'twelve digits']],
  ['an external id that is none', { members: { ...central, externalId: '' } }, ['members.externalId', 'MemberAccountRole']],
  ['a function that ends before its wait', { keys: { propagationTimeout: '5m' } }, ['runtime.rotation.timeout', 'keys.propagationTimeout']],
  ['no concurrency at all', { sweeping: { reservedConcurrency: 0 } }, ['reservedConcurrency', "'none'"]],
];

test.each(REFUSED)('%s ends synthesis with a sentence', (_, props, words) => {
  expect(() => rotator(props)).toThrow(SettingsError);
  for (const word of words) {
    expect(() => rotator(props)).toThrow(word);
  }
});

test.each([
  // Without an overlap the rotation itself deactivates the superseded key.
  { keys: { overlap: '0' }, sweep: { mode: 'audit', rotateAfter: '90d', maxAge: '90d' } },
  { keys: { overlap: '0' }, sweep: { rotateAfter: '90d', maxAge: '90d' } },
  { keys: { overlap: '1h', inUse: 'deactivate' }, sweep: { rotateAfter: '2158h', maxAge: '90d' } },
  { sweep: { rotateAfter: '2135h', maxAge: '90d' } },
  { sweep: { mode: 'audit', rotateAfter: '45d', maxAge: '90d' } },
  { sweep: { mode: 'audit', rotateAfter: '90d', maxAge: '0' } },
] as const)('an age that the mode keeps to is taken: %j', (props) => {
  expect(() => rotator(props)).not.toThrow();
});

test('an organization that sweeps more rarely has its maximum age checked against that', () => {
  const scope = stack();
  const rotation = rotator({ members: central, sweep: { rotateAfter: '88d', maxAge: '90d' }, sweeping: { schedule: 'none', reservedConcurrency: 'none' } }, scope);
  expect(() => new OrganizationSweep(scope, 'Daily', { rotation, schedule: ScheduleExpression.rate(Duration.days(2)) })).toThrow('next sweep (2d)');
});

test.each(['audit', 'retire'] as const)('a key for secrets that mode %s never creates is refused', (mode) => {
  const scope = stack();
  expect(() => rotator({ createdSecretsKey: new Key(scope, 'Key'), sweep: { mode } }, scope)).toThrow(`sweep.mode is '${mode}'`);
});

test('a key for a topic that exists is refused', () => {
  const scope = stack();
  const alerts = { topic: new Topic(scope, 'Topic'), encryptionKey: new Key(scope, 'Key') };
  expect(() => rotator({ alerts }, scope)).toThrow('alerts.encryptionKey');
});

test('a FIFO topic is refused, since no alarm could publish to it', () => {
  const topic = Topic.fromTopicArn(stack(), 'Topic', 'arn:aws:sns:eu-west-1:111122223333:alerts.fifo');
  expect(() => rotator({ alerts: { topic } })).toThrow('FIFO');
  expect(() => rotator({ alerts: { topic: new Topic(stack(), 'Own', { fifo: true }) } })).toThrow('standard topic');
});

test('the key of a topic that exists must be the key itself, and the topic be named', () => {
  const key = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
  expect(() => rotator({ alerts: { topicKeyArn: key } })).toThrow('alerts.encryptionKey');
  const scope = stack();
  const alerts = { topic: new Topic(scope, 'Topic'), topicKeyArn: 'arn:aws:kms:eu-west-1:111122223333:alias/alerts' };
  expect(() => rotator({ alerts }, scope)).toThrow('not of an alias');
});

test.each([
  { sweep: { mode: 'audit', scope: 'all' } },
  { sweep: { mode: 'retire', scope: 'all' } },
  { sweep: { mode: 'enforce', scope: 'enrolled' } },
  { sweep: { mode: 'enforce', scope: ['ci'] } },
] as const)('a name without text of its own does where no secret is created: %j', (props) => {
  expect(() => rotator({ keys: { secretName: '{user}' }, ...props })).not.toThrow();
});

test.each([
  ['whose name CloudFormation chooses', {}, 'userName'],
  ['with two secrets', { userName: 'ci-bot' }, 'one secret alone'],
])('a user %s ends synthesis with a sentence', (_, props, word) => {
  const scope = stack();
  const rotation = rotator({}, scope);
  const user = new User(scope, 'User', props);
  const both = (): void => {
    new RotatedAccessKey(scope, 'Key', { rotation, user });
    new RotatedAccessKey(scope, 'Second', { rotation, user, secretName: 'second' });
  };
  expect(both).toThrow(word);
});

test.each([
  ['without members', {}, {}, 'members.externalId'],
  ['with more at once than may run', { members: central }, {}, 'sweeping.reservedConcurrency'],
  ['of a unit and a list', { members: central }, { unit: 'ou-ab12-cdefgh34', accounts: [MEMBER] }, 'unit and accounts'],
  ['of a unit that is none', { members: central }, { unit: 'Engineering' }, 'ou-ab12-cdefgh34'],
  ['of no account at a time', { members: central }, { maxConcurrency: 0 }, 'maxConcurrency'],
])('an organization %s ends synthesis with a sentence', (_, props: RotationConfig, organization: Partial<OrganizationSweepProps>, word) => {
  const scope = stack();
  const rotation = rotator(props, scope);
  expect(() => new OrganizationSweep(scope, 'Organization', { rotation, ...organization })).toThrow(word);
});

test('a member account whose secrets rotate centrally must know the function', () => {
  const settings = rotatorSettings({ members: { externalId: 'example', secretsIn: 'member', accounts: [MEMBER] } });
  const arn = 'arn:aws:iam::111122223333:role/r';
  expect(
    () => new MemberAccountRole(stack(), 'Member', { settings, rotationRoleArn: arn, sweepRoleArn: arn }),
  ).toThrow('rotationFunctionArn');
});

test.each([
  [{ interval: Duration.hours(1) }, '4 hours'],
  [{ interval: Duration.days(1001) }, '1000 days'],
  [{ interval: Duration.hours(24) }, 'keys.overlap'],
  [{}, 'sweep.maxAge'],
])('a key with %j ends synthesis with a sentence', (props, word) => {
  const scope = stack();
  const rotation = rotator({ sweep: { maxAge: '90d', rotateAfter: '80d' } }, scope);
  const user = User.fromUserName(scope, 'User', 'u');
  expect(() => new RotatedAccessKey(scope, 'Key', { rotation, user, ...props })).toThrow(word);
});

test('a scope of every user must be meant', () => {
  expect(() => UserScope.underPath('/')).toThrow('everyoneNotExempt');
  expect(() => UserScope.underPath('service')).toThrow('slash');
});
