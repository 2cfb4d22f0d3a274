import type { RotatorAppConfig } from '../lib/app/config';

export const config: RotatorAppConfig = {
  rotation: {
    alerts: { emails: ['ops@example.com'] },
    watchExposedKeys: true,
    sweep: { exposed: 'rotate' },
  },
};
