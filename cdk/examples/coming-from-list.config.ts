import type { RotatorAppConfig } from '../lib/app/config';

export const config: RotatorAppConfig = {
  rotation: {
    alerts: { emails: ['ops@example.com'] },
    keys: { overlap: '0', recovery: '0', unknownKeys: 'delete-oldest' },
    sweep: { mode: 'enforce', scope: ['prod/app', 'prod/batch'], rotateAfter: '1d' },
  },
};
