import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Validations } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { ExposedKeysStack } from '../lib/app/exposed-keys-stack';
import { ReleaseStack } from '../lib/app/release-stack';
import { DEFAULTS } from '../lib/settings';
import { releaseTemplates, shortened, TEMPLATES } from '../scripts/release-template';
import { newApp } from './templates';

const templates = releaseTemplates();
/** What CloudFormation takes without an S3 bucket: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html */
const LIMIT_BYTES = 51_200;

test('the templates that are released are the ones in the repository (npm run release-template)', () => {
  expect(readdirSync(TEMPLATES).sort()).toEqual([...templates.keys()].sort());
  for (const [name, text] of templates) {
    expect(readFileSync(join(TEMPLATES, name), 'utf8')).toBe(text);
  }
});

test.each([
  [{ 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':x/', { 'Fn::GetAtt': ['Role', 'Arn'] }]] }, { 'Fn::Sub': 'arn:${AWS::Partition}:x/${Role.Arn}' }],
  [{ a: [{ 'Fn::Join': ['', ['${aws:PrincipalOrgID}', { Ref: 'X' }]] }] }, { a: [{ 'Fn::Sub': '${!aws:PrincipalOrgID}${X}' }] }],
  [{ a: { 'Fn::Join': [',', { 'Fn::Split': [',', { Ref: 'X' }] }] } }, { a: { Ref: 'X' } }],
  [{ 'Fn::Join': ['', ['a', { 'Fn::Select': [0, { Ref: 'L' }] }, { Ref: 'X' }]] }, { 'Fn::Sub': ['a${p0}${X}', { p0: { 'Fn::Select': [0, { Ref: 'L' }] } }] }],
])('they have the texts that CDK joins, in fewer bytes: %j', (long, short) => {
  expect(shortened(long)).toEqual(short);
});

test.each([{ 'Fn::Join': [',', [{ Ref: 'X' }]] }, { 'Fn::Join': ['', { Ref: 'List' }] }, { 'Fn::Join': [';', { 'Fn::Split': [',', { Ref: 'X' }] }] }])(
  'and what is no such text as it is: %j',
  (value) => {
    expect(shortened(value)).toEqual(value);
  },
);

test('they are short enough to be passed as they are', () => {
  for (const text of templates.values()) {
    expect(Buffer.byteLength(text)).toBeLessThan(LIMIT_BYTES);
  }
});

test('cdk-nag has no finding in them that is not acknowledged', () => {
  const app = newApp();
  new ReleaseStack(app, 'IamKeyRotator');
  new ExposedKeysStack(app, 'IamKeyRotatorExposedKeys');
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  app.synth();
});

test("the member accounts' template has no ExternalId that others know", () => {
  const { Parameters } = JSON.parse(templates.get('iam-key-rotator-member.template.json') ?? '{}') as { Parameters: Record<string, object> };
  expect(Parameters['ExternalId']).toBeDefined();
  expect(Parameters['ExternalId']).not.toHaveProperty('Default');
});

test("the member accounts' template asks for the mode, and lets an audit change nothing", () => {
  const member = JSON.parse(templates.get('iam-key-rotator-member.template.json') ?? '{}') as {
    Parameters: Record<string, { Default?: string; AllowedValues?: string[] }>;
    Resources: Record<string, { Type: string; Condition?: string; Properties: { PolicyDocument?: { Statement: { Action: string | string[] }[] } } }>;
  };
  expect(member.Parameters['Mode']).toMatchObject({ Default: 'retire', AllowedValues: ['audit', 'retire', 'enforce'] });
  const policies = Object.entries(member.Resources).filter(([id, { Type }]) => Type === 'AWS::IAM::Policy' && id.startsWith('MemberSweep'));
  const changing = policies.filter(([, { Properties }]) => /iam:(Create|Delete|Update|Put|Tag)/.test(JSON.stringify(Properties.PolicyDocument)));
  expect(policies).toHaveLength(2);
  expect(changing.map(([, { Condition }]) => Condition)).toEqual(['Retires']);
});

