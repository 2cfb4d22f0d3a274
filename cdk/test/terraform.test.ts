import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { VARIABLES } from '../lib/environment';
import { releaseTemplates } from '../scripts/release-template';
import { MODULE } from '../scripts/terraform-documents';
import { documents } from '../scripts/terraform/documents';
import { templateText, wholeValue, withPlaceholders } from '../scripts/terraform/placeholders';

const text = (name: string): string => readFileSync(join(MODULE, name), 'utf8');

test('every document of the Terraform module is what synthesis says: npm run terraform-documents', () => {
  const current = documents();
  const kept = readdirSync(MODULE, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.tftpl'));
  expect(kept.sort()).toEqual([...current.keys()].sort());
  for (const [name, document] of current) {
    expect([name, text(name)]).toEqual([name, document]);
  }
});

test.each([
  ['a reference', { 'Fn::GetAtt': ['RotatorSweepRole9BFA1AA9', 'Arn'] }, '"${sweep_role_arn}"'],
  ['a parameter in a text', { 'Fn::Sub': 'arn:${AWS::Partition}:iam::${AWS::AccountId}:user${UserPath}*' }, '"arn:${partition}:iam::${account}:user${user_path}*"'],
  ['a text that IAM fills in', { Fn: '${aws:PrincipalOrgID} %{x}' }, '{\n  "Fn": "$${aws:PrincipalOrgID} %%{x}"\n}'],
  ['a named part of a text', { 'Fn::Sub': ['${AWS::Partition}:${p0}', { p0: { 'Fn::Join': ['*', { 'Fn::Split': ['{user}', { Ref: 'SecretName' }] }] } }] }, '"${partition}:${replace(secret_name, "{user}", "*")}"'],
  ['a list', { 'Fn::Split': [',', { Ref: 'ReplicaRegions' }] }, '${jsonencode(replica_regions)}'],
  ['what is replaced', { 'Fn::Join': ['*', { 'Fn::Split': ['{user}', { Ref: 'SecretName' }] }] }, '"${replace(secret_name, "{user}", "*")}"'],
  ['a condition', { 'Fn::If': ['Hourly', 3, 74] }, '${hourly ? 3 : 74}'],
])('a placeholder stands for %s', (_, value, expected) => {
  expect(templateText(withPlaceholders(value))).toBe(expected);
});

test('an example has placeholders where it has names, and a whole value is no text', () => {
  expect(templateText(withPlaceholders(['arn:aws:x', 7], { 'arn:aws:': 'arn:${partition}:' }))).toBe('[\n  "arn:${partition}:x",\n  7\n]');
  expect(templateText({ a: wholeValue('[for n in all : "${n}"]') })).toBe('{\n  "a": ${jsonencode([for n in all : "${n}"])}\n}');
});

test('a function of CloudFormation that has no counterpart is refused', () => {
  expect(() => withPlaceholders({ 'Fn::Base64': 'x' })).toThrow('no placeholder for Fn::Base64');
});

describe('the variables', () => {
  const blocks = new Map([...text('variables.tf').matchAll(/^variable "(\w+)" \{\n([\s\S]*?)^\}$/gm)].map(([, name = '', body = '']) => [name, body]));
  const { Parameters } = JSON.parse(releaseTemplates().get('iam-key-rotator.template.json') ?? '') as {
    Parameters: Record<string, { Default?: string; AllowedValues?: string[] }>;
  };
  /** The template takes one address, and the module a list. */
  const variableOf = (parameter: string): string =>
    parameter === 'AlertEmail' ? 'alert_emails' : parameter.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase();

  test.each(Object.entries(Parameters))('%s of the template is a variable with the same default and values', (parameter, { Default, AllowedValues }) => {
    const body = blocks.get(variableOf(parameter)) ?? '';
    const given = /^ {2}default\s+= (.*)$/m.exec(body)?.[1] ?? 'none';
    const value = given === 'none' || given === 'null' ? '' : JSON.parse(given) as unknown;
    expect(Array.isArray(value) ? value.join(',') : String(value)).toBe(Default ?? '');
    for (const allowed of AllowedValues ?? []) {
      expect(/condition\s+= contains\(\[(.*)\]/.exec(body)?.[1]?.replaceAll('"', '').split(', ')).toContain(allowed);
    }
  });

  test.each([...blocks.keys()])('%s has a type, a description and a default', (name) => {
    const body = blocks.get(name) ?? '';
    expect(body).toMatch(/^ {2}description = ".+\."$/m);
    expect(body).toMatch(/^ {2}type\s+= /m);
    expect(body).toMatch(/^ {2}default\s+= /m);
  });

  test("and every variable of the functions' environment is set", () => {
    const set = text('environment.tf');
    expect(VARIABLES.filter(({ name }) => !new RegExp(`^ +${name} +=`, 'm').test(set)).map(({ name }) => name)).toEqual([]);
  });
});
