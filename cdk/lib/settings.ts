import { Token } from 'aws-cdk-lib';
import type { Duration } from 'aws-cdk-lib';
import { ExposedResponse, InUse, SecretsIn, SweepMode, UnknownKeys } from './choices';
import type { SenderIdentity } from './sender-identity';
import type { SweepScope } from './sweep-scope';

/** How keys are made, proved and retired. Each prop is one variable of the functions' environment. */
export interface KeySettings {
  /**
   * How long the superseded key stays active after the promotion; `0`: it goes inactive at once (`ROTATOR_OVERLAP`).
   *
   * @default Duration.hours(24)
   */
  readonly overlap?: Duration;
  /**
   * How long it stays inactive before it is deleted; with both `0` it is deleted at once (`ROTATOR_RECOVERY`).
   *
   * @default Duration.days(7)
   */
  readonly recovery?: Duration;
  /**
   * The overlap is over and the superseded key was used since the promotion: keep it and alert, or deactivate it all
   * the same (`ROTATOR_IN_USE`).
   *
   * @default InUse.WAIT
   */
  readonly inUse?: InUse;
  /**
   * What becomes of a key that is in no version of the secret and fills the two-key limit (`ROTATOR_UNKNOWN_KEYS`).
   *
   * @default UnknownKeys.DELETE_INACTIVE
   */
  readonly unknownKeys?: UnknownKeys;
  /**
   * Regions whose STS must accept a new key before it is promoted (`ROTATOR_TEST_REGIONS`).
   *
   * @default - the function's own region
   */
  readonly testRegions?: string[];
  /**
   * Longest wait for that (`ROTATOR_PROPAGATION_TIMEOUT`).
   *
   * @default Duration.seconds(60)
   */
  readonly propagationTimeout?: Duration;
  /**
   * How secrets are named after users, with `{user}` once and `{account}` at most once (`ROTATOR_SECRET_NAME`). Where
   * the sweep creates secrets (SweepMode.ENFORCE with SweepScope.ALL), text before or after `{user}` is required: the
   * sweep's role is limited to names with that text.
   *
   * @default 'iam-key/{user}'
   */
  readonly secretName?: string;
  /**
   * Field names of a secret that the product makes itself (`ROTATOR_SECRET_SHAPE`).
   *
   * @default ['UserName', 'AccessKeyId', 'SecretAccessKey']
   */
  readonly secretShape?: string[];
}

/** Mails to the users whose keys rotate. Without these settings nobody is mailed. */
export interface MailSettings {
  /** Sender: an address, or a name with the address in `<>` (`ROTATOR_EMAIL_FROM`). */
  readonly from: string;
  /** The SES identity that sends: one that exists, or `SenderIdentity.VERIFY_SENDER`. */
  readonly identity: SenderIdentity;
  /**
   * Addresses that this stack has verified as recipients. SES in its sandbox sends to no others.
   *
   * @default - none
   */
  readonly recipients?: string[];
  /**
   * A user with no address of its own gets `{user}@{domain}` (`ROTATOR_EMAIL_DOMAIN`).
   *
   * @default - such users get no mail
   */
  readonly domain?: string;
  /**
   * IAM user tag that holds the user's address (`ROTATOR_EMAIL_TAG`).
   *
   * @default 'email'
   */
  readonly userTag?: string;
  /**
   * Gets the sweep's summary, and the mails of users without an address (`ROTATOR_ADMIN_EMAIL`).
   *
   * @default - nobody
   */
  readonly admin?: string;
  /**
   * Whom users can ask, as their mails name it: a name, an address or a URL (`ROTATOR_CONTACT`).
   *
   * @default - the security team of the user's account, without an address
   */
  readonly contact?: string;
  /**
   * Name of an SES template to use instead of the built-in mail (`ROTATOR_EMAIL_TEMPLATE`).
   *
   * @default - the built-in mail
   */
  readonly template?: string;
}

