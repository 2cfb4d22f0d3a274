import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { PACKAGE_ROOT } from '../lib/code';
import type { RotationConfig, RotatorAppConfig } from '../lib/app/config';
import { addStacks } from '../lib/app/stacks';
import { CONFIGURATIONS, ENV, runtime } from './configurations';

/** The scripts synthesize too, outside Jest. */
const inJest = typeof worker === 'undefined' ? undefined : worker;

/** An app with the feature flags of cdk.json, as the app itself has. */
export function newApp(): App {
  const { context } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'cdk.json'), 'utf8')) as {
    context: Record<string, boolean>;
  };
  const outdir = inJest?.newFolder();
  return new App({ context, analyticsReporting: false, ...(outdir === undefined ? {} : { outdir }) });
}

/** CloudFormation's JSON, loosely. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

const cache = inJest?.templates ?? new Map<string, Map<string, Template>>();

/** The templates of a configuration, by the name of the stack. */
export function templatesOf(configuration: string): Map<string, Template> {
  const known = cache.get(configuration);
  if (known) {
    return known;
  }
  const app = newApp();
  CONFIGURATIONS[configuration]?.(app);
  const stacks = app.node.children.filter((child) => Stack.isStack(child));
  const templates = new Map(stacks.map((stack) => [stack.stackName, Template.fromStack(stack)]));
  cache.set(configuration, templates);
  return templates;
}

/** The templates of an example: `coming-from-list` is examples/coming-from-list.config.ts. */
export function templatesOfExample(name: string): Map<string, Template> {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { config } = require(join(__dirname, '..', 'examples', `${name}.config`)) as { config: RotatorAppConfig };
  const app = newApp();
  const rotation = (stack: Stack): RotationConfig => ({
    ...(typeof config.rotation === 'function' ? config.rotation(stack) : config.rotation),
    runtime: runtime(),
  });
  addStacks(app, { ...config, rotation, env: ENV });
  const stacks = app.node.children.filter((child) => Stack.isStack(child));
  return new Map(stacks.map((stack) => [stack.stackName, Template.fromStack(stack)]));
}

/** The one template of a configuration that has one stack, or the one of the stack named. */
export function templateOf(configuration: string, stack?: string): Template {
  const templates = templatesOf(configuration);
  const found = stack === undefined ? [...templates.values()][0] : templates.get(stack);
  if (!found) {
    throw new Error(`no stack ${stack ?? ''} in ${configuration}: ${[...templates.keys()].join(', ')}`);
  }
  return found;
}

/** Asset hashes say nothing of the template, and change with every build. */
export function masked(template: Template): Json {
  const text = JSON.stringify(template.toJSON());
  return JSON.parse(text.replace(/[0-9a-f]{64}/g, '[ASSET HASH]')) as Json;
}
