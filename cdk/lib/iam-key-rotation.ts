import { Duration, Stack, Token } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import { AccountPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { scheduleSweep } from './account-schedule';
import { Alarms } from './alarms';
import { AlertTopic } from './alert-topic';
import { checkCreatedSecrets, checkSettings } from './check';
import { SweepMode } from './choices';
import { RotationDashboard } from './dashboard';
import type { Wiring } from './environment';
import { environmentOf, memberRoleName } from './environment';
import { ExposedKeyWatch } from './exposed-keys';
import { RotationFunction } from './functions/rotation-function';
import type { RotatorFunction } from './functions/rotator-function';
import { SweepFunction } from './functions/sweep-function';
import { iamHomeRegion } from './home-region';
import type { IamKeyRotationProps } from './iam-key-rotation-props';
import { KeyCreationWatch } from './key-creation-watch';
import { MailIdentities } from './mail-identities';
import { Network } from './network';
import { assumeMemberRole, memberRoleArn } from './policies/execution';
import { encryptLogs } from './policies/logs-key';
import { publishAlerts, sendMails } from './policies/notices';
import { REASONS } from './policies/reasons';
import { useSecretsKey } from './policies/secrets-key';
import { ReservedConcurrency } from './reserved-concurrency';
import type { IamKeyRotationAttributes, IIamKeyRotation } from './rotation-import';
import { ImportedRotation } from './rotation-import';
import { RotationMetrics } from './rotation-metrics';
import { ServiceControlPolicy } from './service-control-policy';
import type { RotatorSettings } from './settings';
import { accountsWithSecrets, modeOf } from './settings';
import { SweepSchedule } from './sweep-schedule';
import { addTags } from './tags';
import { UserScope } from './user-scope';
import { warnOfExposed } from './warn-exposed';

/** Rotates IAM access keys: two functions, their roles, alerts, alarms and a dashboard. */
export class IamKeyRotation extends RotationMetrics implements IIamKeyRotation {
  /** A rotator of another stack, in the same account and region, for secrets of this one. */
  static fromIamKeyRotationAttributes(scope: Construct, id: string, attributes: IamKeyRotationAttributes): IIamKeyRotation {
    return new ImportedRotation(scope, id, attributes);
  }

  /** What was asked for. */
  readonly settings: RotatorSettings;
  readonly users: UserScope;
  /** Where failures, findings and alarms go. */
  readonly alertTopic: ITopic;
  readonly sweepSchedule?: SweepSchedule;
  /** The customer key of the secrets that the sweep makes. */
  readonly createdSecretsKey?: IKey;
  /** @internal */
  readonly _watchesExposedKeys: boolean;
  /** @internal */
  readonly _alarms: Alarms;
  /** @internal */
  readonly _rotation: RotationFunction;
  /** @internal */
  readonly _sweep: SweepFunction;
  /**
   * How many sweeps may run at once. Undefined where nothing is reserved.
   *
   * @internal
   */
  readonly _reservedConcurrency: number | undefined;
  /** @internal */
  readonly _logEncryptionKey: IKey | undefined;
  private readonly watchesKeyCreation: boolean;
  private readonly secretsKeys = new Map<string, IKey>();

  constructor(scope: Construct, id: string, props: IamKeyRotationProps = {}) {
    super(scope, id);
    this.sweepSchedule = props.sweeping?.schedule ?? SweepSchedule.expression(ScheduleExpression.rate(Duration.hours(1)));
    const schedule = this.sweepSchedule._expression;
    checkSettings(props, schedule);
    checkCreatedSecrets(props, Stack.of(this).region, props.createdSecretsKey !== undefined);
    this.settings = props;
    if (props.createdSecretsKey) {
      this.createdSecretsKey = props.createdSecretsKey;
    }
    this.users = props.users ?? UserScope.tagged();
    this._reservedConcurrency = (props.sweeping?.reservedConcurrency ?? ReservedConcurrency.of(1))._count;
    this._logEncryptionKey = props.runtime?.logEncryptionKey;
    this._logEncryptionKey?.addToResourcePolicy(encryptLogs(Stack.of(this)));
    const alerts = new AlertTopic(this, 'Alerts', props.alerts ?? {});
    this.alertTopic = alerts.topic;
    const network = this.network(props);
    const common = { settings: props, users: this.users, runtime: props.runtime ?? {}, ...network };
    this._rotation = new RotationFunction(this, 'Rotation', common);
    this._sweep = new SweepFunction(this, 'Sweep', {
      ...common,
      rotationFunctionArn: this._rotation.function.functionArn,
      reservedConcurrency: this._reservedConcurrency,
    });
    this.connect(props, alerts);
    if (schedule) {
      scheduleSweep(this, this._sweep, schedule);
    }
    this._alarms = new Alarms(this, 'Alarms', {
      topic: this.alertTopic,
      rotation: this._rotation.function,
      sweep: this._sweep.function,
      deadLetters: this._sweep.deadLetters,
    });
    if (schedule) {
      this._alarms.expect('SweepMissing', 'No sweep has run', schedule, (how) =>
        this._sweep.function.metricInvocations(how),
      );
    }
    this.watchesKeyCreation = props.watchKeyCreation ?? true;
    if (this.watchesKeyCreation) {
      new KeyCreationWatch(this, 'KeyCreation', {
        topic: this.alertTopic,
        topicKeyArn: alerts.keyArn,
        alarms: this._alarms,
        permissionsBoundary: props.runtime?.permissionsBoundary,
        rotatorRoleArns: [this._rotation.role.roleArn, ...(props.keyCreators ?? [])],
      });
    }
    this._watchesExposedKeys = props.watchExposedKeys ?? false;
    warnOfExposed(this, props, this._watchesExposedKeys);
    if (this._watchesExposedKeys) {
      new ExposedKeyWatch(this, 'ExposedKeys', { sweep: this._sweep.function, deadLetters: this._sweep.deadLetters });
    }
    new RotationDashboard(this, 'Overview', {
      alarms: this._alarms.all,
      logGroups: [this._rotation.logGroup, this._sweep.logGroup],
      rotation: this._rotation.function,
      sweep: this._sweep.function,
    });
    addTags(this, props.tags);
  }

  /** The function that secrets rotate with. */
  get rotationFunction(): IFunction {
    return this._rotation.function;
  }

  get rotationFunctionArn(): string {
    return this._rotation.function.functionArn;
  }

  /** The rotation function's role. It reads and writes the values of secrets that rotate with the function. */
  get rotationRole(): IRole {
    return this._rotation.role;
  }

  get rotationRoleArn(): string {
    return this._rotation.role.roleArn;
  }

  /** The function that checks every user. */
  get sweepFunction(): IFunction {
    return this._sweep.function;
  }

  /** The sweep's role. It reads no value of a secret, and creates no key. */
  get sweepRole(): IRole {
    return this._sweep.role;
  }

  /** Events of the sweep that could not be processed. */
  get deadLetterQueue(): IQueue {
    return this._sweep.deadLetters;
  }

  /** The log groups of both functions: the rotation's, then the sweep's. */
  get logGroups(): ILogGroup[] {
    return [this._rotation.logGroup, this._sweep.logGroup];
  }

  /** Every alarm, in the order of the dashboard. */
  get alarms(): Alarm[] {
    return [...this._alarms.all];
  }

  /**
   * Whether the forwarder is needed in IAM's region: undefined while the region is not known.
   *
   * @internal
   */
  get _needsForwarder(): boolean | undefined {
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
  serviceControlPolicy(roleArns: string[]): ServiceControlPolicy {
    const { members } = this.settings;
    const sweeps = accountsWithSecrets(members).map((account) =>
      memberRoleArn(Stack.of(this), memberRoleName(members ?? {}, 'sweep'), account),
    );
    const own = [this._rotation.role.roleArn, this._sweep.role.roleArn];
    return new ServiceControlPolicy({ users: this.users, settings: this.settings, roleArns: [...own, ...sweeps, ...roleArns] });
  }

  allowSecretsKey(key: IKey): void {
    this.allowKey(key, [this._rotation]);
  }

  private allowKey(key: IKey, functions: readonly RotatorFunction[]): void {
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
      rotationFunctionArn: this._rotation.function.functionArn,
      rotationRoleArn: this._rotation.role.roleArn,
      sweepDeployed: true,
      ...(props.createdSecretsKey ? { createdSecretsKeyArn: props.createdSecretsKey.keyArn } : {}),
    };
    for (const each of [this._rotation, this._sweep]) {
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
      const creates = modeOf(props) === SweepMode.ENFORCE ? [this._sweep] : [];
      this.allowKey(props.createdSecretsKey, [this._rotation, ...creates]);
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