/** What the sweep looks for, and whether it acts. */
export interface SweepSettings {
  /**
   * `audit` reports and changes no user, key or secret. `retire` also deactivates and later deletes the keys that
   * rotations superseded. `enforce` also rotates due keys and enrolls users (`ROTATOR_MODE`, of both functions).
   *
   * @default SweepMode.RETIRE
   */
  readonly mode?: SweepMode;
  /**
   * What the sweep does about a key that AWS Health or GuardDuty reports as exposed: alert; have a successor made and then
   * deactivate the key; or deactivate it even if no successor can be made (`ROTATOR_EXPOSED`). The last two add the
   * permission to start rotations in the mode `retire`, and only alert in `audit`. `watchExposedKeys` sends the events.
   *
   * @default ExposedResponse.ALERT
   */
  readonly exposed?: ExposedResponse;
  /**
   * Users that have a secret of ours, every user with a due key, or the users of the secrets named (`ROTATOR_SCOPE`).
   *
   * @default SweepScope.ENROLLED
   */
  readonly scope?: SweepScope;
  /**
   * Age at which a key is due (`ROTATOR_ROTATE_AFTER`).
   *
   * @default Duration.days(90)
   */
  readonly rotateAfter?: Duration;
  /**
   * Mail this long before each action; `0`: none (`ROTATOR_WARN_BEFORE`).
   *
   * @default Duration.days(7)
   */
  readonly warnBefore?: Duration;
  /**
   * Oldest age an active key may reach (`ROTATOR_MAX_AGE`). Interval, overlap and the time until the next sweep may not
   * exceed it together; in `audit`, where a key lives for two intervals, twice the interval may not.
   *
   * @default - none
   */
  readonly maxAge?: Duration;
  /**
   * Names of exempt users, `*` for any characters (`ROTATOR_EXEMPT_USERS`).
   *
   * @default - none
   */
  readonly exemptUsers?: string[];
  /**
   * Members of this IAM group are exempt; the group need not exist (`ROTATOR_EXEMPT_GROUP`).
   *
   * @default 'IAMKeyRotationExemptionGroup'
   */
  readonly exemptGroup?: string;
  /**
   * IAM users with this tag are exempt; its value is the reason (`ROTATOR_EXEMPT_TAG`).
   *
   * @default 'iam-key-rotator:exempt'
   */
  readonly exemptTag?: string;
  /**
   * Secrets that the sweep makes are refused to everybody but their user and the rotation function, whatever the
   * account's own policies allow (`ROTATOR_ROTATION_ROLE_ARN`). Always so where they lie in member accounts.
   *
   * @default false
   */
  readonly refuseOthers?: boolean;
  /**
   * Where secrets that the sweep makes are replicated to (`ROTATOR_REPLICA_REGIONS`).
   *
   * @default - nowhere
   */
  readonly replicaRegions?: string[];
}

/** How users of other accounts are reached. */
export interface MemberSettings {
  /**
   * What every member account asks for as the ExternalId (`ROTATOR_MEMBER_EXTERNAL_ID`). It is no secret: it keeps
   * the functions from being talked into an account that did not mean this deployment.
   */
  readonly externalId: string;
  /**
   * Name, with its path if it has one, of the roles that `MemberAccountRole` makes; `-rotation` and `-sweep` are
   * added to it (`ROTATOR_MEMBER_ROLE`).
   *
   * @default 'iam-key-rotator'
   */
  readonly roleName?: string;
  /**
   * The member accounts, where they are known. Needed with SecretsIn.MEMBER, since each of these accounts must be
   * let in by name to invoke the rotation function.
   *
   * @default - every account of this organization
   */
  readonly accounts?: string[];
  /**
   * Where secrets of other accounts' users live (`ROTATOR_SECRETS_IN`): beside the rotation function, or in the account
   * of their user. SecretsIn.MEMBER is experimental: no AWS page settles how RotateSecret works across accounts, and it has
   * not run in real accounts yet.
   *
   * @default SecretsIn.CENTRAL
   */
  readonly secretsIn?: SecretsIn;
}

