import type { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { secretsOf } from './rotation-secrets';

/**
 * The use of a customer key, through Secrets Manager alone and for secrets of this account and region alone. Nothing
 * encrypted under it elsewhere can be opened, and no ciphertext can be taken to KMS directly.
 */
export function useSecretsKey(stack: Stack, key: IKey, name: string): PolicyStatement[] {
  const via = { 'kms:ViaService': `secretsmanager.${stack.region}.amazonaws.com` };
  return [
    new PolicyStatement({
      sid: `SecretsUnder${name}`,
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      resources: [key.keyArn],
      conditions: { StringEquals: via, StringLike: { 'kms:EncryptionContext:SecretARN': secretsOf(stack) } },
    }),
    // DescribeKey carries no encryption context.
    new PolicyStatement({
      sid: `Describe${name}`,
      actions: ['kms:DescribeKey'],
      resources: [key.keyArn],
      conditions: { StringEquals: via },
    }),
  ];
}
