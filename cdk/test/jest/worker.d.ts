import type { Template } from 'aws-cdk-lib/assertions';

declare global {
  /** What outlives a test file: test/jest/environment.js. Undefined where the same code runs outside Jest. */
  const worker:
    | {
        /** CDK's own console. */
        readonly console: Console;
        /** Templates by configuration and stack. */
        readonly templates: Map<string, Map<string, Template>>;
        /** A folder that goes with the test file. */
        readonly newFolder: () => string;
      }
    | undefined;
}
