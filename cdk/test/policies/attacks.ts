import { MEMBER } from '../configurations';
import type { RoleName } from './deployment';
import { NAMES } from './deployment';
import type { Request, Statement } from './evaluator';

/** What somebody might try who has taken over a function, or who talks one into something. */
export interface Attack extends Request {
  readonly role: RoleName;
  readonly name: string;
}

const HOME = '111122223333';
const STRANGER = '999900001111';
const inScope = { 'aws:ResourceTag/iam-key-rotator:rotate': 'true' };
const ours = {
  'secretsmanager:resource/AllowRotationLambdaArn': NAMES.rotation,
  'aws:ResourceTag/iam-key-rotator:user': 'ci-bot',
};
/** A secret that somebody tagged, and that is neither ours nor named like ours. */
const tagged = { 'aws:ResourceTag/iam-key-rotator:user': 'mallory' };
const bound = { 'aws:RequestTag/iam-key-rotator:user': 'mallory', 'aws:TagKeys': ['iam-key-rotator:user', 'iam-key-rotator:notices'] };
const withOurs = { 'secretsmanager:RotationLambdaARN': NAMES.rotation };
const label = { 'secretsmanager:VersionStage': 'AKIAIOSFODNN7EXAMPLE' };
const closed = { 'secretsmanager:BlockPublicPolicy': 'true' };
const others = { 'secretsmanager:resource/AllowRotationLambdaArn': NAMES.rotation.replace(/rotation$/, 'another') };
const secret = (name: string, account = HOME): string => `arn:aws:secretsmanager:eu-west-1:${account}:secret:${name}-AbCdEf`;
const user = (name: string, account = HOME): string => `arn:aws:iam::${account}:user/${name}`;

const KEY_ACTIONS = ['CreateAccessKey', 'DeleteAccessKey', 'UpdateAccessKey'] as const;
const READS_AND_WRITES = ['GetSecretValue', 'PutSecretValue', 'UpdateSecretVersionStage', 'DescribeSecret'] as const;

function of(role: RoleName, attacks: readonly [string, string, string, Request['context']?][]): Attack[] {
  return attacks.map(([name, action, resource, context]) => ({ role, name, action, resource, ...(context ? { context } : {}) }));
}

const onKeys = (['rotation', 'sweep', 'member-rotation', 'member-sweep'] as const).flatMap((role) => {
  const account = role.startsWith('member') ? MEMBER : HOME;
  return KEY_ACTIONS.flatMap((action) =>
    of(role, [
      [`${action} of a user without the tag`, `iam:${action}`, user('admin', account)],
      [`${action} of a user whose tag says no`, `iam:${action}`, user('admin', account), { 'aws:ResourceTag/iam-key-rotator:rotate': 'false' }],
      [`${action} of a user of a stranger's account`, `iam:${action}`, user('ci-bot', STRANGER), inScope],
    ]),
  );
});

const groupsOfStrangers = (['rotation', 'member-rotation'] as const).flatMap((role) =>
  of(role, [['see the groups of a user without the tag', 'iam:ListGroupsForUser', user('admin', role === 'rotation' ? HOME : MEMBER)]]),
);

const onStrangersSecrets = (['rotation', 'member-rotation'] as const).flatMap((role) => {
  const account = role === 'rotation' ? HOME : MEMBER;
  return READS_AND_WRITES.flatMap((action) =>
    of(role, [
      [`${action} of a secret that rotates with nothing`, `secretsmanager:${action}`, secret('database', account)],
      [`${action} of a secret that rotates with another function`, `secretsmanager:${action}`, secret('database', account), others],
      [`${action} of a secret that only carries our tag`, `secretsmanager:${action}`, secret('database', account), { 'aws:ResourceTag/iam-key-rotator:user': 'ci-bot' }],
    ]),
  );
});

