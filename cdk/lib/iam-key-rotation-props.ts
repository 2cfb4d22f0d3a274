import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { AlertSettings } from './alert-topic';
import type { ReservedConcurrency } from './reserved-concurrency';
import type { RuntimeSettings } from './runtime';
import type { RotatorSettings } from './settings';
import type { SweepSchedule } from './sweep-schedule';
import type { UserScope } from './user-scope';

/** When the sweep runs, and how often at once. */
export interface SweepScheduleSettings {
  /**
   * When the sweep of this account runs.
   *
   * @default - once an hour, so that a key is inactive at most an hour after the time that its mail named
   */
  readonly schedule?: SweepSchedule;
  /**
   * How many sweeps may run at once.
   *
   * @default ReservedConcurrency.of(1)
   */
  readonly reservedConcurrency?: ReservedConcurrency;
}

/** Everything that can be said of a rotator. Whatever is left out has the functions' own default. */
export interface IamKeyRotationProps extends RotatorSettings {
  /**
   * Whose access keys the functions may touch.
   *
   * @default - UserScope.tagged(): users with the tag iam-key-rotator:rotate = true
   */
  readonly users?: UserScope;
  /** @default - a new topic without subscribers */
  readonly alerts?: AlertSettings;
  /** @default - once an hour, one at a time */
  readonly sweeping?: SweepScheduleSettings;
  /**
   * Customer key of the secrets that the sweep makes. Both functions may use it, through Secrets Manager alone. A key
   * made in this app lets the member accounts in that have secrets under it; one that exists must do so by itself.
   *
   * @default - the account's aws/secretsmanager key, which secrets of member accounts cannot be rotated under
   */
  readonly createdSecretsKey?: IKey;
  /** @default - x86_64, 256 and 512 MB, outside any VPC */
  readonly runtime?: RuntimeSettings;
  /**
   * Alerts when a key is made by anything but the rotator. Needs a trail that records management events, and outside
   * IAM's region of the partition (us-east-1, cn-north-1, us-gov-west-1, …) the forwarder of `KeyCreationForwarder`.
   *
   * @default true
   */
  readonly watchKeyCreation?: boolean;
  /**
   * Sends reports of exposed keys, by AWS Health and GuardDuty, to the sweep, which does what `sweep.exposed` says. Global
   * events of AWS Health arrive in us-east-1, with a backup in us-west-2; in China and GovCloud in both regions. In each of
   * these regions but the rotator's own, add an `ExposedKeyForwarder`, and in each other region where GuardDuty is on.
   *
   * @default false
   */
  readonly watchExposedKeys?: boolean;
  /**
   * ARNs of other roles whose new keys raise no alert, such as the rotation role of another rotator of this account: the
   * output `RotationRoleArn` of its stack.
   *
   * @default - none: only this rotator creates keys unnoticed
   */
  readonly keyCreators?: string[];
  /**
   * Tags of everything that this construct makes. The rotator's own tags are refused.
   *
   * @default - none
   */
  // eslint-disable-next-line @typescript-eslint/consistent-indexed-object-style -- jsii knows no Record
  readonly tags?: { [name: string]: string };
}
