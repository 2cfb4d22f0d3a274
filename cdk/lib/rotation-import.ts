import { Stack } from 'aws-cdk-lib';
import { Policy, Role } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IConstruct } from 'constructs';
import { Construct } from 'constructs';
import { useSecretsKey } from './policies/secrets-key';
import type { RotatorSettings } from './settings';
import { accountsWithSecrets } from './settings';
import type { SweepSchedule } from './sweep-schedule';
import { UserScope } from './user-scope';

/** A rotator: of this app, or imported. */
export interface IIamKeyRotation extends IConstruct {
  /** ARN of the function that secrets rotate with. */
  readonly rotationFunctionArn: string;
  /** ARN of that function's role. */
  readonly rotationRoleArn: string;
  /** Whose access keys the functions may touch. */
  readonly users: UserScope;
  /** The settings of both functions. */
  readonly settings: RotatorSettings;
  /** When the sweep of this account runs. */
  readonly sweepSchedule?: SweepSchedule;

  /** Lets the rotation function use a customer key, through Secrets Manager alone. */
  allowSecretsKey(key: IKey): void;
}

/** What there is to know of a rotator of another stack. */
export interface IamKeyRotationAttributes {
  /** The output `RotationFunctionArn` of its stack. */
  readonly rotationFunctionArn: string;
  /** The output `RotationRoleArn` of its stack. */
  readonly rotationRoleArn: string;
  /**
   * Whose access keys it may touch.
   *
   * @default - UserScope.tagged(): users with the tag iam-key-rotator:rotate = true
   */
  readonly users?: UserScope;
  /**
   * Its settings. They decide how secrets are named and which fields they have, and which intervals are refused.
   *
   * @default - the defaults of each setting
   */
  readonly settings?: RotatorSettings;
  /**
   * When its sweep runs.
   *
   * @default - once an hour
   */
  readonly sweepSchedule?: SweepSchedule;
}

/** A rotator of another stack, in the same account and region. */
export class ImportedRotation extends Construct implements IIamKeyRotation {
  readonly rotationFunctionArn: string;
  readonly rotationRoleArn: string;
  readonly users: UserScope;
  readonly settings: RotatorSettings;
  readonly sweepSchedule?: SweepSchedule;
  private readonly secretsKeys = new Set<string>();

  constructor(scope: Construct, id: string, attributes: IamKeyRotationAttributes) {
    super(scope, id);
    this.rotationFunctionArn = attributes.rotationFunctionArn;
    this.rotationRoleArn = attributes.rotationRoleArn;
    this.users = attributes.users ?? UserScope.tagged();
    this.settings = attributes.settings ?? {};
    if (attributes.sweepSchedule) {
      this.sweepSchedule = attributes.sweepSchedule;
    }
  }

  /** As a policy of this stack, attached to the role of the other. */
  allowSecretsKey(key: IKey): void {
    if (!this.secretsKeys.has(key.keyArn)) {
      this.secretsKeys.add(key.keyArn);
      const name = `Key${String(this.secretsKeys.size)}`;
      const stack = Stack.of(this);
      const accounts = [stack.account, ...accountsWithSecrets(this.settings.members)];
      new Policy(this, `${name}Policy`, {
        roles: [Role.fromRoleArn(this, `${name}Role`, this.rotationRoleArn)],
        statements: useSecretsKey(stack, key.keyArn, name, accounts),
      });
    }
  }
}