const sweepOnValues = (['sweep', 'member-sweep'] as const).flatMap((role) => {
  const account = role === 'sweep' ? HOME : MEMBER;
  return of(role, [
    ['read a value, even of a secret of ours', 'secretsmanager:GetSecretValue', secret('ci-bot', account), ours],
    ['read values in bulk', 'secretsmanager:BatchGetSecretValue', '*'],
    ['write a value', 'secretsmanager:PutSecretValue', secret('ci-bot', account), ours],
    ['change a secret', 'secretsmanager:UpdateSecret', secret('ci-bot', account), ours],
    ['delete a secret', 'secretsmanager:DeleteSecret', secret('ci-bot', account), ours],
    ['make a key of a user in scope', 'iam:CreateAccessKey', user('ci-bot', account), inScope],
    ['move AWSCURRENT', 'secretsmanager:UpdateSecretVersionStage', secret('ci-bot', account), { ...ours, 'secretsmanager:VersionStage': 'AWSCURRENT' }],
    ['take AWSPENDING away', 'secretsmanager:UpdateSecretVersionStage', secret('ci-bot', account), { ...ours, 'secretsmanager:VersionStage': 'AWSPENDING' }],
    ['rotate a secret that is not ours', 'secretsmanager:RotateSecret', secret('database', account), others],
    ['have a secret of ours rotated by another function', 'secretsmanager:RotateSecret', secret('ci-bot', account), { ...ours, 'secretsmanager:RotationLambdaARN': `arn:aws:lambda:eu-west-1:${STRANGER}:function:theirs` }],
    ['make a secret that is bound to nobody', 'secretsmanager:CreateSecret', secret('iam-key/x', account)],
    ['make a secret with another tag', 'secretsmanager:CreateSecret', secret('iam-key/x', account), { 'aws:RequestTag/iam-key-rotator:user': 'ci-bot', 'aws:TagKeys': ['iam-key-rotator:user', 'team'] }],
    ['open a secret that is not ours to others', 'secretsmanager:PutResourcePolicy', secret('database', account), closed],
    ['open a secret of ours to the public', 'secretsmanager:PutResourcePolicy', secret('iam-key/ci-bot', account), { ...ours, 'secretsmanager:BlockPublicPolicy': 'false' }],
    ['take the policy of a secret away', 'secretsmanager:DeleteResourcePolicy', secret('ci-bot', account), ours],
    ['take our tag off', 'secretsmanager:UntagResource', secret('ci-bot', account), { ...ours, 'aws:TagKeys': ['iam-key-rotator:user'] }],
    ['write another tag than its notices', 'secretsmanager:TagResource', secret('ci-bot', account), { ...ours, 'aws:TagKeys': ['iam-key-rotator:notices', 'iam-key-rotator:overlap'] }],
    ['write its notices on a secret that is not ours', 'secretsmanager:TagResource', secret('database', account), { ...others, 'aws:TagKeys': ['iam-key-rotator:notices'] }],
    ['replicate somewhere else', 'secretsmanager:ReplicateSecretToRegions', secret('iam-key/ci-bot', account), { ...ours, 'secretsmanager:AddReplicaRegions': ['us-east-1'] }],
    ['see the members of another group', 'iam:GetGroup', `arn:aws:iam::${account}:group/Administrators`],
  ]);
});

/** What a tag, or a name that others chose, must not open to the sweep. */
const sweepOnTaggedSecrets = (['sweep', 'member-sweep'] as const).flatMap((role) => {
  const account = role === 'sweep' ? HOME : MEMBER;
  const [theirs, named] = [secret('prod/db', account), secret('iam-key/ci-bot', account)];
  const replicas = { 'secretsmanager:AddReplicaRegions': ['eu-central-1'] };
  return of(role, [
    ['look at a secret that only carries our tag', 'secretsmanager:DescribeSecret', theirs, tagged],
    ['give our function to a secret that only carries our tag', 'secretsmanager:RotateSecret', theirs, { ...tagged, ...withOurs }],
    ['rotate a secret that only carries our tag', 'secretsmanager:RotateSecret', theirs, tagged],
    ['label a version of a secret that only carries our tag', 'secretsmanager:UpdateSecretVersionStage', theirs, { ...tagged, ...label }],
    ['write its notices on a secret that only carries our tag', 'secretsmanager:TagResource', theirs, { ...tagged, 'aws:TagKeys': ['iam-key-rotator:notices'] }],
    ['open a tagged secret of another name', 'secretsmanager:PutResourcePolicy', theirs, { ...tagged, ...closed }],
    ['open a secret of another name that rotates with our function', 'secretsmanager:PutResourcePolicy', theirs, { ...tagged, ...ours, ...closed }],
    ['read the policy of a secret of another name', 'secretsmanager:GetResourcePolicy', theirs, { ...tagged, ...ours }],
    ['make a secret of another name', 'secretsmanager:CreateSecret', theirs, bound],
    ['bind a secret of another name to a user', 'secretsmanager:TagResource', theirs, bound],
    ['replicate a secret of another name', 'secretsmanager:ReplicateSecretToRegions', theirs, { ...tagged, ...replicas }],
    ["overwrite a secret in a replica's region", 'secretsmanager:ReplicateSecretToRegions', named, { ...replicas, 'secretsmanager:ForceOverwriteReplicaSecret': 'true' }],
    ['rotate a secret of our name with the function that it has', 'secretsmanager:RotateSecret', named, others],
    ['have a secret of our name rotated by another function', 'secretsmanager:RotateSecret', named, { 'secretsmanager:RotationLambdaARN': `arn:aws:lambda:eu-west-1:${STRANGER}:function:theirs` }],
    ['move AWSCURRENT of a secret of our name', 'secretsmanager:UpdateSecretVersionStage', named, { 'secretsmanager:VersionStage': 'AWSCURRENT' }],
    ['write another tag on a secret of our name', 'secretsmanager:TagResource', named, { 'aws:TagKeys': ['team'] }],
    ['read a value of a secret of our name', 'secretsmanager:GetSecretValue', named, tagged],
  ]);
});

