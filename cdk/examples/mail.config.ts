import type { RotatorAppConfig } from '../lib/app/config';

export const config: RotatorAppConfig = {
  rotation: {
    alerts: { emails: ['ops@example.com'] },
    mail: {
      from: 'Key rotation <keys@example.com>',
      identity: 'create',
      recipients: ['ops@example.com'],
      admin: 'ops@example.com',
    },
  },
};
