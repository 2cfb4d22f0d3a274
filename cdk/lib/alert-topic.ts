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
   * A topic that exists. It must let CloudWatch and EventBridge publish, and so must its key.
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

/** The topic for failures, findings and alarms. Only this account's alarms and rules may publish to it. */
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
    const publishers = ['cloudwatch', 'events'].map((name) => new ServicePrincipal(`${name}.amazonaws.com`));
    topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsAndRulesOfThisAccount',
        principals: publishers,
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: ours,
      }),
    );
    encryptionKey?.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsAndRulesEncryptAlerts',
        principals: publishers,
        actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        resources: ['*'],
        conditions: ours,
      }),
    );
    return topic;
  }
}
