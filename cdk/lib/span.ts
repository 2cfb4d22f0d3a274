import type { Duration} from 'aws-cdk-lib';
import { Token } from 'aws-cdk-lib';
import { SettingsError } from './settings-error';

/** A length of time: CDK's `Duration`, or the spelling of the functions and of configurations: `30s`, `90m`, `24h`, `10d`, `0`. */
export type Span = Duration | string;

const UNITS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;
const SPELLING = /^(\d{1,9})([smhd])$/;
/** The functions refuse a longer one. */
const LONGEST_SECONDS = 3_650 * UNITS.d;

/** The span in seconds, or undefined for one that only CloudFormation will know. */
export function spanSeconds(name: string, span: Span): number | undefined {
  if (typeof span !== 'string') {
    return span.isUnresolved() ? undefined : span.toSeconds();
  }
  if (Token.isUnresolved(span)) {
    return undefined;
  }
  const match = SPELLING.exec(span);
  const seconds = match ? Number(match[1]) * UNITS[match[2] as keyof typeof UNITS] : span === '0' ? 0 : undefined;
  if (seconds === undefined || seconds > LONGEST_SECONDS) {
    throw new SettingsError(
      `${name} is ${JSON.stringify(span)}: write a duration such as 30s, 90m, 24h, 10d or 0, of at most ten years.`,
    );
  }
  return seconds;
}

/** The span as the functions read it, in the largest unit that divides it. */
export function spanText(name: string, span: Span): string {
  const seconds = spanSeconds(name, span);
  if (seconds === undefined) {
    return typeof span === 'string' ? span : `${Token.asString(span.toSeconds())}s`;
  }
  for (const unit of ['d', 'h', 'm'] as const) {
    if (seconds > 0 && seconds % UNITS[unit] === 0) {
      return `${String(seconds / UNITS[unit])}${unit}`;
    }
  }
  return seconds === 0 ? '0' : `${String(seconds)}s`;
}

/** A length of time for a sentence, in days and smaller units: 91d 1h. */
export function lengthText(seconds: number): string {
  const parts: string[] = [];
  let left = seconds;
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const count = Math.floor(left / UNITS[unit]);
    left -= count * UNITS[unit];
    if (count > 0) {
      parts.push(`${String(count)}${unit}`);
    }
  }
  return parts.join(' ') || '0';
}
