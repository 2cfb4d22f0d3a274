#!/usr/bin/env node
import { join } from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { addStacks } from '../lib/app/stacks';
import type { RotatorAppConfig } from '../lib/app/config';
import { SettingsError } from '../lib/settings-error';

/** The configuration: rotator.config.ts, or another `<name>.config.ts` with `-c config=<name>`. */
function readConfig(app: App): RotatorAppConfig {
  const name: unknown = app.node.tryGetContext('config') ?? 'rotator';
  if (typeof name !== 'string' || !/^[\w-]+$/.test(name)) {
    throw new SettingsError('The context "config" is the first part of a file name: <name>.config.ts beside cdk.json.');
  }
  const path = join(__dirname, '..', `${name}.config.js`);
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    return (require(path) as { config: RotatorAppConfig }).config;
  } catch (error) {
    throw new SettingsError(`${name}.config.ts cannot be read: it must export "config". (${String(error)})`);
  }
}

/** Account and region of the credentials that `cdk` was called with. Without credentials, CloudFormation will know. */
function environment(): Pick<RotatorAppConfig, 'env'> {
  const { CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region } = process.env;
  return account !== undefined && region !== undefined ? { env: { account, region } } : {};
}

try {
  const app = new App();
  addStacks(app, { ...environment(), ...readConfig(app) });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  app.synth();
} catch (error) {
  if (!(error instanceof SettingsError)) {
    throw error;
  }
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
}
