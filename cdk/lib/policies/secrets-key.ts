import type { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { secretsOf } from './rotation-secrets';

/**
 * The use of a customer key, through Secrets Manager alone and for secrets of this region and these accounts alone, by
 * default of this one. Nothing encrypted under it elsewhere can be opened, and no ciphertext can be taken to KMS directly.
 */
export function useSecretsKey(
  stack: Stack,
  keyArn: string,
  name: string,
  accounts: readonly string[] = [stack.account],
): PolicyStatement[] {
  const secrets = accounts.map((account) => secretsOf(stack, '*', account));
  const via = { 'kms:ViaService': `secretsmanager.${stack.region}.amazonaws.com` };
  return [
    new PolicyStatement({
      sid: `SecretsUnder${name}`,
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      resources: [keyArn],
      conditions: { StringEquals: via, StringLike: { 'kms:EncryptionContext:SecretARN': secrets } },
    }),
    // DescribeKey carries no encryption context.
    new PolicyStatement({
      sid: `Describe${name}`,
      actions: ['kms:DescribeKey'],
      resources: [keyArn],
      conditions: { StringEquals: via },
    }),
  ];
}
