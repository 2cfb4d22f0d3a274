import { readFileSync } from 'node:fs';
import { PICTURE, picture } from '../scripts/dashboard-picture';

test('the picture in the docs is the one that the definition draws (npm run dashboard-picture)', () => {
  expect(readFileSync(PICTURE, 'utf8')).toBe(picture());
});

test('the dashboard shows every alarm, the organization’s too', () => {
  for (const alarm of ['RotationFailed', 'SweepFailed', 'KeysOverdue', 'StuckRotations', 'DeadLetters', 'OrganizationSweepFailed']) {
    expect(picture()).toContain(`>${alarm}</text>`);
  }
});
