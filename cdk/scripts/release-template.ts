/** Writes the released templates. A test fails when they no longer are what the constructs say. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { SecretsIn } from '../lib';
import { ExposedKeysStack } from '../lib/app/exposed-keys-stack';
import { ReleaseStack } from '../lib/app/release-stack';
import { MemberAccountStack } from '../lib/app/stacks';
import { PACKAGE_ROOT } from '../lib/code';
import { newApp } from '../test/templates';

/** Where the released templates are kept. */
export const TEMPLATES = join(PACKAGE_ROOT, 'templates');

/** Their text, by file name. */
export function releaseTemplates(): Map<string, string> {
  const one = new ReleaseStack(newApp(), 'IamKeyRotator');
  const member = new MemberAccountStack(newApp(), 'IamKeyRotatorMember', {
    released: true,
    settings: { members: { externalId: 'iam-key-rotator', secretsIn: SecretsIn.CENTRAL } },
  });
  return new Map([
    ['iam-key-rotator.template.json', text(one)],
    ['iam-key-rotator-member.template.json', text(member)],
    ['iam-key-rotator-exposed-keys.template.json', text(new ExposedKeysStack(newApp(), 'IamKeyRotatorExposedKeys'))],
  ]);
}

/**
 * Texts that CDK joins, as Fn::Sub, which says the same in fewer bytes: the whole template may have 51,200. A text
 * that is split, and joined as it was, is left whole.
 */
export function shortened(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(shortened);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const [[name, argument] = ['', undefined]] = Object.entries(value as Record<string, unknown>);
  if (name === 'Fn::Join') {
    const [separator, parts] = argument as [string, unknown];
    const [separated, whole] = (parts as { 'Fn::Split'?: [string, unknown] })['Fn::Split'] ?? [];
    if (separated === separator) {
      return shortened(whole);
    }
    if (separator === '' && Array.isArray(parts)) {
      return substituted(parts);
    }
  }
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, shortened(part)]));
}

/** The parts in one text. What is neither text nor reference in it gets a name. */
function substituted(parts: readonly unknown[]): unknown {
  const named: Record<string, unknown> = {};
  const texts = parts.map((part) => {
    const text = substitution(part);
    if (text !== undefined) {
      return text;
    }
    const name = `p${String(Object.keys(named).length)}`;
    named[name] = shortened(part);
    return `\${${name}}`;
  });
  return { 'Fn::Sub': Object.keys(named).length === 0 ? texts.join('') : [texts.join(''), named] };
}

function substitution(part: unknown): string | undefined {
  if (typeof part === 'string') {
    return part.replaceAll('${', '${!');
  }
  const [[name, argument] = ['', undefined]] = Object.entries(part as Record<string, unknown>);
  const attribute = name === 'Fn::GetAtt' ? (argument as string[]).join('.') : undefined;
  const reference = name === 'Ref' ? String(argument) : attribute;
  return reference === undefined ? undefined : `\${${reference}}`;
}

/** One line a parameter or resource: readable in a diff, and short enough to be passed without an S3 bucket. */
function text(stack: Stack): string {
  const sections = Object.entries(shortened(Template.fromStack(stack).toJSON()) as object).map(([section, content]: [string, unknown]) => {
    const lines =
      typeof content === 'object' && content !== null
        ? Object.entries(content).map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
        : undefined;
    return `${JSON.stringify(section)}:${lines ? `{\n${lines.join(',\n')}\n}` : JSON.stringify(content)}`;
  });
  return `{\n${sections.join(',\n')}\n}\n`;
}

if (require.main === module) {
  mkdirSync(TEMPLATES, { recursive: true });
  for (const [name, content] of releaseTemplates()) {
    writeFileSync(join(TEMPLATES, name), content);
  }
}
