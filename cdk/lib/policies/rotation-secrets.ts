import type { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { INTENT_TAG } from '../settings';

/**
 * The rotation function works on the secrets that name it as their rotation function, whatever they are called.
 * Secrets Manager sets that name at RotateSecret, before the first step, and a tag cannot forge it.
 */
export function rotateSecrets(stack: Stack, rotationFunctionArn: string): PolicyStatement[] {
  const resources = [secretsOf(stack)];
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
      sid: 'IntentOnSecretsThatNameThisFunction',
      actions: ['secretsmanager:TagResource', 'secretsmanager:UntagResource'],
      resources,
      conditions: {
        StringEquals: namesUs,
        // Of an empty set every statement is true, so the set must not be empty.
        'ForAllValues:StringEquals': { 'aws:TagKeys': [INTENT_TAG] },
        Null: { 'aws:TagKeys': 'false' },
      },
    }),
  ];
}

/** Every secret of a stack's account and region, or those whose name follows a template. */
export function secretsOf(stack: Stack, name = '*'): string {
  return `arn:${stack.partition}:secretsmanager:${stack.region}:${stack.account}:secret:${name}`;
}
