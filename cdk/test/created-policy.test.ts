import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { User } from 'aws-cdk-lib/aws-iam';
import { RotatedAccessKey } from '../lib';
import { ENV, runtime } from './configurations';
import { newApp } from './templates';
import { Rotator } from './rotator';

interface Statement {
  readonly Sid?: string;
}

interface Created {
  readonly user: string;
  readonly role: string;
  readonly policy: { readonly Statement: readonly Statement[] };
}

const CREATED = JSON.parse(readFileSync(join(__dirname, 'created-policy.json'), 'utf8')) as Created;

test('a secret of the CDK gets the policy that one of the sweep gets', () => {
  const stack = new Stack(newApp(), 'Stack', { env: ENV });
  const rotation = new Rotator(stack, 'Rotator', { runtime: runtime() });
  new RotatedAccessKey(stack, 'Key', {
    rotation,
    user: User.fromUserArn(stack, 'User', CREATED.user),
    refuseOthers: true,
  });
  const policies = Object.values(Template.fromStack(stack).findResources('AWS::SecretsManager::ResourcePolicy'));
  const policy = JSON.stringify(policies.map((found) => (found['Properties'] as { ResourcePolicy: unknown }).ResourcePolicy));
  const role = JSON.stringify(stack.resolve(rotation.rotationRoleArn));
  const [found] = JSON.parse(policy.replaceAll(role, JSON.stringify(CREATED.role))) as Created['policy'][];
  // CDK's own statement, which has no Sid, keeps the account's root user from deleting the secret while it is rotated.
  expect(found?.Statement.filter(({ Sid }) => Sid)).toEqual(
    // The role of the same account rotates by its own policy.
    CREATED.policy.Statement.filter(({ Sid }) => Sid !== 'TheRotationFunction'),
  );
});
