import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { IamKeyRotation } from '../lib';
import { environmentOf } from '../lib/environment';
import type { RotatorAppConfig } from '../lib/app/config';
import type { RotationConfig } from '../lib/app/config';
import { rotatorSettings } from '../lib/app/rotation-config';
import { addStacks } from '../lib/app/stacks';
import { PACKAGE_ROOT } from '../lib/code';
import { ENV } from './configurations';
import { newApp } from './templates';

const PAGE = readFileSync(join(PACKAGE_ROOT, '..', 'docs', 'migrating.md'), 'utf8');

/** What the stack fills in, and what the CDK tells each function differently. */
const OF_THE_STACK = /^ROTATOR_(ALERT_TOPIC|ROTATION_FUNCTION|ROTATION_ROLE)_ARN=|^ROTATOR_(KMS_KEY_ID|MEMBER_ROLE)=/;

/** The ends of the headings of the sections that have settings. */
const SYSTEMS = [
  'three EventBridge rules for each user',
  'a daily check of every user',
  'a Secrets Manager rotation function',
  'a list of secrets',
  'a rotator for an AWS organization',
];

function sectionOf(system: string): string {
  return PAGE.split('\n## ').find((text) => text.startsWith(`Coming from ${system}\n`)) ?? '';
}

/** The settings in a section's last `env` block. */
function settingsOf(system: string): string[] {
  const blocks = [...sectionOf(system).matchAll(/^```env\n([\s\S]*?)\n```$/gm)].map((match) => match[1] ?? '');
  return (blocks.at(-1) ?? '').split('\n').filter((line) => !OF_THE_STACK.test(line));
}

/** The example that a section links to. */
function exampleOf(system: string): RotatorAppConfig {
  const [, name = ''] = /\]\(\.\.\/cdk\/examples\/([\w-]+\.config\.ts)\)/.exec(sectionOf(system)) ?? [];
  return jest.requireActual<{ config: RotatorAppConfig }>(join(PACKAGE_ROOT, 'examples', name)).config;
}

function propsOf({ rotation }: RotatorAppConfig): RotationConfig {
  return typeof rotation === 'function' ? rotation(new Stack(newApp(), 'Props', { env: ENV })) : (rotation ?? {});
}

describe.each(SYSTEMS)('coming from %s', (system) => {
  const config = exampleOf(system);

  test("the example's environment is the page's", () => {
    const props = rotatorSettings(propsOf(config));
    const both = { ...environmentOf('rotation', props, {}), ...environmentOf('sweep', props, {}) };
    const lines = Object.entries(both).map(([name, value]) => `${name}=${value}`);
    expect(lines.filter((line) => !OF_THE_STACK.test(line)).sort()).toEqual(settingsOf(system).sort());
  });

  test('the example synthesizes', () => {
    const rotator = addStacks(newApp(), { ...config, env: ENV });
    expect(rotator.rotation).toBeInstanceOf(IamKeyRotation);
  });
});
