import { Duration } from 'aws-cdk-lib';
import type { Metric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { ownMetric } from './metrics';

const FIVE_MINUTES = Duration.minutes(5);

/** The metrics of a rotator's two functions, of these functions alone. */
export abstract class RotationMetrics extends Construct {
  /** The function that secrets rotate with. */
  abstract readonly rotationFunction: IFunction;
  /** The function that checks every user. */
  abstract readonly sweepFunction: IFunction;

  /**
   * Promotions of a new key.
   *
   * @default - the sum of 5 minutes
   */
  metricRotationSucceeded(options?: MetricOptions): Metric {
    return ownMetric('RotationSucceeded', this.rotationFunction, 'Sum', FIVE_MINUTES).with(options ?? {});
  }

  /**
   * Failed invocations of the rotation function.
   *
   * @default - the sum of 5 minutes
   */
  metricRotationFailed(options?: MetricOptions): Metric {
    return ownMetric('RotationFailed', this.rotationFunction, 'Sum', FIVE_MINUTES).with(options ?? {});
  }

  /**
   * Time until STS accepted a new key, in milliseconds.
   *
   * @default - the 90th percentile of 5 minutes
   */
  metricPropagationDelay(options?: MetricOptions): Metric {
    return ownMetric('PropagationDelay', this.rotationFunction, 'p90', FIVE_MINUTES).with(options ?? {});
  }

  /**
   * Failed invocations of the sweep.
   *
   * @default - the sum of 5 minutes
   */
  metricSweepFailed(options?: MetricOptions): Metric {
    return ownMetric('SweepFailed', this.sweepFunction, 'Sum', FIVE_MINUTES).with(options ?? {});
  }

  /**
   * Keys that the sweep deactivated or deleted.
   *
   * @default - the sum of 5 minutes
   */
  metricKeysRetired(options?: MetricOptions): Metric {
    return ownMetric('KeysRetired', this.sweepFunction, 'Sum', FIVE_MINUTES).with(options ?? {});
  }

  /**
   * Active keys that are too old.
   *
   * @default - the maximum of 5 minutes
   */
  metricKeysOverdue(options?: MetricOptions): Metric {
    return ownMetric('KeysOverdue', this.sweepFunction, 'Maximum', FIVE_MINUTES).with(options ?? {});
  }

  /**
   * Active keys that no version of their user's secret holds.
   *
   * @default - the maximum of 5 minutes
   */
  metricUnknownKeys(options?: MetricOptions): Metric {
    return ownMetric('UnknownKeys', this.sweepFunction, 'Maximum', FIVE_MINUTES).with(options ?? {});
  }

  /**
   * Rotations that began long ago and have not ended.
   *
   * @default - the maximum of 5 minutes
   */
  metricStuckRotations(options?: MetricOptions): Metric {
    return ownMetric('StuckRotations', this.sweepFunction, 'Maximum', FIVE_MINUTES).with(options ?? {});
  }

  /**
   * Users that a sweep skipped after an error.
   *
   * @default - the maximum of 5 minutes
   */
  metricUsersSkipped(options?: MetricOptions): Metric {
    return ownMetric('UsersSkipped', this.sweepFunction, 'Maximum', FIVE_MINUTES).with(options ?? {});
  }

  /**
   * Age of the oldest active key, in days.
   *
   * @default - the maximum of 5 minutes
   */
  metricOldestKeyAgeDays(options?: MetricOptions): Metric {
    return ownMetric('OldestKeyAgeDays', this.sweepFunction, 'Maximum', FIVE_MINUTES).with(options ?? {});
  }
}
