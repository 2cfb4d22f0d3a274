import type { Stack } from 'aws-cdk-lib';
import { Fn, Token } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { RotatorSettings } from '../settings';
import { DEFAULTS, hasOwnText, NOTICES_TAG, USER_TAG } from '../settings';
import { secretsOf } from './rotation-secrets';

/** Access key ids of IAM users begin so, and the staging label of a version that holds a key is the key's id. */
const KEY_LABELS = 'AKIA*';
/** An account's number in a pattern, where secrets of several accounts lie side by side. */
const ANY_ACCOUNT = '?'.repeat(12);

/** Whose secrets the sweep works on. */
interface Enrolled {
  readonly stack: Stack;
  readonly rotationFunctionArn: string;
  readonly settings: RotatorSettings;
}

/**
 * The sweep finds secrets and reads their labels and tags. No statement of it reads a value. A tag opens nothing:
 * anybody who may tag a secret could set it.
 */
export function findSecrets(of: Enrolled): PolicyStatement[] {
  const statements = [
    new PolicyStatement({ sid: 'ListSecrets', actions: ['secretsmanager:ListSecrets'], resources: ['*'] }),
  ];
  for (const [name, scope] of enrolled(of)) {
    statements.push(
      new PolicyStatement({ sid: `DescribeSecrets${name}`, actions: ['secretsmanager:DescribeSecret'], ...scope }),
    );
  }
  // A listed secret that does not exist has no suffix, and the sweep reports it as missing.
  const missing = listedNames(of.settings);
  if (missing.length > 0) {
    statements.push(
      new PolicyStatement({
        sid: 'DescribeListedSecretsThatAreMissing',
        actions: ['secretsmanager:DescribeSecret'],
        resources: missing.map((name) => secretsOf(of.stack, name)),
      }),
    );
  }
  // Whether a user without a secret has one of that name already. One that does not exist has no tags, and no suffix.
  statements.push(
    new PolicyStatement({
      sid: 'DescribeSecretsNamedLikeOurs',
      actions: ['secretsmanager:DescribeSecret'],
      resources: namedLikeOurs(of),
    }),
  );
  return statements;
}

/**
 * What the sweep changes of secrets while it retires keys: it removes the keys' labels and notes its reports, of secrets
 * that rotate with our function alone. A secret that `scope` lists need not, so it has no statement here.
 */
export function retireFromSecrets(of: Enrolled): PolicyStatement[] {
  const [name, scope] = ofTheFunction(of);
  return [labels(`LabelsOfKeys${name}`, scope), notices(`Notices${name}`, scope)];
}

/** What `enforce` changes beyond that: it starts rotations, and works on secrets that `scope` lists. */
export function rotateEnrolled(of: Enrolled): PolicyStatement[] {
  return [
    // Without a function in the request, the one that the secret has rotates it; no other can be put in its place.
    ...enrolled(of).map(([name, scope]) => rotate(`RotateSecrets${name}`, scope, { StringEqualsIfExists: ours(of) })),
    ...listed(of).flatMap(([name, scope]) => [labels(`LabelsOfKeys${name}`, scope), notices(`Notices${name}`, scope)]),
  ];
}

/**
 * What the sweep changes of secrets that it created under the configured name, before they rotate with our function.
 * Whether a secret of that name is the sweep's own creation IAM cannot tell; the sweep itself checks it.
 */
export function changeCreatedSecrets(of: Enrolled): PolicyStatement[] {
  const scope = { resources: [createdSecrets(of)] };
  return [
    // The request must name our function, so that nothing else of that name is rotated by its own.
    rotate('RotateCreatedSecrets', scope, { StringEquals: ours(of) }),
    labels('LabelsOfKeysOfCreatedSecrets', scope),
    notices('NoticesOfCreatedSecrets', scope),
  ];
}

/** How the sweep enrolls a user: it creates a secret of the configured name, bound to the user by its tag. */
export function createSecrets(of: Enrolled): PolicyStatement[] {
  const created = [createdSecrets(of)];
  return [
    new PolicyStatement({
      sid: 'CreateSecretsBoundToAUser',
      actions: ['secretsmanager:CreateSecret', 'secretsmanager:TagResource'],
      resources: namedLikeOurs(of),
      conditions: {
        Null: { [`aws:RequestTag/${USER_TAG}`]: 'false' },
        'ForAllValues:StringEquals': { 'aws:TagKeys': [USER_TAG, NOTICES_TAG] },
      },
    }),
    new PolicyStatement({
      sid: 'PolicyOfSecretsBoundToAUser',
      actions: ['secretsmanager:PutResourcePolicy'],
      resources: created,
      conditions: {
        Null: { [`aws:ResourceTag/${USER_TAG}`]: 'false' },
        Bool: { 'secretsmanager:BlockPublicPolicy': 'true' },
      },
    }),
    // A policy that is not the sweep's own shows that a secret of this name is not its creation.
    new PolicyStatement({
      sid: 'ReadPolicyOfCreatedSecrets',
      actions: ['secretsmanager:GetResourcePolicy'],
      resources: created,
    }),
  ];
}

