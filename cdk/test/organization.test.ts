import validate from 'asl-validator';
import { Match } from 'aws-cdk-lib/assertions';
import { definitionOf } from './definition';
import { templateOf } from './templates';

const FUNCTION = 'arn:aws:lambda:eu-west-1:111122223333:function:sweep';

interface State {
  readonly Type: string;
  readonly [name: string]: unknown;
}

function states(name: string): Record<string, State> {
  return definitionOf(templateOf(name, name === 'members' ? 'Members' : 'Organization'), FUNCTION)['States'] as Record<string, State>;
}

test('the definition is plain JSONPath without intrinsic functions', () => {
  const text = JSON.stringify(states('organization'));
  expect(text).not.toContain('States.Format');
  expect(text).not.toContain('States.Array');
  expect(text).not.toContain('JSONata');
  expect(text).toContain(FUNCTION);
});

test.each(['organization', 'members'])("asl-validator finds nothing against %s's definition", (name) => {
  const definition = definitionOf(templateOf(name, name === 'members' ? 'Members' : 'Organization'), FUNCTION);
  expect(validate(definition).errors).toEqual([]);
});

test('the inventory asks for the unit, the sweeps run many at a time, and one that fails ends no other', () => {
  const { Inventory, EveryAccount } = states('organization');
  expect(Inventory).toMatchObject({
    Parameters: { Payload: { action: 'accounts', unit: 'ou-ab12-cdefgh34', 'marker.$': '$.marker' } },
    ResultSelector: { 'accounts.$': '$.Payload.accounts', 'marker.$': '$.Payload.marker' },
  });
  expect(EveryAccount).toMatchObject({
    Type: 'Map',
    ItemsPath: '$.inventory.accounts',
    MaxConcurrency: 10,
    ToleratedFailurePercentage: 100,
    ItemProcessor: { ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' } },
  });
});

test('an inventory that fails, as one of no active account does, fails the execution and so raises an alarm', () => {
  const { Inventory } = states('organization');
  expect(Inventory).toMatchObject({ Type: 'Task' });
  // Nothing catches the function's error, and nothing but Lambda's own passing failures is tried again.
  expect(Inventory).not.toHaveProperty('Catch');
  const retried = (Inventory?.['Retry'] as { ErrorEquals: string[] }[]).flatMap(({ ErrorEquals }) => ErrorEquals);
  expect(retried.filter((error) => !/^Lambda\.\w+Exception$/.test(error))).toEqual([]);
  const template = templateOf('organization', 'Organization');
  const [machine] = Object.keys(template.findResources('AWS::StepFunctions::StateMachine'));
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    AlarmDescription: Match.stringLikeRegexp('"OrganizationSweepFailed"'),
    AlarmActions: [Match.anyValue()],
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    Threshold: 1,
    Metrics: Match.arrayWith([
      Match.objectLike({
        MetricStat: {
          Metric: {
            Namespace: 'AWS/States',
            MetricName: 'ExecutionsFailed',
            Dimensions: [{ Name: 'StateMachineArn', Value: { Ref: machine } }],
          },
          Stat: 'Sum',
        },
      }),
    ]),
  });
});

test('a list of accounts is passed on', () => {
  expect(states('members')['Inventory']).toMatchObject({
    Parameters: { Payload: { action: 'accounts', accounts: ['444455556666'] } },
  });
});

test('every path that a state reads has been written by one before it, null markers included', () => {
  // CDK drops nulls without a word; this one would end every execution at its first state.
  expect(states('organization')['Begin']).toMatchObject({ Result: { marker: null, start: null } });
  expect(states('organization')['NextPage']).toMatchObject({ Parameters: { 'start.$': '$.start' } });
});
