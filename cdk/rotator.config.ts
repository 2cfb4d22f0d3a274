import type { RotatorAppConfig } from './lib/app/config';

/**
 * What `make deploy` deploys. This is the least: nothing is mailed, nobody is notified of alerts, and the sweep
 * retires the keys that rotations superseded (mode 'retire').
 * docs/deploying.md goes on from here.
 */
export const config: RotatorAppConfig = {
  rotation: {
    alerts: { emails: [] },
  },
  rotatedUsers: [],
};
