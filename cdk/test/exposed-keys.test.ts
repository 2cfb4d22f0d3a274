import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import type { EventPattern } from 'aws-cdk-lib/aws-events';
import { ExposedKeyForwarder, exposedCredentials, exposureRegions, suspiciousKeys } from '../lib/exposed-keys';
import { ExposedResponse, IamKeyRotation, SweepMode } from '../lib';
import type { IamKeyRotationProps } from '../lib';
import type { RotationConfig } from '../lib/app/config';
import { ExposedKeysStack } from '../lib/app/exposed-keys-stack';
import { addStacks } from '../lib/app/stacks';
import { ENV, MEMBER, runtime } from './configurations';
import { matches } from './event-pattern';
import { Rotator } from './rotator';
import { newApp } from './templates';

type Event = Record<string, unknown> & { detail: Record<string, unknown> };

/** The samples of the runbook's drill. */
function sample(name: string): Event {
  return JSON.parse(readFileSync(join(__dirname, `../../docs/samples/${name}.json`), 'utf8')) as Event;
}

function pattern({ source, detailType, detail }: EventPattern): Record<string, unknown> {
  return { source, ...(detailType ? { 'detail-type': detailType } : {}), detail };
}

function templateOf(props: IamKeyRotationProps): Template {
  const stack = new Stack(newApp(), 'Stack', { env: ENV });
  new IamKeyRotation(stack, 'Rotator', { runtime: runtime(), ...props });
  return Template.fromStack(stack);
}

describe('the rules deliver what the sweep reads', () => {
  const health = sample('exposed-key-health');
  const guardDuty = sample('exposed-key-guardduty');
  const sequence = sample('exposed-key-attack-sequence');
  const withDetail = (event: Event, detail: Record<string, unknown>): Event => ({ ...event, detail: { ...event.detail, ...detail } });
  const withKey = (details: Record<string, unknown>): Event => withDetail(guardDuty, { resource: { accessKeyDetails: details } });

  test.each([
    ['exposed credentials', health, true],
    ['a relative', withDetail(health, { eventTypeCode: 'AWS_RISK_CREDENTIALS_COMPROMISED' }), true],
    ['a quarantined user', withDetail(health, { eventTypeCode: 'AWS_RISK_IAM_QUARANTINE' }), true],
    ['an abuse event', { ...health, 'detail-type': 'AWS Health Abuse Event' }, true],
    ['the event under another detail type', { ...health, 'detail-type': 'Amazon Health Event' }, true],
    ['another event of AWS Health', withDetail(health, { eventTypeCode: 'AWS_EC2_INSTANCE_RETIREMENT_SCHEDULED' }), false],
    ['an event without a code', withDetail(health, { eventTypeCode: undefined }), false],
    ['the like from elsewhere', { ...health, source: 'eve' }, false],
    ['a finding of GuardDuty', guardDuty, false],
  ])('AWS Health: %s', (_, event, delivered) => {
    expect(matches(pattern(exposedCredentials()), event)).toBe(delivered);
  });

  test.each([
    ["a user's key", guardDuty, true],
    ['a sample finding', withKey({ userType: 'IAMUser', accessKeyId: 'GeneratedFindingAccessKeyId' }), true],
    ["a user's session", withKey({ userType: 'IAMUser', accessKeyId: 'ASIAIOSFODNN7EXAMPLE' }), true],
    ["the root user's key", withKey({ userType: 'Root', accessKeyId: 'AKIAIOSFODNN7EXAMPLE' }), true],
    ['the least severity', withDetail(guardDuty, { severity: 4 }), true],
    ['a lower severity', withDetail(guardDuty, { severity: 3.9 }), false],
    ['an attack sequence of a user', sequence, true],
    ['an attack sequence of a bucket', withDetail(sequence, { type: 'AttackSequence:S3/CompromisedData' }), true],
    ['an attack sequence of a cluster', withDetail(sequence, { type: 'AttackSequence:EKS/CompromisedCluster' }), false],
    ['a role', withKey({ userType: 'AssumedRole', accessKeyId: 'ASIAIOSFODNN7EXAMPLE' }), false],
    ['no key', withDetail(guardDuty, { resource: {} }), false],
    ['an event of another detail type', { ...guardDuty, 'detail-type': 'GuardDuty Malware Protection Object Scan Result' }, false],
    ['the like from elsewhere', { ...guardDuty, source: 'eve' }, false],
    ['an event of AWS Health', health, false],
  ])('GuardDuty: %s', (_, event, delivered) => {
    expect(matches(pattern(suspiciousKeys()), event)).toBe(delivered);
  });
});

