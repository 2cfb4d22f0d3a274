import type { Stack } from 'aws-cdk-lib';
import { Fn, Token } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { RotatorSettings } from '../settings';
import { DEFAULTS, NOTICES_TAG, USER_TAG } from '../settings';
import { secretsOf } from './rotation-secrets';

/** Access key ids of IAM users begin so, and the staging label of a version that holds a key is the key's id. */
const KEY_LABELS = 'AKIA*';

/** Whose secrets the sweep works on, beside those that name the rotation function. */
interface Enrolled {
  readonly stack: Stack;
  readonly rotationFunctionArn: string;
  readonly settings: RotatorSettings;
}

/** The sweep finds secrets and sees their labels and tags. No statement of it reads a value. */
export function findSecrets({ stack, rotationFunctionArn, settings }: Enrolled): PolicyStatement[] {
  const statements = [
    new PolicyStatement({ sid: 'ListSecrets', actions: ['secretsmanager:ListSecrets'], resources: ['*'] }),
  ];
  for (const [name, scope] of enrolled({ stack, rotationFunctionArn, settings })) {
    statements.push(
      new PolicyStatement({ sid: `DescribeSecrets${name}`, actions: ['secretsmanager:DescribeSecret'], ...scope }),
    );
  }
  // Whether a user without a secret has one of that name already. One that is not there has no tags, and no suffix.
  statements.push(
    new PolicyStatement({
      sid: 'DescribeSecretsNamedLikeOurs',
      actions: ['secretsmanager:DescribeSecret'],
      resources: namedLikeOurs(stack, settings),
    }),
  );
  return statements;
}

/** What the sweep changes of secrets: it starts rotations, moves the labels of keys, and notes what it told of. */
export function changeSecrets(of: Enrolled): PolicyStatement[] {
  const statements: PolicyStatement[] = [];
  for (const [name, { resources, conditions }] of enrolled(of)) {
    statements.push(
      new PolicyStatement({
        sid: `RotateSecrets${name}`,
        actions: ['secretsmanager:RotateSecret'],
        resources,
        conditions: {
          ...conditions,
          // With no function or with this one; no other can be put in its place.
          StringEqualsIfExists: { 'secretsmanager:RotationLambdaARN': of.rotationFunctionArn },
        },
      }),
      new PolicyStatement({
        sid: `LabelsOfKeys${name}`,
        actions: ['secretsmanager:UpdateSecretVersionStage'],
        resources,
        conditions: { ...conditions, StringLike: { 'secretsmanager:VersionStage': KEY_LABELS } },
      }),
      new PolicyStatement({
        sid: `Notices${name}`,
        actions: ['secretsmanager:TagResource', 'secretsmanager:UntagResource'],
        resources,
        conditions: {
          ...conditions,
          'ForAllValues:StringEquals': { 'aws:TagKeys': [NOTICES_TAG] },
          // Of an empty set every statement is true, so the set must not be empty.
          Null: { ...conditions?.['Null'], 'aws:TagKeys': 'false' },
        },
      }),
    );
  }
  return statements;
}

/** How the sweep enrols a user: it makes a secret of the configured name, bound to the user by its tag. */
export function createSecrets({ stack, settings }: Enrolled): PolicyStatement[] {
  const named = namedLikeOurs(stack, settings);
  return [
    new PolicyStatement({
      sid: 'CreateSecretsBoundToAUser',
      actions: ['secretsmanager:CreateSecret', 'secretsmanager:TagResource'],
      resources: named,
      conditions: {
        Null: { [`aws:RequestTag/${USER_TAG}`]: 'false' },
        'ForAllValues:StringEquals': { 'aws:TagKeys': [USER_TAG, NOTICES_TAG] },
      },
    }),
    new PolicyStatement({
      sid: 'PolicyOfSecretsBoundToAUser',
      actions: ['secretsmanager:PutResourcePolicy'],
      resources: named,
      conditions: {
        Null: { [`aws:ResourceTag/${USER_TAG}`]: 'false' },
        Bool: { 'secretsmanager:BlockPublicPolicy': 'true' },
      },
    }),
  ];
}

/** What CreateSecret asks for where the secret is to have replicas. */
export function replicateSecrets({ stack, settings }: Enrolled): PolicyStatement[] {
  const replicas = settings.sweep?.replicaRegions ?? [];
  if (replicas.length === 0) {
    return [];
  }
  return [
    new PolicyStatement({
      sid: 'ReplicateCreatedSecrets',
      actions: ['secretsmanager:ReplicateSecretToRegions'],
      resources: namedLikeOurs(stack, settings),
      conditions: { 'ForAllValues:StringEquals': { 'secretsmanager:AddReplicaRegions': replicas } },
    }),
  ];
}

/** Secrets whose name follows the template: with the six characters that Secrets Manager adds, and before it has. */
function namedLikeOurs(stack: Stack, settings: RotatorSettings): string[] {
  const template = settings.keys?.secretName ?? DEFAULTS.secretName;
  const name = ['{user}', '{account}'].reduce<string>(
    (pattern, part) => (Token.isUnresolved(pattern) ? Fn.join('*', Fn.split(part, pattern)) : pattern.replace(part, '*')),
    template,
  );
  const names = name.endsWith('*') ? [name] : [name, `${name}-??????`];
  return names.map((each) => secretsOf(stack, each));
}

interface Scope {
  readonly resources: string[];
  readonly conditions?: Record<string, Record<string, string>>;
}

/** Secrets that name the rotation function, carry our tag, or are listed by name. */
function enrolled({ stack, rotationFunctionArn, settings }: Enrolled): [string, Scope][] {
  const all = [secretsOf(stack)];
  const scopes: [string, Scope][] = [
    [
      'OfTheFunction',
      {
        resources: all,
        conditions: { StringEquals: { 'secretsmanager:resource/AllowRotationLambdaArn': rotationFunctionArn } },
      },
    ],
    ['WithTheTag', { resources: all, conditions: { Null: { [`aws:ResourceTag/${USER_TAG}`]: 'false' } } }],
  ];
  const listed = settings.sweep?.scope;
  if (listed !== undefined && typeof listed !== 'string') {
    scopes.push(['Listed', { resources: listed.map((name) => secretsOf(stack, `${name}-??????`)) }]);
  }
  return scopes;
}
