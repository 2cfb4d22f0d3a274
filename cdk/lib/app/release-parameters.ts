import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Stack } from 'aws-cdk-lib';
import { CfnParameter, Fn } from 'aws-cdk-lib';
import { PACKAGE_ROOT } from '../code';
import { DEFAULTS } from '../settings';

const SPAN = '^(0|[0-9]{1,9}[smhd])$';
const ROLES = listOf('arn:[^*?,\\s]+');
const REGIONS = listOf('[a-z0-9-]+');
const LIST_HINT = 'Separated by commas, without spaces.';
/** When the sweep runs, unless the parameter says otherwise. */
export const DEFAULT_SCHEDULE = 'rate(1 hour)';
const SPAN_HINT = 'A duration such as 30s, 90m, 24h, 10d or 0.';
const RETENTION_DAYS = ['1', '3', '5', '7', '14', '30', '60', '90', '120', '150', '180', '365', '400', '545', '731', '1827', '3653'];

const VERSION = (JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as { version: string }).version;

/** How one parameter is asked for. */
interface Question {
  readonly label: string;
  readonly standard?: string;
  readonly values?: readonly string[];
  readonly pattern?: string;
  readonly hint?: string;
}

/** The answers, as references. */
export interface Asked {
  readonly [name: string]: string | string[] | number;
  readonly codeBucket: string;
  readonly codePrefix: string;
  readonly architecture: string;
  readonly userTagValue: string;
  readonly userPath: string;
  readonly alertEmail: string;
  readonly enrollmentRoles: string[];
  readonly overlap: string;
  readonly recovery: string;
  readonly inUse: string;
  readonly unknownKeys: string;
  readonly testRegions: string[];
  readonly propagationTimeout: string;
  readonly secretName: string;
  readonly secretShape: string[];
  readonly emailFrom: string;
  readonly emailIdentity: string;
  readonly emailDomain: string;
  readonly emailTag: string;
  readonly adminEmail: string;
  readonly contact: string;
  readonly emailTemplate: string;
  readonly mode: string;
  readonly exposed: string;
  readonly scope: string;
  readonly rotateAfter: string;
  readonly warnBefore: string;
  readonly maxAge: string;
  readonly exemptUsers: string[];
  readonly exemptGroup: string;
  readonly exemptTag: string;
  readonly replicaRegions: string[];
  readonly schedule: string;
  readonly reservedConcurrency: string;
  readonly logRetentionDays: number;
}

/** The parameters of the released template, with the defaults of the settings, grouped as the console shows them. */
export class ReleaseParameters {
  readonly asked: Asked;
  private readonly groups = new Map<string, string[]>();
  private readonly labels: Record<string, { default: string }> = {};
  private group = '';

  constructor(private readonly stack: Stack) {
    this.asked = { ...this.code(), ...this.who(), ...this.keys(), ...this.mail(), ...this.sweep() };
    stack.templateOptions.metadata = {
      'AWS::CloudFormation::Interface': {
        ParameterGroups: [...this.groups].map(([label, Parameters]) => ({ Label: { default: label }, Parameters })),
        ParameterLabels: this.labels,
      },
    };
  }

  private code(): Pick<Asked, 'codeBucket' | 'codePrefix' | 'architecture'> {
    this.group = 'Code';
    return {
      codeBucket: this.text('CodeBucket', { label: 'S3 bucket with the zips, in this region' }),
      codePrefix: this.text('CodePrefix', { label: 'What their keys begin with', standard: `iam-key-rotator/${VERSION}/` }),
      architecture: this.text('Architecture', { label: 'Architecture', standard: 'arm64', values: ['arm64', 'x86_64'] }),
    };
  }

  private who(): Pick<Asked, 'userTagValue' | 'userPath' | 'alertEmail' | 'enrollmentRoles'> {
    this.group = 'Who';
    return {
      userTagValue: this.text('UserTagValue', {
        label: 'Only users whose tag iam-key-rotator:rotate has this value',
        standard: 'true',
        pattern: '^.+$',
      }),
      userPath: this.text('UserPath', { label: 'and that are below this path', standard: '/', pattern: '^/([!-.0-~]+/)*$' }),
      alertEmail: this.text('AlertEmail', { label: 'Address that gets alerts', standard: '' }),
      enrollmentRoles: this.list('EnrollmentRoles', 'ARNs of the roles that deploy this and enroll users', '', ROLES),
    };
  }

  private keys(): Pick<
    Asked,
    'overlap' | 'recovery' | 'inUse' | 'unknownKeys' | 'testRegions' | 'propagationTimeout' | 'secretName' | 'secretShape'
  > {
    this.group = 'Keys';
    return {
      overlap: this.span('Overlap', 'How long the superseded key stays active', DEFAULTS.overlap),
      recovery: this.span('Recovery', 'How long it then stays inactive before it is deleted', DEFAULTS.recovery),
      inUse: this.text('InUse', { label: 'If it is still used', standard: DEFAULTS.inUse, values: ['wait', 'deactivate'] }),
      unknownKeys: this.text('UnknownKeys', {
        label: 'A key in no version that fills the limit of two',
        standard: DEFAULTS.unknownKeys,
        values: ['refuse', 'delete-inactive', 'delete-oldest'],
      }),
      testRegions: this.list('TestRegions', 'Regions whose STS must accept a new key; empty: this one', ''),
      propagationTimeout: this.span('PropagationTimeout', 'Longest wait for that', DEFAULTS.propagationTimeout),
      secretName: this.text('SecretName', {
        label: 'How secrets are named after users',
        standard: DEFAULTS.secretName,
        pattern: '^[\\w/+=.@-]*(\\{account\\}[\\w/+=.@-]*)?\\{user\\}[\\w/+=.@-]*(\\{account\\}[\\w/+=.@-]*)?$',
      }),
      secretShape: this.list('SecretShape', 'Field names of secrets that the sweep makes', DEFAULTS.secretShape.join(',')),
    };
  }

