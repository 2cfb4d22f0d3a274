import type { Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';

/** What Lambda itself does under a function's role. */
export function writeLogs(logGroup: ILogGroup): PolicyStatement {
  return new PolicyStatement({
    sid: 'WriteItsOwnLogs',
    actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    resources: [logGroup.logGroupArn],
  });
}

const NETWORK = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
] as const;

/** Network interfaces, which Lambda makes before the function runs. */
export function joinVpc(): PolicyStatement {
  return new PolicyStatement({ sid: 'LambdaJoinsTheVpc', actions: [...NETWORK], resources: ['*'] });
}

/** The same, refused to the function's own code: calls made by code carry the function's ARN. */
export function codeLeavesVpcAlone(functionArn: string): PolicyStatement {
  return new PolicyStatement({
    sid: 'CodeLeavesTheVpcAlone',
    effect: Effect.DENY,
    actions: [...NETWORK],
    resources: ['*'],
    conditions: { ArnEquals: { 'lambda:SourceFunctionArn': functionArn } },
  });
}

/** A role of a member account by its name, which may begin with the slash of its path. */
export function memberRoleArn(stack: Stack, roleName: string, account: string): string {
  return `arn:${stack.partition}:iam::${account}:role/${roleName.replace(/^\//, '')}`;
}

/** The functions' roles in member accounts: the accounts named, or those of the organization this role belongs to. */
export function assumeMemberRole(
  stack: Stack,
  roleName: string,
  externalId: string,
  accounts: readonly string[] | undefined,
): PolicyStatement {
  const role = (account: string): string => memberRoleArn(stack, roleName, account);
  const named = accounts !== undefined && accounts.length > 0;
  return new PolicyStatement({
    sid: 'AssumeMemberRole',
    actions: ['sts:AssumeRole'],
    resources: named ? accounts.map(role) : [role('*')],
    conditions: {
      StringEquals: {
        'sts:ExternalId': externalId,
        ...(named ? {} : { 'aws:ResourceOrgID': '${aws:PrincipalOrgID}' }),
      },
    },
  });
}
