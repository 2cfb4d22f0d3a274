import { ArnFormat, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Schedule, ScheduleExpression, ScheduleTargetInput, TimeWindow } from 'aws-cdk-lib/aws-scheduler';
import { StepFunctionsStartExecution } from 'aws-cdk-lib/aws-scheduler-targets';
import { DefinitionBody, LogLevel, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { checkAges } from './check-ages';
import type { IamKeyRotation } from './iam-key-rotation';
import { acknowledge, acknowledgeResources } from './nag';
import { organizationDefinition } from './organization-definition';
import { listAccounts } from './policies/sweep';
import { REASONS } from './policies/reasons';
import { SettingsError } from './settings-error';

/** How an organization's accounts are swept. */
export interface OrganizationSweepProps {
  /** The rotator, with `members` set, in the management account or a delegated administrator's. */
  readonly rotation: IamKeyRotation;
  /**
   * One organizational unit, with the units below it.
   *
   * @default - the whole organization
   */
  readonly unit?: string;
  /**
   * These accounts alone.
   *
   * @default - every active account
   */
  readonly accounts?: string[];
  /**
   * Accounts swept at once.
   *
   * @default 10
   */
  readonly maxConcurrency?: number;
  /** @default - once an hour, as for one account */
  readonly schedule?: ScheduleExpression;
}

/** The bound of it all: an execution that is still running is stopped, its accounts with it. */
const LONGEST = Duration.hours(12);
const DEFAULT_CONCURRENCY = 10;

/** Sweeps every account of an organization once an hour. What fails in one account neither stops nor hides the others. */
export class OrganizationSweep extends Construct {
  readonly stateMachine: StateMachine;

  constructor(scope: Construct, id: string, props: OrganizationSweepProps) {
    super(scope, id);
    const maxConcurrency = props.maxConcurrency ?? DEFAULT_CONCURRENCY;
    const schedule = props.schedule ?? ScheduleExpression.rate(Duration.hours(1));
    check(props, maxConcurrency);
    checkAges(props.rotation.settings, schedule);
    const { _sweep: sweep, _alarms: alarms } = props.rotation;
    sweep.allow('Organization', listAccounts(Stack.of(this), props.unit), REASONS);
    const logs = new LogGroup(this, 'Logs', {
      logGroupName: `/aws/vendedlogs/states/${Stack.of(this).stackName}-organization-sweep`,
      retention: RetentionDays.ONE_YEAR,
      removalPolicy: RemovalPolicy.DESTROY,
      ...(props.rotation._logEncryptionKey ? { encryptionKey: props.rotation._logEncryptionKey } : {}),
    });
    this.stateMachine = new StateMachine(this, 'StateMachine', {
      comment: 'iam-key-rotator: sweeps every account of the organization',
      definitionBody: DefinitionBody.fromChainable(
        organizationDefinition(this, {
          sweep: sweep.function,
          unit: props.unit,
          accounts: props.accounts,
          maxConcurrency,
        }),
      ),
      timeout: LONGEST,
      tracingEnabled: true,
      logs: { destination: logs, level: LogLevel.ALL, includeExecutionData: false },
    });
    this.acknowledgeRole(sweep.function.functionArn);
    this.schedule(props, schedule);
    alarms.expect(
      'OrganizationSweepMissing',
      'No sweep of the organization has succeeded',
      schedule,
      (how) => this.stateMachine.metricSucceeded(how),
      LONGEST,
    );
    alarms.add('OrganizationSweepFailed', 'A sweep of the organization did not come to its end.', {
      metric: new MathExpression({
        expression: 'SUM([FILL(failed, 0), FILL(timedOut, 0), FILL(aborted, 0)])',
        usingMetrics: {
          failed: this.stateMachine.metricFailed(),
          timedOut: this.stateMachine.metricTimedOut(),
          aborted: this.stateMachine.metricAborted(),
        },
        label: 'executions',
      }),
    });
  }

  private schedule(props: OrganizationSweepProps, schedule: ScheduleExpression): void {
    new Schedule(this, 'Schedule', {
      description: 'iam-key-rotator: sweeps the organization',
      schedule,
      target: new StepFunctionsStartExecution(this.stateMachine, {
        input: ScheduleTargetInput.fromObject({}),
        deadLetterQueue: props.rotation._sweep.deadLetters,
        retryAttempts: 10,
        maxEventAge: Duration.hours(2),
      }),
      // A window would add to the hour in which a key is to be inactive.
      timeWindow: TimeWindow.off(),
    });
  }

  private acknowledgeRole(sweepArn: string): void {
    acknowledgeResources(
      this.stateMachine.role,
      [`${sweepArn}:*`],
      'The state machine may invoke any version of this one function.',
    );
    acknowledge(this.stateMachine.role, { 'IAM5[Resource::*]': 'Log delivery and X-Ray know no resources.' });
    const stack = Stack.of(this);
    const { resourceName } = stack.splitArn(this.stateMachine.stateMachineArn, ArnFormat.COLON_RESOURCE_NAME);
    const { account, partition, region } = stack;
    const executions = `arn:${partition}:states:${region}:${account}:execution:${resourceName ?? ''}`;
    acknowledgeResources(
      this.stateMachine,
      [`${executions}:*`, `${executions}/Accounts:*`],
      'A distributed map runs its accounts as executions of this one state machine.',
    );
  }
}

function check(props: OrganizationSweepProps, maxConcurrency: number): void {
  const { settings, _reservedConcurrency: reservedConcurrency } = props.rotation;
  if (!settings.members) {
    throw new SettingsError(
      'OrganizationSweep needs IamKeyRotation with members set: without a role to assume, no other account can be ' +
        'reached. Set members.externalId, and deploy MemberAccountRole to the member accounts.',
    );
  }
  if (props.unit !== undefined && props.accounts !== undefined) {
    throw new SettingsError('unit and accounts are both set: name an organizational unit or a list of accounts.');
  }
  if (props.unit !== undefined && !/^ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}$/.test(props.unit)) {
    throw new SettingsError(`unit is ${JSON.stringify(props.unit)}: give the id of a unit, as ou-ab12-cdefgh34.`);
  }
  if (!Number.isInteger(maxConcurrency) || maxConcurrency < 1) {
    throw new SettingsError(`maxConcurrency is ${String(maxConcurrency)}: name a whole number of accounts, 1 or more.`);
  }
  if (reservedConcurrency !== undefined && reservedConcurrency < maxConcurrency) {
    throw new SettingsError(
      `maxConcurrency is ${String(maxConcurrency)}, but the sweep may run ${String(reservedConcurrency)} at a time: ` +
        'the others would be throttled until they give up. Raise sweeping.reservedConcurrency to at least ' +
        `${String(maxConcurrency)}, or set it to 'none'.`,
    );
  }
}