  private mail(): Pick<
    Asked,
    'emailFrom' | 'emailIdentity' | 'emailDomain' | 'emailTag' | 'adminEmail' | 'contact' | 'emailTemplate'
  > {
    this.group = 'Mail (leave the sender empty to mail nobody)';
    return {
      emailFrom: this.text('EmailFrom', { label: 'Sender, an address', standard: '', pattern: '^([^<>@ ]+@[^<>@ ]+)?$' }),
      emailIdentity: this.text('EmailIdentity', { label: 'The verified SES identity that sends', standard: '' }),
      emailDomain: this.text('EmailDomain', { label: 'A user without an address gets user@this', standard: '' }),
      emailTag: this.text('EmailTag', { label: 'IAM user tag that holds the address', standard: DEFAULTS.userTag, pattern: '^.+$' }),
      adminEmail: this.text('AdminEmail', { label: 'Gets the summary, and mails of users without an address', standard: '' }),
      contact: this.text('Contact', { label: 'Whom users can ask: a name, an address or a URL', standard: '' }),
      emailTemplate: this.text('EmailTemplate', { label: 'SES template instead of the built-in mail', standard: '' }),
    };
  }

  private sweep(): Pick<
    Asked,
    | 'mode' | 'exposed' | 'scope' | 'rotateAfter' | 'warnBefore' | 'maxAge' | 'exemptUsers' | 'exemptGroup' | 'exemptTag'
    | 'replicaRegions' | 'schedule' | 'reservedConcurrency' | 'logRetentionDays'
  > {
    this.group = 'Sweep';
    return {
      mode: this.text('Mode', {
        label: 'audit only reports; retire also ends superseded keys; enforce also rotates and enrolls',
        standard: DEFAULTS.mode,
        values: ['audit', 'retire', 'enforce'],
      }),
      exposed: this.text('Exposed', {
        label: 'What to do about a key that AWS reports as exposed',
        standard: DEFAULTS.exposed,
        values: ['alert', 'rotate', 'revoke'],
      }),
      scope: this.text('Scope', { label: 'Users with a secret of ours, or all', standard: DEFAULTS.scope, values: ['enrolled', 'all'] }),
      rotateAfter: this.span('RotateAfter', 'Age at which a key is due', DEFAULTS.rotateAfter),
      warnBefore: this.span('WarnBefore', 'Mail this long before each action', DEFAULTS.warnBefore),
      maxAge: this.span('MaxAge', 'Oldest age an active key may reach; 0: none', '0'),
      exemptUsers: this.list('ExemptUsers', 'Exempt users, * for any characters', ''),
      exemptGroup: this.text('ExemptGroup', { label: 'Exempt group', standard: DEFAULTS.exemptGroup }),
      exemptTag: this.text('ExemptTag', { label: 'Exempt tag', standard: DEFAULTS.exemptTag, pattern: '^.+$' }),
      replicaRegions: this.list('ReplicaRegions', 'Regions that get a replica of secrets that are made', '', REGIONS),
      schedule: this.text('Schedule', { label: 'When it runs', standard: DEFAULT_SCHEDULE, pattern: '^(rate|cron)\\(.+\\)$' }),
      reservedConcurrency: this.text('ReservedConcurrency', {
        label: 'Sweeps at once; 0 reserves nothing',
        standard: '1',
        pattern: '^[0-9]+$',
      }),
      logRetentionDays: this.parameter('LogRetentionDays', 'Number', {
        label: 'Days that logs are kept',
        standard: '365',
        values: RETENTION_DAYS,
      }).valueAsNumber,
    };
  }

  private text(name: string, question: Question): string {
    return this.parameter(name, 'String', question).valueAsString;
  }

  private span(name: string, label: string, standard: string): string {
    return this.text(name, { label, standard, pattern: SPAN, hint: SPAN_HINT });
  }

  /**
   * A String, so that a variable of a function is the parameter as it is, and a condition compares it with nothing: CloudFormation
   * documents no Fn::Join in conditions, which a CommaDelimitedList would need.
   * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-conditions.html
   */
  private list(name: string, label: string, standard: string, pattern?: string): string[] {
    return Fn.split(',', this.text(name, { label, standard, ...(pattern === undefined ? {} : { pattern, hint: LIST_HINT }) }));
  }

  private parameter(name: string, type: string, { label, standard, values, pattern, hint }: Question): CfnParameter {
    this.groups.set(this.group, [...(this.groups.get(this.group) ?? []), name]);
    this.labels[name] = { default: label };
    return new CfnParameter(this.stack, name, {
      type,
      description: hint ?? label,
      ...(standard === undefined ? {} : { default: standard }),
      ...(values ? { allowedValues: [...values] } : {}),
      ...(pattern === undefined ? {} : { allowedPattern: pattern }),
    });
  }
}

/** No spaces: a policy would hold them as a part of the value. */
function listOf(value: string): string {
  return `^(${value}(,${value})*)?$`;
}