describe('the template of one account', () => {
  const template = Template.fromStack(new ReleaseStack(newApp(), 'IamKeyRotator'));
  const parameters = template.toJSON() as { Parameters: Record<string, { Default?: string | number; AllowedPattern?: string }> };

  test('has parameters with the defaults of the settings', () => {
    const given = Object.entries(DEFAULTS).filter(([name]) => !['userTag', 'roleName', 'secretsIn'].includes(name));
    for (const [name, value] of given) {
      const parameter = parameters.Parameters[name.charAt(0).toUpperCase() + name.slice(1)];
      expect([name, parameter?.Default]).toEqual([name, typeof value === 'string' ? value : value.join(',')]);
    }
  });

  test('gives each mode its own policies: an audit has none that changes anything, retire those for superseded keys', () => {
    const conditional = Object.entries(template.findResources('AWS::IAM::Policy')).filter(
      ([, policy]) => 'Condition' in policy && ['Retires', 'Rotates', 'Creates', 'Replicates'].includes(String(policy['Condition'])),
    );
    expect(conditional.map(([id, policy]) => [id.replace(/[0-9A-F]{8}$/, ''), policy['Condition'] as string]).sort()).toEqual([
      ['RotatorSweepCreatePolicy', 'Creates'],
      ['RotatorSweepEnforcePolicy', 'Rotates'],
      ['RotatorSweepReplicasPolicy', 'Replicates'],
      ['RotatorSweepRetirePolicy', 'Retires'],
    ]);
    expect(template.findConditions('Retires')).toEqual({ Retires: { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'Mode' }, 'audit'] }] } });
    expect(template.findConditions('Enforces')).toEqual({ Enforces: { 'Fn::Equals': [{ Ref: 'Mode' }, 'enforce'] } });
    template.allResourcesProperties('AWS::Lambda::Function', { Environment: { Variables: Match.objectLike({ ROTATOR_MODE: { Ref: 'Mode' } }) } });
  });

  test('starts rotations in retire for exposed keys alone, where it is asked to', () => {
    const replaces = { 'Fn::And': [{ 'Fn::Equals': [{ Ref: 'Mode' }, 'retire'] }, { 'Fn::Not': [{ 'Fn::Equals': [{ Ref: 'Exposed' }, 'alert'] }] }] };
    expect(template.findConditions('Rotates')).toEqual({ Rotates: { 'Fn::Or': [{ Condition: 'Enforces' }, replaces] } });
  });

  test('sweeps hourly by default, and misses a sweep after three hours then', () => {
    expect(parameters.Parameters['Schedule']?.Default).toBe('rate(1 hour)');
    expect(template.findConditions('Hourly')).toEqual({ Hourly: { 'Fn::Equals': [{ Ref: 'Schedule' }, 'rate(1 hour)'] } });
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmDescription: Match.stringLikeRegexp('"SweepMissing"'),
      // Of another schedule only CloudFormation knows: a weekend is the longest that it may wait.
      EvaluationPeriods: { 'Fn::If': ['Hourly', 3, 74] },
    });
  });

  test('creates no secret under a name without text of its own, and refuses to enforce for all users with one', () => {
    const bare = ['{user}', '{account}{user}', '{user}{account}'];
    const isBare = { 'Fn::Or': bare.map((name) => ({ 'Fn::Equals': [{ Ref: 'SecretName' }, name] })) };
    expect(template.findConditions('Creates')).toEqual({ Creates: { 'Fn::And': [{ Condition: 'Enforces' }, { 'Fn::Not': [isBare] }] } });
    const [rule] = Object.values((template.toJSON() as { Rules: Record<string, object> }).Rules);
    expect(JSON.stringify(rule)).toContain(JSON.stringify({ 'Fn::Not': [{ 'Fn::Contains': [bare, { Ref: 'SecretName' }] }] }));
    expect(JSON.stringify(rule)).toContain('SecretName needs text before or after {user}');
  });

  test.each([
    ['iam-key/{user}', true],
    ['Account_{account}_User_{user}_AccessKey', true],
    ['{user}', true],
    ['key', false],
    ['{user}/{user}', false],
    ['keys/*/{user}', false],
  ])('takes the name %s: %s', (name, taken) => {
    const { AllowedPattern } = parameters.Parameters['SecretName'] as { AllowedPattern: string };
    expect(new RegExp(AllowedPattern).test(name)).toBe(taken);
  });

  test.each([
    ['EnrollmentRoles', '', true],
    ['EnrollmentRoles', 'arn:aws:iam::111122223333:role/people/KeyOperator', true],
    ['EnrollmentRoles', 'arn:aws:iam::111122223333:role/A,arn:aws:iam::111122223333:role/B', true],
    ['EnrollmentRoles', 'arn:aws:iam::111122223333:role/A, arn:aws:iam::111122223333:role/B', false],
    ['EnrollmentRoles', 'arn:aws:iam::111122223333:role/A,arn:aws:iam::111122223333:role/*', false],
    ['EnrollmentRoles', 'A', false],
    ['ReplicaRegions', '', true],
    ['ReplicaRegions', 'eu-central-1,us-gov-west-1', true],
    ['ReplicaRegions', 'eu-central-1, us-east-1', false],
  ])('takes for %s the list "%s": %s', (name, list, taken) => {
    const { AllowedPattern } = parameters.Parameters[name] as { AllowedPattern: string };
    expect(new RegExp(AllowedPattern).test(list)).toBe(taken);
  });

  test('compares lists as texts in conditions, and gives them to the functions as they are', () => {
    const released = JSON.parse(templates.get('iam-key-rotator.template.json') ?? '{}') as { Conditions: object; Resources: object };
    expect(JSON.stringify(released.Conditions)).not.toMatch(/Fn::(Join|Split)/);
    expect(JSON.stringify(released)).toContain('"ROTATOR_EXEMPT_USERS":{"Ref":"ExemptUsers"}');
  });

  test('takes its code from a bucket, and nothing from a bootstrapped account', () => {
    const text = JSON.stringify(template.toJSON());
    expect(text).not.toContain('cdk-hnb659fds');
    expect(text).toContain('"S3Bucket":{"Ref":"CodeBucket"}');
  });
});
