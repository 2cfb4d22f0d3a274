import type { App } from 'aws-cdk-lib';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { MemberAccountRole, OrganizationSweep, UserScope } from '../../lib';
import type { RotationConfig } from '../../lib/app/config';
import { rotatorSettings } from '../../lib/app/rotation-config';
import { ENV, MEMBER, runtime } from '../configurations';
import { newApp } from '../templates';
import type { Document, Principal, Statement } from './evaluator';
import { Rotator } from '../rotator';

/** The names that journal.json uses. */
export const NAMES = {
  rotation: `arn:aws:lambda:${ENV.region}:${ENV.account}:function:rotation`,
  sweep: `arn:aws:lambda:${ENV.region}:${ENV.account}:function:sweep`,
  topic: `arn:aws:sns:${ENV.region}:${ENV.account}:alerts`,
  secretsKey: `arn:aws:kms:${ENV.region}:${ENV.account}:key/secrets`,
  deadLetters: `arn:aws:sqs:${ENV.region}:${ENV.account}:dead-letters`,
  rotationRole: `arn:aws:iam::${ENV.account}:role/rotation`,
  sweepRole: `arn:aws:iam::${ENV.account}:role/sweep`,
  externalId: 'iam-key-rotator-example',
  memberRole: 'key',
} as const;

/** Whose policies are meant. */
export type RoleName = 'rotation' | 'sweep' | 'member-rotation' | 'member-sweep';

/** A deployment that can do all there is: the journal's calls must pass, and the attacks must not. */
export function deploy(more: RotationConfig = {}): Record<RoleName, Principal> {
  const central = centralStack(newApp(), more);
  const member = memberStack(newApp(), more);
  return {
    rotation: principal(central, 'RotatorRotationRole', NAMES.rotationRole, ENV.account),
    sweep: principal(central, 'RotatorSweepRole', NAMES.sweepRole, ENV.account),
    'member-rotation': principal(member, 'MemberRotation', `arn:aws:iam::${MEMBER}:role/key-rotation`, MEMBER),
    'member-sweep': principal(member, 'MemberSweep', `arn:aws:iam::${MEMBER}:role/key-sweep`, MEMBER),
  };
}

/** The trust policies of the member account's roles. */
export function trustPolicies(): Document[] {
  const template = memberStack(newApp(), {});
  return ['MemberRotation', 'MemberSweep'].map((id) => {
    const { AssumeRolePolicyDocument } = one(template, 'AWS::IAM::Role', id);
    return resolve(AssumeRolePolicyDocument, ENV.account) as Document;
  });
}

function centralStack(app: App, more: RotationConfig): Template {
  const stack = new Stack(app, 'Central', { env: ENV });
  const rotation = new Rotator(stack, 'Rotator', {
    alerts: { topic: Topic.fromTopicArn(stack, 'Alerts', NAMES.topic) },
    mail: { from: 'keys@example.com', identity: 'example.com', template: 'rotated' },
    createdSecretsKey: Key.fromKeyArn(stack, 'Key', NAMES.secretsKey),
    runtime: runtime(),
    ...settings(more),
  });
  new OrganizationSweep(stack, 'Organization', { rotation, unit: 'ou-ab12-cdefgh34', maxConcurrency: 1 });
  return Template.fromStack(stack);
}

function memberStack(app: App, more: RotationConfig): Template {
  const stack = new Stack(app, 'MemberAccount', { env: { ...ENV, account: MEMBER } });
  new MemberAccountRole(stack, 'Member', {
    rotationRoleArn: NAMES.rotationRole,
    sweepRoleArn: NAMES.sweepRole,
    rotationFunctionArn: NAMES.rotation,
    ...(settings(more).sweep?.mode === 'enforce' ? { createdSecretsKeyArn: NAMES.secretsKey } : {}),
    settings: rotatorSettings(settings(more)),
    users: more.users ?? UserScope.tagged(),
  });
  return Template.fromStack(stack);
}

