import type { RotatorAppConfig } from '../lib/app/config';

/** The recommended settings. `overlap: '0', recovery: '0'` do what the old function did. */
export const config: RotatorAppConfig = {
  rotation: {
    alerts: { emails: ['ops@example.com'] },
    keys: {
      overlap: '1d',
      recovery: '7d',
      secretName: '/access-key/{user}',
      secretShape: ['access_key_id', 'secret_access_key'],
    },
    mail: { from: 'keys@example.com', identity: 'example.com', domain: 'example.com' },
    sweep: { mode: 'enforce' },
  },
};
