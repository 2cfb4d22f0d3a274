import { Duration, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal, User } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { IamKeyRotation, RotatedAccessKey, SecretsIn, SweepMode, SweepScope } from '../lib';
import { addStacks } from '../lib/app/stacks';
import { ENV, runtime } from './configurations';
import { properties } from './policies/deployment';
import { Rotator } from './rotator';
import { newApp } from './templates';

const own = (): Stack => new Stack(newApp(), 'Stack', { env: ENV });

/** The statements of the only key. */
function keyStatements(template: Template): Record<string, unknown>[] {
  const [[, { KeyPolicy }] = ['', {}]] = properties(template, 'AWS::KMS::Key');
  return (KeyPolicy as { Statement: Record<string, unknown>[] }).Statement;
}

describe('customer keys', () => {
  test('of logs: every log group has it, and CloudWatch Logs of this account and region may use it', () => {
    const stack = own();
    const members = { externalId: 'example', secretsIn: SecretsIn.CENTRAL };
    const key = new Key(stack, 'Key');
    new Rotator(stack, 'Rotator', { runtime: runtime({ logEncryptionKey: key }), members });
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::Logs::LogGroup', 2);
    template.allResourcesProperties('AWS::Logs::LogGroup', { KmsKeyId: { 'Fn::GetAtt': [Match.anyValue(), 'Arn'] } });
    expect(keyStatements(template).filter(({ Sid }) => Sid === 'LogGroupsOfThisAccount')).toEqual([
      {
        Sid: 'LogGroupsOfThisAccount',
        Effect: 'Allow',
        Principal: { Service: 'logs.eu-west-1.amazonaws.com' },
        Action: ['kms:Decrypt*', 'kms:Describe*', 'kms:Encrypt*', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'],
        Resource: '*',
        Condition: {
          ArnLike: { 'kms:EncryptionContext:aws:logs:arn': `arn:aws:logs:eu-west-1:${ENV.account}:log-group:*` },
        },
      },
    ]);
  });

  test("of logs: the organization's log group has it too", () => {
    const stack = addStacks(newApp(), {
      env: ENV,
      rotation: (scope) => ({
        runtime: runtime({ logEncryptionKey: new Key(scope, 'Key') }),
        members: { externalId: 'example' },
        sweeping: { reservedConcurrency: 'none' },
      }),
      organization: {},
    });
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::Logs::LogGroup', 3);
    template.allResourcesProperties('AWS::Logs::LogGroup', { KmsKeyId: Match.anyValue() });
  });

  test('of the alert topic: alarms may encrypt under it, of this account alone, and each publisher through SNS', () => {
    const stack = own();
    new Rotator(stack, 'Rotator', { runtime: runtime(), alerts: { encryptionKey: new Key(stack, 'Key') } });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::SNS::Topic', { KmsMasterKeyId: Match.anyValue() });
    expect(keyStatements(template)).toContainEqual({
      Sid: 'AlarmsEncryptAlerts',
      Effect: 'Allow',
      Principal: { Service: 'cloudwatch.amazonaws.com' },
      Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
      Resource: '*',
      Condition: { StringEquals: { 'aws:SourceAccount': ENV.account } },
    });
    const sids = JSON.stringify(template.findResources('AWS::IAM::Policy')).match(/"EncryptAlerts"/g);
    // Both functions, and the rule for keys that something else created.
    expect(sids).toHaveLength(3);
  });
});

describe('tags', () => {
  test('of a configuration are on every stack', () => {
    const app = newApp();
    addStacks(app, { env: ENV, tags: { team: 'identity' }, rotation: { runtime: runtime(), members: { externalId: 'example' } } });
    const stacks = app.node.children.filter((child) => Stack.isStack(child));
    expect(stacks).toHaveLength(3);
    const tagged = stacks.flatMap((stack) => properties(Template.fromStack(stack), 'AWS::IAM::Role'));
    expect(tagged.length).toBeGreaterThan(4);
    for (const [, { Tags }] of tagged) {
      expect(Tags).toContainEqual({ Key: 'team', Value: 'identity' });
    }
  });

  test('of the construct are on what it makes, and on nothing beside it', () => {
    const stack = own();
    new Key(stack, 'Key');
    new IamKeyRotation(stack, 'Rotator', { runtime: runtime(), tags: { team: 'identity' } });
    const template = Template.fromStack(stack);
    template.allResourcesProperties('AWS::Lambda::Function', { Tags: [{ Key: 'team', Value: 'identity' }] });
    template.allResourcesProperties('AWS::KMS::Key', { Tags: Match.absent() });
  });

  test.each(['iam-key-rotator:rotate', 'IAM-Key-Rotator:User'])('%s is refused', (name) => {
    expect(() => new IamKeyRotation(own(), 'Rotator', { runtime: runtime(), tags: { [name]: 'true' } })).toThrow('enrollment alone');
  });
});

describe('grantRead', () => {
  const granted = (refuseOthers: boolean): Template => {
    const stack = own();
    const rotation = new Rotator(stack, 'Rotator', { runtime: runtime() });
    const key = new RotatedAccessKey(stack, 'Smtp', { rotation, user: new User(stack, 'User', { userName: 'smtp' }), refuseOthers });
    key.grantRead(new Role(stack, 'Relay', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') }));
    return Template.fromStack(stack);
  };

  test('lets a role read by a policy of its own', () => {
    granted(false).hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: Match.objectLike({ Statement: Match.arrayWith([Match.objectLike({ Action: Match.arrayWith(['secretsmanager:GetSecretValue']), Effect: 'Allow', Resource: { Ref: Match.stringLikeRegexp('^SmtpSecret') } })]) }),
      Roles: [{ Ref: Match.stringLikeRegexp('^Relay') }],
    });
  });

  test('makes it a reader, where others are refused', () => {
    const [[, { ResourcePolicy }] = ['', {}]] = properties(granted(true), 'AWS::SecretsManager::ResourcePolicy');
    const denial = (ResourcePolicy as { Statement: { Sid?: string; Condition?: unknown }[] }).Statement.find(({ Sid }) => Sid === 'NobodyElse');
    expect(JSON.stringify(denial?.Condition)).toMatch(/Relay[0-9A-F]+/);
    expect(JSON.stringify(denial?.Condition)).toMatch(/RotatorRotationRole[0-9A-F]+/);
  });

  test('refuses a principal that a condition cannot name', () => {
    const stack = own();
    const rotation = new Rotator(stack, 'Rotator', { runtime: runtime() });
    const key = new RotatedAccessKey(stack, 'Smtp', { rotation, user: new User(stack, 'User', { userName: 'smtp' }), refuseOthers: true });
    expect(() => key.grantRead(new ServicePrincipal('ec2.amazonaws.com'))).toThrow('no role and no user');
  });
});

describe('a rotator of another stack', () => {
  const arns = { rotationFunctionArn: `arn:aws:lambda:eu-west-1:${ENV.account}:function:rotation`, rotationRoleArn: `arn:aws:iam::${ENV.account}:role/rotation` };

  test('rotates secrets of this one, under a customer key that its role may then use', () => {
    const stack = own();
    const rotation = IamKeyRotation.fromIamKeyRotationAttributes(stack, 'Rotator', { ...arns, settings: { keys: { secretName: 'keys/{user}' } } });
    new RotatedAccessKey(stack, 'Smtp', { rotation, user: new User(stack, 'User', { userName: 'smtp' }), encryptionKey: new Key(stack, 'Key') });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::SecretsManager::RotationSchedule', { RotationLambdaARN: arns.rotationFunctionArn });
    template.hasResourceProperties('AWS::SecretsManager::Secret', { Name: Match.objectLike({ 'Fn::Join': ['', ['keys/', Match.anyValue()]] }) });
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Sid: 'SecretsUnderKey1' })]) },
      Roles: ['rotation'],
    });
    template.resourceCountIs('AWS::Lambda::Function', 0);
  });

  test('has its maximum age kept', () => {
    const stack = own();
    const settings = { sweep: { mode: SweepMode.RETIRE, maxAge: Duration.days(60) } };
    const rotation = IamKeyRotation.fromIamKeyRotationAttributes(stack, 'Rotator', { ...arns, settings });
    expect(() => new RotatedAccessKey(stack, 'Smtp', { rotation, user: new User(stack, 'User', { userName: 'smtp' }) })).toThrow('sweep.maxAge (60d)');
  });
});

