import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../lib/code';
import { USER_TAG } from '../../lib/settings';
import type { RoleName } from './deployment';
import { NAMES } from './deployment';
import type { Request } from './evaluator';

/** A call that the functions really made, as the integration suite saw it. */
export interface Call extends Request {
  readonly role: RoleName;
}

/**
 * The calls of test/journal.json.
 *
 * What a request itself carries (labels, tag keys, a function's ARN, a sender) the journal must say. What AWS knows of
 * a resource the suite's world has alike for all of them, so it is added where the journal does not say it: secrets
 * name our function and carry our tag, and users carry the tag of the scope.
 */
export function readJournal(): Call[] {
  const path = join(PACKAGE_ROOT, 'test', 'journal.json');
  const calls = JSON.parse(readFileSync(path, 'utf8')) as Call[];
  const seen = new Set<string>();
  return calls.map(world).filter((call) => {
    const key = JSON.stringify([call.role, call.action, call.resource, call.context]);
    return !seen.has(key) && seen.add(key);
  });
}

function world(call: Call): Call {
  const state: Record<string, string> = {};
  // A request for a key's last use names no user, so AWS may know no tag.
  if (/^arn:aws:iam::\d+:user\//.test(call.resource) && call.action !== 'iam:GetAccessKeyLastUsed') {
    state['aws:ResourceTag/iam-key-rotator:rotate'] = 'true';
  }
  if (call.resource.includes(':secret:') && !CREATIONS.includes(call.action)) {
    state['secretsmanager:resource/AllowRotationLambdaArn'] = NAMES.rotation;
    state[`aws:ResourceTag/${USER_TAG}`] = 'a user';
  }
  return { ...call, context: { ...state, ...several(call.context ?? {}) } };
}

/** Keys that have several values, which the suite writes between commas. */
const SEVERAL = ['aws:TagKeys', 'secretsmanager:AddReplicaRegions', 'ses:Recipients'];

function several(context: NonNullable<Request['context']>): NonNullable<Request['context']> {
  return Object.fromEntries(
    Object.entries(context).map(([key, value]) => [
      key,
      typeof value === 'string' && SEVERAL.includes(key) ? value.split(',') : value,
    ]),
  );
}

const CREATIONS = ['secretsmanager:CreateSecret'];

/** Actions that AWS asks for on behalf of a call, or that Lambda itself takes under the role. None is a call of ours. */
export const IMPLIED: Readonly<Record<string, { readonly by: string; readonly why: string }>> = {
  'logs:CreateLogStream': { by: 'lambda', why: 'Lambda writes the function logs under its role' },
  'logs:PutLogEvents': { by: 'lambda', why: 'Lambda writes the function logs under its role' },
  'sqs:SendMessage': { by: 'lambda', why: 'Lambda sends failed asynchronous events to their destination' },
  'lambda:InvokeFunction': { by: 'secretsmanager:RotateSecret', why: 'RotateSecret asks whether its caller may invoke the function' },
  'secretsmanager:TagResource': { by: 'secretsmanager:CreateSecret', why: 'CreateSecret with tags asks for it' },
  'secretsmanager:ReplicateSecretToRegions': { by: 'secretsmanager:CreateSecret', why: 'CreateSecret with replicas asks for it' },
  'ses:SendTemplatedEmail': { by: 'ses:SendEmail', why: 'SendEmail with a template asks for it' },
  'kms:Decrypt': { by: 'secretsmanager:', why: 'Secrets Manager uses a customer key in the name of its caller' },
  'kms:GenerateDataKey': { by: 'secretsmanager:', why: 'Secrets Manager uses a customer key in the name of its caller' },
  'kms:DescribeKey': { by: 'secretsmanager:', why: 'Secrets Manager uses a customer key in the name of its caller' },
};
