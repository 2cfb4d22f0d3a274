import type { Stack } from 'aws-cdk-lib';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { UserScope } from '../user-scope';
import { rotateKeys } from './keys';
import { rotateSecrets } from './rotation-secrets';

/** Everything the rotation function does to keys and secrets of its own account. */
export function rotationPolicy(stack: Stack, rotationFunctionArn: string, users: UserScope): PolicyStatement[] {
  return [...rotateSecrets(stack, rotationFunctionArn), rotateKeys(stack, users)];
}
