import type { Stack } from 'aws-cdk-lib';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { RotatorSettings } from '../settings';
import { accountsWithSecrets, DEFAULTS } from '../settings';
import type { UserScope } from '../user-scope';
import { rotateKeys } from './keys';
import { rotateSecrets } from './rotation-secrets';

/** Everything the rotation function does to keys of its own account, and to secrets wherever they lie. */
export function rotationPolicy(
  stack: Stack,
  rotationFunctionArn: string,
  users: UserScope,
  settings: RotatorSettings,
): PolicyStatement[] {
  return [
    ...rotateSecrets(stack, rotationFunctionArn, accountsWithSecrets(settings.members)),
    ...rotateKeys(stack, users, settings.sweep?.exemptGroup ?? DEFAULTS.exemptGroup),
  ];
}
