import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { METRIC_NAMESPACE } from '../lib/settings';
import { ENV, runtime } from './configurations';
import { properties } from './policies/deployment';
import { newApp } from './templates';
import { Rotator } from './rotator';

/** A metric as CloudWatch tells it from others: namespace, name and dimensions. */
type Identity = string;

interface Dimension {
  readonly Name: string;
  readonly Value: unknown;
}

/** Two rotators of one account and region, as one app deploys them. */
const app = newApp();
const stacks = ['First', 'Second'].map((name) => {
  const stack = new Stack(app, name, { env: ENV });
  new Rotator(stack, 'Rotator', { runtime: runtime() });
  return stack;
});
const templates = stacks.map((stack) => ({ name: stack.stackName, template: Template.fromStack(stack) }));

/** The name that CloudFormation gives a resource has the stack's name in it. */
function named(stack: string, text: string): string {
  return text.replace(/\{"Ref":"(\w+)"\}/g, (_, id: string) => `"${stack}-${id}"`).replace(/\{"Fn::GetAtt":\["(\w+)","\w+"\]\}/g, (_, id: string) => `"${stack}-${id}"`);
}

function identity(namespace: string, name: string, dimensions: readonly Dimension[]): Identity {
  return JSON.stringify([namespace, name, [...dimensions].sort((a, b) => a.Name.localeCompare(b.Name))]);
}

/** What the alarms of a stack read. */
function watched({ name, template }: { name: string; template: Template }): Identity[] {
  const alarms = JSON.parse(named(name, JSON.stringify(properties(template, 'AWS::CloudWatch::Alarm').map(([, alarm]) => alarm)))) as Record<string, unknown>[];
  return alarms.flatMap((alarm) => {
    const metrics = (alarm['Metrics'] as { MetricStat?: { Metric: Record<string, unknown> } }[] | undefined)?.flatMap(({ MetricStat }) => (MetricStat ? [MetricStat.Metric] : [])) ?? [alarm];
    return metrics.map(({ Namespace, MetricName, Dimensions }) => identity(Namespace as string, MetricName as string, (Dimensions ?? []) as Dimension[]));
  });
}

/** What a function of a stack emits: the dimension is its name, AWS_LAMBDA_FUNCTION_NAME. */
function emitted({ name, template }: { name: string; template: Template }, metric: string, program: string): Identity {
  const [id] = Object.keys(template.findResources('AWS::Lambda::Function')).filter((each) => each.startsWith(`Rotator${program}Function`));
  return identity(METRIC_NAMESPACE, metric, [{ Name: 'FunctionName', Value: `${name}-${id ?? ''}` }]);
}

const [first, second] = templates;

test('every alarm reads a metric of its own stack, and no metric is read by two stacks', () => {
  const [one, other] = templates.map(watched);
  expect(one?.length).toBeGreaterThan(8);
  expect(one?.filter((each) => other?.includes(each))).toEqual([]);
  for (const each of [...(one ?? []), ...(other ?? [])]) {
    expect(each).toMatch(/"(First|Second)-/);
  }
});

test.each([
  ['RotationFailed', 'Rotation'],
  ['SweepFailed', 'Sweep'],
  ['KeysOverdue', 'Sweep'],
  ['StuckRotations', 'Sweep'],
])('%s of one stack trips its own alarm, and not that of the other', (metric, program) => {
  for (const [own, others] of [
    [first, second],
    [second, first],
  ] as const) {
    if (own && others) {
      expect(watched(own)).toContain(emitted(own, metric, program));
      expect(watched(others)).not.toContain(emitted(own, metric, program));
    }
  }
});

test.each(templates)('the dashboard of $name reads its own functions alone', ({ name, template }) => {
  const [dashboard] = properties(template, 'AWS::CloudWatch::Dashboard');
  const { 'Fn::Join': [, parts] } = dashboard?.[1]['DashboardBody'] as { 'Fn::Join': [string, unknown[]] };
  const body = parts
    .map((part) => (typeof part === 'string' ? part : named(name, JSON.stringify(part)).replaceAll('"', '')))
    .join('');
  const { widgets } = JSON.parse(body) as { widgets: { properties: { metrics?: unknown[][] } }[] };
  const metrics = widgets.flatMap(({ properties: shown }) => shown.metrics ?? []);
  expect(metrics.length).toBeGreaterThan(12);
  for (const metric of metrics) {
    const { expression } = metric[0] as { expression?: string };
    if (expression === undefined) {
      const [namespace, , dimension, value] = metric as string[];
      expect([namespace, dimension]).toEqual([METRIC_NAMESPACE, 'FunctionName']);
      expect(value).toMatch(new RegExp(`^${name}-Rotator(Rotation|Sweep)Function`));
    } else {
      expect(expression).toMatch(new RegExp(`^SEARCH\\('\\{${METRIC_NAMESPACE},FunctionName,\\w+\\} MetricName="\\w+" FunctionName="${name}-Rotator`));
    }
  }
});

test('a key that the other stack makes raises no alert where its role is named', () => {
  const stack = new Stack(newApp(), 'Third', { env: ENV });
  const others = `arn:aws:iam::${ENV.account}:role/First-RotatorRotationRole`;
  new Rotator(stack, 'Rotator', { runtime: runtime(), keyCreators: [others] });
  const [rule] = properties(Template.fromStack(stack), 'AWS::Events::Rule');
  expect(JSON.stringify(rule?.[1]['EventPattern'])).toMatch(new RegExp(`"anything-but":\\[\\{"Fn::GetAtt":\\["RotatorRotationRole\\w+","Arn"\\]\\},"${others}"\\]`));
});
