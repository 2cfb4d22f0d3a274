import type { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { InUse, SweepMode } from './choices';
import { longestGapHours } from './schedule';
import type { RotatorSettings } from './settings';
import { DEFAULTS, modeOf } from './settings';
import { SettingsError } from './settings-error';
import type { Span } from './span';
import { lengthText, spanSeconds, spanText } from './span';

const HOUR = 3_600;
/** With keys.inUse 'wait' AWS must have had this long to report a key's last use: src/plan/retire.rs. */
const LAST_USE_IS_KNOWN = 4 * HOUR;

/** Refuses spans that cannot be read, and ages that no key could keep to. */
export function checkAges(settings: RotatorSettings, schedule?: ScheduleExpression): void {
  const { keys, sweep } = settings;
  for (const [prop, span] of [
    ['keys.recovery', keys?.recovery],
    ['keys.propagationTimeout', keys?.propagationTimeout],
    ['sweep.warnBefore', sweep?.warnBefore],
  ] as const) {
    if (span !== undefined) {
      spanSeconds(prop, span);
    }
  }
  const after = sweep?.rotateAfter ?? DEFAULTS.rotateAfter;
  if (spanSeconds('sweep.rotateAfter', after) === 0) {
    throw new SettingsError('sweep.rotateAfter is 0: every key would always be due. Name an age such as 90d.');
  }
  checkInterval('sweep.rotateAfter', after, settings, schedule);
}

/** Refuses a rotation interval that breaks the maximum age, or leaves no room for the overlap. */
export function checkInterval(prop: string, interval: Span, settings: RotatorSettings, schedule?: ScheduleExpression): void {
  const { overlap = DEFAULTS.overlap } = settings.keys ?? {};
  const [every, overlaps] = [spanSeconds(prop, interval), spanSeconds('keys.overlap', overlap)];
  if (every === undefined || overlaps === undefined) {
    return;
  }
  if (overlaps >= every) {
    throw new SettingsError(
      `${prop} is ${spanText(prop, interval)} and keys.overlap is ${spanText('keys.overlap', overlap)}: the next rotation ` +
        `would find the superseded key still within its overlap and be refused. Make keys.overlap shorter than ${prop}.`,
    );
  }
  const maxAge = settings.sweep?.maxAge;
  const most = maxAge === undefined ? undefined : spanSeconds('sweep.maxAge', maxAge);
  // The functions take 0 for none.
  if (maxAge !== undefined && most !== undefined && most > 0) {
    const given = { interval: [prop, every], overlap: overlaps, maxAge: most } as const;
    if (overlaps === 0) {
      checkReplaced(given);
    } else if (modeOf(settings) === SweepMode.AUDIT) {
      checkUnretired(given);
    } else {
      checkRetired(given, settings, schedule);
    }
  }
}

interface Given {
  readonly interval: readonly [prop: string, seconds: number];
  /** In seconds, as all of these; not 0 where a sweep has to end it. */
  readonly overlap: number;
  readonly maxAge: number;
}

/** Without an overlap the rotation itself deactivates the superseded key, whatever the mode of the sweep. */
function checkReplaced({ interval: [prop, every], maxAge }: Given): void {
  if (every > maxAge) {
    throw new SettingsError(
      `${prop} (${lengthText(every)}) exceeds sweep.maxAge (${lengthText(maxAge)}): a key would reach that age before it is ` +
        `rotated. Shorten ${prop}, or raise sweep.maxAge to ${lengthText(every)}.`,
    );
  }
}

/** In an audit a superseded key stays active until the next rotation makes room for its own key. */
function checkUnretired({ interval: [prop, every], maxAge }: Given): void {
  if (2 * every > maxAge) {
    throw new SettingsError(
      `sweep.mode is 'audit', where no sweep retires a superseded key: it stays active until the next rotation. With ` +
        `${prop} (${lengthText(every)}) a key is active for up to ${lengthText(2 * every)}, and sweep.maxAge is ` +
        `${lengthText(maxAge)}. Set sweep.mode: 'retire', or shorten ${prop} to ${lengthText(Math.floor(maxAge / 2))}.`,
    );
  }
}

/** Else the first sweep after its deactivation time makes it inactive. */
function checkRetired({ interval: [prop, every], overlap, maxAge }: Given, settings: RotatorSettings, schedule?: ScheduleExpression): void {
  const waits = (settings.keys?.inUse ?? DEFAULTS.inUse) === InUse.WAIT;
  const active = waits ? Math.max(overlap, LAST_USE_IS_KNOWN) : overlap;
  const until = untilNextSweep(schedule);
  const age = every + active + until;
  if (age > maxAge) {
    const least = active === overlap ? '' : `, at least ${lengthText(active)} with keys.inUse 'wait'`;
    throw new SettingsError(
      `${prop} (${lengthText(every)}), keys.overlap (${lengthText(overlap)}${least}) and the time until the next sweep ` +
        `(${lengthText(until)}) together are ${lengthText(age)} and exceed sweep.maxAge (${lengthText(maxAge)}): a key would ` +
        `reach that age while still active. Shorten ${prop} or keys.overlap, or raise sweep.maxAge to ${lengthText(age)}.`,
    );
  }
}

/** The functions count an hour, whatever the schedule. */
function untilNextSweep(schedule?: ScheduleExpression): number {
  const gap = schedule === undefined ? undefined : longestGapHours(schedule);
  return Math.max(gap ?? 1, 1) * HOUR;
}
