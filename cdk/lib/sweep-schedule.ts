import type { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';

/** When the sweep of the stack's own account runs. */
export class SweepSchedule {
  /** Never by itself: something else starts it, as OrganizationSweep does. */
  static readonly NONE = new SweepSchedule();

  /**
   * A rate or a cron expression. A cron expression may limit the sweep to working hours: keys are then retired at the
   * first sweep after their time.
   */
  static expression(expression: ScheduleExpression): SweepSchedule {
    return new SweepSchedule(expression);
  }

  private constructor(private readonly given?: ScheduleExpression) {}

  /** @internal */
  get _expression(): ScheduleExpression | undefined {
    return this.given;
  }
}
