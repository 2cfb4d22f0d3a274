import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['build/', 'library/', 'dist/', 'consumers/', 'jsii/', 'cdk.out/', 'node_modules/', 'jest.config.js', 'test/jest/*.js', '**/*.mjs'] },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { project: './tsconfig.json' } },
    rules: {
      'max-lines': ['error', { max: 300 }],
      'max-lines-per-function': ['error', { max: 90, skipComments: true, skipBlankLines: true }],
      // A construct is made for what it adds to its scope.
      'no-new': 'off',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: { 'max-lines-per-function': 'off' },
  },
);
