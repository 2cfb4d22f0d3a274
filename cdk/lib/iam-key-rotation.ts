import { Duration, Stack, Token } from 'aws-cdk-lib';
import { AccountPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Schedule, ScheduleExpression, ScheduleTargetInput, TimeWindow } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IConstruct } from 'constructs';
import { Construct } from 'constructs';
import { Alarms } from './alarms';
import type { AlertSettings } from './alert-topic';
import { AlertTopic } from './alert-topic';
import { checkCreatedSecrets, checkSettings } from './check';
import { RotationDashboard } from './dashboard';
import type { Wiring } from './environment';
import { environmentOf, memberRoleName } from './environment';
import { ExposedKeyWatch } from './exposed-keys';
import { RotationFunction } from './functions/rotation-function';
import type { RotatorFunction } from './functions/rotator-function';
import { SweepFunction } from './functions/sweep-function';
import { iamHomeRegion } from './home-region';
import { KeyCreationWatch } from './key-creation-watch';
import { MailIdentities } from './mail-identities';
import { acknowledgeResources } from './nag';
import { Network } from './network';
import { assumeMemberRole, memberRoleArn } from './policies/execution';
import { publishAlerts, sendMails } from './policies/notices';
import { REASONS } from './policies/reasons';
import { useSecretsKey } from './policies/secrets-key';
import type { RuntimeSettings } from './runtime';
import type { ServiceControlPolicy } from './service-control-policy';
import { serviceControlPolicy } from './service-control-policy';
import type { RotatorSettings } from './settings';
import { accountsWithSecrets, modeOf } from './settings';
import { UserScope } from './user-scope';

/** When the sweep runs, and how often at once. */
export interface SweepScheduleSettings {
  /**
   * When the sweep of this account runs; `'none'` where something else starts it, as OrganizationSweep does.
   *
   * A cron expression limits it to working hours: keys are then retired at the first sweep after their time.
   *
   * @default - once an hour, so that a key is inactive at most an hour after the time that its mail named
   */
  readonly schedule?: ScheduleExpression | 'none';
  /**
   * How many sweeps may run at once, reserved from the account's concurrency; `'none'` reserves nothing. An account
   * whose whole quota is 10, as new ones have, can reserve nothing.
   *
   * @default 1
   */
  readonly reservedConcurrency?: number | 'none';
}

/** Everything that can be said of a rotator. Whatever is left out has the functions' own default. */
export interface IamKeyRotationProps extends RotatorSettings {
  /**
   * Whose access keys the functions may touch.
   *
   * @default - UserScope.tagged(): users with the tag iam-key-rotator:rotate = true
   */
  readonly users?: UserScope;
  /** @default - a new topic without subscribers */
  readonly alerts?: AlertSettings;
  /** @default - once an hour, one at a time */
  readonly sweeping?: SweepScheduleSettings;
  /**
   * Customer key of the secrets that the sweep makes. Both functions may use it, through Secrets Manager alone. A key
   * made in this app lets the member accounts in that have secrets under it; one that exists must do so by itself.
   *
   * @default - the account's aws/secretsmanager key, which secrets of member accounts cannot be rotated under
   */
  readonly createdSecretsKey?: IKey;
  /** @default - x86_64, 256 and 512 MB, outside any VPC */
  readonly runtime?: RuntimeSettings;
  /**
   * Alerts when a key is made by anything but the rotator. Needs a trail that records management events, and outside
   * IAM's region of the partition (us-east-1, cn-north-1, us-gov-west-1, …) the forwarder of `KeyCreationForwarder`.
   *
   * @default true
   */
  readonly watchKeyCreation?: boolean;
  /**
   * Sends AWS Health's and GuardDuty's reports of exposed keys to the sweep, which does what `sweep.exposed` says. AWS Health
   * has them in us-east-1 and us-west-2 alone (or the like of the partition): elsewhere add `ExposedKeyForwarder` there.
   *
   * @default false
   */
  readonly watchExposedKeys?: boolean;
  /**
   * ARNs of other roles whose new keys raise no alert, such as the rotation role of another rotator of this account: the
   * output `RotationRoleArn` of its stack.
   *
   * @default - none: only this rotator creates keys unnoticed
   */
  readonly keyCreators?: readonly string[];
}

