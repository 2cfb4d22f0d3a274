import { Stack } from 'aws-cdk-lib';
import type { EventPattern } from 'aws-cdk-lib/aws-events';
import { EventBus, Rule } from 'aws-cdk-lib/aws-events';
import { EventBus as BusTarget } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { CfnPermission } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

/**
 * AWS Health's events about risks to an account, such as `AWS_RISK_CREDENTIALS_EXPOSED`. The prefix is short because AWS
 * also reports leaked keys as `AWS_RISK_IAM_QUARANTINE` (https://github.com/aws/aws-health-tools/issues/93). There is no
 * detail type, because not every partition spells it alike, and the code alone tells these events from all others.
 */
export function exposedCredentials(): EventPattern {
  return { source: ['aws.health'], detail: { eventTypeCode: [{ prefix: 'AWS_RISK_' }] } };
}

/**
 * GuardDuty's findings about the credentials of a user or of the root user, from severity 4 ("medium") on, and its attack
 * sequences against users and buckets. The sweep acts on two types only, for compromised credentials, and reports the rest.
 *
 * The id of the key is not matched: a sample finding has no real one, and a thief's session of a user has a temporary one
 * (`ASIA…`). An attack sequence has no `accessKeyDetails`, but names actors.
 * https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings_eventbridge.html
 * https://docs.aws.amazon.com/guardduty/latest/ug/guardduty-attack-sequence-finding-types.html
 */
export function suspiciousKeys(): EventPattern {
  return {
    source: ['aws.guardduty'],
    detailType: ['GuardDuty Finding'],
    detail: {
      $or: [
        { severity: [{ numeric: ['>=', 4] }], resource: { accessKeyDetails: { userType: ['IAMUser', 'Root'] } } },
        { type: [{ prefix: 'AttackSequence:IAM/' }, { prefix: 'AttackSequence:S3/' }] },
      ],
    },
  };
}

/** Who gets the events. */
export interface ExposedKeyWatchProps {
  readonly sweep: IFunction;
  /** Keeps what could not be delivered. */
  readonly deadLetters: IQueue;
}

/**
 * Sends AWS's reports of exposed keys to the sweep, as far as the events arrive in this region. AWS Health delivers global
 * events elsewhere: see `ExposedKeyForwarder`.
 */
export class ExposedKeyWatch extends Construct {
  constructor(scope: Construct, id: string, { sweep, deadLetters }: ExposedKeyWatchProps) {
    super(scope, id);
    const rules = ([
      ['Health', exposedCredentials(), 'AWS Health reports a risk to credentials'],
      ['GuardDuty', suspiciousKeys(), "GuardDuty suspects a user's credentials"],
    ] as const).map(([name, eventPattern, says]) => {
      const rule = new Rule(this, name, { description: `iam-key-rotator: ${says}`, eventPattern });
      // What the sweep fails at goes to the same queue. Two hours, because an alarm is better than a late answer.
      const retryPolicy = { maximumEventAgeInSeconds: 7_200, maximumRetryAttempts: 10 };
      rule.addTarget({ bind: () => ({ arn: sweep.functionArn, retryPolicy, deadLetterConfig: { arn: deadLetters.queueArn } }) });
      new CfnPermission(this, `${name}Invokes`, {
        action: 'lambda:InvokeFunction',
        functionName: sweep.functionArn,
        principal: 'events.amazonaws.com',
        sourceArn: rule.ruleArn,
      });
      return rule;
    });
    deadLetters.addToResourcePolicy(
      new PolicyStatement({
        sid: 'KeepReportsOfExposedKeys',
        principals: [new ServicePrincipal('events.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [deadLetters.queueArn],
        conditions: { ArnEquals: { 'aws:SourceArn': rules.map((rule) => rule.ruleArn) } },
      }),
    );
  }
}

/**
 * Where AWS Health delivers events that belong to no region, and the backups of these regions. In the partition `aws` such
 * events arrive in us-east-1. AWS's pages differ on whether us-west-2 gets a copy, so both are watched: the sweep acts once.
 * In China and GovCloud each of the two regions is the other's backup.
 * https://docs.aws.amazon.com/health/latest/ug/choosing-a-region.html
 * https://docs.amazonaws.cn/en_us/health/latest/ug/choosing-a-region.html
 * https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/govcloud-health.html
 */
export function exposureRegions(homeRegion: string): readonly string[] {
  const partitions: readonly (readonly [RegExp, readonly string[]])[] = [
    [/^cn-/, ['cn-north-1', 'cn-northwest-1']],
    [/^us-gov-/, ['us-gov-west-1', 'us-gov-east-1']],
    [/^us-iso|^eu-iso|^eusc-/, []],
    [/^/, ['us-east-1', 'us-west-2']],
  ];
  const regions = partitions.find(([names]) => names.test(homeRegion))?.[1] ?? [];
  return regions.filter((region) => region !== homeRegion);
}

/** Where reports of exposed keys are forwarded to. */
export interface ExposedKeyForwarderProps {
  /** The region of the rotator's stack. */
  readonly homeRegion: string;
  /**
   * The account of the rotator's stack. From another account, send events straight to the rotator's region: EventBridge
   * does not route an event from one bus over a second to a third. The default bus there must let this account put events.
   * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-bus-to-bus.html
   *
   * @default - the account of this stack
   */
  readonly homeAccount?: string;
}

/**
 * Forwards reports of exposed keys, by AWS Health and GuardDuty, to the region of the rotator. Deploy it in a stack in each
 * region where AWS Health has global events (us-east-1 and us-west-2; both regions of GovCloud or China), and in each other
 * region where GuardDuty is on.
 *
 * There is no dead-letter queue: EventBridge repeats a delivery for 24 hours, and nobody watches a queue in each region.
 */
export class ExposedKeyForwarder extends Construct {
  constructor(scope: Construct, id: string, props: ExposedKeyForwarderProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const home = `arn:${stack.partition}:events:${props.homeRegion}:${props.homeAccount ?? stack.account}:event-bus/default`;
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('events.amazonaws.com'),
      description: `iam-key-rotator: EventBridge forwards reports of exposed keys to ${props.homeRegion}`,
    });
    const target = new BusTarget(EventBus.fromEventBusArn(this, 'Home', home), { role });
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
