import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { IamKeyRotation } from '../lib';
import type { RotatorAppConfig } from '../lib/app/config';
import { addStacks } from '../lib/app/stacks';
import { PACKAGE_ROOT } from '../lib/code';
import { ATTACKS, BEYOND_THE_BOUNDARY } from './policies/attacks';
import { newApp } from './templates';

const DOCS = join(PACKAGE_ROOT, '..', 'docs');
const EXAMPLES = join(PACKAGE_ROOT, 'examples');
const pages = ['deploying.md', 'security.md'].map((name) => [name, readFileSync(join(DOCS, name), 'utf8')] as const);
const examples = readdirSync(EXAMPLES).filter((name) => name.endsWith('.ts'));

test('every TypeScript block of the docs is an example that is compiled', () => {
  const sources = examples.map((name) => readFileSync(join(EXAMPLES, name), 'utf8'));
  for (const [, page] of pages) {
    for (const [, block = ''] of page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)) {
      // What an example imports depends on where it lies.
      const body = block.replace(/^import .*\n/gm, '').trim();
      expect(sources.some((source) => source.includes(body))).toBe(true);
    }
  }
});

test.each(examples.filter((name) => name.endsWith('.config.ts')))('%s synthesizes', async (name) => {
  const { config } = (await import(join(EXAMPLES, name))) as { config: RotatorAppConfig };
  const rotator = addStacks(newApp(), { ...config, env: { account: '111122223333', region: 'eu-west-1' } });
  expect(rotator.rotation).toBeInstanceOf(IamKeyRotation);
});

test.each(pages)('every link of %s leads somewhere', (name, page) => {
  const links = [...page.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map((match) => match[1] ?? '');
  const local = links.filter((link) => !link.startsWith('https://'));
  expect(local.filter((link) => !existsSync(join(dirname(join(DOCS, name)), link)))).toEqual([]);
});

test('every test that the threat model names exists', () => {
  const security = pages[1]?.[1] ?? '';
  const named = [...security.matchAll(/attack "([^"]+)"/g)].map((match) => match[1] ?? '');
  const known = new Set([...ATTACKS, ...BEYOND_THE_BOUNDARY].map(({ name }) => name));
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((name) => !known.has(name))).toEqual([]);
});
