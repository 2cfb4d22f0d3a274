import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { SettingsError } from './settings-error';

/** Where alerts go. */
export interface AlertSettings {
  /**
   * A topic that exists. It must let CloudWatch publish. If a customer key encrypts it, the key's policy must let
   * CloudWatch and the roles of this stack use it.
   *
   * @default - a new topic
   */
  readonly topic?: ITopic;
  /**
   * Addresses that get every alert. SNS asks each to confirm.
   *
   * @default - none
   */
  readonly emails?: readonly string[];
  /**
   * Customer key that encrypts the topic. Alerts name users and key ids, and never a secret.
   *
   * @default - not encrypted at rest
   */
  readonly encryptionKey?: IKey;
}

/**
 * The topic for failures, findings and alarms. Its policy lets in this account's alarms alone: the functions and the rule
 * for keys made outside the rotator publish under roles.
 */
export class AlertTopic extends Construct {
  readonly topic: ITopic;
  readonly encryptionKey: IKey | undefined;

  constructor(scope: Construct, id: string, props: AlertSettings) {
    super(scope, id);
    this.encryptionKey = props.encryptionKey;
    if (props.topic && props.encryptionKey) {
      throw new SettingsError(
        'alerts.topic and alerts.encryptionKey are both set: the key is for a new topic. Encrypt the topic that ' +
          'exists where it is made, or leave alerts.topic out.',
      );
    }
    this.topic = props.topic ?? this.newTopic(props.encryptionKey);
    for (const address of props.emails ?? []) {
      this.topic.addSubscription(new EmailSubscription(address));
    }
  }

  private newTopic(encryptionKey: IKey | undefined): Topic {
    const topic = new Topic(this, 'Topic', {
      displayName: 'iam-key-rotator',
      enforceSSL: true,
      ...(encryptionKey ? { masterKey: encryptionKey } : {}),
    });
    const ours = { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } };
    const alarms = [new ServicePrincipal('cloudwatch.amazonaws.com')];
    topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsOfThisAccount',
        principals: alarms,
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: ours,
      }),
    );
    encryptionKey?.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsEncryptAlerts',
        principals: alarms,
        actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        resources: ['*'],
        conditions: ours,
      }),
    );
    return topic;
  }
}
