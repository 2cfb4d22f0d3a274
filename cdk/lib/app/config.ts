import type { Duration, Environment, Stack } from 'aws-cdk-lib';
import type { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import type { RotationConfig } from './rotation-config';

export type { RotationConfig } from './rotation-config';

/** One secret of the app. */
export interface RotatedUser {
  /** Name of an IAM user that exists. */
  readonly userName: string;
  /** @default - as keys.secretName says */
  readonly secretName?: string;
  /** @default - 90 days */
  readonly interval?: Duration;
  /** @default - none */
  readonly replicaRegions?: readonly string[];
  /** ARNs that may read the secret beside the user. @default - none */
  readonly readers?: readonly string[];
  /** @default false */
  readonly refuseOthers?: boolean;
}

/** What `rotator.config.ts` says. */
export interface RotatorAppConfig {
  /**
   * Name of the stack; the others are called after it.
   *
   * @default 'IamKeyRotator'
   */
  readonly stackName?: string;
  /**
   * Account and region.
   *
   * @default - those of the credentials that `cdk` is called with
   */
  readonly env?: Environment;
  /** The rotator. A function, where props are made of other constructs, such as a VPC. */
  readonly rotation?: RotationConfig | ((stack: Stack) => RotationConfig);
  /** Users that this app makes a rotated secret for. @default - none: they are enrolled otherwise */
  readonly rotatedUsers?: readonly RotatedUser[];
  /**
   * ARNs of the roles that may enroll users beside the stack itself, in full: whom the output `ServiceControlPolicy` lets
   * set the rotator's tags.
   *
   * @default - none: only this stack's own roles and deployments
   */
  readonly enrollmentRoles?: readonly string[];
  /**
   * Tags of every resource of every stack, the member accounts' included. The rotator's own tags are refused.
   *
   * @default - none
   */
  readonly tags?: Readonly<Record<string, string>>;
  /** Sweeps an organization. @default - this account alone */
  readonly organization?: {
    readonly unit?: string;
    readonly accounts?: readonly string[];
    readonly maxConcurrency?: number;
    readonly schedule?: ScheduleExpression;
  };
}
