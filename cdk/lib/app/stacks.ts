import type { StackProps } from 'aws-cdk-lib';
import {
  Annotations,
  BootstraplessSynthesizer,
  CfnCondition,
  CfnOutput,
  CfnParameter,
  CfnResource,
  Fn,
  Stack,
  Token,
} from 'aws-cdk-lib';
import type { IManagedPolicy } from 'aws-cdk-lib/aws-iam';
import { User } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { SweepMode } from '../choices';
import { IamKeyRotation } from '../iam-key-rotation';
import { iamHomeRegion } from '../home-region';
import { ExposedKeyForwarder, exposureRegions } from '../exposed-keys';
import { KeyCreationForwarder } from '../key-creation-watch';
import { MemberAccountRole } from '../member-account-role';
import { OrganizationSweep } from '../organization-sweep';
import { RotatedAccessKey } from '../rotated-access-key';
import type { MemberSettings, RotatorSettings } from '../settings';
import { DEFAULTS, modeOf, secretsInMembers } from '../settings';
import { addTags } from '../tags';
import type { UserScope } from '../user-scope';
import type { RotatorAppConfig } from './config';
import type { RotationConfig } from './rotation-config';
import { rotationProps } from './rotation-config';

/** The rotator with what is rotated by it. */
export class RotatorStack extends Stack {
  readonly rotation: IamKeyRotation;

  constructor(scope: Construct, id: string, props: StackProps & { readonly config: RotatorAppConfig }) {
    super(scope, id, { description: 'Rotates IAM access keys (iam-key-rotator)', ...props });
    const { config } = props;
    this.rotation = new IamKeyRotation(this, 'Rotator', rotationProps(rotationConfig(this, config)));
    for (const { userName, replicaRegions, readers, ...user } of config.rotatedUsers ?? []) {
      new RotatedAccessKey(this, `Key-${userName}`, {
        rotation: this.rotation,
        user: User.fromUserName(this, `User-${userName}`, userName),
        ...user,
        ...(readers ? { readers: [...readers] } : {}),
        ...(replicaRegions ? { replicaRegions: replicaRegions.map((region) => ({ region })) } : {}),
      });
    }
    if (config.organization) {
      const { accounts, ...organization } = config.organization;
      new OrganizationSweep(this, 'Organization', { rotation: this.rotation, ...organization, ...(accounts ? { accounts: [...accounts] } : {}) });
    }
    const { rotationFunctionArn, rotationRoleArn, sweepFunction, sweepRole } = this.rotation;
    this.output('RotationFunctionArn', rotationFunctionArn, 'What secrets rotate with');
    this.output('SweepFunctionName', sweepFunction.functionName, 'Invoke it with {} to sweep now');
    this.output('AlertTopicArn', this.rotation.alertTopic.topicArn, 'Where failures and findings go');
    this.output('RotationRoleArn', rotationRoleArn, 'For the member accounts');
    this.output('SweepRoleArn', sweepRole.roleArn, 'For the member accounts');
    const policy = this.rotation.serviceControlPolicy([...this.deployer(), ...(config.enrollmentRoles ?? [])]);
    this.output('ServiceControlPolicy', policy.text, "Refuses the rotator's tags to everybody else");
  }

  /** The role that CloudFormation updates this stack under, and so tags users and secrets. */
  private deployer(): string[] {
    // Only the default synthesizer has it.
    const { cloudFormationExecutionRoleArn: arn } = this.synthesizer as { readonly cloudFormationExecutionRoleArn?: string };
    return arn === undefined ? [] : [arn.includes('${') && !Token.isUnresolved(arn) ? Fn.sub(arn) : arn];
  }

  private output(id: string, value: string, description: string): void {
    new CfnOutput(this, id, { value, description });
  }
}

/** Forwards IAM's events from the one region of the partition that has them. */
export class KeyCreationForwarderStack extends Stack {
  constructor(scope: Construct, id: string, props: StackProps & { readonly homeRegion: string }) {
    super(scope, id, { description: 'Forwards CreateAccessKey events (iam-key-rotator)', ...props });
    new KeyCreationForwarder(this, 'Forwarder', { homeRegion: props.homeRegion });
  }
}

/** Forwards the reports of exposed keys that AWS Health and GuardDuty deliver in another region. */
export class ExposedKeyForwarderStack extends Stack {
  constructor(scope: Construct, id: string, props: StackProps & { readonly homeRegion: string }) {
    super(scope, id, { description: 'Forwards reports of exposed keys (iam-key-rotator)', ...props });
    new ExposedKeyForwarder(this, 'Forwarder', { homeRegion: props.homeRegion });
  }
}

