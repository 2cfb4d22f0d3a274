import type { RotatorAppConfig } from '../lib/app/config';

export const config: RotatorAppConfig = {
  rotation: {
    alerts: { emails: ['ops@example.com'] },
    members: { externalId: 'choose-a-word-of-your-own', secretsIn: 'central' },
    keys: { secretName: 'Account_{account}_User_{user}_AccessKey' },
    sweep: { mode: 'retire' },
    sweeping: { reservedConcurrency: 'none' },
  },
  organization: { unit: 'ou-ab12-cdefgh34' },
};
