import type { Construct } from 'constructs';
import { IamKeyRotation } from '../lib';
import type { RotationConfig } from '../lib/app/config';
import { rotationProps } from '../lib/app/rotation-config';

/** The construct from settings as a configuration writes them. */
export class Rotator extends IamKeyRotation {
  constructor(scope: Construct, id: string, config: RotationConfig = {}) {
    super(scope, id, rotationProps(config));
  }
}
