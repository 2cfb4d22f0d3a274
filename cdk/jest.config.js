// Types are checked by tsc in the same make target; here each file is only translated.
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: { '^.+\\.ts$': ['ts-jest', { diagnostics: false }] },
  maxWorkers: 2,
  // Snapshots are written on request only: a missing one fails as a changed one does.
  ci: true,
};