/** Rotates IAM access keys: two functions, their roles, alerts, alarms and a dashboard. */
export class IamKeyRotation extends Construct {
  /** What was asked for. */
  readonly settings: RotatorSettings;
  readonly users: UserScope;
  readonly alertTopic: ITopic;
  readonly alarms: Alarms;
  readonly rotation: RotationFunction;
  readonly sweep: SweepFunction;
  readonly reservedConcurrency: number | 'none';
  /** When the sweep of this account runs. */
  readonly sweepSchedule: ScheduleExpression | 'none';
  /** What must exist before a secret is told to rotate with this function. */
  readonly rotationPermissions: readonly IConstruct[];
  /** The customer key of the secrets that the sweep makes. */
  readonly createdSecretsKey: IKey | undefined;
  readonly watchesExposedKeys: boolean;
  private readonly watchesKeyCreation: boolean;
  private readonly secretsKeys = new Map<string, IKey>();

  constructor(scope: Construct, id: string, props: IamKeyRotationProps = {}) {
    super(scope, id);
    this.sweepSchedule = props.sweeping?.schedule ?? ScheduleExpression.rate(Duration.hours(1));
    checkSettings(props, this.sweepSchedule);
    checkCreatedSecrets(props, Stack.of(this).region, props.createdSecretsKey !== undefined);
    this.settings = props;
    this.createdSecretsKey = props.createdSecretsKey;
    this.users = props.users ?? UserScope.tagged();
    this.reservedConcurrency = props.sweeping?.reservedConcurrency ?? 1;
    const alerts = new AlertTopic(this, 'Alerts', props.alerts ?? {});
    this.alertTopic = alerts.topic;
    const network = this.network(props);
    const common = { settings: props, users: this.users, runtime: props.runtime ?? {}, ...network };
    this.rotation = new RotationFunction(this, 'Rotation', common);
    this.sweep = new SweepFunction(this, 'Sweep', {
      ...common,
      rotationFunctionArn: this.rotation.function.functionArn,
      reservedConcurrency: this.reservedConcurrency,
    });
    this.rotationPermissions = this.rotation.permissions;
    this.connect(props, alerts);
    this.schedule(this.sweepSchedule);
    this.alarms = new Alarms(this, 'Alarms', {
      topic: this.alertTopic,
      rotation: this.rotation.function,
      sweep: this.sweep.function,
      deadLetters: this.sweep.deadLetters,
    });
    if (this.sweepSchedule !== 'none') {
      this.alarms.expect('SweepMissing', 'No sweep has run', this.sweepSchedule, (how) =>
        this.sweep.function.metricInvocations(how),
      );
    }
    this.watchesKeyCreation = props.watchKeyCreation ?? true;
    if (this.watchesKeyCreation) {
      new KeyCreationWatch(this, 'KeyCreation', {
        topic: this.alertTopic,
        topicKeyArn: alerts.keyArn,
        alarms: this.alarms,
        permissionsBoundary: props.runtime?.permissionsBoundary,
        rotatorRoleArns: [this.rotation.role.roleArn, ...(props.keyCreators ?? [])],
      });
    }
    this.watchesExposedKeys = props.watchExposedKeys ?? false;
    if (this.watchesExposedKeys) {
      new ExposedKeyWatch(this, 'ExposedKeys', { sweep: this.sweep.function, deadLetters: this.sweep.deadLetters });
    }
    new RotationDashboard(this, 'Overview', {
      alarms: this.alarms.all,
      logGroups: [this.rotation.logGroup, this.sweep.logGroup],
      rotation: this.rotation.function,
      sweep: this.sweep.function,
    });
  }

  /** The function that secrets rotate with. */
  get rotationFunction(): IFunction {
    return this.rotation.function;
  }

  /** Whether the forwarder is needed in IAM's region: undefined while the region is not known. */
  get needsForwarder(): boolean | undefined {
    const { region } = Stack.of(this);
    if (!this.watchesKeyCreation) {
      return false;
    }
    return Token.isUnresolved(region) ? undefined : region !== iamHomeRegion(region);
  }

  /**
   * A service control policy that refuses the rotator's tags, or users of its path, to everybody but the roles of this
   * stack and of the member accounts that have secrets, and those named here. No other role sets a tag.
   */
  serviceControlPolicy(roleArns: readonly string[]): ServiceControlPolicy {
    const { members } = this.settings;
    const sweeps = accountsWithSecrets(members).map((account) =>
      memberRoleArn(Stack.of(this), memberRoleName(members ?? {}, 'sweep'), account),
    );
    const own = [this.rotation.role.roleArn, this.sweep.role.roleArn];
    return serviceControlPolicy({ users: this.users, settings: this.settings, roleArns: [...own, ...sweeps, ...roleArns] });
  }