test('no rule and no permission unless asked for', () => {
  const template = templateOf({ watchKeyCreation: false });
  template.resourceCountIs('AWS::Events::Rule', 0);
  expect(JSON.stringify(template.findResources('AWS::IAM::Policy'))).not.toContain('secretsmanager:RotateSecret');
});

test('the events go to the sweep, and what is not delivered to its dead letters', () => {
  const template = templateOf({ watchKeyCreation: false, watchExposedKeys: true });
  const rules = Object.keys(template.findResources('AWS::Events::Rule')).map((id) => ({ 'Fn::GetAtt': [id, 'Arn'] }));
  expect(rules).toHaveLength(2);
  template.allResourcesProperties('AWS::Events::Rule', {
    Targets: [
      {
        Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^RotatorSweepFunction'), 'Arn'] },
        DeadLetterConfig: { Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^RotatorSweepDeadLetters'), 'Arn'] } },
        Id: 'Target0',
        RetryPolicy: { MaximumEventAgeInSeconds: 7200, MaximumRetryAttempts: 10 },
      },
    ],
  });
  for (const rule of rules) {
    template.hasResourceProperties('AWS::Lambda::Permission', { Principal: 'events.amazonaws.com', SourceArn: rule });
  }
  template.hasResourceProperties('AWS::SQS::QueuePolicy', {
    PolicyDocument: Match.objectLike({
      Statement: Match.arrayWith([
        Match.objectLike({ Sid: 'KeepReportsOfExposedKeys', Action: 'sqs:SendMessage', Condition: { ArnEquals: { 'aws:SourceArn': rules } } }),
      ]),
    }),
  });
});

describe('settings that have no effect', () => {
  const warnings = (rotation: RotationConfig): string[] => {
    const stack = new Stack(newApp(), 'Stack', { env: ENV });
    new Rotator(stack, 'Rotator', { runtime: runtime(), ...rotation });
    return Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp('sweep.exposed')).map(({ entry }) => JSON.stringify(entry.data));
  };

  test.each([
    [{}, []],
    [{ watchExposedKeys: true }, []],
    [{ sweep: { exposed: 'alert' } }, []],
    [{ sweep: { exposed: 'rotate' }, watchExposedKeys: true }, []],
    [{ sweep: { exposed: 'rotate' } }, ["sweep.exposed is 'rotate', but watchExposedKeys is not set"]],
    [{ sweep: { exposed: 'revoke', mode: 'audit' }, watchExposedKeys: true }, ["sweep.exposed is 'revoke', but sweep.mode is 'audit'"]],
    [{ sweep: { exposed: 'revoke', mode: 'audit' } }, ["sweep.mode is 'audit'", 'watchExposedKeys is not set']],
  ] as const)('%j: warned of %j', (rotation, expected) => {
    const given = warnings(rotation);
    expect(given).toHaveLength(expected.length);
    expected.forEach((words) => { expect(given.some((each) => each.includes(words))).toBe(true); });
  });

  test('forwarders of an app without an environment', () => {
    const stack = addStacks(newApp(), { rotation: { runtime: runtime(), watchExposedKeys: true } });
    Annotations.fromStack(stack).hasWarning('*', Match.stringLikeRegexp('no stack forwards the global events of AWS Health'));
  });
});

test.each([
  [SweepMode.AUDIT, ExposedResponse.REVOKE, false],
  [SweepMode.RETIRE, ExposedResponse.ALERT, false],
  [SweepMode.RETIRE, ExposedResponse.ROTATE, true],
  [SweepMode.RETIRE, ExposedResponse.REVOKE, true],
])('%s with %s: may rotate is %s', (mode, exposed, may) => {
  const policies = JSON.stringify(templateOf({ sweep: { mode, exposed } }).findResources('AWS::IAM::Policy'));
  expect(policies.includes('secretsmanager:RotateSecret')).toBe(may);
});

test.each([
  ['central', 'retire', 'rotate', []],
  ['member', 'retire', 'alert', []],
  ['member', 'audit', 'rotate', []],
  ['member', 'retire', 'rotate', ['secretsmanager:RotateSecret']],
] as const)('secrets in %s, %s with %s: the role in the member account may %j', (secretsIn, mode, exposed, expected) => {
  const app = newApp();
  const members = { externalId: 'example', secretsIn, accounts: [MEMBER] };
  addStacks(app, { env: ENV, rotation: { runtime: runtime(), watchExposedKeys: true, sweep: { mode, exposed }, members } });
  const [member] = app.node.children.filter((child) => Stack.isStack(child)).filter(({ stackName }) => stackName.endsWith('-Member'));
  const policies = member && JSON.stringify(Template.fromStack(member).findResources('AWS::IAM::Policy'));
  expect(policies).toContain('iam:ListAccessKeys');
  expect(policies?.match(/secretsmanager:RotateSecret/g) ?? []).toEqual(expected);
});

