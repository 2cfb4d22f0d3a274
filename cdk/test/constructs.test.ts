import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { User } from 'aws-cdk-lib/aws-iam';
import type { UserProps } from 'aws-cdk-lib/aws-iam';
import { Architecture } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { RotatedAccessKey } from '../lib';
import type { RotatedAccessKeyProps } from '../lib';
import type { RotationConfig } from '../lib/app/config';
import { packagedCode } from '../lib/code';
import { CONFIGURATIONS, ENV, MEMBER, runtime } from './configurations';
import { properties } from './policies/deployment';
import type { Statement } from './policies/evaluator';
import { newApp, templateOf } from './templates';
import { Rotator } from './rotator';

const names = Object.keys(CONFIGURATIONS);

test.each(names)('in %s every invoke permission of a service names the account, or the one rule', (name) => {
  const app = newApp();
  CONFIGURATIONS[name]?.(app);
  for (const stack of app.node.children.filter((child) => Stack.isStack(child))) {
    for (const permission of Object.values(Template.fromStack(stack).findResources('AWS::Lambda::Permission'))) {
      const { Principal, SourceAccount, SourceArn } = permission['Properties'] as Record<string, unknown>;
      expect(['secretsmanager.amazonaws.com', 'events.amazonaws.com']).toContain(Principal);
      expect(Principal === 'events.amazonaws.com' ? SourceArn : SourceAccount).toBeDefined();
    }
  }
});

test('Secrets Manager may invoke the rotation function from the accounts named, and nothing else may', () => {
  const accounts = Object.values(templateOf('members').findResources('AWS::Lambda::Permission')).map(
    (permission) => (permission['Properties'] as { SourceAccount: string }).SourceAccount,
  );
  expect(accounts.sort()).toEqual([ENV.account, MEMBER]);
});

test('the functions run on provided.al2023 with a bootstrap, JSON logs and a log group of their own', () => {
  const template = templateOf('least');
  for (const [memory, timeout] of [
    [256, 180],
    [512, 900],
  ]) {
    template.hasResourceProperties('AWS::Lambda::Function', {
      Runtime: 'provided.al2023',
      Handler: 'bootstrap',
      Architectures: ['x86_64'],
      MemorySize: memory,
      Timeout: timeout,
      LoggingConfig: { LogFormat: 'JSON', ApplicationLogLevel: 'INFO', LogGroup: Match.anyValue() },
    });
  }
  template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 365 });
});

test('arm64 and tracing are options', () => {
  templateOf('everything').allResourcesProperties('AWS::Lambda::Function', {
    Architectures: ['arm64'],
    TracingConfig: { Mode: 'Active' },
  });
});

test('the sweep has its concurrency reserved, and its failed events end in a queue', () => {
  const template = templateOf('least');
  template.hasResourceProperties('AWS::Lambda::Function', { MemorySize: 512, ReservedConcurrentExecutions: 1 });
  template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
    DestinationConfig: { OnFailure: { Destination: Match.anyValue() } },
  });
  template.hasResourceProperties('AWS::Scheduler::Schedule', {
    ScheduleExpression: 'rate(1 hour)',
    Target: { Input: '{}', DeadLetterConfig: { Arn: Match.anyValue() } },
  });
});

test('in a VPC the functions have a group that only HTTPS leaves, and the endpoints they call', () => {
  const template = templateOf('network', 'Network');
  const ours = { Handler: 'bootstrap', VpcConfig: { SubnetIds: Match.anyValue(), SecurityGroupIds: Match.anyValue() } };
  template.resourcePropertiesCountIs('AWS::Lambda::Function', ours, 2);
  const endpoints = Object.values(template.findResources('AWS::EC2::VPCEndpoint')).map(
    (endpoint) => (endpoint['Properties'] as { ServiceName: string }).ServiceName,
  );
  expect(endpoints.sort()).toEqual(
    ['lambda', 'secretsmanager', 'sns', 'sts'].map((service) => `com.amazonaws.eu-west-1.${service}`),
  );
  template.hasResourceProperties('AWS::EC2::SecurityGroup', {
    GroupDescription: 'iam-key-rotator: functions',
    SecurityGroupEgress: [Match.objectLike({ CidrIp: '0.0.0.0/0', FromPort: 443, ToPort: 443 })],
  });
});