/** Steps up to more rights, which nobody here may take. */
const ESCALATIONS = [
  'iam:PassRole',
  'iam:AttachRolePolicy',
  'iam:AttachUserPolicy',
  'iam:CreateLoginProfile',
  'iam:CreatePolicyVersion',
  'iam:CreateUser',
  'iam:DeleteRolePermissionsBoundary',
  'iam:PutRolePolicy',
  'iam:PutUserPolicy',
  'iam:TagUser',
  'iam:UpdateAssumeRolePolicy',
] as const;

const escalations = (['rotation', 'sweep', 'member-rotation', 'member-sweep'] as const).flatMap((role) =>
  of(
    role,
    ESCALATIONS.map((action) => {
      const account = role.startsWith('member') ? MEMBER : HOME;
      const target = action.includes('User') || action.includes('Login') ? user('ci-bot', account) : action.includes('Version') ? `arn:aws:iam::${account}:policy/p` : `arn:aws:iam::${account}:role/rotation`;
      return [`${action} on what the rotator itself runs as`, action, target, action.includes('User') ? inScope : undefined] as const;
    }).map(([name, action, target, context]) => [name, action, target, context] as [string, string, string, Request['context']?]),
  ),
);

const elsewhere = (['rotation', 'sweep'] as const).flatMap((role) => {
  const own = role === 'rotation' ? 'key-rotation' : 'key-sweep';
  const foreign = role === 'rotation' ? 'key-sweep' : 'key-rotation';
  const id = { 'sts:ExternalId': NAMES.externalId };
  return of(role, [
    ['assume another role of a member account', 'sts:AssumeRole', `arn:aws:iam::${MEMBER}:role/Admin`, id],
    ["assume the other function's role", 'sts:AssumeRole', `arn:aws:iam::${MEMBER}:role/${foreign}`, id],
    ['assume its role of an account that is not named', 'sts:AssumeRole', `arn:aws:iam::${STRANGER}:role/${own}`, id],
    ['assume its role without the ExternalId', 'sts:AssumeRole', `arn:aws:iam::${MEMBER}:role/${own}`],
    ['publish to another topic', 'sns:Publish', `arn:aws:sns:eu-west-1:${HOME}:payments`],
    ["publish to a stranger's topic", 'sns:Publish', `arn:aws:sns:eu-west-1:${STRANGER}:alerts`],
    ['mail as another sender', 'ses:SendEmail', `arn:aws:ses:eu-west-1:${HOME}:identity/example.com`, { 'ses:FromAddress': 'ceo@example.com' }],
    ['mail as another sender through a configuration set', 'ses:SendEmail', `arn:aws:ses:eu-west-1:${HOME}:configuration-set/default`, { 'ses:FromAddress': 'ceo@example.com' }],
    ["mail through a stranger's configuration set", 'ses:SendEmail', `arn:aws:ses:eu-west-1:${STRANGER}:configuration-set/default`, { 'ses:FromAddress': 'keys@example.com' }],
    ['mail as another identity', 'ses:SendEmail', `arn:aws:ses:eu-west-1:${HOME}:identity/example.org`, { 'ses:FromAddress': 'keys@example.com' }],
    ['send raw mail', 'ses:SendRawEmail', `arn:aws:ses:eu-west-1:${HOME}:identity/example.com`, { 'ses:FromAddress': 'keys@example.com' }],
    ['open a ciphertext at KMS directly', 'kms:Decrypt', NAMES.secretsKey, { 'kms:EncryptionContext:SecretARN': secret('ci-bot') }],
    ['use the key for something that is no secret', 'kms:Decrypt', NAMES.secretsKey, { 'kms:ViaService': 's3.eu-west-1.amazonaws.com' }],
    ['use the key for a secret of a stranger', 'kms:Decrypt', NAMES.secretsKey, { 'kms:ViaService': 'secretsmanager.eu-west-1.amazonaws.com', 'kms:EncryptionContext:SecretARN': secret('x', STRANGER) }],
    ['use another key', 'kms:Decrypt', `arn:aws:kms:eu-west-1:${HOME}:key/other`, { 'kms:ViaService': 'secretsmanager.eu-west-1.amazonaws.com', 'kms:EncryptionContext:SecretARN': secret('ci-bot') }],
    ['invoke another function', 'lambda:InvokeFunction', `arn:aws:lambda:eu-west-1:${HOME}:function:payments`],
    ['change its own code', 'lambda:UpdateFunctionCode', NAMES[role]],
    ["read another function's logs", 'logs:GetLogEvents', `arn:aws:logs:eu-west-1:${HOME}:log-group:other:log-stream:x`],
  ]);
});

