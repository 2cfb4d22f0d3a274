import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../lib/code';

/** A policy document. */
export interface Document {
  readonly Version: string;
  readonly Statement: readonly Statement[];
}

/** One statement, its references resolved. */
export interface Statement {
  readonly Sid?: string;
  readonly Effect: string;
  readonly Principal?: string | Readonly<Record<string, string>>;
  readonly Action: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly Condition?: Readonly<Record<string, unknown>>;
}

/** The policies that hold for one principal. */
export interface Principal {
  readonly arn: string;
  readonly policies: readonly { readonly name: string; readonly policy: Document }[];
  readonly boundary: Document | undefined;
  /** The service control policy of its account, beside the one that allows everything. */
  readonly serviceControl?: Document;
}

/** What somebody asks of AWS. */
export interface Request {
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
  /** The policy of the resource itself, or a role's trust policy. */
  readonly resourcePolicy?: Document;
}

/** What the evaluator says. */
export interface Verdict {
  readonly result: 'Allowed' | 'ImplicitlyDenied' | 'ExplicitlyDenied' | 'Invalid';
  /** The statements that allow it, as policy/Sid. */
  readonly by: readonly string[];
  /** Keys of the context that AWS does not have for this action. */
  readonly ignored: readonly string[];
  readonly invalid?: unknown;
}

/** Asks iam-simulate, all requests at once. */
export function evaluate(requests: readonly (Request & { readonly principal: Principal })[]): Verdict[] {
  const simulations = requests.map(({ principal, action, resource, context = {}, resourcePolicy }) => ({
    request: {
      principal: principal.arn,
      action,
      resource: { resource, accountId: accountOf(resource, principal.arn) },
      contextVariables: { 'aws:PrincipalArn': principal.arn, ...context },
    },
    identityPolicies: principal.policies,
    permissionBoundaryPolicies: principal.boundary ? [{ name: 'boundary', policy: principal.boundary }] : undefined,
    serviceControlPolicies: principal.serviceControl ? [serviceControl(principal.serviceControl)] : [],
    resourceControlPolicies: [],
    ...(resourcePolicy ? { resourcePolicy } : {}),
  }));
  const child = spawnSync(process.execPath, [join(PACKAGE_ROOT, 'test', 'policies', 'evaluate.mjs')], {
    input: JSON.stringify(simulations),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (child.status !== 0) {
    throw new Error(`the evaluator failed: ${child.stderr}`);
  }
  return JSON.parse(child.stdout) as Verdict[];
}

/** Organizations attaches a policy that allows everything to each root; one that denies takes away from it. */
function serviceControl(policy: Document): object {
  const all: Document = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
  return {
    orgIdentifier: 'r-ab12',
    policies: [
      { name: 'FullAWSAccess', policy: all },
      { name: 'tags', policy },
    ],
  };
}

/** The account that owns a resource: its ARN says so, or it is the caller's own. */
function accountOf(resource: string, principal: string): string {
  const account = resource.split(':')[4] ?? '';
  return /^\d{12}$/.test(account) ? account : (principal.split(':')[4] ?? '');
}
