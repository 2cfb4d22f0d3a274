import { Token } from 'aws-cdk-lib';
import type { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';

const MINUTES: Readonly<Record<string, number>> = { minute: 1, hour: 60, day: 1_440 };
const WEEK_MINUTES = 7 * 1_440;
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/**
 * The longest time between two starts of a schedule, in hours. Undefined where it cannot be computed: an expression that
 * only CloudFormation knows, one that runs once, or one that depends on the day of the month, the month or the year.
 */
export function longestGapHours({ expressionString }: ScheduleExpression): number | undefined {
  if (Token.isUnresolved(expressionString)) {
    return undefined;
  }
  const [, count, unit = ''] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expressionString) ?? [];
  if (count !== undefined) {
    return (Number(count) * (MINUTES[unit] ?? 0)) / 60;
  }
  const [, minute = '', hour = '', day = '', month = '', weekday = '', year = ''] =
    /^cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)$/.exec(expressionString) ?? [];
  const everyDay = valuesOf(day, 1, 31)?.length === 31 && valuesOf(month, 1, 12)?.length === 12 && /^[*?]$/.test(year);
  const [minutes, hours, days] = [valuesOf(minute, 0, 59), valuesOf(hour, 0, 23), valuesOf(weekday, 1, 7)];
  if (!everyDay || !minutes || !hours || !days) {
    return undefined;
  }
  const starts = days
    .flatMap((d) => hours.flatMap((h) => minutes.map((m) => (d - 1) * 1_440 + h * 60 + m)))
    .sort((a, b) => a - b);
  const gaps = starts.map((start, i) => (starts[i + 1] ?? (starts[0] ?? 0) + WEEK_MINUTES) - start);
  return Math.max(...gaps) / 60;
}

/** The values of one field of a cron expression, or undefined for a spelling such as L, W or #. */
function valuesOf(field: string, least: number, most: number): number[] | undefined {
  const values = new Set<number>();
  for (const part of field.split(',')) {
    const [, range = '', from = '', to, step] = /^(\*|\?|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/.exec(part) ?? [];
    const any = range === '*' || range === '?';
    const first = any ? least : number(from);
    // A start with a step and no end counts to the end of the range.
    const last = any || (to === undefined && step !== undefined) ? most : number(to ?? from);
    const by = Number(step ?? 1);
    if (first === undefined || last === undefined || first < least || last > most || by < 1) {
      return undefined;
    }
    // FRI-MON goes round the end of the week.
    const end = last < first ? last + most - least + 1 : last;
    for (let value = first; value <= end; value += by) {
      values.add(((value - least) % (most - least + 1)) + least);
    }
  }
  return [...values];
}

function number(text: string): number | undefined {
  const weekday = WEEKDAYS.indexOf(text);
  return weekday >= 0 ? weekday + 1 : /^\d+$/.test(text) ? Number(text) : undefined;
}
