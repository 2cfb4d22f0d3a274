import { Annotations, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import type { App } from 'aws-cdk-lib';
import { IpAddresses, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Architecture } from 'aws-cdk-lib/aws-lambda';
import { User } from 'aws-cdk-lib/aws-iam';
import { addStacks } from '../lib/app/stacks';
import { placeholderCode } from '../lib/code';
import { RotatedAccessKey, UserScope } from '../lib';
import type { RuntimeSettings } from '../lib';
import type { RotationConfig } from '../lib/app/config';
import { Rotator } from './rotator';

/** The account and region of every example. */
export const ENV = { account: '111122223333', region: 'eu-west-1' } as const;
export const MEMBER = '444455556666';

/** The same code whether or not anything was packaged, so that templates do not depend on it. */
export function runtime(more: RuntimeSettings = {}): RuntimeSettings {
  return { code: { rotation: placeholderCode(), sweep: placeholderCode() }, ...more };
}

/** Everything one account can have switched on. */
export function everything(stack: Stack): RotationConfig {
  return {
    keys: {
      overlap: '10d',
      recovery: Duration.days(10),
      inUse: 'deactivate',
      unknownKeys: 'refuse',
      testRegions: ['eu-west-1', 'us-east-1'],
      propagationTimeout: '90s',
      secretName: '/access-key/{user}',
      secretShape: ['user_name', 'access_key_id', 'secret_access_key'],
    },
    mail: {
      from: 'Key rotation <keys@example.com>',
      identity: 'create',
      recipients: ['ops@example.com'],
      domain: 'example.com',
      userTag: 'owner',
      admin: 'ops@example.com',
      contact: 'the platform team',
      template: 'rotated',
    },
    sweep: {
      mode: 'enforce',
      scope: 'all',
      rotateAfter: '79d',
      warnBefore: '5d',
      maxAge: '90d',
      exemptUsers: ['break-glass*'],
      exemptGroup: 'Exempt',
      exemptTag: 'exempt',
      replicaRegions: ['eu-central-1'],
    },
    users: UserScope.underPath('/service/'),
    alerts: { emails: ['ops@example.com'], encryptionKey: new Key(stack, 'AlertKey', { enableKeyRotation: true }) },
    createdSecretsKey: new Key(stack, 'SecretsKey', { enableKeyRotation: true }),
    runtime: runtime({ architecture: Architecture.ARM_64, tracing: true }),
  };
}

/** Configurations that are linted and checked by cdk-nag, by name. */
export const CONFIGURATIONS: Readonly<Record<string, (app: App) => void>> = {
  /** The app as it comes, with two users. */
  least: (app) => {
    addStacks(app, {
      env: ENV,
      rotation: { runtime: runtime() },
      rotatedUsers: [{ userName: 'ci-bot' }, { userName: 'smtp', interval: Duration.days(30), readers: ['arn:aws:iam::111122223333:role/Deploy'], refuseOthers: true }],
    });
  },
  /** No account and no region, as the released template. */
  agnostic: (app) => {
    addStacks(app, { rotation: { runtime: runtime() }, rotatedUsers: [{ userName: 'ci-bot' }] });
  },
  everything: (app) => {
    const stack = new Stack(app, 'Everything', { env: ENV });
    const rotation = new Rotator(stack, 'Rotator', everything(stack));
    new RotatedAccessKey(stack, 'Key', {
      rotation,
      user: new User(stack, 'User', { userName: 'ci-bot', path: '/service/' }),
      encryptionKey: new Key(stack, 'OwnKey', { enableKeyRotation: true }),
      replicaRegions: [{ region: 'eu-central-1' }],
      interval: Duration.days(79),
    });
    const policy = rotation.serviceControlPolicy(['arn:aws:iam::111122223333:role/people/KeyOperator']);
    new CfnOutput(stack, 'ServiceControlPolicy', { value: policy.text });
  },
  /** A list of secrets, and users by tag. */
  listed: (app) => {
    const stack = new Stack(app, 'Listed', { env: ENV });
    new Rotator(stack, 'Rotator', {
      sweep: { mode: 'enforce', scope: ['ci', 'smtp/relay'] },
      sweeping: { reservedConcurrency: 'none' },
      mail: { from: 'keys@example.com', identity: 'example.com' },
      runtime: runtime(),
      watchKeyCreation: false,
    });
  },
  /** What tests/peers/test_deployed_stack.py deploys: everything that ends in a call of the rotation function. */
  standin: (app) => {
    addStacks(app, {
      stackName: 'StandIn',
      env: ENV,
      rotation: {
        keys: { overlap: '0', unknownKeys: 'refuse' },
        mail: { from: 'Key rotation <keys@example.com>', identity: 'example.com', admin: 'ops@example.com' },
        sweep: { mode: 'enforce' },
        runtime: runtime(),
      },
      rotatedUsers: [{ userName: 'ci-bot', refuseOthers: true, readers: ['arn:aws:iam::111122223333:role/Deploy'] }],
    });
  },
  /** Exposed keys are answered, in a region where AWS Health has no global events. */
  exposed: (app) => {
    addStacks(app, {
      stackName: 'Leaks',
      env: ENV,
      rotation: { sweep: { exposed: 'revoke' }, watchExposedKeys: true, watchKeyCreation: false, runtime: runtime() },
    });
  },
  organization: (app) => {
    addStacks(app, {
      stackName: 'Organization',
      env: ENV,
      rotation: {
        members: { externalId: 'iam-key-rotator-example', secretsIn: 'central' },
        sweep: { mode: 'enforce' },
        sweeping: { reservedConcurrency: 11 },
        runtime: runtime(),
      },
      enrollmentRoles: ['arn:aws:iam::111122223333:role/people/KeyOperator'],
      organization: { unit: 'ou-ab12-cdefgh34' },
    });
  },
  members: (app) => {
    addStacks(app, {
      stackName: 'Members',
      env: { ...ENV, region: 'us-east-1' },
      rotation: {
        members: { externalId: 'iam-key-rotator-example', secretsIn: 'member', accounts: [MEMBER], roleName: '/security/keys' },
        sweep: { mode: 'enforce' },
        sweeping: { reservedConcurrency: 'none' },
        runtime: runtime(),
      },
      organization: { accounts: [MEMBER], maxConcurrency: 2 },
    });
  },
  network: (app) => {
    addStacks(app, {
      stackName: 'Network',
      env: ENV,
      rotation: (stack) => {
        Annotations.of(stack).acknowledgeWarning('iam-key-rotator:iamEndpoint', 'This VPC has a NAT gateway.');
        return { runtime: runtime({
          network: {
            vpc: new Vpc(stack, 'Vpc', {
              ipAddresses: IpAddresses.cidr('10.0.0.0/24'),
              availabilityZones: ['eu-west-1a', 'eu-west-1b'],
              natGateways: 1,
              subnetConfiguration: [
                { name: 'public', subnetType: SubnetType.PUBLIC },
                { name: 'functions', subnetType: SubnetType.PRIVATE_WITH_EGRESS },
              ],
              flowLogs: { all: {} },
            }),
            endpoints: true,
          },
        }) };
      },
    });
  },
};
