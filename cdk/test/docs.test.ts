import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { IamKeyRotation } from '../lib';
import type { RotatorAppConfig } from '../lib/app/config';
import { addStacks } from '../lib/app/stacks';
import { PACKAGE_ROOT } from '../lib/code';
import { ATTACKS, BEYOND_RETIRE, BEYOND_THE_BOUNDARY } from './policies/attacks';
import { newApp, templatesOf } from './templates';

const DOCS = join(PACKAGE_ROOT, '..', 'docs');
const EXAMPLES = join(PACKAGE_ROOT, 'examples');
const pages = ['deploying.md', 'security.md', 'migrating.md', 'terraform.md'].map((name) => [name, readFileSync(join(DOCS, name), 'utf8')] as const);
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

test.each(examples.filter((name) => name.endsWith('.config.ts')))('%s synthesizes', (name) => {
  const { config } = jest.requireActual<{ config: RotatorAppConfig }>(join(EXAMPLES, name));
  const rotator = addStacks(newApp(), { ...config, env: { account: '111122223333', region: 'eu-west-1' } });
  expect(rotator.rotation).toBeInstanceOf(IamKeyRotation);
});

/** A heading's anchor, as GitHub makes it. */
function anchor(heading: string): string {
  return heading.toLowerCase().replace(/[^\w\s-]/g, '').trim().replace(/\s/g, '-');
}

test.each(pages)('every link of %s leads somewhere', (name, page) => {
  const local = [...page.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '').filter((link) => !link.startsWith('https://'));
  const dead = local.filter((link) => {
    const [file = '', heading] = link.split('#');
    const path = file === '' ? join(DOCS, name) : join(DOCS, file);
    if (!existsSync(path)) {
      return true;
    }
    const headings = heading === undefined ? [] : [...readFileSync(path, 'utf8').matchAll(/^#+ (.+)$/gm)].map((match) => anchor(match[1] ?? ''));
    return heading !== undefined && !headings.includes(heading);
  });
  expect(dead).toEqual([]);
});

describe('everything that the threat model names exists', () => {
  const security = pages[1]?.[1] ?? '';
  const named = (pattern: RegExp): string[] => [...new Set([...security.matchAll(pattern)].map((match) => match[1] ?? ''))].filter((name) => name !== '…');
  const sources = (folder: string, ends: string): string =>
    readdirSync(join(PACKAGE_ROOT, '..', folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith(ends))
      .map((name) => readFileSync(join(PACKAGE_ROOT, '..', folder, name), 'utf8'))
      .join('\n');

  test('its attacks', () => {
    const known = new Set([...ATTACKS, ...BEYOND_THE_BOUNDARY, ...BEYOND_RETIRE].map(({ name }) => name));
    const attacks = named(/attack "([^"]+)"/g);
    expect(attacks.length).toBeGreaterThan(30);
    expect(attacks.filter((name) => !known.has(name))).toEqual([]);
  });

  test('its tests of the app', () => {
    const tests = sources('cdk/test', '.test.ts');
    expect(named(/test "([^"]+)"/g).filter((name) => !tests.includes(`'${name}'`))).toEqual([]);
  });

  test('its tests of the functions', () => {
    const defined = new Set(
      [...[sources('tests', '.rs'), sources('src', '.rs'), sources('tests', '.py')].join('\n').matchAll(/\b(?:fn|def) (\w+)/g)].map(
        (match) => match[1],
      ),
    );
    const functions = named(/`([a-z0-9]+(?:_[a-z0-9]+){3,})`/g);
    expect(functions.length).toBeGreaterThan(15);
    expect(functions.filter((name) => !defined.has(name))).toEqual([]);
  });

  test('its statements', () => {
    const templates = ['everything', 'network', 'members', 'least']
      .flatMap((name) => [...templatesOf(name).values()])
      .map((template) => JSON.stringify(template.toJSON()))
      .join('');
    const statements = named(/(?:statements? |, )`([A-Z]\w+)`/g);
    expect(statements.length).toBeGreaterThan(10);
    expect(statements.filter((sid) => !templates.includes(`"Sid":"${sid}"`))).toEqual([]);
  });
});
