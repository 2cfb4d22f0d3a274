import type { Duration } from 'aws-cdk-lib';
import { MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { METRIC_NAMESPACE } from './settings';

/** One of the functions' own metrics, without dimensions. */
export function ownMetric(name: OwnMetric, statistic: 'Sum' | 'Maximum' | 'p90', period: Duration, label?: string): Metric {
  return new Metric({
    namespace: METRIC_NAMESPACE,
    metricName: name,
    statistic,
    period,
    ...(label === undefined ? {} : { label }),
  });
}

/** One line for each value of a metric's dimension, as they come up. */
export function byDimension(name: OwnMetric, dimension: string, statistic: 'Sum' | 'p90', period: Duration): MathExpression {
  const query = `{${METRIC_NAMESPACE},${dimension}} MetricName="${name}"`;
  return new MathExpression({
    expression: `SEARCH('${query}', '${statistic}', ${String(period.toSeconds())})`,
    usingMetrics: {},
    period,
    label: '',
  });
}

/** The metrics that the two functions write through the Embedded Metric Format. */
export type OwnMetric =
  | 'KeysOverdue'
  | 'KeysRetired'
  | 'OldestKeyAgeDays'
  | 'PropagationDelay'
  | 'RotationFailed'
  | 'RotationSucceeded'
  | 'StepDuration'
  | 'StuckRotations'
  | 'SweepFailed'
  | 'UnknownKeys'
  | 'UsersSkipped';