/** A member account's roles, as one template for every account: what differs from central stack to stack is asked. */
export class MemberAccountStack extends Stack {
  constructor(
    scope: Construct,
    id: string,
    props: StackProps & {
        readonly settings: RotatorSettings & { readonly members: MemberSettings };
        readonly users?: UserScope;
        readonly permissionsBoundary?: IManagedPolicy;
        /** Whether the sweep makes secrets in member accounts, under a key that is asked for. */
        readonly makesSecrets?: boolean;
        /** Whether this is the released template, which asks for the mode, and for an ExternalId that nobody else has. */
        readonly released?: boolean;
      },
  ) {
    const { settings, users, permissionsBoundary, makesSecrets = false, released = false, ...stack } = props;
    super(scope, id, {
      description: 'Lets iam-key-rotator rotate keys of this account',
      // StackSets knows no bootstrapped account.
      synthesizer: new BootstraplessSynthesizer(),
      ...stack,
    });
    const ask = (name: string, description: string): string =>
      new CfnParameter(this, name, { description, allowedPattern: '^arn:[^*]+$' }).valueAsString;
    const externalId = new CfnParameter(this, 'ExternalId', {
      description: "members.externalId of the rotator's configuration",
      ...(released ? {} : { default: settings.members.externalId }),
      allowedPattern: '^[0-9A-Za-z_+=,.@:/-]{2,1224}$',
    }).valueAsString;
    const member = new MemberAccountRole(this, 'Member', {
      rotationRoleArn: ask('RotationRoleArn', "Output RotationRoleArn of the rotator's stack"),
      sweepRoleArn: ask('SweepRoleArn', "Output SweepRoleArn of the rotator's stack"),
      ...(secretsInMembers(settings.members)
        ? { rotationFunctionArn: ask('RotationFunctionArn', "Output RotationFunctionArn of the rotator's stack") }
        : {}),
      ...(makesSecrets ? { createdSecretsKeyArn: ask('CreatedSecretsKeyArn', 'ARN of the key named as createdSecretsKey') } : {}),
      settings: { ...settings, members: { ...settings.members, externalId } },
      ...(users ? { users } : {}),
      ...(permissionsBoundary ? { permissionsBoundary } : {}),
    });
    if (released) {
      this.askMode(member);
    }
  }

  /** In an audit the sweep's role has no statement that changes anything. */
  private askMode(member: MemberAccountRole): void {
    const mode = new CfnParameter(this, 'Mode', {
      description: "Mode of the rotator's sweep",
      default: DEFAULTS.mode,
      allowedValues: ['audit', 'retire', 'enforce'],
    }).valueAsString;
    const retires = new CfnCondition(this, 'Retires', { expression: Fn.conditionNot(Fn.conditionEquals(mode, 'audit')) });
    const policy = member.node.findChild('SweepRetirePolicy').node.defaultChild;
    if (policy && CfnResource.isCfnResource(policy)) {
      policy.cfnOptions.condition = retires;
    }
  }
}

/** Every stack that a configuration asks for. */
export function addStacks(scope: Construct, config: RotatorAppConfig): RotatorStack {
  const name = config.stackName ?? 'IamKeyRotator';
  const rotator = new RotatorStack(scope, name, { config, ...(config.env ? { env: config.env } : {}) });
  const stacks: Stack[] = [rotator];
  const { settings } = rotator.rotation;
  if (rotator.rotation._needsForwarder && !Token.isUnresolved(rotator.account)) {
    stacks.push(
      new KeyCreationForwarderStack(scope, `${name}-Forwarder`, {
        env: { account: rotator.account, region: iamHomeRegion(rotator.region) },
        homeRegion: rotator.region,
      }),
    );
  }
  if (rotator.rotation._watchesExposedKeys) {
    stacks.push(...exposedKeyForwarders(scope, name, rotator));
  }
  if (settings.members) {
    stacks.push(
      new MemberAccountStack(scope, `${name}-Member`, {
        settings: { ...settings, members: settings.members },
        users: rotator.rotation.users,
        makesSecrets:
          rotator.rotation.createdSecretsKey !== undefined && secretsInMembers(settings.members) && modeOf(settings) === SweepMode.ENFORCE,
      }),
    );
  }
  stacks.forEach((stack) => { addTags(stack, config.tags); });
  return rotator;
}

/** A stack in each region where AWS Health has global events, but the rotator's own. */
function exposedKeyForwarders(scope: Construct, name: string, { account, region, rotation }: RotatorStack): Stack[] {
  if (Token.isUnresolved(account) || Token.isUnresolved(region)) {
    Annotations.of(rotation).addWarningV2(
      'iam-key-rotator:exposedForwarders',
      'watchExposedKeys is set, but account or region are not known, so no stack forwards the global events of AWS Health to ' +
        'this region. Set env, or deploy an ExposedKeyForwarder in each region where AWS Health delivers them.',
    );
    return [];
  }
  return exposureRegions(region).map(
    (each) => new ExposedKeyForwarderStack(scope, `${name}-Exposed-${each}`, { env: { account, region: each }, homeRegion: region }),
  );
}

function rotationConfig(stack: Stack, { rotation, organization }: RotatorAppConfig): RotationConfig {
  const props = typeof rotation === 'function' ? rotation(stack) : (rotation ?? {});
  // An organization's sweep has its own schedule, and sweeps this account with the others.
  return organization ? { ...props, sweeping: { schedule: 'none', ...props.sweeping } } : props;
}
