import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import type { Template } from 'aws-cdk-lib/assertions';
import { Match } from 'aws-cdk-lib/assertions';
import { PACKAGE_ROOT } from '../lib/code';
import { watchedHours } from '../lib/alarms';
import { longestGapHours } from '../lib/schedule';
import { foreignKeyCreation } from '../lib/key-creation-watch';
import { matches } from './event-pattern';
import { CONFIGURATIONS } from './configurations';
import { properties } from './policies/deployment';
import { templateOf, templatesOf } from './templates';

const RUNBOOK = readFileSync(join(PACKAGE_ROOT, '..', 'docs', 'runbook.md'), 'utf8');

/** The name that a description sends its reader to. */
function entryOf(description: unknown): string {
  return /docs\/runbook\.md, "(\w+)"/.exec(String(description))?.[1] ?? String(description);
}

const named = Object.keys(CONFIGURATIONS).flatMap((name) =>
  [...templatesOf(name).values()].flatMap((template) => [
    ...properties(template, 'AWS::CloudWatch::Alarm').map(([, alarm]) => entryOf(alarm['AlarmDescription'])),
    ...properties(template, 'AWS::Events::Rule')
      // Other rules send events on as they are, and nobody reads their descriptions.
      .filter(([, rule]) => JSON.stringify(rule['Targets']).includes('InputTransformer'))
      .map(([, rule]) => entryOf(rule['Description'])),
  ]),
);

