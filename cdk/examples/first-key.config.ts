import type { RotatorAppConfig } from '../lib/app/config';

export const config: RotatorAppConfig = {
  rotation: {
    alerts: { emails: ['ops@example.com'] },
  },
  rotatedUsers: [{ userName: 'ci-bot' }],
};