test('in a VPC the code may not make or change network interfaces', () => {
  const template = templateOf('network', 'Network');
  const denials = properties(template, 'AWS::IAM::Policy')
    .flatMap(([, { PolicyDocument }]) => (PolicyDocument as { Statement: Statement[] }).Statement)
    .filter(({ Sid }) => Sid === 'CodeLeavesTheVpcAlone');
  const functions = properties(template, 'AWS::Lambda::Function').filter(([, { VpcConfig }]) => VpcConfig !== undefined);
  expect(denials.map(({ Condition }) => Condition)).toEqual(
    functions.map(([id]) => ({ ArnEquals: { 'lambda:SourceFunctionArn': { 'Fn::GetAtt': [id, 'Arn'] } } })),
  );
  expect(denials).toHaveLength(2);
  for (const { Effect, Action, Resource } of denials) {
    expect([Effect, Resource]).toEqual(['Deny', '*']);
    expect(Action).toContain('ec2:CreateNetworkInterface');
    expect(Action).toContain('ec2:DeleteNetworkInterface');
  }
});

test('a rotated key is a secret with the user alone, its tag, its 90 days and its policy', () => {
  const template = templateOf('least', 'IamKeyRotator');
  template.hasResource('AWS::SecretsManager::Secret', {
    Properties: {
      Name: 'iam-key/ci-bot',
      SecretString: '{"UserName":"ci-bot"}',
      GenerateSecretString: Match.absent(),
      Tags: [{ Key: 'iam-key-rotator:user', Value: 'ci-bot' }],
    },
    DeletionPolicy: 'Retain',
    UpdateReplacePolicy: 'Retain',
  });
  template.allResources('AWS::SecretsManager::ResourcePolicy', { DeletionPolicy: 'Retain' });
  template.hasResourceProperties('AWS::SecretsManager::RotationSchedule', {
    RotationRules: { ScheduleExpression: 'rate(90 days)' },
  });
  template.hasResourceProperties('AWS::SecretsManager::ResourcePolicy', {
    ResourcePolicy: {
      Statement: Match.arrayWith([
        {
          Sid: 'TheUserItself',
          Effect: 'Allow',
          Principal: { AWS: 'arn:aws:iam::111122223333:user/ci-bot' },
          Action: ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'],
          Resource: '*',
        },
      ]),
    },
  });
});

test('the first rotation waits for the function, its policies and its invoke permission', () => {
  const template = templateOf('least', 'IamKeyRotator');
  for (const schedule of Object.values(template.findResources('AWS::SecretsManager::RotationSchedule'))) {
    const awaited = schedule['DependsOn'] as string[];
    for (const part of ['FunctionSecretsManager', 'RotationPolicy', 'ExecutionPolicy', 'AlertsPolicy']) {
      expect(awaited.filter((id) => id.includes(part))).toHaveLength(1);
    }
  }
});

test('a secret keeps the spelling of the configured shape and the name of the template', () => {
  templateOf('everything').hasResourceProperties('AWS::SecretsManager::Secret', {
    Name: Match.objectLike({ 'Fn::Join': ['', ['/access-key/', Match.anyValue()]] }),
    SecretString: Match.objectLike({ 'Fn::Join': ['', ['{"user_name":"', Match.anyValue(), '"}']] }),
    KmsKeyId: Match.anyValue(),
    ReplicaRegions: [{ Region: 'eu-central-1' }],
  });
});

