import type { Stack } from 'aws-cdk-lib';
import { OrganizationPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { UserScope } from '../lib';
import type { RotationConfig, RotatorAppConfig } from '../lib/app/config';

export const config: RotatorAppConfig = {
  rotation: (stack): RotationConfig => ({
    alerts: { emails: ['ops@example.com'] },
    users: UserScope.everyoneNotExempt(),
    keys: {
      overlap: '10d',
      recovery: '10d',
      secretName: 'Account_{account}_User_{user}_AccessKey',
      secretShape: ['UserName', 'AccessKeyId', 'SecretAccessKey', 'Status', 'CreateDate'],
    },
    mail: { from: 'keys@example.com', identity: 'example.com', admin: 'admin@example.com' },
    members: { externalId: 'choose-a-word-of-your-own', roleName: 'key-rotation', secretsIn: 'central' },
    createdSecretsKey: keyOfTheSecrets(stack),
    sweep: {
      mode: 'enforce',
      scope: 'all',
      rotateAfter: '90d',
      warnBefore: '7d',
      exemptGroup: 'IAMKeyRotationExemptionGroup',
    },
    sweeping: { reservedConcurrency: 'none' },
  }),
  organization: {},
};

/** Users of the members decrypt their own secrets with it, through Secrets Manager alone. Put in your organization's id. */
function keyOfTheSecrets(stack: Stack): Key {
  const key = new Key(stack, 'SecretsKey', { description: 'Secrets of access keys', enableKeyRotation: true });
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: 'ReadersInTheOrganization',
      principals: [new OrganizationPrincipal('o-exampleorgid')],
      actions: ['kms:Decrypt', 'kms:DescribeKey'],
      resources: ['*'],
      conditions: { StringEquals: { 'kms:ViaService': `secretsmanager.${stack.region}.amazonaws.com` } },
    }),
  );
  return key;
}