const rotationOnly = of('rotation', [
  ['read a secret of an account that is not named', 'secretsmanager:GetSecretValue', secret('ci-bot', STRANGER), ours],
  ['read a secret of a member that rotates with another function', 'secretsmanager:GetSecretValue', secret('database', MEMBER), others],
  ['write another tag than its intent', 'secretsmanager:TagResource', secret('ci-bot'), { ...ours, 'aws:TagKeys': ['iam-key-rotator:user'] }],
  ['take our tag off', 'secretsmanager:UntagResource', secret('ci-bot'), { ...ours, 'aws:TagKeys': ['iam-key-rotator:user'] }],
  ['start a rotation', 'secretsmanager:RotateSecret', secret('ci-bot'), ours],
  ['give its function to another secret', 'secretsmanager:RotateSecret', secret('prod/db'), { ...tagged, ...withOurs }],
  ['open a secret to others', 'secretsmanager:PutResourcePolicy', secret('ci-bot'), { ...ours, ...closed }],
  ['make a secret', 'secretsmanager:CreateSecret', secret('iam-key/x'), bound],
  ['note a report of the sweep', 'secretsmanager:TagResource', secret('ci-bot'), { ...ours, 'aws:TagKeys': ['iam-key-rotator:notices'] }],
  ['write a tag beside its own', 'secretsmanager:TagResource', secret('ci-bot'), { ...ours, 'aws:TagKeys': ['iam-key-rotator:refused', 'iam-key-rotator:overlap'] }],
  ['write its tags on a secret that only carries our tag', 'secretsmanager:TagResource', secret('prod/db'), { ...tagged, 'aws:TagKeys': ['iam-key-rotator:intent'] }],
  ['delete a secret', 'secretsmanager:DeleteSecret', secret('ci-bot'), ours],
  ['read the credential report', 'iam:GetCredentialReport', '*'],
  ['list the accounts of the organization', 'organizations:ListAccounts', '*'],
]);

const digests = { 'aws:TagKeys': ['iam-key-rotator:digests-1'] };
const onFunctions = [
  ...of('sweep', [
    ['tag another function', 'lambda:TagResource', NAMES.rotation, digests],
    ["read another function's tags", 'lambda:ListTags', NAMES.rotation],
    ['write another tag on itself', 'lambda:TagResource', NAMES.sweep, { 'aws:TagKeys': ['iam-key-rotator:digests-1', 'team'] }],
    ['write no tag on itself', 'lambda:TagResource', NAMES.sweep],
    ['take a tag off itself', 'lambda:UntagResource', NAMES.sweep, digests],
    ['stop itself', 'lambda:PutFunctionConcurrency', NAMES.sweep],
  ]),
  ...of('rotation', [
    ['tag itself', 'lambda:TagResource', NAMES.rotation, digests],
    ['tag the sweep', 'lambda:TagResource', NAMES.sweep, digests],
  ]),
];

