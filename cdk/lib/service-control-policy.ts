import { Token } from 'aws-cdk-lib';
import type { RotatorSettings } from './settings';
import { DEFAULTS, SECRET_TAG, TAG_PREFIX, USER_TAG } from './settings';
import { SettingsError } from './settings-error';
import type { UserScope } from './user-scope';

/** What Organizations takes: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html */
const MOST_CHARACTERS = 5_120;
/** The longest ARN of a role without a path, for one that CloudFormation will know. */
const LONGEST_ROLE_ARN = `arn:aws-us-gov:iam::${'0'.repeat(12)}:role/${'r'.repeat(64)}`;
const ROLE_ARN = /^arn:[\w-]+:iam::\d{12}:(?:role|user)\/[\w+=,.@/-]+$/;

/** Whom the service control policy lets pass, and whose tags it guards. */
export interface ServiceControlPolicyProps {
  readonly users: UserScope;
  readonly settings: RotatorSettings;
  /** ARNs of the roles that may enroll: the rotator's own, those that deploy it, and those of operators. No wildcards. */
  readonly roleArns: string[];
}

/** One statement of a service control policy. */
export interface Denial {
  readonly Sid: string;
  readonly Effect: 'Deny';
  readonly Action: readonly string[];
  readonly Resource: string;
  readonly Condition: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

/** A service control policy's document. */
export interface DenialDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Denial[];
}

/**
 * A service control policy that refuses the rotator's tags to everybody but the roles named: whoever may set them decides
 * whose keys are rotated, and into which secret. Where a path decides, it refuses users of that path as well.
 */
export class ServiceControlPolicy {
  /** The policy as one line of JSON, for an output. CloudFormation fills the ARNs in, which hold nothing that JSON would escape. */
  readonly text: string;
  private readonly document: DenialDocument;

  constructor(props: ServiceControlPolicyProps) {
    checkRoles(props.roleArns);
    this.document = denials(props);
    checkSize(this.document, props.roleArns.length);
    this.text = JSON.stringify(this.document);
  }

  /** The policy as an object, as `CfnPolicy` of AWS Organizations takes it. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- any JSON, for jsii
  toJson(): any {
    return this.document;
  }
}

function denials({ users, settings, roleArns }: ServiceControlPolicyProps): DenialDocument {
  const others = { ArnNotEquals: { 'aws:PrincipalArn': [...roleArns] } };
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'OnlyEnrollmentSetsTheseTags',
        Effect: 'Deny',
        Action: [
          'iam:CreateUser',
          'iam:TagUser',
          'iam:UntagUser',
          'secretsmanager:CreateSecret',
          'secretsmanager:TagResource',
          'secretsmanager:UntagResource',
        ],
        Resource: '*',
        // IAM takes Iam-Key-Rotator:Rotate for the same tag.
        Condition: { 'ForAnyValue:StringEqualsIgnoreCase': { 'aws:TagKeys': guardedTags(users, settings) }, ...others },
      },
      // Where a tag decides, the path alone puts nobody in scope.
      ...(users.tag || users.path === '/'
        ? []
        : [
            {
              // UpdateUser asks for the user under both paths, so nobody else moves one in.
              Sid: 'OnlyEnrollmentSetsThisPath',
              Effect: 'Deny' as const,
              Action: ['iam:CreateUser', 'iam:UpdateUser'],
              Resource: `arn:*:iam::*:user${users.path}*`,
              Condition: others,
            },
          ]),
    ],
  };
}


/** Every tag whose presence or value the functions act on. */
function guardedTags(users: UserScope, settings: RotatorSettings): string[] {
  const scope = [users.tag?.key, users.exemptTag].filter((key) => key !== undefined);
  const exempt = settings.sweep?.exemptTag ?? DEFAULTS.exemptTag;
  const own = ['overlap', 'recovery', 'email', 'test-regions', 'fields', 'notices', 'intent', 'refused'].map((name) => TAG_PREFIX + name);
  return [...new Set([...scope, exempt, SECRET_TAG, USER_TAG, ...own])];
}

function checkRoles(roleArns: readonly string[]): void {
  if (roleArns.length === 0) {
    throw new SettingsError('roleArns is empty: the policy would refuse the rotator its own tags. Name its roles.');
  }
  for (const arn of Token.isUnresolved(roleArns) ? [] : roleArns) {
    if (!Token.isUnresolved(arn) && !ROLE_ARN.test(arn)) {
      throw new SettingsError(
        `${JSON.stringify(arn)} is not the ARN of one role: write it in full, with its path and without wildcards, as ` +
          'arn:aws:iam::111122223333:role/KeyOperator. Whoever may create a role that a wildcard covers would pass.',
      );
    }
  }
}

function checkSize(policy: DenialDocument, roles: number): void {
  const known = JSON.stringify(policy, (_, value: unknown) =>
    typeof value === 'string' && Token.isUnresolved(value) ? LONGEST_ROLE_ARN : value,
  );
  if (known.length > MOST_CHARACTERS) {
    throw new SettingsError(
      `The service control policy has ${String(known.length)} characters with ${String(roles)} roles, and Organizations ` +
        `takes ${String(MOST_CHARACTERS)}. An account needs the roles of its own alone: make a policy for each account ` +
        'or organizational unit, with serviceControlPolicy() and fewer roleArns.',
    );
  }
}
