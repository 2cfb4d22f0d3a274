import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Program } from '../environment';

/** Lambda's own actions under either role. */
const EXECUTION = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
  'logs:CreateLogStream',
  'logs:PutLogEvents',
  'xray:PutTelemetryRecords',
  'xray:PutTraceSegments',
];

const SHARED = [
  'iam:DeleteAccessKey',
  'iam:GetAccessKeyLastUsed',
  'iam:ListAccessKeys',
  'iam:ListUserTags',
  'iam:UpdateAccessKey',
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:GenerateDataKey',
  'secretsmanager:DescribeSecret',
  'secretsmanager:ListSecrets',
  'secretsmanager:TagResource',
  'secretsmanager:UntagResource',
  'secretsmanager:UpdateSecretVersionStage',
  'ses:SendEmail',
  'ses:SendTemplatedEmail',
  'sns:Publish',
  'sts:AssumeRole',
];

const OWN: Record<Program, string[]> = {
  rotation: [
    'iam:CreateAccessKey',
    'iam:ListGroupsForUser',
    'secretsmanager:GetSecretValue',
    'secretsmanager:PutSecretValue',
  ],
  sweep: [
    'iam:GenerateCredentialReport',
    'iam:GetCredentialReport',
    'iam:GetGroup',
    'lambda:InvokeFunction',
    'lambda:ListTags',
    'lambda:TagResource',
    'organizations:ListAccounts',
    'organizations:ListAccountsForParent',
    'organizations:ListOrganizationalUnitsForParent',
    'secretsmanager:CreateSecret',
    'secretsmanager:GetResourcePolicy',
    'secretsmanager:PutResourcePolicy',
    'secretsmanager:ReplicateSecretToRegions',
    'secretsmanager:RotateSecret',
    'sqs:SendMessage',
  ],
};

/**
 * The most a function's role can ever do, whatever policy somebody attaches to it later. The sweep's has no reading
 * of values and no making of keys, and neither has PassRole or anything that changes users, roles or policies.
 */
export function boundaryOf(program: Program): PolicyStatement[] {
  return [
    new PolicyStatement({
      sid: 'AtMost',
      actions: [...EXECUTION, ...SHARED, ...OWN[program]].sort(),
      resources: ['*'],
    }),
  ];
}
