import type { RotatorAppConfig } from './lib/app/config';

/**
 * What `make deploy` deploys. This is the least: nothing is mailed, nobody hears of alerts, the sweep only looks.
 * docs/deploying.md goes on from here.
 */
export const config: RotatorAppConfig = {
  rotation: {
    alerts: { emails: [] },
    sweep: { mode: 'audit' },
  },
  rotatedUsers: [],
};
