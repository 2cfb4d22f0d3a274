import type { RotatorAppConfig } from '../lib/app/config';

/** As we would have it. C to the letter has `overlap: '0', recovery: '0'`. */
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
