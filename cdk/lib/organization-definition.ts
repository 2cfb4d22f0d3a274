import { Annotations, Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import {
  Chain,
  Choice,
  Condition,
  DistributedMap,
  JsonPath,
  Pass,
  ProcessorMode,
  ProcessorType,
  Result,
  Succeed,
  TaskInput,
} from 'aws-cdk-lib/aws-stepfunctions';
import type { IChainable, TaskStateBase } from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';

/** What the definition depends on. */
export interface OrganizationDefinitionProps {
  readonly sweep: IFunction;
  readonly unit: string | undefined;
  readonly accounts: readonly string[] | undefined;
  readonly maxConcurrency: number;
}

/** Lambda's own failures and throttles, which pass. A function's error is final: the sweep retries what it can. */
const PASSING = [
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.ClientExecutionTimeoutException',
  'Lambda.TooManyRequestsException',
];

/**
 * Inventory → a sweep of each account, many at a time → Conclude → the next page of accounts, if there is one.
 *
 * Plain JSONPath, without intrinsic functions, so that any interpreter of the language can run it.
 */
export function organizationDefinition(scope: Construct, props: OrganizationDefinitionProps): IChainable {
  // CDK drops a null everywhere but in a Pass state's result, so the nulls that are needed come from here.
  const begin = new Pass(scope, 'Begin', { result: Result.fromObject({ marker: null, start: null }) });
  const inventory = invoke(scope, 'Inventory', props.sweep, {
    payload: {
      action: 'accounts',
      unit: props.unit,
      accounts: props.accounts,
      marker: JsonPath.stringAt('$.marker'),
    },
    select: { 'accounts.$': '$.Payload.accounts', 'marker.$': '$.Payload.marker' },
    resultPath: '$.inventory',
  });
  const everyAccount = new DistributedMap(scope, 'EveryAccount', {
    label: 'Accounts',
    maxConcurrency: props.maxConcurrency,
    toleratedFailurePercentage: 100,
    itemsPath: '$.inventory.accounts',
    itemSelector: {
      account: JsonPath.stringAt('$$.Map.Item.Value.account'),
      name: JsonPath.stringAt('$$.Map.Item.Value.name'),
      email: JsonPath.stringAt('$$.Map.Item.Value.email'),
      marker: JsonPath.stringAt('$.start'),
    },
    resultPath: '$.results',
  });
  everyAccount.itemProcessor(oneAccount(scope, props.sweep), {
    mode: ProcessorMode.DISTRIBUTED,
    executionType: ProcessorType.STANDARD,
  });
  Annotations.of(everyAccount).acknowledgeWarning(
    '@aws-cdk/aws-stepfunctions:propertyIgnored',
    'CDK refuses a distributed map without an execution type here, and then says that it ignores it.',
  );
  const conclude = invoke(scope, 'Conclude', props.sweep, {
    payload: { action: 'conclude', results: JsonPath.objectAt('$.results') },
    resultPath: JsonPath.DISCARD,
  });
  const nextPage = new Pass(scope, 'NextPage', {
    parameters: { marker: JsonPath.stringAt('$.inventory.marker'), start: JsonPath.stringAt('$.start') },
  });
  const more = new Choice(scope, 'MoreAccounts')
    .when(Condition.isNull('$.inventory.marker'), new Succeed(scope, 'Finished'))
    .otherwise(nextPage.next(inventory));
  return Chain.start(begin).next(inventory).next(everyAccount).next(conclude).next(more);
}

/** Sweeps an account, again and again from where it stopped, and ends in a result whatever happens. */
function oneAccount(scope: Construct, sweep: IFunction): IChainable {
  const of = { account: JsonPath.stringAt('$.account'), name: JsonPath.stringAt('$.name'), email: JsonPath.stringAt('$.email') };
  const sweepAccount = invoke(scope, 'SweepAccount', sweep, {
    payload: { ...of, marker: JsonPath.stringAt('$.marker') },
    select: Object.fromEntries(
      ['account', 'mode', 'outcome', 'marker', 'users', 'actions', 'findings', 'failures'].map((field) => [
        `${field}.$`,
        `$.Payload.${field}`,
      ]),
    ),
    resultPath: '$.result',
  });
  const failed = new Pass(scope, 'AccountFailed', {
    parameters: {
      account: of.account,
      error: JsonPath.stringAt('$.failure.Error'),
      cause: JsonPath.stringAt('$.failure.Cause'),
    },
  });
  const goOn = new Pass(scope, 'GoOn', { parameters: { ...of, marker: JsonPath.stringAt('$.result.marker') } });
  const done = new Pass(scope, 'AccountDone', { outputPath: '$.result' });
  sweepAccount.addCatch(failed, { resultPath: '$.failure' });
  return Chain.start(sweepAccount).next(
    new Choice(scope, 'AccountFinished')
      .when(Condition.isNull('$.result.marker'), done)
      .otherwise(goOn.next(sweepAccount)),
  );
}

function invoke(
  scope: Construct,
  id: string,
  sweep: IFunction,
  how: { payload: Record<string, unknown>; select?: Record<string, string>; resultPath: string },
): TaskStateBase {
  const task = LambdaInvoke.jsonPath(scope, id, {
    lambdaFunction: sweep,
    payload: TaskInput.fromObject(how.payload),
    retryOnServiceExceptions: false,
    resultPath: how.resultPath,
    ...(how.select ? { resultSelector: how.select } : {}),
  });
  return task.addRetry({
    errors: PASSING,
    interval: Duration.seconds(5),
    backoffRate: 2,
    maxDelay: Duration.minutes(5),
    maxAttempts: 8,
  });
}
