import { Duration, Stack } from 'aws-cdk-lib';
import type { EventPattern } from 'aws-cdk-lib/aws-events';
import { EventBus, Rule } from 'aws-cdk-lib/aws-events';
import { EventBus as BusTarget, LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

/** AWS Health's events about credentials, such as `AWS_RISK_CREDENTIALS_EXPOSED`. */
export function exposedCredentials(): EventPattern {
  return {
    source: ['aws.health'],
    detailType: ['AWS Health Event', 'AWS Health Abuse Event'],
    detail: { eventTypeCode: [{ prefix: 'AWS_RISK_CREDENTIALS_' }] },
  };
}

/** GuardDuty's findings about a user's own access key. The sweep only reports those below severity 7. */
export function suspiciousKeys(): EventPattern {
  return {
    source: ['aws.guardduty'],
    detailType: ['GuardDuty Finding'],
    detail: { resource: { accessKeyDetails: { userType: ['IAMUser'], accessKeyId: [{ prefix: 'AKIA' }] } } },
  };
}

/** Who gets the events. */
export interface ExposedKeyWatchProps {
  readonly sweep: IFunction;
  /** Keeps what could not be delivered. */
  readonly deadLetters: IQueue;
}

/**
 * Sends what AWS says of exposed keys to the sweep, as far as the events arrive in this region. AWS Health delivers
 * global events elsewhere: see `ExposedKeyForwarder`.
 */
export class ExposedKeyWatch extends Construct {
  constructor(scope: Construct, id: string, props: ExposedKeyWatchProps) {
    super(scope, id);
    const target = new LambdaFunction(props.sweep, {
      deadLetterQueue: props.deadLetters,
      retryAttempts: 10,
      maxEventAge: Duration.hours(2),
    });
    for (const [name, eventPattern, says] of [
      ['Health', exposedCredentials(), 'AWS Health reports exposed credentials'],
      ['GuardDuty', suspiciousKeys(), 'GuardDuty names an access key'],
    ] as const) {
      new Rule(this, name, { description: `iam-key-rotator: ${says}`, eventPattern, targets: [target] });
    }
  }
}

/**
 * Where AWS Health delivers events that belong to no region: IAM's region, and a backup.
 * https://docs.aws.amazon.com/health/latest/ug/choosing-a-region.html
 */
export function exposureRegions(homeRegion: string): readonly string[] {
  const partitions: readonly (readonly [RegExp, readonly string[]])[] = [
    [/^cn-/, ['cn-north-1', 'cn-northwest-1']],
    [/^us-gov-/, ['us-gov-west-1']],
    [/^us-iso|^eu-iso|^eusc-/, []],
    [/^/, ['us-east-1', 'us-west-2']],
  ];
  const regions = partitions.find(([names]) => names.test(homeRegion))?.[1] ?? [];
  return regions.filter((region) => region !== homeRegion);
}

/** Where reports of exposed keys are sent. */
export interface ExposedKeyForwarderProps {
  /** The region of the rotator's stack. */
  readonly homeRegion: string;
}

/**
 * Forwards both kinds of event to the region where the rotator lives. Belongs into a stack in each of
 * `exposureRegions`, and of GuardDuty's other regions.
 */
export class ExposedKeyForwarder extends Construct {
  constructor(scope: Construct, id: string, props: ExposedKeyForwarderProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const home = `arn:${stack.partition}:events:${props.homeRegion}:${stack.account}:event-bus/default`;
    const target = new BusTarget(EventBus.fromEventBusArn(this, 'Home', home));
    for (const [name, eventPattern] of [
      ['Health', exposedCredentials()],
      ['GuardDuty', suspiciousKeys()],
    ] as const) {
      new Rule(this, name, {
        description: `Forwards reports of exposed keys to ${props.homeRegion}, where the rotator's sweep gets them`,
        eventPattern,
        targets: [target],
      });
    }
  }
}
