/** Writes the released templates. A test fails when they no longer are what the constructs say. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
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
    asksExternalId: true,
    settings: { sweep: { mode: 'enforce' }, members: { externalId: 'iam-key-rotator', secretsIn: 'central' } },
  });
  return new Map([
    ['iam-key-rotator.template.json', text(one)],
    ['iam-key-rotator-member.template.json', text(member)],
  ]);
}

/** One line a parameter or resource: readable in a diff, and short enough to be passed without an S3 bucket. */
function text(stack: ReleaseStack | MemberAccountStack): string {
  const sections = Object.entries(Template.fromStack(stack).toJSON()).map(([section, content]) => {
    const lines =
      typeof content === 'object' && content !== null
        ? Object.entries(content as object).map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
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
