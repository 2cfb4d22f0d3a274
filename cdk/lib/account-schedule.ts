import { Duration, Stack } from 'aws-cdk-lib';
import type { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { Schedule, ScheduleTargetInput, TimeWindow } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import type { Construct } from 'constructs';
import type { SweepFunction } from './functions/sweep-function';
import { acknowledgeResources } from './nag';

/** Starts the sweep of the stack's own account. */
export function scheduleSweep(scope: Construct, sweep: SweepFunction, schedule: ScheduleExpression): void {
  const target = new LambdaInvoke(sweep.function, {
    input: ScheduleTargetInput.fromObject({}),
    deadLetterQueue: sweep.deadLetters,
    retryAttempts: 10,
    maxEventAge: Duration.hours(2),
  });
  const made = new Schedule(scope, 'Schedule', {
    description: 'iam-key-rotator: sweeps this account',
    schedule,
    target,
    // A window would add to the hour in which a key is to be inactive.
    timeWindow: TimeWindow.off(),
  });
  acknowledgeResources(
    Stack.of(made),
    [`${sweep.function.functionArn}:*`],
    'The scheduler may invoke any version of this one function.',
  );
}
