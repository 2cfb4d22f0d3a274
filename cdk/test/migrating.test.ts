import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { environmentOf, IamKeyRotation } from '../lib';
import type { RotatorAppConfig } from '../lib/app/config';
import type { IamKeyRotationProps } from '../lib';
import { addStacks } from '../lib/app/stacks';
import { PACKAGE_ROOT } from '../lib/code';
import { newApp } from './templates';

const PAGE = readFileSync(join(PACKAGE_ROOT, '..', 'docs', 'migrating.md'), 'utf8');

/** What the stack fills in, and what the CDK tells each function differently. */
const OF_THE_STACK = /^ROTATOR_(ALERT_TOPIC|ROTATION_FUNCTION|ROTATION_ROLE)_ARN=|^ROTATOR_MEMBER_ROLE=/;

/** The settings in a section's last `env` block. */
function settingsOf(system: string): string[] {
  const section = PAGE.split('\n## ').find((text) => text.startsWith(`Coming from ${system}`)) ?? '';
  const blocks = [...section.matchAll(/^```env\n([\s\S]*?)\n```$/gm)].map((match) => match[1] ?? '');
  return (blocks.at(-1) ?? '').split('\n').filter((line) => !OF_THE_STACK.test(line));
}

function exampleOf(system: string): RotatorAppConfig & { rotation: IamKeyRotationProps } {
  const path = join(PACKAGE_ROOT, 'examples', `coming-from-${system.toLowerCase()}.config.ts`);
  return jest.requireActual<{ config: RotatorAppConfig & { rotation: IamKeyRotationProps } }>(path).config;
}

describe.each(['A', 'B', 'C', 'D', 'E'])('coming from %s', (system) => {
  const config = exampleOf(system);

  test("the example's environment is the page's", () => {
    const both = { ...environmentOf('rotation', config.rotation, {}), ...environmentOf('sweep', config.rotation, {}) };
    const lines = Object.entries(both).map(([name, value]) => `${name}=${value}`);
    expect(lines.filter((line) => !OF_THE_STACK.test(line)).sort()).toEqual(settingsOf(system).sort());
  });

  test('the example synthesizes', () => {
    const rotator = addStacks(newApp(), { ...config, env: { account: '111122223333', region: 'eu-west-1' } });
    expect(rotator.rotation).toBeInstanceOf(IamKeyRotation);
  });
});