describe('the runbook', () => {
  const section = RUNBOOK.slice(RUNBOOK.indexOf('\n## Alarms'));
  const entries = [...section.matchAll(/^### (\w+)$/gm)].map((match) => match[1] ?? '');

  test('has an entry for each alarm, and an alarm for each entry', () => {
    expect([...new Set(named)].sort()).toEqual([...entries].sort());
  });

  test.each(entries)('describes %s, how to investigate and how to resolve it', (entry) => {
    const text = section.slice(section.indexOf(`### ${entry}\n`)).split('\n### ')[0] ?? '';
    for (const part of ['**Description.**', '**Investigation.**', '**Resolution.**']) {
      expect(text).toContain(part);
    }
  });
});

test('every alarm tells the alert topic when it begins and when it ends', () => {
  for (const name of ['least', 'organization']) {
    const template = templatesOf(name).get(name === 'least' ? 'IamKeyRotator' : 'Organization');
    template?.allResourcesProperties('AWS::CloudWatch::Alarm', {
      AlarmActions: [Match.anyValue()],
      OKActions: [Match.anyValue()],
      Threshold: 1,
    });
  }
});

test('silence is fine for a count of failures, and is itself the failure for a sweep that must come', () => {
  const alarms = properties(templateOf('least', 'IamKeyRotator'), 'AWS::CloudWatch::Alarm');
  for (const [, alarm] of alarms) {
    const missing = entryOf(alarm['AlarmDescription']) === 'SweepMissing';
    expect(alarm['TreatMissingData']).toBe(missing ? 'breaching' : 'notBreaching');
  }
});

/** The alarms of a template that send their reader to an entry of the runbook. */
function alarmsOf(template: Template, entry: string): Record<string, unknown>[] {
  return properties(template, 'AWS::CloudWatch::Alarm')
    .map(([, alarm]) => alarm)
    .filter((alarm) => entryOf(alarm['AlarmDescription']) === entry);
}

describe('a sweep that does not come raises an alarm', () => {
  const missing = { TreatMissingData: 'breaching', ComparisonOperator: 'LessThanThreshold', Threshold: 1, Period: 3_600 };

  test('of one account: its schedule was switched off', () => {
    const [alarm, ...others] = alarmsOf(templateOf('least', 'IamKeyRotator'), 'SweepMissing');
    expect(others).toEqual([]);
    expect(alarm).toMatchObject({ ...missing, EvaluationPeriods: 3, Namespace: 'AWS/Lambda', MetricName: 'Invocations' });
    expect(alarm?.['AlarmDescription']).toContain('No sweep has run for 3 hours');
  });

  test('of an organization: its schedule was switched off, or no execution succeeds', () => {
    const template = templateOf('organization', 'Organization');
    const [machine] = Object.keys(template.findResources('AWS::StepFunctions::StateMachine'));
    const [alarm, ...others] = alarmsOf(template, 'SweepMissing');
    // This account is swept with the others: there is one schedule, and one alarm for it.
    expect(others).toEqual([]);
    template.resourceCountIs('AWS::Scheduler::Schedule', 1);
    expect(alarm).toMatchObject({
      ...missing,
      // An execution may take twelve hours, and is counted when it ends.
      EvaluationPeriods: 15,
      Namespace: 'AWS/States',
      MetricName: 'ExecutionsSucceeded',
      Statistic: 'Sum',
      Dimensions: [{ Name: 'StateMachineArn', Value: { Ref: machine } }],
    });
  });

  // CloudWatch looks back for seven days at most.
  test.each([
    ['rate(15 minutes)', 3],
    ['rate(1 hour)', 3],
    ['rate(1 day)', 26],
    ['rate(36 hours)', 38],
    ['rate(6 days)', 146],
    ['rate(7 days)', undefined],
    ['cron(0 * * * ? *)', 3],
    ['cron(0 4 * * ? *)', 26],
    // Working hours: from Friday 17:00 to Monday 08:00.
    ['cron(0 8-17 ? * MON-FRI *)', 65],
    ['cron(0 4 ? * MON-FRI *)', 74],
    ['cron(0 4 ? * MON *)', undefined],
    ['cron(0 4 1 * ? *)', undefined],
    ['at(2026-12-01T00:00:00)', undefined],
  ])('%s is missed after %p hours', (expression, hours) => {
    expect(watchedHours(ScheduleExpression.expression(expression))).toBe(hours);
  });

  test.each([
    ['cron(0/15 * * * ? *)', 0.25],
    ['cron(30 8,20 * * ? *)', 12],
    ['cron(0 4 */1 1-12 ? *)', 24],
    ['cron(0 4 ? * 2,4 *)', 120],
    ['cron(0 4 ? * FRI-MON *)', 96],
    ['cron(0 4 */2 * ? *)', undefined],
    ['cron(0 4 ? * 6#3 *)', undefined],
    ['cron(0 4 L * ? *)', undefined],
    ['cron(0 4 * JUN ? *)', undefined],
    ['cron(0 4 * * ? 2027)', undefined],
  ])('the starts of %s are at most %p hours apart', (expression, hours) => {
    expect(longestGapHours(ScheduleExpression.expression(expression))).toBe(hours);
  });
});

describe('the alert of a key made outside the rotator', () => {
  const template = templateOf('everything');
  const [target] = properties(template, 'AWS::Events::Rule').flatMap(([, rule]) => rule['Targets'] as Record<string, unknown>[]);
  const role = idOf(target?.['RoleArn']);
  const queue = idOf((target?.['DeadLetterConfig'] as Record<string, unknown> | undefined)?.['Arn']);

  /** The resource that an expression takes an attribute of. */
  function idOf(expression: unknown): string {
    return (expression as { 'Fn::GetAtt': [string, string] } | undefined)?.['Fn::GetAtt'][0] ?? 'none';
  }

  test('needs no statement for EventBridge in any policy but the queue of what was not delivered', () => {
    for (const name of Object.keys(CONFIGURATIONS)) {
      for (const [, stack] of templatesOf(name)) {
        for (const type of ['AWS::SNS::TopicPolicy', 'AWS::KMS::Key']) {
          expect(JSON.stringify(stack.findResources(type))).not.toContain('events.amazonaws.com');
        }
      }
    }
    template.hasResourceProperties('AWS::SNS::TopicPolicy', {
      PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Principal: { Service: 'cloudwatch.amazonaws.com' } })]) },
    });
  });

  test('is published under a role that may do nothing else', () => {
    const [key] = Object.entries(template.findResources('AWS::KMS::Key')).filter(([id]) => id.startsWith('AlertKey'));
    const [topic] = Object.keys(template.findResources('AWS::SNS::Topic'));
    expect(template.findResources('AWS::IAM::Role')[role]?.['Properties']).toMatchObject({
      AssumeRolePolicyDocument: { Statement: [{ Principal: { Service: 'events.amazonaws.com' }, Action: 'sts:AssumeRole' }] },
    });
    const statements = properties(template, 'AWS::IAM::Policy')
      .filter(([, { Roles }]) => JSON.stringify(Roles) === JSON.stringify([{ Ref: role }]))
      .flatMap(([, { PolicyDocument }]) => (PolicyDocument as { Statement: unknown[] }).Statement);
    expect(statements).toEqual([
      { Sid: 'PublishAlerts', Effect: 'Allow', Action: 'sns:Publish', Resource: { Ref: topic } },
      {
        Sid: 'EncryptAlerts',
        Effect: 'Allow',
        Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
        Resource: { 'Fn::GetAtt': [key?.[0], 'Arn'] },
        Condition: { StringLike: { 'kms:ViaService': 'sns.*.amazonaws.com' } },
      },
    ]);
  });

  test('that is not delivered is kept, and raises an alarm', () => {
    const [rule] = Object.keys(template.findResources('AWS::Events::Rule'));
    expect(template.findResources('AWS::SQS::Queue')[queue]?.['Properties']).toMatchObject({
      MessageRetentionPeriod: 1_209_600,
      SqsManagedSseEnabled: true,
    });
    template.hasResourceProperties('AWS::SQS::QueuePolicy', {
      Queues: [{ Ref: queue }],
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: 'Allow',
            Principal: { Service: 'events.amazonaws.com' },
            Action: 'sqs:SendMessage',
            Condition: { ArnEquals: { 'aws:SourceArn': { 'Fn::GetAtt': [rule, 'Arn'] } } },
          }),
        ]),
      },
    });
    const [alarm] = alarmsOf(template, 'AlertUndelivered');
    const metrics = JSON.stringify(alarm?.['Metrics']);
    expect(metrics).toContain(JSON.stringify({ Name: 'RuleName', Value: { Ref: rule } }));
    for (const name of ['FailedInvocations', 'InvocationsFailedToBeSentToDlq', 'ApproximateNumberOfMessagesVisible']) {
      expect(metrics).toContain(`"MetricName":"${name}"`);
    }
    expect(alarm).toMatchObject({ AlarmActions: [expect.anything()], Threshold: 1, TreatMissingData: 'notBreaching' });
  });
});

