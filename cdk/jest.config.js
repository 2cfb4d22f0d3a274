// Types are checked by tsc in the same make target; here each file is only translated.
module.exports = {
  testEnvironment: '<rootDir>/test/jest/environment.js',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: {
    '^.+\\.ts$': ['ts-jest', { diagnostics: false }],
    '/node_modules/(?:aws-cdk-lib|cdk-nag|constructs)/': '<rootDir>/test/jest/load-once.js',
  },
  transformIgnorePatterns: ['/node_modules/(?!(?:aws-cdk-lib|cdk-nag|constructs)/)'],
  // In one process: a second one would load and synthesize everything again, and other jobs have use for the core.
  maxWorkers: 1,
  // `npm test` says --ci: snapshots are written on request only, and a missing one fails as a changed one does.
};
