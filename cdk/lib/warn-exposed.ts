import { Annotations, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { ExposedResponse, SweepMode } from './choices';
import { DEFAULTS, modeOf } from './settings';
import type { RotatorSettings } from './settings';

/**
 * Warns where `sweep.exposed` has no effect as it stands. These are no errors: an audit may come first, and rules of other
 * stacks, or a person, may send the events.
 */
export function warnOfExposed(scope: Construct, settings: RotatorSettings, watched: boolean): void {
  const exposed = settings.sweep?.exposed ?? DEFAULTS.exposed;
  if (Token.isUnresolved(exposed) || exposed === ExposedResponse.ALERT) {
    return;
  }
  if (modeOf(settings) === SweepMode.AUDIT) {
    Annotations.of(scope).addWarningV2(
      'iam-key-rotator:exposedInAudit',
      `sweep.exposed is '${exposed}', but sweep.mode is 'audit', which only alerts: an exposed key stays active. Set ` +
        "sweep.mode: 'retire'.",
    );
  }
  if (!watched) {
    Annotations.of(scope).addWarningV2(
      'iam-key-rotator:exposedUnwatched',
      `sweep.exposed is '${exposed}', but watchExposedKeys is not set: this stack sends no report of an exposed key to the ` +
        'sweep. Set watchExposedKeys: true. If rules of your own send the events, acknowledge this warning.',
    );
  }
}
