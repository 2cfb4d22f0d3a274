/** Writes every template of every tested configuration, and of each example of a move, to a folder, for linters and stand-ins. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type { RotationConfig, RotatorAppConfig } from '../lib/app/config';
import { addStacks } from '../lib/app/stacks';
import { CONFIGURATIONS, ENV, runtime } from '../test/configurations';
import { newApp, templatesOf } from '../test/templates';

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
for (const [file, name] of readdirSync(examples).flatMap((each) => [...each.matchAll(/^(coming-from-[\w-]+)\.config\.js$/g)])) {
  write(String(name), templatesOfExample(join(examples, file)));
}

function write(configuration: string, templates: Map<string, Template>): void {
  for (const [stack, template] of templates) {
    const name = `${configuration}.${stack}.template.json`;
    writeFileSync(join(String(folder), name), `${JSON.stringify(template.toJSON(), undefined, 1)}\n`);
  }
}

function templatesOfExample(path: string): Map<string, Template> {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { config } = require(path) as { config: RotatorAppConfig };
  const app = newApp();
  const rotation = (stack: Stack): RotationConfig => ({
    ...(typeof config.rotation === 'function' ? config.rotation(stack) : config.rotation),
    runtime: runtime(),
  });
  addStacks(app, { ...config, rotation, env: ENV });
  const stacks = app.node.children.filter((child) => Stack.isStack(child));
  return new Map(stacks.map((stack) => [stack.stackName, Template.fromStack(stack)]));
}
