import { Fn, Token } from 'aws-cdk-lib';
import type { MemberSettings, RotatorSettings } from './settings';
import { DEFAULTS, modeOf, secretsInMembers } from './settings';
import type { Span } from './span';
import { spanText } from './span';

/** The two functions. */
export type Program = 'rotation' | 'sweep';

/** What the stack knows and no setting says. */
export interface Wiring {
  readonly alertTopicArn?: string;
  readonly rotationFunctionArn?: string;
  readonly rotationRoleArn?: string;
  readonly createdSecretsKeyArn?: string;
  /** Whether a sweep is deployed. Without one the rotation function has no mode, and its mails say so. */
  readonly sweepDeployed?: boolean;
}

/** One variable of the functions' environment. */
export interface Variable {
  readonly name: string;
  readonly readBy: 'both' | Program;
  /** What the function takes when the variable is not set. */
  readonly standard?: string;
  /** The setting's value, or undefined to leave the variable out. */
  readonly value: (settings: RotatorSettings, wiring: Wiring, program: Program) => string | undefined;
}

/** Every variable there is, in the order of docs/settings.md. */
export const VARIABLES: readonly Variable[] = [
  span('ROTATOR_OVERLAP', 'both', DEFAULTS.overlap, 'keys.overlap', (s) => s.keys?.overlap),
  span('ROTATOR_RECOVERY', 'both', DEFAULTS.recovery, 'keys.recovery', (s) => s.keys?.recovery),
  text('ROTATOR_IN_USE', 'both', DEFAULTS.inUse, (s) => s.keys?.inUse),
  text('ROTATOR_UNKNOWN_KEYS', 'both', DEFAULTS.unknownKeys, (s) => s.keys?.unknownKeys),
  text('ROTATOR_TEST_REGIONS', 'rotation', undefined, (s) => list(s.keys?.testRegions, ',')),
  span(
    'ROTATOR_PROPAGATION_TIMEOUT',
    'rotation',
    DEFAULTS.propagationTimeout,
    'keys.propagationTimeout',
    (s) => s.keys?.propagationTimeout,
  ),
  { name: 'ROTATOR_ALERT_TOPIC_ARN', readBy: 'both', value: (_, wiring) => wiring.alertTopicArn },
  text('ROTATOR_EMAIL_FROM', 'both', undefined, (s) => s.mail?.from),
  text('ROTATOR_EMAIL_TAG', 'both', DEFAULTS.userTag, (s) => s.mail?.userTag),
  text('ROTATOR_EMAIL_DOMAIN', 'both', undefined, (s) => s.mail?.domain),
  text('ROTATOR_ADMIN_EMAIL', 'both', undefined, (s) => s.mail?.admin),
  text('ROTATOR_CONTACT', 'both', undefined, (s) => s.mail?.contact),
  text('ROTATOR_EMAIL_TEMPLATE', 'both', undefined, (s) => s.mail?.template),
  text('ROTATOR_SECRET_NAME', 'both', DEFAULTS.secretName, (s) => s.keys?.secretName),
  text('ROTATOR_SECRET_SHAPE', 'both', DEFAULTS.secretShape.join(','), (s) => list(s.keys?.secretShape, ',')),
  {
    name: 'ROTATOR_MEMBER_ROLE',
    readBy: 'both',
    value: ({ members }, _, program) => members && memberRoleName(members, program),
  },
  text('ROTATOR_MEMBER_EXTERNAL_ID', 'both', undefined, (s) => s.members?.externalId),
  {
    // Set even where it is the default: the sweep's role is made for it, and the rotation function's mails depend on it.
    name: 'ROTATOR_MODE',
    readBy: 'both',
    standard: DEFAULTS.mode,
    value: (settings, { sweepDeployed }) => settings.sweep?.mode ?? (sweepDeployed ? modeOf(settings) : undefined),
  },
  text('ROTATOR_EXPOSED', 'sweep', DEFAULTS.exposed, (s) => s.sweep?.exposed),
  text('ROTATOR_SCOPE', 'sweep', DEFAULTS.scope, (s) => s.sweep?.scope?._text),
  span('ROTATOR_ROTATE_AFTER', 'sweep', DEFAULTS.rotateAfter, 'sweep.rotateAfter', (s) => s.sweep?.rotateAfter),
  span('ROTATOR_WARN_BEFORE', 'sweep', DEFAULTS.warnBefore, 'sweep.warnBefore', (s) => s.sweep?.warnBefore),
  span('ROTATOR_MAX_AGE', 'sweep', undefined, 'sweep.maxAge', (s) => s.sweep?.maxAge),
  text('ROTATOR_EXEMPT_USERS', 'both', undefined, (s) => list(s.sweep?.exemptUsers, ',')),
  text('ROTATOR_EXEMPT_GROUP', 'both', DEFAULTS.exemptGroup, (s) => s.sweep?.exemptGroup),
  text('ROTATOR_EXEMPT_TAG', 'both', DEFAULTS.exemptTag, (s) => s.sweep?.exemptTag),
  // Said even where it is the default: the policies are made for it, and a function of another release may differ.
  text('ROTATOR_SECRETS_IN', 'sweep', DEFAULTS.secretsIn, (s) => s.members && (s.members.secretsIn ?? DEFAULTS.secretsIn)),
  text('ROTATOR_REPLICA_REGIONS', 'sweep', undefined, (s) => list(s.sweep?.replicaRegions, ',')),
  { name: 'ROTATOR_ROTATION_FUNCTION_ARN', readBy: 'sweep', value: (_, wiring) => wiring.rotationFunctionArn },
  {
    name: 'ROTATOR_ROTATION_ROLE_ARN',
    readBy: 'sweep',
    value: (settings, wiring) => (refusesOthers(settings) ? wiring.rotationRoleArn : undefined),
  },
  { name: 'ROTATOR_KMS_KEY_ID', readBy: 'sweep', value: (_, wiring) => wiring.createdSecretsKeyArn },
];

/** The environment of one function: the variables that were set, and no others. */
export function environmentOf(program: Program, settings: RotatorSettings, wiring: Wiring): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const { name, readBy, value } of VARIABLES) {
    const set = readBy === 'both' || readBy === program ? value(settings, wiring, program) : undefined;
    if (set !== undefined) {
      environment[name] = set;
    }
  }
  return environment;
}

/** The name of a function's role in member accounts. Two roles, so that the sweep can make no key there either. */
export function memberRoleName(members: Pick<MemberSettings, 'roleName'>, program: Program): string {
  return `${members.roleName ?? DEFAULTS.roleName}-${program}`;
}

function text(
  name: string,
  readBy: Variable['readBy'],
  standard: string | undefined,
  value: (settings: RotatorSettings) => string | undefined,
): Variable {
  return { name, readBy, ...(standard === undefined ? {} : { standard }), value };
}

function span(
  name: string,
  readBy: Variable['readBy'],
  standard: string | undefined,
  prop: string,
  value: (settings: RotatorSettings) => Span | undefined,
): Variable {
  return text(name, readBy, standard, (settings) => {
    const set = value(settings);
    return set === undefined ? undefined : spanText(prop, set);
  });
}

function list(values: readonly string[] | undefined, separator: string): string | undefined {
  if (values && Token.isUnresolved(values)) {
    return Fn.join(separator, [...values]);
  }
  return values && values.length > 0 ? values.join(separator) : undefined;
}

/** A secret of another account lets the rotation function in by its own policy, and then nobody else. */
function refusesOthers({ sweep, members }: RotatorSettings): boolean {
  return sweep?.refuseOthers ?? secretsInMembers(members);
}
