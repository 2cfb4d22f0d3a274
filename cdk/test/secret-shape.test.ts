import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { shapeProblem } from '../lib/secret-shape';

interface Case {
  readonly shape: readonly string[];
  readonly fits: boolean;
}

const CASES = JSON.parse(readFileSync(join(__dirname, 'shapes.json'), 'utf8')) as readonly Case[];

test.each(CASES.map(({ shape, fits }) => [shape.join(','), shape, fits] as const))('%s', (_, shape, fits) => {
  expect(shapeProblem(shape) === undefined).toBe(fits);
});
