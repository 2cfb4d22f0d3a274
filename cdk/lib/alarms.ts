import { Annotations, Duration, Token } from 'aws-cdk-lib';
import type { IMetric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import { Alarm, ComparisonOperator, MathExpression, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ownMetric } from './metrics';
import { longestGapHours } from './schedule';

/** Where each alarm is explained: Description, Investigation, Resolution. */
export const RUNBOOK = 'docs/runbook.md';

/** What is watched. */
export interface AlarmsProps {
  readonly topic: ITopic;
  readonly rotation: IFunction;
  readonly sweep: IFunction;
  readonly deadLetters: IQueue;
}

const FIVE_MINUTES = Duration.minutes(5);
const HOUR = Duration.hours(1);
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
      metric: worstOf(ownMetric('RotationFailed', props.rotation, 'Sum', FIVE_MINUTES), errorsOf(props.rotation)),
    });
    this.add('SweepFailed', 'A sweep failed, in part or altogether. Keys may stay due, or superseded keys active.', {
      metric: worstOf(ownMetric('SweepFailed', props.sweep, 'Sum', FIVE_MINUTES), errorsOf(props.sweep)),
    });
    this.add('KeysOverdue', 'Active keys are older than they should be, and no rotation of theirs succeeded.', {
      metric: ownMetric('KeysOverdue', props.sweep, 'Maximum', DAY),
    });
    this.add('StuckRotations', 'Rotations stopped half way: AWSPENDING is on a version that is not AWSCURRENT.', {
      metric: ownMetric('StuckRotations', props.sweep, 'Maximum', DAY),
    });
    this.add('DeadLetters', 'Events of the sweep could not be worked off and wait in the queue.', {
      metric: props.deadLetters.metricApproximateNumberOfMessagesVisible({ period: FIVE_MINUTES, statistic: 'Maximum' }),
    });
  }

  /**
   * Adds the alarm for sweeps that do not come: nothing counted in the time in which the schedule would have started
   * at least one. A schedule that was switched off leaves no data, so missing data is the failure. `longestRun` is how
   * long the thing counted may take, where it is counted at its end.
   */
  expect(
    id: string,
    what: string,
    schedule: ScheduleExpression,
    count: (how: MetricOptions) => IMetric,
    longestRun = Duration.hours(0),
  ): void {
    const hours = watchedHours(schedule, longestRun);
    if (hours === undefined) {
      Annotations.of(this).addWarningV2(
        `iam-key-rotator:${id}`,
        `The sweep runs less often than CloudWatch can watch (${schedule.expressionString}): no alarm tells that it is ` +
          'missing. Sweep at least every six days, or acknowledge this warning.',
      );
      return;
    }
    const since = Token.isUnresolved(schedule.expressionString) ? 'since its schedule was due' : `for ${String(hours)} hours`;
    this.add('SweepMissing', `${what} ${since}: superseded keys stay active, and due keys as they are.`, {
      metric: count({ period: HOUR, statistic: 'Sum' }),
      evaluationPeriods: hours,
      lessThanOne: true,
      id,
    });
  }

  /** Adds an alarm of the same kind. Its name is an entry of the runbook. */
  add(
    name: string,
    description: string,
    watch: { metric: IMetric; evaluationPeriods?: number; lessThanOne?: boolean; id?: string },
  ): Alarm {
    const { metric, evaluationPeriods = 1, lessThanOne = false, id = name } = watch;
    const alarm = new Alarm(this, id, {
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

/** CloudWatch looks back for a week at most: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html */
const MOST_HOURS = 7 * 24;
/** One hour since CloudWatch's hours do not begin with the schedule, one for a start that EventBridge had to repeat. */
const ROOM_HOURS = 2;
/** From Friday to Monday, the longest gap of a schedule for working days. */
const WEEKEND_HOURS = 72;

/**
 * Whole hours in which a schedule certainly starts something, and it certainly ends. Undefined for a schedule that is too
 * rare to be watched. One that only CloudFormation knows is taken for one of working days.
 */
export function watchedHours(schedule: ScheduleExpression, longestRun = Duration.hours(0)): number | undefined {
  const gap = Token.isUnresolved(schedule.expressionString) ? WEEKEND_HOURS : longestGapHours(schedule);
  const hours = gap === undefined ? undefined : Math.ceil(gap) + ROOM_HOURS + Math.ceil(longestRun.toHours({ integral: false }));
  return hours !== undefined && hours <= MOST_HOURS ? hours : undefined;
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
