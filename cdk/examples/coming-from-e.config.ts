import { UserScope } from '../lib';
import type { RotatorAppConfig } from '../lib/app/config';

export const config: RotatorAppConfig = {
  rotation: {
    alerts: { emails: ['ops@example.com'] },
    users: UserScope.everyoneNotExempt(),
    keys: {
      overlap: '10d',
      recovery: '10d',
      secretName: 'Account_{account}_User_{user}_AccessKey',
      secretShape: ['UserName', 'AccessKeyId', 'SecretAccessKey', 'Status', 'CreateDate'],
    },
    mail: { from: 'keys@example.com', identity: 'example.com', admin: 'admin@example.com' },
    members: { externalId: 'choose-a-word-of-your-own', roleName: 'key-rotation', secretsIn: 'central' },
    sweep: {
      mode: 'enforce',
      scope: 'all',
      rotateAfter: '90d',
      warnBefore: '7d',
      exemptGroup: 'IAMKeyRotationExemptionGroup',
      refuseOthers: true,
    },
    sweeping: { reservedConcurrency: 'none' },
  },
  organization: {},
};
