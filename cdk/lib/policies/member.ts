import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Program } from '../environment';
import { DEFAULTS, secretsInMembers } from '../settings';
import { readKeys, retireKeys, rotateKeys } from './keys';
import type { SweepPolicyProps } from './sweep';
import { auditPolicy, createPolicy, enforcePolicy, replicateSecrets } from './sweep';

/**
 * What a function's role in a member account may do there: the same as at home, and no more. The rotation function needs
 * it for keys alone, since secrets let it in by themselves.
 */
export function memberPolicy(program: Program, props: SweepPolicyProps): PolicyStatement[] {
  const { stack, settings, users } = props;
  const exemptGroup = settings.sweep?.exemptGroup ?? DEFAULTS.exemptGroup;
  if (program === 'rotation') {
    return rotateKeys(stack, users, exemptGroup);
  }
  const enforce = settings.sweep?.mode === 'enforce';
  if (secretsInMembers(settings.members)) {
    const changes = [enforcePolicy, createPolicy, replicateSecrets];
    return [...auditPolicy(props), ...(enforce ? changes.flatMap((statements) => statements(props)) : [])];
  }
  const reads = readKeys(stack, exemptGroup);
  return [...reads, ...(enforce ? [retireKeys(stack, users)] : [])];
}
