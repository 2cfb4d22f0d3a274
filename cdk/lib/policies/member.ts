import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Program } from '../environment';
import { DEFAULTS } from '../settings';
import { readKeys, retireKeys, rotateKeys } from './keys';
import { rotateSecrets } from './rotation-secrets';
import type { SweepPolicyProps } from './sweep';
import { auditPolicy, enforcePolicy, replicateSecrets } from './sweep';

/** What a function's role in a member account may do there: the same as at home, and no more. */
export function memberPolicy(program: Program, props: SweepPolicyProps): PolicyStatement[] {
  const { stack, settings, users, rotationFunctionArn } = props;
  const secretsHere = (settings.members?.secretsIn ?? DEFAULTS.secretsIn) === 'member';
  if (program === 'rotation') {
    return [...(secretsHere ? rotateSecrets(stack, rotationFunctionArn) : []), rotateKeys(stack, users)];
  }
  const enforce = settings.sweep?.mode === 'enforce';
  if (secretsHere) {
    return [...auditPolicy(props), ...(enforce ? [...enforcePolicy(props), ...replicateSecrets(props)] : [])];
  }
  const reads = readKeys(stack, settings.sweep?.exemptGroup ?? DEFAULTS.exemptGroup);
  return [...reads, ...(enforce ? [retireKeys(stack, users)] : [])];
}
