import { Stack, Validations } from 'aws-cdk-lib';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';

/** Acknowledges findings of cdk-nag's AwsSolutions, each with the reason. */
export function acknowledge(scope: IConstruct, reasons: Readonly<Record<string, string>>): void {
  const rules = Object.entries(reasons).map(([rule, reason]) => ({ id: `AwsSolutions-${rule}`, reason }));
  Validations.of(scope).acknowledge(...rules);
}

/** Acknowledges resources with wildcards, one by one. */
export function acknowledgeResources(scope: IConstruct, resources: readonly string[], reason: string): void {
  const wild = resources.map((resource) => flatten(Stack.of(scope).resolve(resource))).filter((r) => r.includes('*'));
  acknowledge(scope, Object.fromEntries(wild.map((resource) => [`IAM5[Resource::${resource}]`, reason])));
}

/**
 * Acknowledges the wildcards of a policy's statements, with the reason of each statement by its Sid. A statement with
 * a wildcard and without a reason stays a finding.
 */
export function acknowledgeStatements(
  policy: IConstruct,
  statements: readonly PolicyStatement[],
  reasons: Readonly<Record<string, string>>,
): void {
  for (const statement of statements) {
    const reason = reasons[statement.sid ?? ''];
    if (reason !== undefined) {
      acknowledgeResources(policy, statement.resources, reason);
    }
  }
}

/** CloudFormation's expression as cdk-nag spells it in the id of a finding. */
function flatten(value: unknown): string {
  if (typeof value === 'string') {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map(flatten).join('');
  }
  const [name, argument] = Object.entries(value as Record<string, unknown>)[0] ?? ['', ''];
  switch (name) {
    case 'Ref':
      return `<${String(argument)}>`;
    case 'Fn::GetAtt':
      return `<${(argument as string[]).join('.')}>`;
    case 'Fn::Join': {
      const [separator, parts] = argument as [string, unknown];
      return Array.isArray(parts) ? parts.map(flatten).join(separator) : JSON.stringify(value);
    }
    default:
      return JSON.stringify(value);
  }
}