/**
 * What CreateSecret asks for where the secret is to have replicas. No tag is demanded: a secret that is being created
 * has none yet.
 */
export function replicateSecrets(of: Enrolled): PolicyStatement[] {
  const replicas = of.settings.sweep?.replicaRegions ?? [];
  if (replicas.length === 0 || !hasOwnText(of.settings)) {
    return [];
  }
  return [
    new PolicyStatement({
      sid: 'ReplicateCreatedSecrets',
      actions: ['secretsmanager:ReplicateSecretToRegions'],
      resources: namedLikeOurs(of),
      conditions: {
        'ForAllValues:StringEquals': { 'secretsmanager:AddReplicaRegions': replicas },
        // A secret of the same name in a replica's region is not overwritten.
        BoolIfExists: { 'secretsmanager:ForceOverwriteReplicaSecret': 'false' },
      },
    }),
  ];
}

/** Secrets whose name follows the template, or will once they exist: only then has an ARN its six last characters. */
function namedLikeOurs(of: Enrolled): string[] {
  const pattern = namePattern(of);
  return [...(pattern.endsWith('*') ? [] : [`${pattern}-??????`]), pattern].map((name) => secretsOf(of.stack, name));
}

/** Existing secrets whose name follows the template. */
function createdSecrets(of: Enrolled): string {
  return secretsOf(of.stack, `${namePattern(of)}-??????`);
}

function namePattern({ stack, settings }: Enrolled): string {
  const template = settings.keys?.secretName ?? DEFAULTS.secretName;
  const account = settings.members || Token.isUnresolved(template) ? ANY_ACCOUNT : stack.account;
  return [
    ['{user}', '*'],
    ['{account}', account],
  ].reduce<string>(
    (pattern, [part = '', any = '']) =>
      Token.isUnresolved(template) ? Fn.join(any, Fn.split(part, pattern)) : pattern.replace(part, any),
    template,
  );
}

interface Scope {
  readonly resources: string[];
  readonly conditions?: Record<string, Record<string, string>>;
}

/** Secrets that name the rotation function, or are listed by name. */
function enrolled(of: Enrolled): [string, Scope][] {
  return [ofTheFunction(of), ...listed(of)];
}

function ofTheFunction({ stack, rotationFunctionArn }: Enrolled): [string, Scope] {
  const namesUs = { 'secretsmanager:resource/AllowRotationLambdaArn': rotationFunctionArn };
  return ['OfTheFunction', { resources: [secretsOf(stack)], conditions: { StringEquals: namesUs } }];
}

function listed({ stack, settings }: Enrolled): [string, Scope][] {
  const names = listedNames(settings);
  return names.length === 0 ? [] : [['Listed', { resources: names.map((name) => secretsOf(stack, `${name}-??????`)) }]];
}

function listedNames(settings: RotatorSettings): readonly string[] {
  return settings.sweep?.scope?._secrets ?? [];
}

function ours({ rotationFunctionArn }: Enrolled): Record<string, string> {
  return { 'secretsmanager:RotationLambdaARN': rotationFunctionArn };
}

function rotate(sid: string, scope: Scope, onlyOurs: Record<string, Record<string, string>>): PolicyStatement {
  return new PolicyStatement({
    sid,
    actions: ['secretsmanager:RotateSecret'],
    resources: scope.resources,
    conditions: { ...scope.conditions, ...onlyOurs },
  });
}

function labels(sid: string, scope: Scope): PolicyStatement {
  return new PolicyStatement({
    sid,
    actions: ['secretsmanager:UpdateSecretVersionStage'],
    resources: scope.resources,
    conditions: { ...scope.conditions, StringLike: { 'secretsmanager:VersionStage': KEY_LABELS } },
  });
}

function notices(sid: string, scope: Scope): PolicyStatement {
  return new PolicyStatement({
    sid,
    actions: ['secretsmanager:TagResource', 'secretsmanager:UntagResource'],
    resources: scope.resources,
    conditions: {
      ...scope.conditions,
      'ForAllValues:StringEquals': { 'aws:TagKeys': [NOTICES_TAG] },
      // Of an empty set every statement is true, so the set must not be empty.
      Null: { 'aws:TagKeys': 'false' },
    },
  });
}
