import { Duration, Stack } from 'aws-cdk-lib';
import { ArnPrincipal, ManagedPolicy, Policy, Role } from 'aws-cdk-lib/aws-iam';
import type { IManagedPolicy } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { checkSettings } from './check';
import { skipOnBoundary } from './checkov';
import { SweepMode } from './choices';
import type { Program } from './environment';
import { memberRoleName } from './environment';
import { acknowledge, acknowledgeStatements } from './nag';
import { boundaryOf } from './policies/boundary';
import { memberPolicies } from './policies/member';
import { REASONS } from './policies/reasons';
import { useSecretsKey } from './policies/secrets-key';
import type { MemberSettings, RotatorSettings } from './settings';
import { modeOf, secretsInMembers } from './settings';
import { SettingsError } from './settings-error';
import { UserScope } from './user-scope';

/** Who may act in this account, and on whose keys. */
export interface MemberAccountRoleProps {
  /** ARN of the rotation function's role in the central account: an output of its stack. */
  readonly rotationRoleArn: string;
  /** ARN of the sweep's role there. */
  readonly sweepRoleArn: string;
  /**
   * ARN of the rotation function itself, which secrets of this account rotate with.
   *
   * @default - none: needed with SecretsIn.MEMBER alone
   */
  readonly rotationFunctionArn?: string;
  /**
   * ARN of the rotator's createdSecretsKey, under which the sweep makes secrets in this account.
   *
   * @default - none: it makes none here
   */
  readonly createdSecretsKeyArn?: string;
  /** The same settings that the central stack has; of them, `members` must be set. */
  readonly settings: RotatorSettings;
  /**
   * Whose access keys may be touched in this account.
   *
   * @default - UserScope.tagged(): users with the tag iam-key-rotator:rotate = true
   */
  readonly users?: UserScope;
  /**
   * Permissions boundary of both roles, where the organization demands one of its own.
   *
   * @default - a boundary each, the same as in the central account
   */
  readonly permissionsBoundary?: IManagedPolicy;
}

/**
 * What a member account grants: a role for each function, that only this function's role may assume, and only with
 * the ExternalId. The sweep's can make no key and read no secret here either. Made for StackSets.
 */
export class MemberAccountRole extends Construct {
  readonly rotation: Role;
  readonly sweep: Role;

  constructor(scope: Construct, id: string, props: MemberAccountRoleProps) {
    super(scope, id);
    checkSettings(props.settings);
    const { members } = props.settings;
    if (members === undefined) {
      throw new SettingsError('settings.members is not set: give MemberAccountRole the settings of the central stack.');
    }
    if (props.rotationFunctionArn === undefined && secretsInMembers(members)) {
      throw new SettingsError(
        "rotationFunctionArn is not set, but members.secretsIn is 'member': this account's secrets rotate with that " +
          "function. Set it, or members.secretsIn: 'central'.",
      );
    }
    this.rotation = this.role('rotation', props.rotationRoleArn, members, props);
    this.sweep = this.role('sweep', props.sweepRoleArn, members, props);
  }

  private role(program: Program, trustedArn: string, members: MemberSettings, props: MemberAccountRoleProps): Role {
    const id = program === 'rotation' ? 'Rotation' : 'Sweep';
    const [path, name] = splitPath(memberRoleName(members, program));
    const role = new Role(this, id, {
      roleName: name,
      path,
      description: `The ${program} function of iam-key-rotator acts here`,
      assumedBy: new ArnPrincipal(trustedArn).withConditions({
        StringEquals: { 'sts:ExternalId': members.externalId },
      }),
      maxSessionDuration: Duration.hours(1),
      permissionsBoundary: props.permissionsBoundary ?? this.boundary(id, program),
    });
    const policies = memberPolicies(program, {
      stack: Stack.of(this),
      settings: props.settings,
      users: props.users ?? UserScope.tagged(),
      rotationFunctionArn: props.rotationFunctionArn ?? '',
    });
    for (const [name, statements] of policies.filter((each) => each[1].length > 0)) {
      const policy = new Policy(this, `${id}${name}Policy`, { roles: [role], statements });
      acknowledgeStatements(policy, statements, REASONS);
    }
    // Only a sweep that creates secrets uses their key.
    if (program === 'sweep' && props.createdSecretsKeyArn !== undefined && modeOf(props.settings) === SweepMode.ENFORCE) {
      const key = useSecretsKey(Stack.of(this), props.createdSecretsKeyArn, 'Key');
      new Policy(this, `${id}KeyPolicy`, { roles: [role], statements: key });
    }
    return role;
  }

  private boundary(id: string, program: Program): ManagedPolicy {
    const boundary = new ManagedPolicy(this, `${id}Boundary`, {
      description: `The most that the ${program} function of iam-key-rotator can ever be allowed here`,
      statements: boundaryOf(program),
    });
    acknowledge(boundary, {
      'IAM5[Resource::*]':
        'A boundary grants nothing: it lists the actions that the policies, which name resources, may grant.',
    });
    skipOnBoundary(boundary, program);
    return boundary;
  }
}

function splitPath(name: string): [string, string] {
  const at = name.lastIndexOf('/');
  const path = name.slice(0, at + 1);
  return [path.startsWith('/') ? path : `/${path}`, name.slice(at + 1)];
}
