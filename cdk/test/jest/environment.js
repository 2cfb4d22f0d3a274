/**
 * Node's environment, with a way out of it. Jest gives every test file modules of its own, and loading the CDK anew took
 * longer than most files' tests. What is kept here lives as long as the worker.
 */
const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { TestEnvironment } = require('jest-environment-node');

const folders = [];

const worker = {
  require,
  console,
  templates: new Map(),
  newFolder: () => {
    const folder = mkdtempSync(join(tmpdir(), 'cdk-test-'));
    folders.push(folder);
    return folder;
  },
};

module.exports = class extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    this.global.worker = worker;
  }

  // CDK would remove its folders when the process ends, which Jest does not wait for.
  async teardown() {
    await super.teardown();
    for (const folder of folders.splice(0)) {
      rmSync(folder, { recursive: true, force: true });
    }
  }
};
