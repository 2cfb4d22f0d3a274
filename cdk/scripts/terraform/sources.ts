/** The synthesized templates that the Terraform module's documents are taken from. */
import type { Template } from 'aws-cdk-lib/assertions';
import type { Json } from '../../test/templates';
import { templateOf, templatesOfExample } from '../../test/templates';
import { releaseTemplates } from '../release-template';

/** What a template says, by CloudFormation's names. */
export interface Synthesized {
  readonly Resources: Record<string, { readonly Type: string; readonly Properties: Record<string, Json> }>;
  readonly Outputs?: Record<string, { readonly Value: Json }>;
}

/** The released templates have a parameter for each setting; the others show what a parameter cannot switch on. */
const SOURCES = {
  released: () => released('iam-key-rotator.template.json'),
  releasedMember: () => released('iam-key-rotator-member.template.json'),
  /** Two rotated users, and IAM's events forwarded. */
  least: () => synthesized(templateOf('least', 'IamKeyRotator')),
  forwarder: () => synthesized(templateOf('least', 'IamKeyRotator-Forwarder')),
  /** Exposed keys are answered, and reports of them forwarded. */
  exposed: () => synthesized(templateOf('exposed', 'Leaks')),
  exposedForwarder: () => synthesized(templateOf('exposed', 'Leaks-Exposed-us-east-1')),
  /** Users below a path, customer keys, X-Ray. */
  everything: () => synthesized(templateOf('everything')),
  /** Every user who is not exempt. */
  everyone: () => synthesized(templatesOfExample('everyone').get('IamKeyRotator')),
  everyoneMember: () => synthesized(templatesOfExample('coming-from-organization').get('IamKeyRotator-Member')),
  /** A list of secrets. */
  listed: () => synthesized(templateOf('listed')),
  network: () => synthesized(templateOf('network', 'Network')),
  /** One organizational unit. */
  organization: () => synthesized(templateOf('organization', 'Organization')),
  /** Accounts by their numbers. */
  members: () => synthesized(templateOf('members', 'Members')),
} as const satisfies Record<string, () => Synthesized>;

/** One of these templates. */
export type Source = keyof typeof SOURCES;

/** A property of the one resource of a type whose logical id is this one, but for CDK's hash. */
export function propertyOf(source: Source, type: string, id: string, property: string): Json {
  const found = Object.entries(SOURCES[source]().Resources).filter(([name, each]) => each.Type === type && withoutHash(name) === id);
  const value = found.length === 1 ? found[0]?.[1].Properties[property] : undefined;
  if (value === undefined) {
    throw new Error(`${source} has ${String(found.length)} ${type} named ${id} with the property ${property}`);
  }
  return value;
}

/** The properties of every resource of a type, by logical id. */
export function resourcesOf(source: Source, type: string): Map<string, Record<string, Json>> {
  const found = Object.entries(SOURCES[source]().Resources).filter(([, each]) => each.Type === type);
  return new Map(found.map(([name, { Properties }]) => [withoutHash(name), Properties]));
}

/** The value of an output. */
export function outputOf(source: Source, name: string): Json {
  const value = SOURCES[source]().Outputs?.[name]?.Value;
  if (value === undefined) {
    throw new Error(`${source} has no output ${name}`);
  }
  return value;
}

function withoutHash(id: string): string {
  return id.replace(/[0-9A-F]{8}$/, '');
}

let releases: Map<string, string> | undefined;

function released(name: string): Synthesized {
  releases ??= releaseTemplates();
  return JSON.parse(releases.get(name) ?? '') as Synthesized;
}

function synthesized(template: Template | undefined): Synthesized {
  if (!template) {
    throw new Error('no such template');
  }
  return template.toJSON() as unknown as Synthesized;
}
