import { Stack } from 'aws-cdk-lib';
import type { ISecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct, IConstruct } from 'constructs';
import { REASONS } from '../policies/reasons';
import { rotationPolicy } from '../policies/rotation';
import type { RuntimeSettings } from '../runtime';
import type { RotatorSettings } from '../settings';
import { accountsWithSecrets, DEFAULTS } from '../settings';
import { SettingsError } from '../settings-error';
import { spanSeconds } from '../span';
import type { UserScope } from '../user-scope';
import { RotatorFunction, SIZES } from './rotator-function';

/** What testSecret needs beside its wait for the new key. */
const ROOM_SECONDS = 30;

/** What the rotation function is made of. */
export interface RotationFunctionProps {
  readonly settings: RotatorSettings;
  readonly users: UserScope;
  readonly runtime: RuntimeSettings;
  readonly securityGroup?: ISecurityGroup;
}

/** The function that Secrets Manager invokes. Only it may do so, and only from accounts that are named. */
export class RotationFunction extends RotatorFunction {
  /** What lets Secrets Manager in. A rotation schedule made before it is refused. */
  readonly permissions: IConstruct[] = [];

  constructor(scope: Construct, id: string, props: RotationFunctionProps) {
    const size = { ...SIZES.rotation, ...props.runtime.rotation };
    super(scope, id, {
      program: 'rotation',
      description: 'iam-key-rotator: rotates IAM access keys for Secrets Manager',
      size,
      runtime: props.runtime,
      ...(props.securityGroup ? { securityGroup: props.securityGroup } : {}),
    });
    const wait = spanSeconds(
      'keys.propagationTimeout',
      props.settings.keys?.propagationTimeout ?? DEFAULTS.propagationTimeout,
    );
    if (wait !== undefined && wait + ROOM_SECONDS > size.timeout.toSeconds()) {
      throw new SettingsError(
        `runtime.rotation.timeout is ${size.timeout.toHumanString()} and keys.propagationTimeout ${String(wait)} ` +
          `seconds: testSecret needs ${String(ROOM_SECONDS)} seconds beside its wait. Raise the one or lower the other.`,
      );
    }
    const stack = Stack.of(this);
    const members = accountsWithSecrets(props.settings.members);
    this.allow('Rotation', rotationPolicy(stack, this.function.functionArn, props.users, props.settings), REASONS);
    this.letIn('SecretsManager', stack.account);
    for (const account of members) {
      this.letIn(`SecretsManagerOf${account}`, account);
    }
  }

  /** Lets Secrets Manager of one account invoke the function. Without the account, it could be anybody's secret. */
  private letIn(id: string, account: string): void {
    this.function.addPermission(id, {
      principal: new ServicePrincipal('secretsmanager.amazonaws.com'),
      sourceAccount: account,
    });
    this.permissions.push(this.function.node.findChild(id));
  }
}
