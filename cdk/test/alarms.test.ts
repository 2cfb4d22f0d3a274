import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Match } from 'aws-cdk-lib/assertions';
import { PACKAGE_ROOT } from '../lib/code';
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
      .filter(([, rule]) => !String(rule['Description']).startsWith('Forwards'))
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

test('where an organization is swept, this account has no schedule of its own to miss', () => {
  const template = templateOf('organization', 'Organization');
  expect(properties(template, 'AWS::CloudWatch::Alarm').map(([, a]) => entryOf(a['AlarmDescription']))).not.toContain('SweepMissing');
  template.resourceCountIs('AWS::Scheduler::Schedule', 1);
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