function settings(more: RotationConfig): RotationConfig {
  return {
    sweep: { mode: 'enforce', scope: 'all', replicaRegions: ['eu-central-1'] },
    ...more,
    members: more.members ?? { externalId: NAMES.externalId, roleName: NAMES.memberRole, secretsIn: 'member', accounts: [MEMBER] },
  };
}

/** A role with every policy that is attached to it, and its boundary. */
function principal(template: Template, role: string, arn: string, account: string): Principal {
  const [logicalId] = Object.keys(template.findResources('AWS::IAM::Role')).filter((id) => id.startsWith(role));
  const policies = properties(template, 'AWS::IAM::Policy')
    .filter(([, { Roles }]) => JSON.stringify(Roles) === JSON.stringify([{ Ref: logicalId }]))
    .map(([name, { PolicyDocument }]) => ({ name, policy: resolve(PolicyDocument, account) as Document }));
  const { PermissionsBoundary } = one(template, 'AWS::IAM::Role', role) as { PermissionsBoundary: { Ref: string } };
  const { PolicyDocument } = one(template, 'AWS::IAM::ManagedPolicy', PermissionsBoundary.Ref);
  return { arn, policies, boundary: resolve(PolicyDocument, account) as Document };
}

/** The properties of every resource of a type, by logical id. */
export function properties(template: Template, type: string): [string, Record<string, unknown>][] {
  return Object.entries(template.findResources(type)).map(([id, resource]) => [
    id,
    resource['Properties'] as Record<string, unknown>,
  ]);
}

function one(template: Template, type: string, id: string): Record<string, unknown> {
  const [found, ...others] = properties(template, type).filter(([name]) => name.startsWith(id));
  if (!found || others.length > 0) {
    throw new Error(`not one resource of ${type} begins with ${id}`);
  }
  return found[1];
}

/** References become the names of the journal. */
export function resolve(value: unknown, account: string, parameters: Readonly<Record<string, string>> = {}): unknown {
  if (Array.isArray(value)) {
    return value.map((item) => resolve(item, account, parameters));
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const [[name, argument] = ['', '']] = Object.entries(value as Record<string, unknown>);
  if (name === 'Fn::GetAtt' || name === 'Ref') {
    const named = Array.isArray(argument) ? String(argument[0]) : String(argument);
    return parameters[named] ?? arnOf(named, account);
  }
  if (name === 'Fn::Join') {
    const [separator, parts] = argument as [string, unknown];
    return (resolve(parts, account, parameters) as unknown[]).map(String).join(separator);
  }
  if (name === 'Fn::Split') {
    const [separator, whole] = argument as [string, unknown];
    return String(resolve(whole, account, parameters)).split(separator);
  }
  if (name === 'Fn::Sub') {
    return String(argument).replaceAll('${AWS::Partition}', 'aws');
  }
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, resolve(part, account, parameters)]));
}

function arnOf(logicalId: string, account: string): string {
  const known: [RegExp, string][] = [
    [/^RotatorRotationFunction/, NAMES.rotation],
    [/^RotatorSweepFunction/, NAMES.sweep],
    [/^RotatorSweepDeadLetters/, NAMES.deadLetters],
    [/^RotatorRotationRole/, `arn:aws:iam::${account}:role/Custom-Name-RotationRole`],
    [/^RotatorSweepRole/, `arn:aws:iam::${account}:role/Custom-Name-SweepRole`],
    [/Logs/, `arn:aws:logs:${ENV.region}:${account}:log-group:${logicalId}:*`],
  ];
  const arn = known.find(([pattern]) => pattern.test(logicalId))?.[1];
  if (arn === undefined) {
    throw new Error(`the reference to ${logicalId} has no name in the journal`);
  }
  return arn;
}

/** Every statement of a principal's policies. */
export function statementsOf({ policies }: Principal): { id: string; statement: Statement }[] {
  return policies.flatMap(({ name, policy }) =>
    policy.Statement.map((statement) => ({ id: `${name}/${statement.Sid ?? ''}`, statement })),
  );
}
