import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Program } from '../environment';
import { DEFAULTS, modeOf, secretsInMembers } from '../settings';
import { readKeys, retireKeys, rotateKeys } from './keys';
import type { SweepPolicyProps } from './sweep';
import { auditPolicy, createPolicy, enforcePolicy, replicateSecrets, retirePolicy } from './sweep';

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
  const mode = modeOf(settings);
  if (secretsInMembers(settings.members)) {
    const changes = {
      audit: [],
      retire: [retirePolicy],
      enforce: [retirePolicy, enforcePolicy, createPolicy, replicateSecrets],
    }[mode];
    return [auditPolicy, ...changes].flatMap((statements) => statements(props));
  }
  // The secrets are in the central account, so nothing but keys is changed here: alike in retire and enforce.
  return [...readKeys(stack, exemptGroup), ...(mode === 'audit' ? [] : [retireKeys(stack, users)])];
}
