import { CfnResource } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import type { Program } from './environment';

/** What checkov finds in a boundary, which it takes for a policy that grants these actions on every resource. */
const OF_A_BOUNDARY: Readonly<Record<Program, readonly number[]>> = { rotation: [107, 108, 109, 110, 111], sweep: [107, 109, 111] };

/**
 * Has checkov skip these checks of a function's boundary, in whoever's pipeline the template is scanned. The reason is
 * short, since the released template has hardly any room left.
 */
export function skipOnBoundary(boundary: IConstruct, program: Program): void {
  const resource = boundary.node.defaultChild;
  if (CfnResource.isCfnResource(resource)) {
    const skip = OF_A_BOUNDARY[program].map((check) => ({ id: `CKV_AWS_${String(check)}`, comment: 'grants nothing' }));
    resource.addMetadata('checkov', { skip });
  }
}
