/** CloudFormation's references as placeholders of Terraform's `templatefile`. */
import type { Json } from '../../test/templates';

/** Characters of Unicode's private use, which no template has, stand for the ends of a placeholder until the JSON is written. */
const [OPEN, CLOSE, WHOLE] = ['\uE000', '\uE001', '\uE002'];

/** Texts of an example's template, and what each becomes, with `${…}` around an expression of Terraform's. */
export type Named = Readonly<Record<string, string>>;

/** An expression in the place of a whole value, such as a list: Terraform writes it as JSON. */
export function wholeValue(expression: string): string {
  return `${WHOLE}jsonencode(${expression})${CLOSE}`;
}

function placeholder(expression: string): string {
  return `${OPEN}${expression}${CLOSE}`;
}

/** A value of a CloudFormation template with placeholders for all that is not text. */
export function withPlaceholders(value: Json | undefined, named: Named = {}): Json {
  if (typeof value === 'string') {
    return Object.entries(named).reduce(
      (text, [known, name]) => text.replaceAll(known, name.replaceAll('${', OPEN).replaceAll('}', CLOSE)),
      value,
    );
  }
  if (Array.isArray(value)) {
    return value.map((each) => withPlaceholders(each, named));
  }
  if (typeof value !== 'object' || value === null) {
    return value ?? null;
  }
  const [[name, argument] = ['', null], ...more] = Object.entries(value);
  if (more.length === 0 && (name === 'Ref' || name.startsWith('Fn::'))) {
    return intrinsic(name, argument, named);
  }
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [textWithPlaceholders(key, named), withPlaceholders(each, named)]));
}

/** The same of what is a text. */
export function textWithPlaceholders(value: Json | undefined, named: Named = {}): string {
  const text = withPlaceholders(value, named);
  if (typeof text !== 'string') {
    throw new Error(`not a text: ${JSON.stringify(value)}`);
  }
  return text;
}

/** The text of a template file. */
export function templateText(value: Json): string {
  // Of expressions, what is escaped as text is undone.
  const expression = (text: string): string => text.replaceAll('\\"', '"').replaceAll('$${', () => '${');
  return JSON.stringify(value, undefined, 2)
    .replaceAll('${', () => '$${')
    .replaceAll('%{', '%%{')
    .replaceAll(new RegExp(`"${WHOLE}([^${CLOSE}]*)${CLOSE}"`, 'g'), (_, whole: string) => `\${${expression(whole)}}`)
    .replaceAll(new RegExp(`${OPEN}([^${CLOSE}]*)${CLOSE}`, 'g'), (_, inner: string) => `\${${expression(inner)}}`);
}

function intrinsic(name: string, argument: Json, named: Named): Json {
  switch (name) {
    case 'Ref':
      return placeholder(snake(argument as string));
    case 'Fn::GetAtt': {
      const [resource = '', attribute = ''] = argument as string[];
      return placeholder(`${snake(resource)}_${snake(attribute)}`);
    }
    case 'Fn::Sub':
      return substituted(argument as string | [string, Record<string, Json>], named);
    case 'Fn::Split': {
      const [, list] = argument as [string, Json];
      return wholeValue(expressionOf(textWithPlaceholders(list, named)));
    }
    case 'Fn::If': {
      const [condition, yes, no] = argument as [string, number, number];
      return `${WHOLE}${snake(condition)} ? ${String(yes)} : ${String(no)}${CLOSE}`;
    }
    case 'Fn::Join':
      return joined(argument as [string, Json], named);
    case 'Fn::Select': {
      const [index, list] = argument as [number, { 'Fn::Split': [string, Json] }];
      const [delimiter, text] = list['Fn::Split'];
      return placeholder(`split("${delimiter}", ${expressionOf(textWithPlaceholders(text, named))})[${String(index)}]`);
    }
    default:
      throw new Error(`no placeholder for ${name}: ${JSON.stringify(argument)}`);
  }
}

/** A join of what was split is a replacement; every other one is a text. */
function joined([separator, parts]: [string, Json], named: Named): string {
  const split = !Array.isArray(parts) && typeof parts === 'object' && parts !== null ? parts['Fn::Split'] : undefined;
  if (split !== undefined) {
    const [delimiter, text] = split as [string, Json];
    const inner = textWithPlaceholders(text, named);
    return placeholder(`replace(${expressionOf(inner)}, "${delimiter}", "${separator}")`);
  }
  return (parts as Json[]).map((part) => textWithPlaceholders(part, named)).join(separator);
}

/** The expression of a text that is one placeholder. */
function expressionOf(text: string): string {
  const found = new RegExp(`^${OPEN}([^${CLOSE}]*)${CLOSE}$`).exec(text)?.[1];
  if (found === undefined) {
    throw new Error(`not one reference: ${JSON.stringify(text)}`);
  }
  return found;
}

/** A text with references, which may have names for parts that are no plain reference. */
function substituted(argument: string | [string, Record<string, Json>], named: Named): string {
  const [text, parts] = typeof argument === 'string' ? [argument, {}] : argument;
  return text.split(/(\$\{[^}]*\})/).map((piece) => {
    const [, reference] = /^\$\{([^}]*)\}$/.exec(piece) ?? [];
    if (reference === undefined) {
      return textWithPlaceholders(piece, named);
    }
    if (reference.startsWith('!')) {
      return `\${${reference.slice(1)}}`;
    }
    return reference in parts ? textWithPlaceholders(parts[reference], named) : placeholder(reference.split('.').map(snake).join('_'));
  }).join('');
}

const PSEUDO: Readonly<Record<string, string>> = { 'AWS::Partition': 'partition', 'AWS::Region': 'region', 'AWS::AccountId': 'account' };

/** The name of a placeholder: of a resource without CDK's hash and without the construct that all are in. */
export function snake(name: string): string {
  const short = name.replace(/^Rotator(?=[A-Z])/, '').replace(/[0-9A-F]{8}$/, '');
  return PSEUDO[name] ?? short.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toLowerCase();
}
