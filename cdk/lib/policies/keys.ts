import type { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { UserScope } from '../user-scope';

/** What is read of a user before its keys change. */
const READS = ['iam:GetAccessKeyLastUsed', 'iam:ListAccessKeys', 'iam:ListUserTags'] as const;
/** What takes a key away. */
const RETIREMENTS = ['iam:DeleteAccessKey', 'iam:UpdateAccessKey'] as const;

/** The rotation function makes and retires keys of the users in scope, and sees no other user. */
export function rotateKeys(stack: Stack, users: UserScope): PolicyStatement {
  return new PolicyStatement({
    sid: 'KeysOfUsersInScope',
    actions: ['iam:CreateAccessKey', ...RETIREMENTS, ...READS],
    ...users.statement(stack),
  });
}

/** The sweep retires keys of the users in scope. It makes none. */
export function retireKeys(stack: Stack, users: UserScope): PolicyStatement {
  return new PolicyStatement({
    sid: 'RetireKeysOfUsersInScope',
    actions: [...RETIREMENTS],
    ...users.statement(stack),
  });
}

/**
 * The sweep reads key ids, ages, last use and tags of every user of the account, to report on those nobody enrolled.
 * The credential report, for which IAM knows no resource, tells most of that anyway.
 */
export function readKeys(stack: Stack, exemptGroup: string | undefined): PolicyStatement[] {
  const iam = `arn:${stack.partition}:iam::${stack.account}`;
  const statements = [
    new PolicyStatement({
      sid: 'CredentialReport',
      actions: ['iam:GenerateCredentialReport', 'iam:GetCredentialReport'],
      resources: ['*'],
    }),
    new PolicyStatement({ sid: 'KeysOfEveryUser', actions: [...READS], resources: [`${iam}:user/*`] }),
  ];
  if (exemptGroup !== undefined && exemptGroup !== '') {
    statements.push(
      new PolicyStatement({
        sid: 'MembersOfTheExemptGroup',
        actions: ['iam:GetGroup'],
        resources: [`${iam}:group/${exemptGroup}`, `${iam}:group/*/${exemptGroup}`],
      }),
    );
  }
  return statements;
}
