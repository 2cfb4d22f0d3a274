import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { SweepMode } from '../choices';
import type { Program } from '../environment';
import { DEFAULTS, modeOf, replacesExposed, secretsInMembers } from '../settings';
import { readKeys, retireKeys, rotateKeys } from './keys';
import type { SweepPolicyProps } from './sweep';
import { auditPolicy, createPolicy, enforcePolicy, replicateSecrets, retirePolicy } from './sweep';

/**
 * What a function's role in a member account may do there: the same as at home, and no more. The rotation function needs
 * it for keys alone, since secrets let it in by themselves. What a mode of the sweep adds is a policy of its own, by name.
 */
export function memberPolicies(program: Program, props: SweepPolicyProps): [name: string, statements: PolicyStatement[]][] {
  const { stack, settings, users } = props;
  const exemptGroup = settings.sweep?.exemptGroup ?? DEFAULTS.exemptGroup;
  if (program === 'rotation') {
    return [['', rotateKeys(stack, users, exemptGroup)]];
  }
  const mode = modeOf(settings);
  if (!secretsInMembers(settings.members)) {
    // Nothing but keys is changed here: alike in retire and enforce.
    const changes = mode === SweepMode.AUDIT ? [] : [retireKeys(stack, users)];
    return [['', readKeys(stack, exemptGroup)], ['Retire', changes]];
  }
  return [
    ['', auditPolicy(props)],
    ['Retire', mode === SweepMode.AUDIT ? [] : retirePolicy(props)],
    ['Exposed', replacesExposed(settings) ? enforcePolicy(props) : []],
    ['Enforce', mode === SweepMode.ENFORCE ? [enforcePolicy, createPolicy, replicateSecrets].flatMap((of) => of(props)) : []],
  ];
}