/** What a sweep in `retire` has no right to, and one in `enforce` needs. */
export const BEYOND_RETIRE: readonly Attack[] = (['sweep', 'member-sweep'] as const).flatMap((role) => {
  const account = role === 'sweep' ? HOME : MEMBER;
  const [named, listed] = [secret('iam-key/ci-bot', account), secret('ci', account)];
  const notices = { 'aws:TagKeys': ['iam-key-rotator:notices'] };
  return of(role, [
    ['in retire: have a secret rotated', 'secretsmanager:RotateSecret', named, ours],
    ['in retire: give its function to a secret', 'secretsmanager:RotateSecret', named, { ...tagged, ...withOurs }],
    ['in retire: create a secret', 'secretsmanager:CreateSecret', secret('iam-key/x', account), bound],
    ['in retire: put a resource policy', 'secretsmanager:PutResourcePolicy', named, { ...ours, ...closed }],
    ['in retire: read a resource policy', 'secretsmanager:GetResourcePolicy', named, ours],
    ['in retire: replicate a secret', 'secretsmanager:ReplicateSecretToRegions', named, { ...ours, 'secretsmanager:AddReplicaRegions': ['eu-central-1'] }],
    ['in retire: touch a secret that does not rotate with the function', 'secretsmanager:UpdateSecretVersionStage', named, { ...tagged, ...label }],
    ['in retire: write its notices on a secret that does not rotate with the function', 'secretsmanager:TagResource', named, { ...others, ...notices }],
    ['in retire: touch a listed secret that does not rotate with the function', 'secretsmanager:UpdateSecretVersionStage', listed, label],
    ['in retire: write its notices on such a listed secret', 'secretsmanager:TagResource', listed, notices],
    ['in retire: invoke the rotation function', 'lambda:InvokeFunction', NAMES.rotation],
  ]);
});

/** The other side lets us in, so that it is our policies that must say no: without this, these would prove nothing. */
function openDoor(attack: Attack): Attack {
  const { action, resource } = attack;
  const root = { AWS: `arn:aws:iam::${HOME}:root` };
  const policy = (statement: Statement): Attack => ({
    ...attack,
    resourcePolicy: { Version: '2012-10-17', Statement: [statement] },
  });
  switch (action) {
    case 'sts:AssumeRole':
      return policy({ Effect: 'Allow', Principal: root, Action: action });
    case 'kms:Decrypt':
      return policy({ Effect: 'Allow', Principal: root, Action: 'kms:*', Resource: '*' });
    default:
      return resource.includes(`:${STRANGER}:`) || (attack.role === 'rotation' && resource.includes(`:${MEMBER}:secret:`))
        ? policy({ Effect: 'Allow', Principal: '*', Action: action, Resource: '*' })
        : attack;
  }
}

/** Every attack. Each is denied by the policies alone, without the boundary's help. */
export const ATTACKS: readonly Attack[] = [
  ...onKeys,
  ...onStrangersSecrets,
  ...groupsOfStrangers,
  ...sweepOnValues,
  ...sweepOnTaggedSecrets,
  ...escalations,
  ...onFunctions,
  ...elsewhere.map(openDoor),
  ...rotationOnly.map(openDoor),
];

/** What even a role with AdministratorAccess cannot do, because of its boundary. */
export const BEYOND_THE_BOUNDARY: readonly Attack[] = [
  ...escalations,
  ...of('sweep', [
    ['read a value', 'secretsmanager:GetSecretValue', secret('ci-bot'), ours],
    ['make a key', 'iam:CreateAccessKey', user('ci-bot'), inScope],
    ['write a value', 'secretsmanager:PutSecretValue', secret('ci-bot'), ours],
    ['read an object', 's3:GetObject', 'arn:aws:s3:::bucket/key'],
    ['take a tag off itself', 'lambda:UntagResource', NAMES.sweep, digests],
  ]),
  ...of('rotation', [
    ['tag itself', 'lambda:TagResource', NAMES.rotation, digests],
    ['delete a secret', 'secretsmanager:DeleteSecret', secret('ci-bot'), ours],
    ['invoke a function', 'lambda:InvokeFunction', NAMES.sweep],
    ['read an object', 's3:GetObject', 'arn:aws:s3:::bucket/key'],
  ]),
  ...of('member-sweep', [
    ['read a value', 'secretsmanager:GetSecretValue', secret('ci-bot', MEMBER), ours],
    ['make a key', 'iam:CreateAccessKey', user('ci-bot', MEMBER), inScope],
  ]),
];
