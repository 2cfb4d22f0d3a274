import { Duration, Stack } from 'aws-cdk-lib';
import { MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { EventPattern } from 'aws-cdk-lib/aws-events';
import { EventBus, EventField, Rule, RuleTargetInput } from 'aws-cdk-lib/aws-events';
import { EventBus as BusTarget } from 'aws-cdk-lib/aws-events-targets';
import { Policy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IManagedPolicy } from 'aws-cdk-lib/aws-iam';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Alarms } from './alarms';
import { RUNBOOK } from './alarms';
import { acknowledge } from './nag';
import { publishAlerts } from './policies/notices';

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

/** What is watched, and where the alert goes. */
export interface KeyCreationWatchProps {
  readonly topic: ITopic;
  /** ARN of the topic's customer key, if it has one. */
  readonly topicKeyArn?: string | undefined;
  /** Gets the alarm for alerts that were not delivered. */
  readonly alarms: Alarms;
  /** Permissions boundary of the role that publishes. */
  readonly permissionsBoundary?: IManagedPolicy | undefined;
  /** Roles that make keys by right. */
  readonly rotatorRoleArns: readonly string[];
}

/** Alerts when a key is made by anything but the rotator: nothing rotates such a key. */
export class KeyCreationWatch extends Construct {
  readonly rule: Rule;
  /** Events whose alert could not be published. */
  readonly undelivered: Queue;

  constructor(scope: Construct, id: string, props: KeyCreationWatchProps) {
    super(scope, id);
    const role = this.publisher(props);
    this.undelivered = new Queue(this, 'Undelivered', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    acknowledge(this.undelivered, { SQS3: 'It is itself the queue for events that could not be delivered.' });
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
    this.rule.addTarget({
      bind: () => ({ arn: props.topic.topicArn, input, role, deadLetterConfig: { arn: this.undelivered.queueArn } }),
    });
    this.undelivered.addToResourcePolicy(
      new PolicyStatement({
        sid: 'KeepWhatWasNotDelivered',
        principals: [EVENT_BRIDGE],
        actions: ['sqs:SendMessage'],
        resources: [this.undelivered.queueArn],
        conditions: { ArnEquals: { 'aws:SourceArn': this.rule.ruleArn } },
      }),
    );
    this.alarm(props.alarms);
  }

  /**
   * The role that EventBridge publishes under. A statement in the topic's policy would either let every account's rules
   * publish or have a condition, and AWS says that EventBridge does not support conditions there:
   * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions
   *
   * Its trust has no condition either: only a principal of this account can pass the role to a rule.
   */
  private publisher({ topic, topicKeyArn, permissionsBoundary }: KeyCreationWatchProps): Role {
    const role = new Role(this, 'Role', {
      assumedBy: EVENT_BRIDGE,
      description: 'iam-key-rotator: EventBridge publishes alerts of keys made outside the rotator',
      ...(permissionsBoundary ? { permissionsBoundary } : {}),
    });
    new Policy(this, 'AlertsPolicy', { roles: [role], statements: publishAlerts(topic, topicKeyArn) });
    return role;
  }

  /** CloudWatch tells the topic by its own permission, so this alarm arrives where the rule's message does not. */
  private alarm(alarms: Alarms): void {
    const period = Duration.minutes(5);
    const ofRule = (metricName: string): Metric =>
      new Metric({
        namespace: 'AWS/Events',
        metricName,
        dimensionsMap: { RuleName: this.rule.ruleName },
        statistic: 'Sum',
        period,
      });
    alarms.add('AlertUndelivered', 'An access key was made outside the rotator, and its alert could not be delivered.', {
      metric: new MathExpression({
        expression: 'MAX([FILL(failed, 0), FILL(lost, 0), FILL(waiting, 0)])',
        usingMetrics: {
          failed: ofRule('FailedInvocations'),
          lost: ofRule('InvocationsFailedToBeSentToDlq'),
          waiting: this.undelivered.metricApproximateNumberOfMessagesVisible({ period, statistic: 'Maximum' }),
        },
        period,
        label: 'alerts',
      }),
    });
  }
}

const EVENT_BRIDGE = new ServicePrincipal('events.amazonaws.com');

/** Where IAM's events are sent. */
export interface KeyCreationForwarderProps {
  /** The region of the rotator's stack. */
  readonly homeRegion: string;
}

/** Sends IAM's events to the region where the rotator lives. Belongs into a stack in IAM's region of the partition. */
export class KeyCreationForwarder extends Construct {
  constructor(scope: Construct, id: string, props: KeyCreationForwarderProps) {
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