test('each metric is of the function that writes it', () => {
  const stack = own();
  const rotation = new Rotator(stack, 'Rotator', { runtime: runtime() });
  const dimensions = (metric: { dimensions?: Record<string, unknown> }): unknown => stack.resolve(metric.dimensions?.['FunctionName']);
  expect(dimensions(rotation.metricRotationFailed())).toEqual(stack.resolve(rotation.rotationFunction.functionName));
  expect(dimensions(rotation.metricKeysOverdue())).toEqual(stack.resolve(rotation.sweepFunction.functionName));
  const longer = rotation.metricKeysOverdue({ period: Duration.days(1), label: 'overdue' });
  expect([longer.metricName, longer.statistic, longer.period.toDays(), longer.label]).toEqual(['KeysOverdue', 'Maximum', 1, 'overdue']);
});

test('a scope is a word or a list', () => {
  const variables = (scope: SweepScope): unknown => {
    const stack = own();
    new IamKeyRotation(stack, 'Rotator', { runtime: runtime(), sweep: { mode: SweepMode.AUDIT, scope } });
    const [, sweep] = properties(Template.fromStack(stack), 'AWS::Lambda::Function');
    return (sweep?.[1]['Environment'] as { Variables: Record<string, string> }).Variables['ROTATOR_SCOPE'];
  };
  expect([SweepScope.ENROLLED, SweepScope.ALL, SweepScope.secrets(['a', 'b/c'])].map(variables)).toEqual(['enrolled', 'all', 'a;b/c;']);
});
