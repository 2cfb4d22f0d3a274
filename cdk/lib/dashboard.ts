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
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
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
  readonly rotation: IFunction;
  readonly sweep: IFunction;
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
      widgets: [alarms(props.alarms), numbers(props), graphs(props), causes(props), failures(props.logGroups)],
    });
  }
}

function alarms(all: Alarm[]): IWidget[] {
  // The list itself, not a copy: an organization's sweep adds its alarm later.
  return [new AlarmStatusWidget({ title: 'Is anything wrong?', alarms: all, width: WIDTH, height: 3 })];
}

type Functions = Pick<RotationDashboardProps, 'rotation' | 'sweep'>;

function numbers({ rotation, sweep }: Functions): IWidget[] {
  const shown: [string, OwnMetric, IFunction, 'Sum' | 'Maximum'][] = [
    ['Rotated today', 'RotationSucceeded', rotation, 'Sum'],
    ['Failed today', 'RotationFailed', rotation, 'Sum'],
    ['Keys overdue', 'KeysOverdue', sweep, 'Maximum'],
    ['Rotations stuck', 'StuckRotations', sweep, 'Maximum'],
    ['Unknown keys', 'UnknownKeys', sweep, 'Maximum'],
    ['Oldest key, days', 'OldestKeyAgeDays', sweep, 'Maximum'],
  ];
  return shown.map(
    ([title, metric, of, statistic]) =>
      new SingleValueWidget({
        title,
        metrics: [ownMetric(metric, of, statistic, DAY, title)],
        width: WIDTH / shown.length,
        height: 4,
      }),
  );
}

function graphs({ rotation, sweep }: Functions): IWidget[] {
  const rotations = new GraphWidget({
    title: 'Rotations by hour',
    left: [
      ownMetric('RotationSucceeded', rotation, 'Sum', HOUR, 'succeeded').with({ color: Color.GREEN }),
      ownMetric('RotationFailed', rotation, 'Sum', HOUR, 'failed').with({ color: Color.RED }),
    ],
    width: WIDTH / 3,
  });
  const fleet = new GraphWidget({
    title: 'Keys of the fleet by day',
    left: [
      ownMetric('KeysOverdue', sweep, 'Maximum', DAY, 'overdue').with({ color: Color.RED }),
      ownMetric('UnknownKeys', sweep, 'Maximum', DAY, 'unknown').with({ color: Color.ORANGE }),
      ownMetric('KeysRetired', sweep, 'Sum', DAY, 'retired').with({ color: Color.GREEN }),
      // With an overlap of 0 the rotation itself retires.
      ownMetric('KeysRetired', rotation, 'Sum', DAY, 'by rotations').with({ color: Color.BROWN }),
      ownMetric('UsersSkipped', sweep, 'Maximum', DAY, 'users skipped').with({ color: Color.GREY }),
    ],
    width: WIDTH / 3,
  });
  const waits = new GraphWidget({
    title: 'Until a new key works, and each step, p90',
    left: [
      ownMetric('PropagationDelay', rotation, 'p90', HOUR, 'propagation'),
      byDimension('StepDuration', rotation, 'step', 'p90', HOUR),
    ],
    width: WIDTH / 3,
  });
  return [rotations, fleet, waits];
}

function causes({ rotation, sweep }: Functions): IWidget[] {
  return [
    new GraphWidget({
      title: 'Failed rotations by errorType',
      left: [byDimension('RotationFailed', rotation, 'errorType', 'Sum', HOUR)],
      stacked: true,
      width: WIDTH / 2,
    }),
    new GraphWidget({
      title: 'Failed sweeps by errorType',
      left: [byDimension('SweepFailed', sweep, 'errorType', 'Sum', HOUR)],
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