describe('a user made in the same app', () => {
  const taggedAs = (keys: RotationConfig['keys'], more: Partial<RotatedAccessKeyProps> = {}, name: UserProps = { userName: 'ci-bot' }): unknown => {
    const stack = new Stack(newApp(), 'Stack', { env: ENV });
    const rotation = new Rotator(stack, 'Rotator', { runtime: runtime(), ...(keys ? { keys } : {}) });
    new RotatedAccessKey(stack, 'Key', { rotation, user: new User(stack, 'User', name), ...more });
    const [user] = properties(Template.fromStack(stack), 'AWS::IAM::User');
    return user?.[1]['Tags'];
  };
  const tags = (secret: string): object[] => [
    { Key: 'iam-key-rotator:rotate', Value: 'true' },
    { Key: 'iam-key-rotator:secret', Value: secret },
  ];

  test('is put into scope by its tag, and bound to its one secret by the name of that', () => {
    expect(taggedAs(undefined)).toEqual(tags('iam-key/ci-bot'));
  });
  test('is bound to a secret of any name', () => {
    expect(taggedAs({ secretName: '{account}/{user}' })).toEqual(tags(`${ENV.account}/ci-bot`));
    expect(taggedAs(undefined, { secretName: 'prod/ci' })).toEqual(tags('prod/ci'));
  });
  test('may have a name of CloudFormation where the secret has one of its own', () => {
    expect(taggedAs(undefined, { secretName: 'prod/ci' }, {})).toEqual(tags('prod/ci'));
  });
});

test('an imported user is not tagged, and synthesis says how to bind it', () => {
  const stack = new Stack(newApp(), 'Stack', { env: ENV });
  const rotation = new Rotator(stack, 'Rotator', { runtime: runtime() });
  new RotatedAccessKey(stack, 'Key', { rotation, user: User.fromUserName(stack, 'User', 'ci-bot') });
  Template.fromStack(stack).resourceCountIs('AWS::IAM::User', 0);
  Annotations.fromStack(stack).hasInfo('*', Match.stringLikeRegexp('iam-key-rotator:secret = iam-key/ci-bot.*iam-key-rotator enroll'));
});

test('the key of a topic that exists may be used by the functions and by the rule for keys made outside', () => {
  const stack = new Stack(newApp(), 'Stack', { env: ENV });
  const topicKeyArn = `arn:aws:kms:eu-west-1:${ENV.account}:key/alerts`;
  const topic = Topic.fromTopicArn(stack, 'Topic', `arn:aws:sns:eu-west-1:${ENV.account}:alerts`);
  new Rotator(stack, 'Rotator', { runtime: runtime(), alerts: { topic, topicKeyArn } });
  const statements = properties(Template.fromStack(stack), 'AWS::IAM::Policy')
    .flatMap(([, { PolicyDocument }]) => (PolicyDocument as { Statement: Statement[] }).Statement)
    .filter(({ Sid }) => Sid === 'EncryptAlerts');
  expect(statements).toEqual(
    Array(3).fill({
      Sid: 'EncryptAlerts',
      Effect: 'Allow',
      Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
      Resource: topicKeyArn,
      Condition: { StringLike: { 'kms:ViaService': 'sns.*.amazonaws.com' } },
    }),
  );
});

test('a member role with a path is assumed under its own ARN', () => {
  const text = JSON.stringify(templateOf('members', 'Members').toJSON());
  expect(text).toContain(`:iam::${MEMBER}:role/security/keys-rotation`);
  expect(text).not.toContain('role//');
});

test.each([
  [Architecture.X86_64, 'bootstrap.zip'],
  [Architecture.ARM_64, 'bootstrap-arm64.zip'],
])('for %s what was packaged is deployed, and without it a placeholder with a warning', (architecture, zip) => {
  // It is printed as well, which is of no use here.
  jest.spyOn(worker?.console ?? console, 'error').mockImplementation();
  const stack = new Stack(newApp(), 'Stack', { env: ENV });
  new Topic(stack, 'SomethingToSynthesize');
  const folder = mkdtempSync(join(tmpdir(), 'packaged-'));
  const warnings = () => Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp('make package'));
  mkdirSync(join(folder, 'rotation'));
  writeFileSync(join(folder, 'rotation', zip), '');
  packagedCode(stack, 'rotation', architecture, ['/nowhere', folder]);
  expect(warnings()).toHaveLength(0);
  packagedCode(stack, 'sweep', architecture, [folder]);
  expect(warnings()).toHaveLength(1);
});

test('no template has a secret, a wildcard principal that allows, or IAM rights over roles and policies', () => {
  for (const name of names) {
    const text = JSON.stringify(templateOf(name).toJSON());
    for (const action of ['iam:PassRole', 'iam:*', 'iam:Attach', 'iam:Put', 'secretsmanager:*', 'AdministratorAccess']) {
      expect(text).not.toContain(action);
    }
  }
});
