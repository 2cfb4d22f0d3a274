import { Annotations, CfnResource, Duration, Lazy, RemovalPolicy, SecretValue, Stack, Tags, Token } from 'aws-cdk-lib';
import { ArnPrincipal, CfnUser, Effect, PolicyStatement, StarPrincipal } from 'aws-cdk-lib/aws-iam';
import type { Grant, IGrantable, IUser } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { ReplicaRegion } from 'aws-cdk-lib/aws-secretsmanager';
import { RotationSchedule, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { checkInterval } from './check-ages';
import { IamKeyRotation } from './iam-key-rotation';
import type { IIamKeyRotation } from './rotation-import';
import { isUserField } from './secret-shape';
import type { RotatorSettings } from './settings';
import { DEFAULTS, SECRET_TAG, USER_TAG } from './settings';
import { SettingsError } from './settings-error';

/** How Secrets Manager may be told to rotate. */
const SHORTEST = Duration.hours(4);
const LONGEST = Duration.days(1000);

/** The secret of each user that was tagged. */
const BOUND = new WeakMap<IUser, string>();

/** One user's key. */
export interface RotatedAccessKeyProps {
  /** What rotates it. Secret and function must be in the same region. */
  readonly rotation: IIamKeyRotation;
  /**
   * Whose key it is. A user created in this app is tagged: with the rotator's scope, and with
   * `iam-key-rotator:secret`, so that no other secret gets its keys. Give it a `userName`. An existing user, as
   * `User.fromUserName`, must be in scope by itself; `iam-key-rotator enroll` sets the second tag.
   */
  readonly user: IUser;
  /**
   * Name of the secret.
   *
   * @default - as keys.secretName says, `iam-key/{user}` unless set otherwise
   */
  readonly secretName?: string;
  /**
   * Time between two rotations. A whole number of hours up to a day, and of days beyond.
   *
   * @default Duration.days(90)
   */
  readonly interval?: Duration;
  /**
   * Customer key of the secret.
   *
   * @default - the account's aws/secretsmanager key
   */
  readonly encryptionKey?: IKey;
  /**
   * Regions that get a replica of the secret.
   *
   * @default - none
   */
  readonly replicaRegions?: ReplicaRegion[];
  /**
   * ARNs of roles and users that may read the secret beside the user itself.
   *
   * @default - none: only who may by a policy of its own
   */
  readonly readers?: string[];
  /**
   * Refuses the value to everybody but the user, the readers and the rotation function, whatever their own policies
   * allow. Name the roles of your administrators among the readers, or they are locked out too.
   *
   * @default false
   */
  readonly refuseOthers?: boolean;
  /**
   * What becomes of the secret and its policy when they leave the app. With DESTROY the only copy of a working key goes
   * with them.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * A secret with one IAM user's access key, rotated by Secrets Manager. It starts with the user's name alone; the
 * first rotation, which begins as soon as the schedule exists, puts the first key into it.
 */
export class RotatedAccessKey extends Construct {
  readonly secret: Secret;
  /** Who may read the value, where others are refused. */
  private readonly allowed: string[];
  private readonly refusesOthers: boolean;

  constructor(scope: Construct, id: string, props: RotatedAccessKeyProps) {
    super(scope, id);
    const { rotation, user } = props;
    const interval = props.interval ?? Duration.days(90);
    this.check(interval, rotation);
    const { account } = Stack.of(this);
    const nameFor = (userName: string): string => props.secretName ?? secretNameOf(rotation.settings, userName, account);
    this.secret = new Secret(this, 'Secret', {
      secretName: nameFor(user.userName),
      description: `IAM access key of ${user.userName}, rotated by iam-key-rotator`,
      // The value never changes here again: an update of it would push the key out of AWSCURRENT.
      secretObjectValue: { [userField(rotation.settings)]: SecretValue.unsafePlainText(user.userName) },
      removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN,
      ...(props.encryptionKey ? { encryptionKey: props.encryptionKey } : {}),
      ...(props.replicaRegions ? { replicaRegions: [...props.replicaRegions] } : {}),
    });
    Tags.of(this.secret).add(USER_TAG, user.userName);
    if (props.encryptionKey) {
      rotation.allowSecretsKey(props.encryptionKey);
    }
    this.enroll(user, rotation);
    this.bind(user, nameFor);
    this.allowed = [user.userArn, ...(props.readers ?? [])];
    this.refusesOthers = props.refuseOthers ?? false;
    this.letRead(rotation);
    this.schedule(rotation, interval);
    // Who reads the secret by its policy goes on reading it when the stack is gone.
    const policy = this.secret.node.tryFindChild('Policy');
    const resource = policy?.node.defaultChild;
    if (CfnResource.isCfnResource(resource)) {
      resource.applyRemovalPolicy(props.removalPolicy ?? RemovalPolicy.RETAIN);
    }
  }

  /**
   * Lets a role or a user read the secret by a policy of its own. Where `refuseOthers` is set, it is also added to the
   * readers.
   */
  grantRead(grantee: IGrantable): Grant {
    if (this.refusesOthers) {
      this.allowed.push(arnOf(grantee));
    }
    return this.secret.grantRead(grantee);
  }

  /** CDK's own schedule would let Secrets Manager in without SourceAccount, and widen the role: so it gets a bare ARN. */
  private schedule(rotation: IIamKeyRotation, interval: Duration): void {
    const rotationLambda = LambdaFunction.fromFunctionArn(this, 'Function', rotation.rotationFunctionArn);
    const schedule = new RotationSchedule(this, 'Rotation', {
      secret: this.secret,
      rotationLambda,
      automaticallyAfter: interval,
    });
    // The first rotation begins at once, so all it needs must be there.
    if (rotation instanceof IamKeyRotation) {
      schedule.node.addDependency(...rotation._rotation.permissions, rotation._rotation);
    }
  }

  private enroll(user: IUser, rotation: IIamKeyRotation): void {
    const tag = rotation.users.tag;
    if (!tag) {
      return;
    }
    if (resourceOf(user)) {
      Tags.of(user).add(tag.key, tag.value);
    } else {
      Annotations.of(this).addInfo(
        `User ${user.userName} is not made in this app: it must carry the tag ${tag.key} = ${tag.value}, or the ` +
          'rotation function is denied its keys.',
      );
    }
  }

  /**
   * The user's side of the binding. It names the secret by its name: the secret's ARN would make user and secret wait for
   * each other.
   */
  private bind(user: IUser, nameFor: (userName: string) => string): void {
    const resource = resourceOf(user);
    if (!resource) {
      Annotations.of(this).addInfo(
        `User ${user.userName} is not created in this app: tag it ${SECRET_TAG} = ${nameFor(user.userName)}, by hand or ` +
          'with iam-key-rotator enroll, and no other secret gets its keys.',
      );
      return;
    }
    const userName = givenName(resource);
    const secretName = nameFor(userName ?? user.userName);
    if (BOUND.has(user)) {
      throw new SettingsError(
        `user is ${user.node.path}, which has the rotated secret ${BOUND.get(user) ?? ''} already: its keys go into one ` +
          'secret alone. Replicate that secret, or let other roles read it (readers).',
      );
    }
    if (userName === undefined && secretName.includes(user.userName)) {
      throw new SettingsError(
        `user is ${user.node.path}, whose name CloudFormation chooses: the user's tag ${SECRET_TAG} cannot name a secret ` +
          "that is named after it. Give the user a userName, or this key a secretName.",
      );
    }
    BOUND.set(user, secretName);
    Tags.of(user).add(SECRET_TAG, secretName);
  }

  private letRead(rotation: IIamKeyRotation): void {
    this.secret.addToResourcePolicy(
      new PolicyStatement({
        sid: 'TheUserItself',
        principals: this.allowed.map((arn) => new ArnPrincipal(arn)),
        actions: ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'],
        resources: ['*'],
      }),
    );
    if (this.refusesOthers) {
      this.secret.addToResourcePolicy(
        new PolicyStatement({
          sid: 'NobodyElse',
          effect: Effect.DENY,
          principals: [new StarPrincipal()],
          actions: ['secretsmanager:GetSecretValue'],
          resources: ['*'],
          // Later grants are readers too.
          conditions: { ArnNotEquals: { 'aws:PrincipalArn': Lazy.list({ produce: () => [...this.allowed, rotation.rotationRoleArn] }) } },
        }),
      );
    }
  }

  private check(interval: Duration, { settings, sweepSchedule }: IIamKeyRotation): void {
    const seconds = interval.toSeconds();
    if (seconds < SHORTEST.toSeconds() || seconds > LONGEST.toSeconds()) {
      throw new SettingsError(
        `interval is ${interval.toHumanString()}: Secrets Manager rotates at least 4 hours and at most 1000 days apart.`,
      );
    }
    checkInterval('interval', interval, settings, sweepSchedule?._expression);
  }
}

/**
 * The resource of a user that is created in this app. Not by `instanceof`: an app may load another copy of aws-cdk-lib
 * than this package does, and its classes are others.
 */
function resourceOf(user: IUser): CfnUser | undefined {
  const resource = user.node.defaultChild;
  return CfnUser.isCfnUser(resource) ? resource : undefined;
}

/** A user's name as it was given. The name that CloudFormation reports would make the user's tag wait for the user. */
function givenName(user: CfnUser): string | undefined {
  return Stack.of(user).resolve(user.userName) === undefined ? undefined : user.userName;
}

/** The ARN of a role or a user: what a condition can name. */
function arnOf({ grantPrincipal: { policyFragment } }: IGrantable): string {
  const [arn, ...others] = policyFragment.principalJson['AWS'] ?? [];
  if (arn === undefined || others.length > 0) {
    throw new SettingsError('grantRead is called with refuseOthers for a principal that is no role and no user: grant it to one of these.');
  }
  return arn;
}

function secretNameOf(settings: RotatorSettings, userName: string, account: string): string {
  const template = settings.keys?.secretName ?? DEFAULTS.secretName;
  return template.replace('{user}', userName).replace('{account}', account);
}

/** The field that names the user, in the spelling of the shape. */
function userField(settings: RotatorSettings): string {
  const shape: readonly string[] = settings.keys?.secretShape ?? DEFAULTS.secretShape;
  if (Token.isUnresolved(shape)) {
    return DEFAULTS.secretShape[0];
  }
  return shape.find(isUserField) ?? DEFAULTS.secretShape[0];
}
