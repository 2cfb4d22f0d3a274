import type { Template } from 'aws-cdk-lib/assertions';

/**
 * The state machine's definition as Step Functions gets it: the template's expression with its references resolved.
 * The one function it invokes becomes the ARN given, and the partition `aws`.
 */
export function definitionOf(template: Template, functionArn: string): Record<string, unknown> {
  const [machine] = Object.values(template.findResources('AWS::StepFunctions::StateMachine'));
  if (!machine) {
    throw new Error('the template has no state machine');
  }
  const { DefinitionString } = machine['Properties'] as { DefinitionString: unknown };
  return JSON.parse(text(DefinitionString, functionArn)) as Record<string, unknown>;
}

function text(value: unknown, functionArn: string): string {
  if (typeof value === 'string') {
    return value;
  }
  const [name, argument] = Object.entries(value as Record<string, unknown>)[0] ?? ['', ''];
  switch (name) {
    case 'Fn::Join': {
      const [separator, parts] = argument as [string, unknown[]];
      return parts.map((part) => text(part, functionArn)).join(separator);
    }
    case 'Fn::GetAtt':
      return functionArn;
    case 'Ref':
      return argument === 'AWS::Partition' ? 'aws' : functionArn;
    default:
      throw new Error(`a definition with ${name} cannot be resolved`);
  }
}
