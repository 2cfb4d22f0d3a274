/** Writes the template of every stack of every tested configuration to a folder, for linters and stand-ins. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONFIGURATIONS } from '../test/configurations';
import { templatesOf } from '../test/templates';

const folder = process.argv[2];
if (folder === undefined) {
  throw new Error('usage: node build/scripts/templates.js <folder>');
}
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const configuration of Object.keys(CONFIGURATIONS)) {
  for (const [stack, template] of templatesOf(configuration)) {
    const name = `${configuration}.${stack}.template.json`;
    writeFileSync(join(folder, name), `${JSON.stringify(template.toJSON(), undefined, 1)}\n`);
  }
}