/** Everything the two functions are told. */
export interface RotatorSettings {
  /** @default - the defaults of each setting */
  readonly keys?: KeySettings;
  /** @default - nobody is mailed */
  readonly mail?: MailSettings;
  /** @default - the defaults of each setting: superseded keys of enrolled users are retired */
  readonly sweep?: SweepSettings;
  /** @default - this account only */
  readonly members?: MemberSettings;
}

/** The defaults, equal to those of the functions. A test compares them with docs/settings.md. */
export const DEFAULTS = {
  overlap: '24h',
  recovery: '7d',
  inUse: InUse.WAIT,
  unknownKeys: UnknownKeys.DELETE_INACTIVE,
  propagationTimeout: '60s',
  secretName: 'iam-key/{user}',
  secretShape: ['UserName', 'AccessKeyId', 'SecretAccessKey'],
  userTag: 'email',
  mode: SweepMode.RETIRE,
  exposed: ExposedResponse.ALERT,
  scope: 'enrolled',
  rotateAfter: '90d',
  warnBefore: '7d',
  exemptGroup: 'IAMKeyRotationExemptionGroup',
  exemptTag: 'iam-key-rotator:exempt',
  roleName: 'iam-key-rotator',
  secretsIn: SecretsIn.CENTRAL,
} as const;

/** What the names of all the rotator's tags begin with. */
export const TAG_PREFIX = 'iam-key-rotator:';
/** The secret's tag that names its IAM user. */
export const USER_TAG = 'iam-key-rotator:user';
/** The secret's tag that the rotation function writes before it creates a key. */
export const INTENT_TAG = 'iam-key-rotator:intent';
/** The secret's tag in which the rotation function remembers that it refused an exempt user, to alert once. */
export const REFUSED_TAG = 'iam-key-rotator:refused';
/** The secret's tag in which the sweep notes what it has reported. */
export const NOTICES_TAG = 'iam-key-rotator:notices';
/** The IAM user's tag that names the one secret that may hold this user's keys. */
export const SECRET_TAG = 'iam-key-rotator:secret';
/** The sweep function's own tags in which it remembers what it reported of an account. */
export const DIGEST_TAGS = 'iam-key-rotator:digests-*';
/** CloudWatch namespace of both functions' metrics. */
export const METRIC_NAMESPACE = 'IamKeyRotator';

/** What the sweep may do, by these settings. */
export function modeOf({ sweep }: Pick<RotatorSettings, 'sweep'>): SweepMode {
  return sweep?.mode ?? DEFAULTS.mode;
}

/** Whether the sweep, which starts no rotation in the mode `retire`, does so for exposed keys alone. */
export function replacesExposed(settings: Pick<RotatorSettings, 'sweep'>): boolean {
  return modeOf(settings) === SweepMode.RETIRE && (settings.sweep?.exposed ?? DEFAULTS.exposed) !== ExposedResponse.ALERT;
}

/** Whether secrets of member accounts' users live in those accounts. */
export function secretsInMembers(members: MemberSettings | undefined): boolean {
  return members !== undefined && (members.secretsIn ?? DEFAULTS.secretsIn) === SecretsIn.MEMBER;
}

/** The member accounts that have secrets of their own which rotate with the central function. */
export function accountsWithSecrets(members: MemberSettings | undefined): readonly string[] {
  return secretsInMembers(members) ? (members?.accounts ?? []) : [];
}

/** What a secret's name has beside the placeholders. */
export function ownText(secretName: string): string {
  return secretName.replace('{user}', '').replace('{account}', '');
}

/** Whether the configured name tells the rotator's secrets from others. A name that CloudFormation knows is checked there. */
export function hasOwnText({ keys }: RotatorSettings): boolean {
  const name = keys?.secretName ?? DEFAULTS.secretName;
  return Token.isUnresolved(name) || ownText(name) !== '';
}
