/** Replaces a module of the CDK with the one that the worker has loaded already. */
module.exports = {
  process: (_source, path) => ({ code: `module.exports = globalThis.worker.require(${JSON.stringify(path)});` }),
};
