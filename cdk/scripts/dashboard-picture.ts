/** Draws docs/images/dashboard.svg from the synthesized dashboard. A test fails when it no longer fits. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PACKAGE_ROOT } from '../lib/code';
import { properties } from '../test/policies/deployment';
import { templateOf } from '../test/templates';
import type { DashboardBody } from './dashboard-svg';
import { dashboardSvg } from './dashboard-svg';

/** Where the picture is kept. */
export const PICTURE = join(PACKAGE_ROOT, '..', 'docs', 'images', 'dashboard.svg');

/** The picture as the definition wants it. */
export function picture(): string {
  const template = templateOf('organization', 'Organization');
  const [dashboard] = properties(template, 'AWS::CloudWatch::Dashboard');
  const body = JSON.parse(text(dashboard?.[1]['DashboardBody'])) as DashboardBody;
  const names = properties(template, 'AWS::CloudWatch::Alarm').map(([id, alarm]): [string, string] => [
    id,
    /, "(\w+)"/.exec(String(alarm['AlarmDescription']))?.[1] ?? id,
  ]);
  return dashboardSvg(body, new Map(names));
}

function text(value: unknown): string {
  if (typeof value === 'string') {
    return value;
  }
  const [[name, argument] = ['', '']] = Object.entries(value as Record<string, unknown>);
  if (name === 'Fn::Join') {
    const [separator, parts] = argument as [string, unknown[]];
    return parts.map(text).join(separator);
  }
  return Array.isArray(argument) ? String(argument[0]) : String(argument);
}

if (require.main === module) {
  mkdirSync(dirname(PICTURE), { recursive: true });
  writeFileSync(PICTURE, picture());
}
