import { UserScope } from '../lib';
import type { RotatorAppConfig } from '../lib/app/config';

export const config: RotatorAppConfig = {
  rotation: {
    alerts: { emails: ['ops@example.com'] },
    users: UserScope.everyoneNotExempt(),
    keys: { overlap: '0', recovery: '15d', unknownKeys: 'delete-oldest', secretName: '{user}_credentials' },
    sweep: {
      mode: 'enforce',
      scope: 'all',
      rotateAfter: '90d',
      exemptUsers: ['break-glass', 'vendor-*'],
      refuseOthers: true,
    },
  },
};
