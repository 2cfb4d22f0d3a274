import { Stack } from 'aws-cdk-lib';
import type { EventPattern } from 'aws-cdk-lib/aws-events';
import { EventBus, EventField, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { EventBus as BusTarget } from 'aws-cdk-lib/aws-events-targets';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { RUNBOOK } from './alarms';

/** IAM's calls are recorded, and come to EventBridge, in this region alone. */
export const IAM_EVENTS_REGION = 'us-east-1';

/**
 * Successful CreateAccessKey calls of anybody but the roles named. CloudTrail must have a trail that records
 * management events, or EventBridge hears of nothing.
 */
export function foreignKeyCreation(rotatorRoleArns: readonly string[]): EventPattern {
  const issuer = (match: object): object => ({ userIdentity: { sessionContext: { sessionIssuer: { arn: [match] } } } });
  return {
    source: ['aws.iam'],
    detailType: ['AWS API Call via CloudTrail'],
    detail: {
      eventSource: ['iam.amazonaws.com'],
      eventName: ['CreateAccessKey'],
      errorCode: [{ exists: false }],
      ...(rotatorRoleArns.length === 0
        ? {}
        : // A user or the root user has no session, and a missing field matches no "anything-but".
          { $or: [issuer({ exists: false }), issuer({ 'anything-but': [...rotatorRoleArns] })] }),
    },
  };
}

/** What is watched, and who hears of it. */
export interface KeyCreationWatchProps {
  readonly topic: ITopic;
  /** Roles that make keys by right. */
  readonly rotatorRoleArns: readonly string[];
}

/** Alerts when a key is made by anything but the rotator: nothing rotates such a key. */
export class KeyCreationWatch extends Construct {
  readonly rule: Rule;

  constructor(scope: Construct, id: string, props: KeyCreationWatchProps) {
    super(scope, id);
    this.rule = new Rule(this, 'Rule', {
      description: `An access key was made outside the rotator. What to do: ${RUNBOOK}, "ForeignKeyCreated".`,
      eventPattern: foreignKeyCreation(props.rotatorRoleArns),
    });
    const field = (path: string): string => EventField.fromPath(path);
    const input = RuleTargetInput.fromMultilineText(
      [
        'ForeignKeyCreated: an IAM access key was made outside the rotator',
        `User: ${field('$.detail.requestParameters.userName')} in account ${field('$.account')}`,
        `Made by: ${field('$.detail.userIdentity.arn')} from ${field('$.detail.sourceIPAddress')} at ${field('$.time')}`,
        `What to do: ${RUNBOOK}, "ForeignKeyCreated"`,
      ].join('\n'),
    );
    // CDK's own target would let EventBridge publish without SourceAccount; AlertTopic has let it in with.
    this.rule.addTarget({ bind: () => ({ arn: props.topic.topicArn, input }) });
  }
}

/** Sends IAM's events of us-east-1 to the region where the rotator lives. Belongs into a stack in us-east-1. */
export class KeyCreationForwarder extends Construct {
  constructor(scope: Construct, id: string, props: { readonly homeRegion: string }) {
    super(scope, id);
    const stack = Stack.of(this);
    const home = `arn:${stack.partition}:events:${props.homeRegion}:${stack.account}:event-bus/default`;
    new Rule(this, 'Rule', {
      description: `Forwards CreateAccessKey to ${props.homeRegion}, where the rotator's rule looks at it`,
      eventPattern: foreignKeyCreation([]),
      targets: [new BusTarget(EventBus.fromEventBusArn(this, 'Home', home))],
    });
  }
}
