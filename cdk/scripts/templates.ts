/** Writes every template of every tested configuration, and of each example of a move, to a folder, for linters and stand-ins. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Template } from 'aws-cdk-lib/assertions';
import { CONFIGURATIONS } from '../test/configurations';
import { templatesOf, templatesOfExample } from '../test/templates';

const folder = process.argv[2];
if (folder === undefined) {
  throw new Error('usage: node build/scripts/templates.js <folder>');
}
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const configuration of Object.keys(CONFIGURATIONS)) {
  write(configuration, templatesOf(configuration));
}
const examples = join(__dirname, '..', 'examples');
for (const [, name] of readdirSync(examples).flatMap((each) => [...each.matchAll(/^(coming-from-[\w-]+)\.config\.js$/g)])) {
  write(String(name), templatesOfExample(String(name)));
}

function write(configuration: string, templates: Map<string, Template>): void {
  for (const [stack, template] of templates) {
    const name = `${configuration}.${stack}.template.json`;
    writeFileSync(join(String(folder), name), `${JSON.stringify(template.toJSON(), undefined, 1)}\n`);
  }
}
