import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { ServiceControlPolicy, UserScope } from '../lib';
import { SettingsError } from '../lib/settings-error';
import type { RotationConfig } from '../lib/app/config';
import { ReleaseStack } from '../lib/app/release-stack';
import { addStacks } from '../lib/app/stacks';
import { ENV, MEMBER, runtime } from './configurations';
import { NAMES, resolve } from './policies/deployment';
import type { Document, Principal, Request } from './policies/evaluator';
import { evaluate } from './policies/evaluator';
import { readJournal } from './policies/journal';
import { newApp } from './templates';
import { Rotator } from './rotator';

const role = (name: string, account: string = ENV.account): string => `arn:aws:iam::${account}:role/${name}`;
const user = (name: string, account: string = ENV.account): string => `arn:aws:iam::${account}:user/${name}`;
const secret = (account: string = ENV.account): string => `arn:aws:secretsmanager:${ENV.region}:${account}:secret:iam-key/ci-bot-AbCdEf`;
const EXECUTION = `cdk-hnb659fds-cfn-exec-role-${ENV.account}-${ENV.region}`;
const MEMBERS = { externalId: 'example', secretsIn: 'member', accounts: [MEMBER], roleName: '/security/keys' } as const;

/** The policy as an operator reads it from the stack's outputs, once CloudFormation has filled in what it knows. */
function deployed(rotation: RotationConfig = {}): Document {
  const stack = addStacks(newApp(), {
    stackName: 'Custom-Name',
    env: ENV,
    rotation: { runtime: runtime(), ...rotation },
    enrollmentRoles: [role('people/KeyOperator')],
  });
  return output(Template.fromStack(stack));
}

function output(template: Template, references: Readonly<Record<string, string>> = {}): Document {
  const [found] = Object.values(template.findOutputs('ServiceControlPolicy')) as { Value: unknown }[];
  return JSON.parse(String(resolve(found?.Value, ENV.account, references))) as Document;
}

const everything: Document = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };

/** Somebody whose own policies allow everything, under the service control policy. */
function under(policy: Document, arn: string): Principal {
  return { arn, policies: [{ name: 'everything', policy: everything }], boundary: undefined, serviceControl: policy };
}

function results(requests: readonly (Request & { readonly principal: Principal })[]): string[] {
  return evaluate(requests).map(({ result }) => result);
}

/** The calls that set a tag in an account, each with the keys that it sets. */
function tagging(keys: readonly string[], account: string = ENV.account): Request[] {
  const context = { 'aws:TagKeys': keys };
  return [
    ...['iam:CreateUser', 'iam:TagUser', 'iam:UntagUser'].map((action) => ({ action, resource: user('ci-bot', account), context })),
    ...['CreateSecret', 'TagResource', 'UntagResource'].map((action) => ({ action: `secretsmanager:${action}`, resource: secret(account), context })),
  ];
}

const policy = deployed({ members: MEMBERS });
const TAGS = ['rotate', 'exempt', 'secret', 'user', 'overlap', 'recovery', 'email', 'test-regions', 'notices', 'intent', 'refused'];

describe('the service control policy lets pass whoever sets tags by right', () => {
  const passing = [
    ["the rotation function's role", role('Custom-Name-RotationRole'), ['iam-key-rotator:intent', 'iam-key-rotator:refused']],
    ["the sweep's role", role('Custom-Name-SweepRole'), ['iam-key-rotator:user', 'iam-key-rotator:notices']],
    ["the sweep's role of a member account", role('security/keys-sweep', MEMBER), ['iam-key-rotator:user']],
    ['a stack update', role(EXECUTION), ['iam-key-rotator:rotate', 'iam-key-rotator:secret', 'iam-key-rotator:user']],
    ['an operator', role('people/KeyOperator'), ['iam-key-rotator:rotate', 'iam-key-rotator:secret']],
    ['anybody with a tag of their own', role('Developer'), ['team', 'iam-key-rotator']],
  ] as const;
  test.each(passing)('%s', (_, arn, keys) => {
    const requests = tagging(keys, arn.split(':')[4]).map((request) => ({ ...request, principal: under(policy, arn) }));
    expect(new Set(results(requests))).toEqual(new Set(['Allowed']));
  });

  test('anybody without a tag', () => {
    const principal = under(policy, role('Developer'));
    expect(results([{ action: 'iam:CreateUser', resource: user('x'), principal }, { action: 'secretsmanager:CreateSecret', resource: secret(), principal }])).toEqual(['Allowed', 'Allowed']);
  });
});

test('every call of the integration suite passes it, so rotations and sweeps go on', () => {
  const arns = { rotation: NAMES.rotationRole, sweep: NAMES.sweepRole, 'member-rotation': role('key-rotation', MEMBER), 'member-sweep': role('key-sweep', MEMBER) };
  const roleArns = [arns.rotation, arns.sweep, arns['member-sweep']];
  const ours = new ServiceControlPolicy({ users: UserScope.tagged(), settings: {}, roleArns });
  const own = readJournal().filter(({ role: caller, resource }) => resource.includes(arns[caller].split(':')[4] ?? ''));
  const requests = own.map((call) => ({ ...call, principal: under(ours.toJson() as Document, arns[call.role]) }));
  expect(requests.length).toBeGreaterThan(50);
  const said = results(requests);
  expect(requests.filter((_, i) => said[i] !== 'Allowed').map(({ action }) => action)).toEqual([]);
});

