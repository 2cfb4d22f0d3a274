import { Duration } from 'aws-cdk-lib';
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { Alarm, ComparisonOperator, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ownMetric } from './metrics';

/** Where each alarm is explained: Description, Investigation, Resolution. */
export const RUNBOOK = 'docs/runbook.md';

/** What is watched. */
export interface AlarmsProps {
  readonly topic: ITopic;
  readonly rotation: IFunction;
  readonly sweep: IFunction;
  readonly deadLetters: IQueue;
  /** Alarm when no sweep came to an end for two days. */
  readonly expectSweeps: boolean;
}

const FIVE_MINUTES = Duration.minutes(5);
const DAY = Duration.days(1);

/** The alarms. Each has a heading of its own name in the runbook. */
export class Alarms extends Construct {
  /** In the order of the dashboard: what breaks first comes first. */
  readonly all: Alarm[] = [];
  private readonly topic: ITopic;

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    this.topic = props.topic;
    // Lambda's own count has the invocations that died without a word; ours those that said why.
    this.add('RotationFailed', 'A rotation failed. AWSCURRENT holds the key it held; Secrets Manager repeats the rotation.', {
      metric: worstOf(ownMetric('RotationFailed', 'Sum', FIVE_MINUTES), errorsOf(props.rotation)),
    });
    this.add('SweepFailed', 'A sweep failed, in part or altogether. Keys may stay due, or superseded keys active.', {
      metric: worstOf(ownMetric('SweepFailed', 'Sum', FIVE_MINUTES), errorsOf(props.sweep)),
    });
    this.add('KeysOverdue', 'Active keys are older than they should be, and no rotation of theirs succeeded.', {
      metric: ownMetric('KeysOverdue', 'Maximum', DAY),
    });
    this.add('StuckRotations', 'Rotations stopped half way: AWSPENDING is on a version that is not AWSCURRENT.', {
      metric: ownMetric('StuckRotations', 'Maximum', DAY),
    });
    this.add('DeadLetters', 'Events of the sweep could not be worked off and wait in the queue.', {
      metric: props.deadLetters.metricApproximateNumberOfMessagesVisible({ period: FIVE_MINUTES, statistic: 'Maximum' }),
    });
    if (props.expectSweeps) {
      this.add('SweepMissing', 'No sweep has run for two days: nobody looks after keys that stay due.', {
        metric: props.sweep.metricInvocations({ period: DAY, statistic: 'Sum' }),
        evaluationPeriods: 2,
        lessThanOne: true,
      });
    }
  }

  /** Adds an alarm of the same kind. */
  add(
    name: string,
    description: string,
    watch: { metric: IMetric; evaluationPeriods?: number; lessThanOne?: boolean },
  ): Alarm {
    const { metric, evaluationPeriods = 1, lessThanOne = false } = watch;
    const alarm = new Alarm(this, name, {
      metric,
      threshold: 1,
      evaluationPeriods,
      comparisonOperator: lessThanOne
        ? ComparisonOperator.LESS_THAN_THRESHOLD
        : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: lessThanOne ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
      alarmDescription: `${description} What to do: ${RUNBOOK}, "${name}".`,
    });
    alarm.addAlarmAction(new SnsAction(this.topic));
    alarm.addOkAction(new SnsAction(this.topic));
    this.all.push(alarm);
    return alarm;
  }
}

function errorsOf(fn: IFunction): IMetric {
  return fn.metricErrors({ period: FIVE_MINUTES, statistic: 'Sum' });
}

function worstOf(said: IMetric, counted: IMetric): MathExpression {
  return new MathExpression({
    expression: 'MAX([FILL(said, 0), FILL(counted, 0)])',
    usingMetrics: { said, counted },
    period: FIVE_MINUTES,
    label: 'failures',
  });
}
