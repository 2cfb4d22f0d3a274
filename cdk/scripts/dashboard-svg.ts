/** A dashboard as CloudWatch gets it. */
export interface DashboardBody {
  readonly widgets: readonly Widget[];
}

interface Widget {
  readonly type: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly properties: {
    readonly title: string;
    readonly view?: string;
    readonly stacked?: boolean;
    readonly alarms?: readonly string[];
    readonly metrics?: readonly (readonly unknown[])[];
    readonly query?: string;
  };
}

interface Line {
  readonly name: string;
  readonly label: string;
  readonly color: string;
}

const UNIT = 46;
const GAP = 6;
const PALETTE = ['#1f77b4', '#ff7f0e', '#9467bd', '#8c564b', '#17becf'];
const POINTS = 28;

/** A picture of a dashboard, widget by widget from its definition. What it shows as values is made up. */
export function dashboardSvg(body: DashboardBody, alarmNames: ReadonlyMap<string, string>): string {
  const height = Math.max(...body.widgets.map(({ y, height: h }) => y + h)) * UNIT;
  const widgets = body.widgets.map((widget) => draw(widget, alarmNames)).join('\n');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${num(24 * UNIT)} ${num(height)}" font-family="Helvetica, Arial, sans-serif" font-size="13" role="img" aria-label="CloudWatch dashboard of the rotator, with example values">
<rect width="100%" height="100%" fill="#f2f3f3"/>
${widgets}
</svg>
`;
}

function draw(widget: Widget, alarmNames: ReadonlyMap<string, string>): string {
  const [w, h] = [widget.width * UNIT - GAP, widget.height * UNIT - GAP];
  return `<g transform="translate(${num(widget.x * UNIT + GAP / 2)} ${num(widget.y * UNIT + GAP / 2)})">
<rect width="${num(w)}" height="${num(h)}" rx="6" fill="#fff" stroke="#d5dbdb"/>
${text(12, 22, widget.properties.title, 'font-weight="bold" fill="#16191f"')}
${content(widget, w, h, alarmNames)}
</g>`;
}

function content(widget: Widget, w: number, h: number, alarmNames: ReadonlyMap<string, string>): string {
  const { alarms, view, query, metrics = [], stacked = false } = widget.properties;
  if (alarms) {
    return alarmBoxes(alarms.map((arn) => alarmNames.get(arn) ?? arn), w);
  }
  if (query !== undefined) {
    return table(query, w);
  }
  const lines = metrics.flatMap((metric, i) => linesOf(metric, i));
  return view === 'singleValue' ? value(lines[0], w, h) : graph(lines, stacked, w, h);
}

function alarmBoxes(names: readonly string[], w: number): string {
  const columns = Math.min(names.length, 6);
  const rows = Math.ceil(names.length / columns);
  const [each, height] = [(w - 24) / columns, 88 / rows];
  return names
    .map((name, i) => {
      const [x, y] = [12 + (i % columns) * each, 34 + Math.floor(i / columns) * height];
      return `<rect x="${num(x)}" y="${num(y)}" width="${num(each - 8)}" height="${num(height - 4)}" rx="4" fill="#e9f5ec" stroke="#2ca02c"/>
${text(x + 10, y + height / 2 - 6, name, 'fill="#16191f" font-size="12"')}
${text(x + 10, y + height / 2 + 11, 'OK', 'fill="#1d8102" font-weight="bold"')}`;
    })
    .join('\n');
}

/** Example values: a quiet day, after one rotation that failed a week ago. */
const QUIET: Readonly<Record<string, string>> = { RotationSucceeded: '14', OldestKeyAgeDays: '87' };
const FAILED: Readonly<Record<string, string>> = { errorType: 'AccessDenied', user: 'ci-bot', step: 'createSecret', message: 'invocation failed' };
const FAILED_AT = 13;

function value(line: Line | undefined, w: number, h: number): string {
  const shown = QUIET[line?.name ?? ''] ?? '0';
  return text(w / 2, h / 2 + 28, shown, 'font-size="44" text-anchor="middle" fill="#16191f"');
}

function graph(lines: readonly Line[], stacked: boolean, w: number, h: number): string {
  const [left, top, right, bottom] = [34, 40, w - 14, h - 34];
  const grid = [0, 0.5, 1]
    .map((part) => top + (bottom - top) * part)
    .map((y) => `<line x1="${num(left)}" x2="${num(right)}" y1="${num(y)}" y2="${num(y)}" stroke="#eaeded"/>`);
  const drawn = lines.map((line, i) => {
    const points = Array.from({ length: POINTS }, (_, at) => {
      const x = left + ((right - left) * at) / (POINTS - 1);
      return `${num(x)},${num(bottom - (bottom - top) * example(line, at, i))}`;
    }).join(' ');
    return stacked
      ? `<polygon points="${num(left)},${num(bottom)} ${points} ${num(right)},${num(bottom)}" fill="${line.color}" fill-opacity="0.35" stroke="${line.color}"/>`
      : `<polyline points="${points}" fill="none" stroke="${line.color}" stroke-width="2"/>`;
  });
  return [...grid, ...drawn, ...legend(lines, left, h)].join('\n');
}

function legend(lines: readonly Line[], left: number, h: number): string[] {
  let x = left - 20;
  return lines.map((line) => {
    const entry = `<rect x="${num(x)}" y="${num(h - 21)}" width="9" height="9" fill="${line.color}"/>${text(x + 12, h - 13, line.label, 'fill="#545b64" font-size="11"')}`;
    x += 20 + line.label.length * 6;
    return entry;
  });
}

/** The same every time, and never the same for two lines. */
function example({ name, label }: Line, at: number, line: number): number {
  if (/Overdue|Unknown|Skipped/.test(name)) {
    return 0.01;
  }
  if (name.includes('Failed')) {
    return at === FAILED_AT && (label === 'failed' || label === FAILED['errorType']) ? 0.3 : 0.01;
  }
  return 0.35 + 0.12 * line + 0.06 * Math.sin(at * (0.9 + line * 0.35)) + 0.04 * Math.sin(at * 2.3 + line);
}

/** A metric's lines: its own label, or for a search one line a value of the dimension. */
function linesOf(metric: readonly unknown[], index: number): Line[] {
  const options = (metric.at(-1) ?? {}) as { label?: string; color?: string; expression?: string };
  if (options.expression === undefined) {
    const name = String(metric[1]);
    return [{ name, label: options.label ?? name, color: options.color ?? color(index) }];
  }
  const [, dimension = '', name = ''] = /\{\w+,FunctionName,(\w+)\} MetricName="(\w+)"/.exec(options.expression) ?? [];
  const values: Record<string, string[]> = {
    step: ['createSecret', 'testSecret', 'finishSecret'],
    errorType: name === 'RotationFailed' ? ['AccessDenied', 'KeyLimit', 'Throttled'] : ['Throttled', 'ServiceUnavailable'],
  };
  return (values[dimension] ?? [dimension]).map((label, i) => ({ name, label, color: color(index + i) }));
}

function table(query: string, w: number): string {
  const columns = (/fields ([^|\n]+)/.exec(query)?.[1] ?? '').split(',').map((column) => column.trim());
  const each = (w - 24) / columns.length;
  const head = columns.map((column, i) => text(12 + i * each, 50, column, 'fill="#545b64" font-weight="bold"'));
  const row = columns.map((column, i) =>
    text(12 + i * each, 78, FAILED[column] ?? '…', 'fill="#16191f" font-size="12"'),
  );
  return [...head, `<rect x="12" y="62" width="${num(w - 24)}" height="24" fill="#fafafa"/>`, ...row].join('\n');
}

function color(index: number): string {
  return PALETTE[index % PALETTE.length] ?? '#1f77b4';
}

function text(x: number, y: number, words: string, more: string): string {
  const escaped = words.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
  return `<text x="${num(x)}" y="${num(y)}" ${more}>${escaped}</text>`;
}

function num(value: number): string {
  return String(Math.round(value * 10) / 10);
}
