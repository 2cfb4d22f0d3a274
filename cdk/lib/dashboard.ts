import { Duration } from 'aws-cdk-lib';
import type { Alarm, IWidget } from 'aws-cdk-lib/aws-cloudwatch';
import {
  AlarmStatusWidget,
  Color,
  Dashboard,
  GraphWidget,
  LogQueryVisualizationType,
  LogQueryWidget,
  PeriodOverride,
  SingleValueWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { OwnMetric } from './metrics';
import { byDimension, ownMetric } from './metrics';

const DAY = Duration.days(1);
const HOUR = Duration.hours(1);
const WIDTH = 24;

/** What the dashboard shows beside the metrics. */
export interface RotationDashboardProps {
  readonly alarms: Alarm[];
  readonly logGroups: readonly ILogGroup[];
}

/**
 * Read from top to bottom: is anything wrong (alarms), how much (numbers of the day), since when (graphs), and what
 * exactly (the last failures, word by word).
 */
export class RotationDashboard extends Construct {
  readonly dashboard: Dashboard;

  constructor(scope: Construct, id: string, props: RotationDashboardProps) {
    super(scope, id);
    this.dashboard = new Dashboard(this, 'Dashboard', {
      defaultInterval: Duration.days(14),
      periodOverride: PeriodOverride.INHERIT,
      widgets: [alarms(props.alarms), numbers(), graphs(), causes(), failures(props.logGroups)],
    });
  }
}

function alarms(all: Alarm[]): IWidget[] {
  // The list itself, not a copy: an organization's sweep adds its alarm later.
  return [new AlarmStatusWidget({ title: 'Is anything wrong?', alarms: all, width: WIDTH, height: 3 })];
}

function numbers(): IWidget[] {
  const shown: [string, OwnMetric, 'Sum' | 'Maximum'][] = [
    ['Rotated today', 'RotationSucceeded', 'Sum'],
    ['Failed today', 'RotationFailed', 'Sum'],
    ['Keys overdue', 'KeysOverdue', 'Maximum'],
    ['Rotations stuck', 'StuckRotations', 'Maximum'],
    ['Unknown keys', 'UnknownKeys', 'Maximum'],
    ['Oldest key, days', 'OldestKeyAgeDays', 'Maximum'],
  ];
  return shown.map(
    ([title, metric, statistic]) =>
      new SingleValueWidget({
        title,
        metrics: [ownMetric(metric, statistic, DAY, title)],
        width: WIDTH / shown.length,
        height: 4,
        setPeriodToTimeRange: false,
      }),
  );
}

function graphs(): IWidget[] {
  const rotations = new GraphWidget({
    title: 'Rotations by hour',
    left: [
      ownMetric('RotationSucceeded', 'Sum', HOUR, 'succeeded').with({ color: Color.GREEN }),
      ownMetric('RotationFailed', 'Sum', HOUR, 'failed').with({ color: Color.RED }),
    ],
    width: WIDTH / 3,
  });
  const fleet = new GraphWidget({
    title: 'Keys of the fleet by day',
    left: [
      ownMetric('KeysOverdue', 'Maximum', DAY, 'overdue').with({ color: Color.RED }),
      ownMetric('UnknownKeys', 'Maximum', DAY, 'unknown').with({ color: Color.ORANGE }),
      ownMetric('KeysRetired', 'Sum', DAY, 'retired').with({ color: Color.GREEN }),
      ownMetric('UsersSkipped', 'Maximum', DAY, 'users skipped').with({ color: Color.GREY }),
    ],
    width: WIDTH / 3,
  });
  const waits = new GraphWidget({
    title: 'Until a new key works, and each step, p90',
    left: [ownMetric('PropagationDelay', 'p90', HOUR, 'propagation'), byDimension('StepDuration', 'step', 'p90', HOUR)],
    width: WIDTH / 3,
  });
  return [rotations, fleet, waits];
}

function causes(): IWidget[] {
  return [
    new GraphWidget({
      title: 'Failed rotations by errorType',
      left: [byDimension('RotationFailed', 'errorType', 'Sum', HOUR)],
      stacked: true,
      width: WIDTH / 2,
    }),
    new GraphWidget({
      title: 'Failed sweeps by errorType',
      left: [byDimension('SweepFailed', 'errorType', 'Sum', HOUR)],
      stacked: true,
      width: WIDTH / 2,
    }),
  ];
}

function failures(logGroups: readonly ILogGroup[]): IWidget[] {
  return [
    new LogQueryWidget({
      title: 'Last failures',
      logGroupNames: logGroups.map((group) => group.logGroupName),
      view: LogQueryVisualizationType.TABLE,
      queryLines: [
        'fields @timestamp, errorType, user, step, error, message',
        'filter level = "ERROR"',
        'sort @timestamp desc',
        'limit 20',
      ],
      width: WIDTH,
    }),
  ];
}
