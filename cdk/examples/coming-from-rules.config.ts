import type { RotatorAppConfig } from '../lib/app/config';

export const config: RotatorAppConfig = {
  rotation: {
    alerts: { emails: ['ops@example.com'] },
    keys: { overlap: '14d', recovery: '14d', secretName: '{user}', secretShape: ['AccessKey', 'SecretKey'] },
    sweep: { mode: 'enforce', rotateAfter: '90d' },
  },
};
