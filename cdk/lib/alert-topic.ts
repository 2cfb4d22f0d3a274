import { Stack, Token } from 'aws-cdk-lib';
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
   * A standard topic that exists. It must let CloudWatch publish.
   *
   * @default - a new topic
   */
  readonly topic?: ITopic;
  /**
   * ARN of the customer key that encrypts `topic`: the roles of this stack may then use it through SNS. The key's own
   * policy must let CloudWatch use it, and these roles where the key is of another account.
   *
   * @default - the topic is not encrypted with a customer key
   */
  readonly topicKeyArn?: string;
  /**
   * Addresses that get every alert. SNS asks each to confirm.
   *
   * @default - none
   */
  readonly emails?: string[];
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
  /** ARN of the customer key that encrypts the topic. */
  readonly keyArn: string | undefined;

  constructor(scope: Construct, id: string, props: AlertSettings) {
    super(scope, id);
    this.check(props);
    this.keyArn = props.topicKeyArn ?? props.encryptionKey?.keyArn;
    this.topic = props.topic ?? this.newTopic(props.encryptionKey);
    for (const address of props.emails ?? []) {
      this.topic.addSubscription(new EmailSubscription(address));
    }
  }

  private check({ topic, topicKeyArn, encryptionKey }: AlertSettings): void {
    // https://docs.aws.amazon.com/sns/latest/dg/sns-fifo-topics.html
    if (topic?.fifo) {
      throw new SettingsError(
        'alerts.topic is a FIFO topic, which delivers to queues alone and takes no message without a group, and an alarm ' +
          'of CloudWatch can name none. Give a standard topic, and subscribe the queue to that.',
      );
    }
    if (topic && encryptionKey) {
      throw new SettingsError(
        'alerts.topic and alerts.encryptionKey are both set: the key is for a new topic. Name the key of an existing ' +
          'topic as alerts.topicKeyArn, or leave alerts.topic out.',
      );
    }
    if (topicKeyArn !== undefined && !topic) {
      throw new SettingsError(
        'alerts.topicKeyArn is set, but alerts.topic is not: it names the key of an existing topic. Set alerts.topic, ' +
          'or encrypt the new topic with alerts.encryptionKey.',
      );
    }
    // SNS may encrypt with an alias, but IAM grants the use of a key by its own ARN alone.
    if (topicKeyArn !== undefined && !Token.isUnresolved(topicKeyArn) && !/^arn:[^*?]+:key\/[^*?]+$/.test(topicKeyArn)) {
      throw new SettingsError(
        `alerts.topicKeyArn is ${JSON.stringify(topicKeyArn)}: write the ARN of the key itself, as ` +
          'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab, and not of an alias.',
      );
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
