import type { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { RotatorSettings } from '../settings';
import { DEFAULTS, DIGEST_TAGS, hasOwnText } from '../settings';
import type { UserScope } from '../user-scope';
import { readKeys, retireKeys } from './keys';
import { changeCreatedSecrets, createSecrets, findSecrets, retireFromSecrets, rotateEnrolled } from './sweep-secrets';

export { replicateSecrets } from './sweep-secrets';

/** What a sweep's policy depends on. */
export interface SweepPolicyProps {
  readonly stack: Stack;
  readonly settings: RotatorSettings;
  readonly users: UserScope;
  readonly rotationFunctionArn: string;
}

/** What every mode needs, and an audit has alone: it reads, and never a value. */
export function auditPolicy({ stack, settings, rotationFunctionArn }: SweepPolicyProps): PolicyStatement[] {
  return [
    ...readKeys(stack, settings.sweep?.exemptGroup ?? DEFAULTS.exemptGroup),
    ...findSecrets({ stack, settings, rotationFunctionArn }),
  ];
}

/** What `mode: 'retire'` adds. In an audit these statements do not exist, so IAM keeps the promise too. */
export function retirePolicy(props: SweepPolicyProps): PolicyStatement[] {
  return [retireKeys(props.stack, props.users), ...retireFromSecrets(props)];
}

/** What `mode: 'enforce'` adds to that: it rotates, but creates nothing. */
export function enforcePolicy(props: SweepPolicyProps): PolicyStatement[] {
  const { rotationFunctionArn } = props;
  return [
    ...rotateEnrolled(props),
    // RotateSecret demands of its caller that it may invoke the rotation function.
    new PolicyStatement({
      sid: 'RotateSecretAsksForThis',
      actions: ['lambda:InvokeFunction'],
      resources: [rotationFunctionArn],
    }),
  ];
}

/**
 * What enrollment by the sweep adds: to create secrets of the configured name, and to finish what a crash left. Nothing
 * where the name has no text of its own, since then no policy could be limited to it.
 */
export function createPolicy(props: SweepPolicyProps): PolicyStatement[] {
  return hasOwnText(props.settings) ? [...changeCreatedSecrets(props), ...createSecrets(props)] : [];
}

/** A sweep that runs out of time calls itself with where it stopped. */
export function continueItself(sweepFunctionArn: string): PolicyStatement {
  return new PolicyStatement({
    sid: 'ContinueItself',
    actions: ['lambda:InvokeFunction'],
    resources: [sweepFunctionArn],
  });
}

/**
 * The sweep remembers on its own tags what it reported, where no secret can remember it: an audit too, since these tags
 * are the function's and say nothing of a user, key or secret.
 */
export function rememberReports(sweepFunctionArn: string): PolicyStatement[] {
  return [
    // AWS has no condition key for it.
    new PolicyStatement({ sid: 'ReadItsOwnTags', actions: ['lambda:ListTags'], resources: [sweepFunctionArn] }),
    new PolicyStatement({
      sid: 'RememberReportsOnItsOwnTags',
      actions: ['lambda:TagResource'],
      resources: [sweepFunctionArn],
      conditions: {
        'ForAllValues:StringLike': { 'aws:TagKeys': [DIGEST_TAGS] },
        // Of an empty set every statement is true, so the set must not be empty.
        Null: { 'aws:TagKeys': 'false' },
      },
    }),
  ];
}

/** The accounts of the organization. */
export function listAccounts(stack: Stack, unit: string | undefined): PolicyStatement[] {
  // An organizational unit's ARN holds the management account and the organization, which a member need not know.
  const units = `arn:${stack.partition}:organizations::*:ou/o-*/${unit?.split('-').slice(0, 2).join('-') ?? 'ou-*'}-*`;
  return [
    new PolicyStatement({ sid: 'ListAccounts', actions: ['organizations:ListAccounts'], resources: ['*'] }),
    ...(unit === undefined
      ? []
      : [
          new PolicyStatement({
            sid: 'ListAccountsOfUnits',
            actions: ['organizations:ListAccountsForParent', 'organizations:ListOrganizationalUnitsForParent'],
            resources: [units],
          }),
        ]),
  ];
}