describe('a key made outside the rotator is noticed', () => {
  const role = 'arn:aws:iam::111122223333:role/rotation';
  const { source, detailType, detail } = foreignKeyCreation([role]);
  const pattern = { source, 'detail-type': detailType, detail };
  const made = (by: Record<string, unknown>, more: Record<string, unknown> = {}): Record<string, unknown> => ({
    source: 'aws.iam',
    'detail-type': 'AWS API Call via CloudTrail',
    detail: { eventSource: 'iam.amazonaws.com', eventName: 'CreateAccessKey', userIdentity: by, ...more },
  });
  const session = (arn: string): Record<string, unknown> => ({
    type: 'AssumedRole',
    sessionContext: { sessionIssuer: { arn } },
  });

  test.each([
    ['by a user', made({ type: 'IAMUser', arn: 'arn:aws:iam::111122223333:user/eve' }), true],
    ['by the root user', made({ type: 'Root', arn: 'arn:aws:iam::111122223333:root' }), true],
    ['by another role', made(session('arn:aws:iam::111122223333:role/Admin')), true],
    ['by the rotation function', made(session(role)), false],
    ['by nobody, since it was refused', made({ type: 'IAMUser' }, { errorCode: 'AccessDenied' }), false],
    ['not at all, but deleted', made({ type: 'IAMUser' }, { eventName: 'DeleteAccessKey' }), false],
  ])('%s', (_, event, noticed) => {
    expect(matches(pattern, event)).toBe(noticed);
  });

  test('and outside us-east-1 the forwarder sends it home', () => {
    const forwarder = templateOf('least', 'IamKeyRotator-Forwarder');
    forwarder.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: Match.objectLike({ source: ['aws.iam'] }),
      Targets: [Match.objectLike({ Arn: 'arn:aws:events:eu-west-1:111122223333:event-bus/default' })],
    });
    expect([...templatesOf('members').keys()]).not.toContain('Members-Forwarder');
  });
});
