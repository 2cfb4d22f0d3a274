type Pattern = Readonly<Record<string, unknown>>;

/**
 * EventBridge's matching, as far as our rules use it: exact values, `exists: false`, `anything-but`, `prefix`, `numeric` with one bound and `$or`.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 */
export function matches(pattern: Pattern, event: unknown): boolean {
  const fields = typeof event === 'object' && event !== null ? (event as Record<string, unknown>) : {};
  return Object.entries(pattern).every(([name, expected]) => {
    if (name === '$or') {
      return (expected as Pattern[]).some((each) => matches(each, event));
    }
    const value = fields[name];
    return Array.isArray(expected)
      ? expected.some((each) => matchesValue(each, value))
      : matches(expected as Pattern, value);
  });
}

function matchesValue(expected: unknown, value: unknown): boolean {
  if (typeof expected !== 'object' || expected === null) {
    return expected === value;
  }
  if ('exists' in expected) {
    return expected.exists === (value !== undefined);
  }
  if ('anything-but' in expected) {
    return value !== undefined && !(expected['anything-but'] as unknown[]).includes(value);
  }
  if ('prefix' in expected) {
    return typeof value === 'string' && value.startsWith(String(expected.prefix));
  }
  if ('numeric' in expected) {
    const [operator, bound] = expected.numeric as [string, number];
    if (operator !== '>=') {
      throw new Error(`no rule of ours uses ${operator}`);
    }
    return typeof value === 'number' && value >= bound;
  }
  throw new Error(`no rule of ours uses ${JSON.stringify(expected)}`);
}
