import { UserScope } from '../lib';
import type { RotatorAppConfig } from '../lib/app/config';

export const config: RotatorAppConfig = {
  rotation: {
    users: UserScope.everyoneNotExempt(),
    sweep: { mode: 'enforce', scope: 'all', rotateAfter: '80d', maxAge: '90d' },
  },
};
