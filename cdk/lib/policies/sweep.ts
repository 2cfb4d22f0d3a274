import type { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { RotatorSettings } from '../settings';
import { DEFAULTS, hasOwnText } from '../settings';
import type { UserScope } from '../user-scope';
import { readKeys, retireKeys } from './keys';
import { changeCreatedSecrets, changeSecrets, createSecrets, findSecrets } from './sweep-secrets';

export { replicateSecrets } from './sweep-secrets';

/** What a sweep's policy depends on. */
export interface SweepPolicyProps {
  readonly stack: Stack;
  readonly settings: RotatorSettings;
  readonly users: UserScope;
  readonly rotationFunctionArn: string;
}

/** What an audit needs: it reads, and never a value. */
export function auditPolicy({ stack, settings, rotationFunctionArn }: SweepPolicyProps): PolicyStatement[] {
  return [
    ...readKeys(stack, settings.sweep?.exemptGroup ?? DEFAULTS.exemptGroup),
    ...findSecrets({ stack, settings, rotationFunctionArn }),
  ];
}

/** What `mode: 'enforce'` adds. In an audit these statements do not exist, so IAM keeps the promise too. */
export function enforcePolicy(props: SweepPolicyProps): PolicyStatement[] {
  const { stack, users, rotationFunctionArn } = props;
  return [
    retireKeys(stack, users),
    ...changeSecrets(props),
    // RotateSecret demands of its caller that it may invoke the rotation function.
    new PolicyStatement({
      sid: 'RotateSecretAsksForThis',
      actions: ['lambda:InvokeFunction'],
      resources: [rotationFunctionArn],
    }),
  ];
}

/**
 * What enrolment by the sweep adds: to create secrets of the configured name, and to finish what a crash left. Nothing
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