test.each([
  ['eu-west-1', ['us-east-1', 'us-west-2']],
  ['us-east-1', ['us-west-2']],
  ['us-west-2', ['us-east-1']],
  ['cn-north-1', ['cn-northwest-1']],
  ['us-gov-east-1', ['us-gov-west-1']],
  ['us-gov-west-1', ['us-gov-east-1']],
  ['eusc-de-east-1', []],
])('%s: AWS Health is forwarded from %s', (region, expected) => {
  expect(exposureRegions(region)).toEqual(expected);
});

test('the app has a forwarder where AWS Health is', () => {
  const app = newApp();
  addStacks(app, { env: ENV, tags: { team: 'identity' }, rotation: { runtime: runtime(), watchKeyCreation: false, watchExposedKeys: true } });
  const stacks = app.node.children.filter((child) => Stack.isStack(child));
  expect(stacks.map((stack) => stack.region)).toEqual(['eu-west-1', 'us-east-1', 'us-west-2']);
  for (const stack of stacks.slice(1)) {
    Template.fromStack(stack).allResourcesProperties('AWS::Events::Rule', {
      Targets: [Match.objectLike({ Arn: 'arn:aws:events:eu-west-1:111122223333:event-bus/default' })],
    });
    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Role', { Tags: [{ Key: 'team', Value: 'identity' }] });
  }
});

test('the released template sends the events to the sweep at home, and forwards them elsewhere', () => {
  const template = Template.fromStack(new ExposedKeysStack(newApp(), 'ExposedKeys'));
  template.resourceCountIs('AWS::Events::Rule', 2);
  template.allResources('AWS::Lambda::Permission', { Condition: 'Home' });
  template.allResources('AWS::IAM::Role', { Condition: 'Away' });
  const [home, sweep] = [{ Ref: 'HomeRegion' }, { Ref: 'SweepFunctionName' }];
  expect(template.findConditions('Home')).toEqual({
    Home: { 'Fn::And': [{ Condition: 'OwnAccount' }, { 'Fn::Equals': [home, { Ref: 'AWS::Region' }] }] },
  });
  const account = { Ref: 'HomeAccount' };
  expect(template.findConditions('OwnAccount')).toEqual({
    OwnAccount: { 'Fn::Or': [{ 'Fn::Equals': [account, ''] }, { 'Fn::Equals': [account, { Ref: 'AWS::AccountId' }] }] },
  });
  for (const { Properties } of Object.values(template.findResources('AWS::Events::Rule'))) {
    const [target] = (Properties as { Targets: { Arn: { 'Fn::If': [string, unknown, unknown] }; RoleArn: unknown }[] }).Targets;
    const [condition, here, elsewhere] = target?.Arn['Fn::If'] ?? [];
    expect(condition).toBe('Home');
    expect(JSON.stringify(here)).toContain(JSON.stringify(sweep));
    expect(JSON.stringify(elsewhere)).toContain(':event-bus/default');
    expect(JSON.stringify(elsewhere)).toContain(JSON.stringify({ 'Fn::If': ['OwnAccount', { Ref: 'AWS::AccountId' }, account] }));
    expect(target?.RoleArn).toEqual({ 'Fn::If': ['Home', { Ref: 'AWS::NoValue' }, { 'Fn::GetAtt': ['Forwarder', 'Arn'] }] });
  }
});

test("a member account forwards to the rotator's account and may put events nowhere else", () => {
  const stack = new Stack(newApp(), 'Stack', { env: { account: MEMBER, region: 'us-east-1' } });
  new ExposedKeyForwarder(stack, 'Forwarder', { homeRegion: 'eu-west-1', homeAccount: ENV.account });
  const template = Template.fromStack(stack);
  const bus = 'arn:aws:events:eu-west-1:111122223333:event-bus/default';
  template.allResourcesProperties('AWS::Events::Rule', { Targets: [Match.objectLike({ Arn: bus, RoleArn: Match.anyValue() })] });
  template.allResourcesProperties('AWS::IAM::Policy', {
    PolicyDocument: Match.objectLike({ Statement: [{ Action: 'events:PutEvents', Effect: 'Allow', Resource: bus }] }),
  });
});
