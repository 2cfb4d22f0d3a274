import type { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { INTENT_TAG, REFUSED_TAG } from '../settings';

/**
 * The rotation function works on the secrets that name it as their rotation function, whatever they are called.
 * Secrets Manager sets that name at RotateSecret, before the first step, and a tag cannot forge it. Secrets of member
 * accounts are reached directly too: their own policies let the function's role in.
 */
export function rotateSecrets(
  stack: Stack,
  rotationFunctionArn: string,
  members: readonly string[] = [],
): PolicyStatement[] {
  const resources = [stack.account, ...members].map((account) => secretsOf(stack, '*', account));
  const namesUs = { 'secretsmanager:resource/AllowRotationLambdaArn': rotationFunctionArn };
  return [
    new PolicyStatement({
      sid: 'SecretsThatNameThisFunction',
      actions: [
        'secretsmanager:DescribeSecret',
        'secretsmanager:GetSecretValue',
        'secretsmanager:PutSecretValue',
        'secretsmanager:UpdateSecretVersionStage',
      ],
      resources,
      conditions: { StringEquals: namesUs },
    }),
    new PolicyStatement({
      sid: 'OwnTagsOnSecretsThatNameThisFunction',
      actions: ['secretsmanager:TagResource', 'secretsmanager:UntagResource'],
      resources,
      conditions: {
        StringEquals: namesUs,
        // Of an empty set every statement is true, so the set must not be empty.
        'ForAllValues:StringEquals': { 'aws:TagKeys': [INTENT_TAG, REFUSED_TAG] },
        Null: { 'aws:TagKeys': 'false' },
      },
    }),
    // Whether another secret holds the same user's key, which must then stay. ListSecrets knows no resources.
    new PolicyStatement({ sid: 'ListSecrets', actions: ['secretsmanager:ListSecrets'], resources: ['*'] }),
  ];
}

/** Every secret of an account, by default the stack's, in its region, or those whose name follows a template. */
export function secretsOf(stack: Stack, name = '*', account = stack.account): string {
  return `arn:${stack.partition}:secretsmanager:${stack.region}:${account}:secret:${name}`;
}