  /** Lets the rotation function use a customer key, through Secrets Manager alone. */
  allowSecretsKey(key: IKey, functions: readonly RotatorFunction[] = [this.rotation]): void {
    for (const each of functions) {
      const seen = `${each.program} ${key.keyArn}`;
      if (!this.secretsKeys.has(seen)) {
        this.secretsKeys.set(seen, key);
        const name = `Key${String(this.secretsKeys.size)}`;
        const accounts = [Stack.of(this).account, ...accountsWithSecrets(this.settings.members)];
        each.allow(name, useSecretsKey(Stack.of(this), key.keyArn, name, accounts), {
          [`SecretsUnder${name}`]: 'A key of its own, for secrets of the accounts named.',
        });
      }
    }
  }

  /** Environment and notices, which are alike for both functions. */
  private connect(props: IamKeyRotationProps, alerts: AlertTopic): void {
    const mail = props.mail && new MailIdentities(this, 'Mail', props.mail);
    const wiring: Wiring = {
      alertTopicArn: alerts.topic.topicArn,
      rotationFunctionArn: this.rotation.function.functionArn,
      rotationRoleArn: this.rotation.role.roleArn,
      sweepDeployed: true,
      ...(props.createdSecretsKey ? { createdSecretsKeyArn: props.createdSecretsKey.keyArn } : {}),
    };
    for (const each of [this.rotation, this.sweep]) {
      each.setEnvironment(environmentOf(each.program, props, wiring));
      each.allow('Alerts', publishAlerts(alerts.topic, alerts.keyArn));
      if (mail) {
        const { sender, identityArns, configurationSetArns, templateArn } = mail;
        each.allow('Mails', [sendMails(sender, identityArns, configurationSetArns, templateArn)], REASONS);
      }
      if (props.members) {
        const { externalId, accounts } = props.members;
        const role = memberRoleName(props.members, each.program);
        each.allow('Members', [assumeMemberRole(Stack.of(this), role, externalId, accounts)], REASONS);
      }
    }
    if (props.createdSecretsKey) {
      // Only a sweep that creates secrets uses their key.
      const creates = modeOf(props) === 'enforce' ? [this.sweep] : [];
      this.allowSecretsKey(props.createdSecretsKey, [this.rotation, ...creates]);
      this.openKeyToMembers(props.createdSecretsKey);
    }
  }

  /** Whoever may read a secret of a member account opens it with our key, through Secrets Manager alone. */
  private openKeyToMembers(key: IKey): void {
    const accounts = accountsWithSecrets(this.settings.members);
    if (accounts.length > 0) {
      key.addToResourcePolicy(
        new PolicyStatement({
          sid: 'SecretsOfMemberAccounts',
          principals: accounts.map((account) => new AccountPrincipal(account)),
          actions: ['kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKey'],
          resources: ['*'],
          conditions: { StringEquals: { 'kms:ViaService': `secretsmanager.${Stack.of(this).region}.amazonaws.com` } },
        }),
      );
    }
  }

  private schedule(schedule: ScheduleExpression | 'none'): void {
    if (schedule === 'none') {
      return;
    }
    const target = new LambdaInvoke(this.sweep.function, {
      input: ScheduleTargetInput.fromObject({}),
      deadLetterQueue: this.sweep.deadLetters,
      retryAttempts: 10,
      maxEventAge: Duration.hours(2),
    });
    const made = new Schedule(this, 'Schedule', {
      description: 'iam-key-rotator: sweeps this account',
      schedule,
      target,
      // A window would add to the hour in which a key is to be inactive.
      timeWindow: TimeWindow.off(),
    });
    acknowledgeResources(
      Stack.of(made),
      [`${this.sweep.function.functionArn}:*`],
      'The scheduler may invoke any version of this one function.',
    );
  }

  private network(props: IamKeyRotationProps): { securityGroup?: Network['securityGroup'] } {
    const network = props.runtime?.network;
    if (!network) {
      return {};
    }
    const made = new Network(this, 'Network', {
      ...network,
      sendsMail: props.mail !== undefined,
      organization: props.members !== undefined,
    });
    return { securityGroup: made.securityGroup };
  }
}
