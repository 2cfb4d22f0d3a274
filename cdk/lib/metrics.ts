import type { Duration } from 'aws-cdk-lib';
import { MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { METRIC_NAMESPACE } from './settings';

/** One of the functions' own metrics, of one function alone: another stack of this account and region has the same names. */
export function ownMetric(
  name: OwnMetric,
  of: IFunction,
  statistic: 'Sum' | 'Maximum' | 'p90',
  period: Duration,
  label?: string,
): Metric {
  return new Metric({
    namespace: METRIC_NAMESPACE,
    metricName: name,
    dimensionsMap: { FunctionName: of.functionName },
    statistic,
    period,
    ...(label === undefined ? {} : { label }),
  });
}

/** One line for each value of a metric's second dimension, of one function alone, as they come up. */
export function byDimension(
  name: OwnMetric,
  of: IFunction,
  dimension: string,
  statistic: 'Sum' | 'p90',
  period: Duration,
): MathExpression {
  const query = `{${METRIC_NAMESPACE},FunctionName,${dimension}} MetricName="${name}" FunctionName="${of.functionName}"`;
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
