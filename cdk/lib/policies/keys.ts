import type { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { UserScope } from '../user-scope';

/** What is read of a user before its keys change. */
const READS = ['iam:ListAccessKeys', 'iam:ListUserTags'] as const;
const LAST_USE = 'iam:GetAccessKeyLastUsed';
/** What takes a key away. */
const RETIREMENTS = ['iam:DeleteAccessKey', 'iam:UpdateAccessKey'] as const;

/**
 * The rotation function makes and retires keys of the users in scope, and reads whether such a user is exempt. Of other
 * users it can read a key's last use.
 */
export function rotateKeys(stack: Stack, users: UserScope, exemptGroup: string | undefined): PolicyStatement[] {
  const reads = [...READS, ...(hasGroup(exemptGroup) ? ['iam:ListGroupsForUser'] : [])];
  const readable = users._reads(stack);
  return [
    new PolicyStatement({
      sid: 'KeysOfUsersInScope',
      actions: ['iam:CreateAccessKey', ...RETIREMENTS, ...(readable ? [] : reads)],
      ...users._statement(stack),
    }),
    ...(readable ? [new PolicyStatement({ sid: 'ReadWhetherAUserIsExempt', actions: reads, ...readable })] : []),
    // The request carries no user name, so a condition on the user's tag may never hold:
    // https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccessKeyLastUsed.html
    new PolicyStatement({ sid: 'LastUseOfKeys', actions: [LAST_USE], resources: [everyUser(stack)] }),
  ];
}

/** The sweep retires keys of the users in scope. It makes none. */
export function retireKeys(stack: Stack, users: UserScope): PolicyStatement {
  return new PolicyStatement({
    sid: 'RetireKeysOfUsersInScope',
    actions: [...RETIREMENTS],
    ...users._statement(stack),
  });
}

/**
 * The sweep reads key ids, ages, last use and tags of every user of the account, to report on those nobody enrolled.
 * The credential report, for which IAM knows no resource, tells most of that anyway.
 */
export function readKeys(stack: Stack, exemptGroup: string | undefined): PolicyStatement[] {
  const group = (name: string): string => `arn:${stack.partition}:iam::${stack.account}:group/${name}`;
  const statements = [
    new PolicyStatement({
      sid: 'CredentialReport',
      actions: ['iam:GenerateCredentialReport', 'iam:GetCredentialReport'],
      resources: ['*'],
    }),
    new PolicyStatement({ sid: 'KeysOfEveryUser', actions: [LAST_USE, ...READS], resources: [everyUser(stack)] }),
  ];
  if (hasGroup(exemptGroup)) {
    statements.push(
      new PolicyStatement({
        sid: 'MembersOfTheExemptGroup',
        actions: ['iam:GetGroup'],
        resources: [group(exemptGroup), group(`*/${exemptGroup}`)],
      }),
    );
  }
  return statements;
}

function hasGroup(name: string | undefined): name is string {
  return name !== undefined && name !== '';
}

function everyUser(stack: Stack): string {
  return `arn:${stack.partition}:iam::${stack.account}:user/*`;
}
