// Types are checked by tsc in the same make target; here each file is only translated.
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: { '^.+\\.ts$': ['ts-jest', { diagnostics: false }] },
  maxWorkers: 2,
  // `npm test` says --ci: snapshots are written on request only, and a missing one fails as a changed one does.
};
