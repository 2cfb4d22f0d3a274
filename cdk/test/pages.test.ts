import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { PACKAGE_ROOT } from '../lib/code';

const ROOT = join(PACKAGE_ROOT, '..');
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');
const below = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));
const PAGES = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...below('docs'), ...below('.github')];

/** The first group of every match. */
const all = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map((match) => match[1] ?? '');
const sorted = (names: Iterable<string>): string[] => [...new Set(names)].sort();
/** A page without its blocks of code, in which a `#` is no heading and a bracket no link. */
const prose = (text: string): string => text.replace(/^( *)```[\s\S]*?^\1```/gm, '');

/** The anchors of a page's headings, as GitHub makes them. */
function anchors(text: string): string[] {
  const words = all(prose(text), /^#+ (.+)$/gm).map((heading) => heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1'));
  return words.map((heading) => heading.toLowerCase().replace(/[^\w\s-]/g, '').trim().replace(/\s/g, '-'));
}

test.each(PAGES)('every link of %s to another page leads somewhere', (name) => {
  const local = all(prose(read(name)), /\]\(([^)\s]+)\)/g).filter((link) => !/^(?:https?|mailto):/.test(link));
  const dead = local.filter((link) => {
    const [file = '', heading] = link.split('#');
    const target = file === '' ? name : normalize(join(dirname(name), file));
    const path = join(ROOT, target);
    return !existsSync(path) || (heading !== undefined && (statSync(path).isDirectory() || !anchors(read(target)).includes(heading)));
  });
  expect(dead).toEqual([]);
});

test('README shows output that docs/cli.md has, which is written from the real program', () => {
  const shown = all(read('README.md'), /^```console\n(\$ iam-key-rotator rotate [\s\S]*?)^```$/gm);
  expect(shown).toHaveLength(1);
  expect(read('docs/cli.md')).toContain(shown[0]);
});

test('the two commands that README names first are targets of make', () => {
  const commands = all(read('README.md'), /^```console\n\$ make (\w+)\n```$/gm);
  expect(commands).toEqual(['demo', 'test']);
  expect(commands.filter((target) => !read('Makefile').includes(`\n${target}:`))).toEqual([]);
});

describe('the page of events and answers', () => {
  const page = read('docs/events.md');
  const section = (heading: string): string => page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';

  test('has JSON that can be read', () => {
    const blocks = all(page, /^```json\n([\s\S]*?)^```$/gm);
    expect(blocks.length).toBeGreaterThan(10);
    expect(() => blocks.map((block): unknown => JSON.parse(block))).not.toThrow();
  });

  test('has every errorType, and no other', () => {
    const known = all(read('src/error/mod.rs'), /Self::\w+(?: \{ \.\. \})? => "(\w+)",/g);
    const line = /^The values of `errorType`: (.*)$/m.exec(page)?.[1] ?? '';
    expect(sorted(all(line, /`(\w+)`/g))).toEqual(sorted(known));
  });

  test('has every metric with its unit, and no other', () => {
    const known = [...read('src/telemetry.rs').matchAll(/=> \("(\w+)", .*, "(\w+)"\),/g)].map(([, name = '', unit = '']) => `${name} ${unit}`);
    const rows = [...section('Metrics').matchAll(/^\| `(\w+)` \| (\w+) \|/gm)].map(([, name = '', unit = '']) => `${name} ${unit}`);
    expect(sorted(rows)).toEqual(sorted(known));
  });

  test('has every kind of action of a sweep', () => {
    // Answers count actions by `name`; `verb` is for people.
    const names = (file: string): string => read(file).split('fn name(&self)')[1]?.split('\n    }\n')[0] ?? '';
    const sources = names('src/plan/change.rs') + names('src/plan/sweep/action.rs');
    const row = /^\| `actions` \| (.*)$/m.exec(page)?.[1] ?? '';
    expect(sorted(all(row, /`([a-z-]+)`/g))).toEqual(sorted(all(sources, /=> "([a-z-]+)",$/gm)));
  });

  test('and that of settings have every tag', () => {
    const known = all(read('src/model/mod.rs'), /"(iam-key-rotator:[a-z-]+)"/g);
    expect(known.length).toBeGreaterThan(9);
    const pages = page + read('docs/settings.md');
    expect(known.filter((tag) => !pages.includes(`\`${tag}\``))).toEqual([]);
  });
});
