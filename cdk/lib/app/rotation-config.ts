import { Duration, Token } from 'aws-cdk-lib';
import type { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import type { IEmailIdentity } from 'aws-cdk-lib/aws-ses';
import type { ExposedResponse, FunctionLogLevel, InUse, SecretsIn, SweepMode, UnknownKeys } from '../choices';
import type { IamKeyRotationProps, SweepScheduleSettings } from '../iam-key-rotation-props';
import { ReservedConcurrency } from '../reserved-concurrency';
import type { RuntimeSettings } from '../runtime';
import { SenderIdentity } from '../sender-identity';
import type { KeySettings, MailSettings, MemberSettings, RotatorSettings, SweepSettings } from '../settings';
import { SettingsError } from '../settings-error';
import type { Span } from '../span';
import { spanSeconds } from '../span';
import { SweepSchedule } from '../sweep-schedule';
import { SweepScope } from '../sweep-scope';

/** A setting as a configuration writes it: words and numbers, where the constructs take objects that every language has. */
type Written<T> = T extends Duration
  ? Span
  : T extends SweepScope
    ? T | 'enrolled' | 'all' | readonly string[]
    : T extends SweepSchedule
      ? T | ScheduleExpression | 'none'
      : T extends ReservedConcurrency
        ? T | number | 'none'
        : T extends SenderIdentity
          ? T | IEmailIdentity | string
          : T extends InUse | UnknownKeys | SweepMode | ExposedResponse | SecretsIn | FunctionLogLevel
            ? T | `${T}`
            : T extends string[]
              ? readonly string[]
              : T;
type WrittenAll<T> = { readonly [Name in keyof T]: Written<T[Name]> };

/** The settings of both functions, as a configuration writes them. */
export interface RotatorConfig {
  readonly keys?: WrittenAll<KeySettings>;
  readonly mail?: WrittenAll<MailSettings>;
  readonly sweep?: WrittenAll<SweepSettings>;
  readonly members?: WrittenAll<MemberSettings>;
}

/** `IamKeyRotationProps`, as a configuration writes them. Its documentation holds here too. */
export interface RotationConfig extends RotatorConfig, Omit<IamKeyRotationProps, keyof RotatorSettings | 'sweeping' | 'runtime' | 'keyCreators'> {
  readonly sweeping?: WrittenAll<SweepScheduleSettings>;
  readonly runtime?: WrittenAll<RuntimeSettings>;
  readonly keyCreators?: readonly string[];
}

/** What the construct takes. */
export function rotationProps(config: RotationConfig): IamKeyRotationProps {
  const { keys, mail, sweep, members, sweeping, runtime, keyCreators, ...rest } = config;
  const times = sweeping && {
    ...sweeping,
    schedule: schedule(sweeping.schedule),
    reservedConcurrency: concurrency(sweeping.reservedConcurrency),
  };
  return {
    ...rest,
    ...rotatorSettings({ keys, mail, sweep, members }),
    ...(times ? { sweeping: read(times) } : {}),
    ...(runtime ? { runtime: read(runtime) } : {}),
    ...(keyCreators ? { keyCreators: [...keyCreators] } : {}),
  };
}

/** The settings that both functions and the member roles take. */
export function rotatorSettings({ keys, mail, sweep, members }: RotatorConfig): RotatorSettings {
  const spanned = keys && { ...keys, ...spans('keys', keys, ['overlap', 'recovery', 'propagationTimeout']) };
  const sent = mail && { ...mail, identity: sender(mail.identity) };
  const swept = sweep && { ...sweep, scope: scope(sweep.scope), ...spans('sweep', sweep, ['rotateAfter', 'warnBefore', 'maxAge']) };
  return {
    ...(spanned ? { keys: read(spanned) } : {}),
    // The type demands the identity, but a configuration read from elsewhere may lack it: the construct says so.
    ...(sent ? { mail: read(sent) as MailSettings } : {}),
    ...(swept ? { sweep: read(swept) } : {}),
    ...(members ? { members: read(members) as MemberSettings } : {}),
  };
}

/** What was written, without what was left out: the words of an enumeration are its values. */
function read(written: object): object {
  return Object.fromEntries(Object.entries(written).filter(([, value]) => value !== undefined));
}

function spans(group: string, settings: object, names: readonly string[]): Record<string, Duration> {
  const given = Object.entries(settings).filter(([name, value]) => names.includes(name) && value !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [name, duration(`${group}.${name}`, value as Span)]));
}

function duration(name: string, span: Span): Duration {
  if (typeof span !== 'string') {
    return span;
  }
  const seconds = spanSeconds(name, span);
  if (seconds === undefined) {
    throw new SettingsError(`${name} is known to CloudFormation alone: write a duration such as 24h.`);
  }
  return Duration.seconds(seconds);
}

function scope(written: Written<SweepScope> | undefined): SweepScope | undefined {
  if (typeof written === 'string') {
    return Token.isUnresolved(written) ? SweepScope._parameter(written) : written === 'all' ? SweepScope.ALL : SweepScope.ENROLLED;
  }
  return written instanceof SweepScope || written === undefined ? written : SweepScope.secrets([...written]);
}

function schedule(written: Written<SweepSchedule> | undefined): SweepSchedule | undefined {
  if (written === 'none') {
    return SweepSchedule.NONE;
  }
  return written instanceof SweepSchedule || written === undefined ? written : SweepSchedule.expression(written);
}

function concurrency(written: Written<ReservedConcurrency> | undefined): ReservedConcurrency | undefined {
  if (written === 'none') {
    return ReservedConcurrency.NONE;
  }
  return typeof written === 'number' ? ReservedConcurrency.of(written) : written;
}

function sender(written: Written<SenderIdentity> | undefined): SenderIdentity | undefined {
  if (written === 'create') {
    return SenderIdentity.VERIFY_SENDER;
  }
  if (typeof written === 'string') {
    return SenderIdentity.fromName(written);
  }
  return written instanceof SenderIdentity || written === undefined ? written : SenderIdentity.fromEmailIdentity(written);
}