describe('the service control policy refuses everybody else', () => {
  const others = [
    ['a developer', role('Developer')],
    ['a role with the stack\'s prefix', role('Custom-Name-RotationRole2')],
    ['a role with the former recommendation\'s prefix', role('IamKeyRotator-Mine')],
    ['a role with an operator\'s name and another path', role('KeyOperator')],
    ['an operator\'s name in another account', role('people/KeyOperator', MEMBER)],
    ['another execution role', role(EXECUTION.replace('hnb659fds', 'mine'))],
    ['the rotation role of a member account, which sets no tag', role('security/keys-rotation', MEMBER)],
    ['a user', user('administrator')],
  ] as const;
  const attempts = others.flatMap(([name, arn]) =>
    TAGS.flatMap((tag) => tagging([`iam-key-rotator:${tag}`]).map((request) => ({ ...request, name, principal: under(policy, arn) }))),
  );
  const said = results(attempts);
  test.each(others.map(([name]) => name))('%s', (name) => {
    const passed = attempts.filter((attempt, i) => attempt.name === name && said[i] !== 'ExplicitlyDenied');
    expect(passed.map(({ action, context }) => `${action} ${JSON.stringify(context)}`)).toEqual([]);
  });

  test.each(['Iam-Key-Rotator:Rotate', 'IAM-KEY-ROTATOR:SECRET', 'iam-key-rotator:USER'])('who writes the key as %s', (key) => {
    const principal = under(policy, role('Developer'));
    expect(new Set(results(tagging(['team', key]).map((request) => ({ ...request, principal }))))).toEqual(new Set(['ExplicitlyDenied']));
  });
});

test('it guards the tags that are configured, and not the defaults that mean nothing then', () => {
  const [tags] = deployed({ users: UserScope.tagged('rotation', 'on'), sweep: { exemptTag: 'keep' } }).Statement;
  const keys = JSON.stringify(tags?.Condition);
  expect(keys).toContain('"rotation","keep"');
  expect(keys).not.toContain(':rotate"');
  expect(keys).not.toContain(':exempt"');
});

test('it guards the tag that takes a user out of scope', () => {
  const [tags] = deployed({ users: UserScope.everyoneNotExempt('keep') }).Statement;
  expect(JSON.stringify(tags?.Condition)).toContain('["keep","iam-key-rotator:exempt"');
});

describe('where a path decides, it guards the path', () => {
  const below = deployed({ users: UserScope.underPath('/service/') });
  const requests = (arn: string): (Request & { principal: Principal })[] => [
    { action: 'iam:CreateUser', resource: user('service/ci'), principal: under(below, arn) },
    { action: 'iam:UpdateUser', resource: user('service/ci'), principal: under(below, arn) },
    { action: 'iam:CreateUser', resource: user('people/ann'), principal: under(below, arn) },
    { action: 'iam:UpdateUser', resource: user('people/ann'), principal: under(below, arn) },
  ];
  test('against everybody else', () => {
    expect(results(requests(role('Developer')))).toEqual(['ExplicitlyDenied', 'ExplicitlyDenied', 'Allowed', 'Allowed']);
  });
  test('and not against a stack update or an operator', () => {
    expect(results([...requests(role(EXECUTION)), ...requests(role('people/KeyOperator'))])).toEqual(Array(8).fill('Allowed'));
  });
  test('a path beside a tag is left alone: the tag decides', () => {
    expect(deployed({ users: UserScope.tagged('rotation', 'on', '/service/') }).Statement).toHaveLength(1);
  });
});

describe('the released template', () => {
  const template = Template.fromStack(new ReleaseStack(newApp(), 'IamKeyRotator'));
  const operators = [role('people/KeyOperator'), role('Deployer')];
  const released = output(template, { EnrollmentRoles: operators.join(), ExemptTag: 'iam-key-rotator:exempt' });

  test('has the same policy, for the roles it is given', () => {
    const passing = [role('Custom-Name-RotationRole'), role('Custom-Name-SweepRole'), ...operators];
    const tag: Request = { action: 'secretsmanager:TagResource', resource: secret(), context: { 'aws:TagKeys': ['iam-key-rotator:user'] } };
    const requests = [...passing, role('Developer')].map((arn) => ({ ...tag, principal: under(released, arn) }));
    expect(results(requests)).toEqual(['Allowed', 'Allowed', 'Allowed', 'Allowed', 'ExplicitlyDenied']);
  });

  test('has none without them: it would refuse updates of the stack', () => {
    template.hasOutput('ServiceControlPolicy', { Condition: 'HasEnrollmentRoles' });
  });
});

describe('it is exact or it is not made', () => {
  const rotation = new Rotator(new Stack(newApp(), 'Stack', { env: ENV }), 'Rotator', { runtime: runtime() });
  test.each(['arn:aws:iam::*:role/Enrollment', 'arn:aws:iam::111122223333:role/Key*', 'arn:aws:iam::111122223333:role/Key?perator', 'KeyOperator', ''])(
    '%j is no role',
    (arn) => {
      expect(() => rotation.serviceControlPolicy([arn])).toThrow(SettingsError);
      expect(() => rotation.serviceControlPolicy([arn])).toThrow('without wildcards');
    },
  );

  test('without a role it would refuse the rotator too', () => {
    expect(() => new ServiceControlPolicy({ users: UserScope.tagged(), settings: {}, roleArns: [] })).toThrow('roleArns');
  });

  test('it has room for fifty member accounts, and more than Organizations takes is refused', () => {
    const arns = (count: number): string[] => Array.from({ length: count }, (_, i) => role('iam-key-rotator-sweep', String(100000000000 + i)));
    expect(rotation.serviceControlPolicy(arns(50)).toJson()).toMatchObject({ Statement: [{ Effect: 'Deny' }] });
    expect(() => rotation.serviceControlPolicy(arns(90))).toThrow(SettingsError);
    expect(() => rotation.serviceControlPolicy(arns(90))).toThrow('5120');
  });
});
