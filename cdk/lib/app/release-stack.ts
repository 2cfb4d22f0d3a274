import type { CfnCondition as Condition, StackProps } from 'aws-cdk-lib';
import {
  Annotations,
  Aws,
  BootstraplessSynthesizer,
  CfnCondition,
  CfnOutput,
  CfnResource,
  CfnRule,
  Fn,
  Stack,
  Token,
  Validations,
} from 'aws-cdk-lib';
import { CfnAlarm } from 'aws-cdk-lib/aws-cloudwatch';
import { Architecture, Code } from 'aws-cdk-lib/aws-lambda';
import { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import type { Construct, IConstruct } from 'constructs';
import { watchedHours } from '../alarms';
import { SweepMode } from '../choices';
import { IamKeyRotation } from '../iam-key-rotation';
import { acknowledge } from '../nag';
import { ReservedConcurrency } from '../reserved-concurrency';
import { SenderIdentity } from '../sender-identity';
import { DEFAULTS } from '../settings';
import { SweepSchedule } from '../sweep-schedule';
import { SweepScope } from '../sweep-scope';
import { UserScope } from '../user-scope';
import type { Asked } from './release-parameters';
import { DEFAULT_SCHEDULE, ReleaseParameters } from './release-parameters';
import { rotatorSettings } from './rotation-config';

/** Every name that consists of placeholders alone. */
const BARE_NAMES = ['{user}', '{account}{user}', '{user}{account}'] as const;

/** The released template: one account, everything a parameter, no CDK needed to deploy it. */
export class ReleaseStack extends Stack {
  constructor(scope: Construct, id: string, props: StackProps = {}) {
    super(scope, id, {
      description: 'Rotates IAM access keys through Secrets Manager (iam-key-rotator)',
      synthesizer: new BootstraplessSynthesizer(),
      ...props,
    });
    Validations.of(this).acknowledge({
      id: 'CloudFormation-Validate::W2509',
      reason: "SecretName is the name of a secret, as users' names make it, and no secret itself.",
    });
    Annotations.of(this).acknowledgeWarning(
      '@aws-cdk/aws-lambda:codeFromBucketObjectVersionNotSpecified',
      'The prefix of the zips holds the version, so another release is another key.',
    );
    const asked = new ReleaseParameters(this).asked;
    const set = (name: string, value: string): Condition =>
      new CfnCondition(this, `Has${name}`, { expression: Fn.conditionNot(Fn.conditionEquals(value, '')) });
    const reserved = new CfnCondition(this, 'ReservesConcurrency', {
      expression: Fn.conditionNot(Fn.conditionEquals(asked.reservedConcurrency, '0')),
    });
    const rotation = this.rotation(asked, reserved);
    // What the constructs take as a Duration or a word, the parameters have as text.
    const both = {
      ROTATOR_OVERLAP: asked.overlap,
      ROTATOR_RECOVERY: asked.recovery,
      ROTATOR_IN_USE: asked.inUse,
      ROTATOR_UNKNOWN_KEYS: asked.unknownKeys,
      ROTATOR_MODE: asked.mode,
    };
    rotation._rotation.setEnvironment({ ...both, ROTATOR_PROPAGATION_TIMEOUT: asked.propagationTimeout });
    rotation._sweep.setEnvironment({
      ...both,
      ROTATOR_EXPOSED: asked.exposed,
      ROTATOR_ROTATE_AFTER: asked.rotateAfter,
      ROTATOR_WARN_BEFORE: asked.warnBefore,
      ROTATOR_MAX_AGE: asked.maxAge,
    });
    const mails = set('EmailFrom', asked.emailFrom);
    const retires = new CfnCondition(this, 'Retires', { expression: Fn.conditionNot(Fn.conditionEquals(asked.mode, 'audit')) });
    const enforces = new CfnCondition(this, 'Enforces', { expression: Fn.conditionEquals(asked.mode, 'enforce') });
    // A successor for an exposed key is the one rotation that `retire` starts.
    const replaces = Fn.conditionAnd(
      Fn.conditionEquals(asked.mode, 'retire'),
      Fn.conditionNot(Fn.conditionEquals(asked.exposed, 'alert')),
    );
    const rotates = new CfnCondition(this, 'Rotates', { expression: Fn.conditionOr(enforces, replaces) });
    // These names have no text of their own: no policy could be limited to them.
    const bare = Fn.conditionOr(...BARE_NAMES.map((name) => Fn.conditionEquals(asked.secretName, name)));
    const creates = new CfnCondition(this, 'Creates', { expression: Fn.conditionAnd(enforces, Fn.conditionNot(bare)) });
    const replicates = new CfnCondition(this, 'Replicates', {
      expression: Fn.conditionAnd(creates, Fn.conditionNot(Fn.conditionEquals(Fn.join(',', asked.replicaRegions), ''))),
    });
    new CfnRule(this, 'NamedSecrets', {
      ruleCondition: Fn.conditionAnd(Fn.conditionEquals(asked.mode, 'enforce'), Fn.conditionEquals(asked.scope, 'all')),
      assertions: [
        {
          assert: Fn.conditionNot(Fn.conditionContains([...BARE_NAMES], asked.secretName)),
          assertDescription: `Mode enforce with Scope all: SecretName needs text before or after {user}, as ${DEFAULTS.secretName}`,
        },
      ],
    });
    only(mails, rotation._rotation.node.findChild('MailsPolicy'));
    only(mails, rotation._sweep.node.findChild('MailsPolicy'));
    only(retires, rotation._sweep.node.findChild('RetirePolicy'));
    only(rotates, rotation._sweep.node.findChild('EnforcePolicy'));
    only(creates, rotation._sweep.node.findChild('CreatePolicy'));
    only(replicates, rotation._sweep.node.findChild('ReplicasPolicy'));
    this.watchHourly(rotation, asked);
    for (const logs of rotation.logGroups.map(({ node }) => node.defaultChild)) {
      if (CfnLogGroup.isCfnLogGroup(logs)) {
        logs.retentionInDays = asked.logRetentionDays;
      }
    }
    for (const policy of ['AuditPolicy', 'CreatePolicy', 'ReplicasPolicy']) {
      acknowledge(rotation._sweep.node.findChild(policy), {
        IAM5: 'cdk-nag cannot read a name that is split by CloudFormation; the same policy without parameters is checked.',
      });
    }
    only(set('AlertEmail', asked.alertEmail), rotation.node.findChild('Alerts'), 'AWS::SNS::Subscription');
    const output = (name: string, value: string, description: string, condition?: Condition): void => {
      new CfnOutput(this, name, { value, description, ...(condition ? { condition } : {}) });
    };
    output('RotationFunctionArn', rotation.rotationFunctionArn, 'What secrets rotate with');
    output('SweepFunctionName', rotation.sweepFunction.functionName, 'Invoke it with {} to sweep now');
    output('AlertTopicArn', rotation.alertTopic.topicArn, 'Where failures and findings go');
    // Without the role that deploys it, the policy would refuse updates of the stack.
    const named = set('EnrollmentRoles', Fn.join(',', asked.enrollmentRoles));
    const policy = rotation.serviceControlPolicy([Fn.join('","', asked.enrollmentRoles)]).text;
    output('ServiceControlPolicy', policy, "Refuses the rotator's tags to everybody else", named);
  }

  /** A schedule that only CloudFormation knows is watched for a weekend; the default is watched as what it is. */
  private watchHourly({ _alarms: alarms }: IamKeyRotation, { schedule }: Asked): void {
    const hourly = new CfnCondition(this, 'Hourly', { expression: Fn.conditionEquals(schedule, DEFAULT_SCHEDULE) });
    const missing = alarms.node.findChild('SweepMissing').node.defaultChild;
    if (CfnAlarm.isCfnAlarm(missing)) {
      const hours = watchedHours(ScheduleExpression.expression(DEFAULT_SCHEDULE)) ?? missing.evaluationPeriods;
      missing.evaluationPeriods = Token.asNumber(Fn.conditionIf(hourly.logicalId, hours, missing.evaluationPeriods));
    }
  }

  private rotation(asked: Asked, reserved: Condition): IamKeyRotation {
    const bucket = Bucket.fromBucketName(this, 'Code', asked.codeBucket);
    const code = (program: string): Code =>
      Code.fromBucketV2(bucket, Fn.join('', [asked.codePrefix, program, '-', asked.architecture, '.zip']));
    // The defaults, where the parameters' text is put in their place.
    const { overlap, recovery, inUse, unknownKeys, propagationTimeout, rotateAfter, warnBefore } = DEFAULTS;
    const standard = rotatorSettings({
      keys: { overlap, recovery, inUse, unknownKeys, propagationTimeout },
      sweep: { rotateAfter, warnBefore, maxAge: '0' },
    });
    return new IamKeyRotation(this, 'Rotator', {
      keys: {
        ...standard.keys,
        testRegions: asked.testRegions,
        secretName: asked.secretName,
        secretShape: asked.secretShape,
      },
      mail: {
        from: asked.emailFrom,
        identity: SenderIdentity.fromName(asked.emailIdentity),
        domain: asked.emailDomain,
        userTag: asked.emailTag,
        admin: asked.adminEmail,
        contact: asked.contact,
        template: asked.emailTemplate,
      },
      sweep: {
        ...standard.sweep,
        // For its statements, which carry a condition on the parameter; the functions are told the parameter.
        mode: SweepMode.ENFORCE,
        scope: SweepScope._parameter(asked.scope),
        exemptUsers: asked.exemptUsers,
        exemptGroup: asked.exemptGroup,
        exemptTag: asked.exemptTag,
        replicaRegions: asked.replicaRegions,
      },
      users: UserScope.tagged('iam-key-rotator:rotate', asked.userTagValue, asked.userPath),
      alerts: { emails: [asked.alertEmail] },
      sweeping: {
        schedule: SweepSchedule.expression(ScheduleExpression.expression(asked.schedule)),
        reservedConcurrency: ReservedConcurrency.of(
          Token.asNumber(Fn.conditionIf(reserved.logicalId, asked.reservedConcurrency, Aws.NO_VALUE)),
        ),
      },
      runtime: {
        architecture: Architecture.custom(asked.architecture),
        code: { rotation: code('rotation'), sweep: code('sweep') },
      },
    });
  }
}

/** Makes a resource, or those of a type below a construct, depend on a condition. */
function only(condition: Condition, scope: IConstruct, type?: string): void {
  for (const child of scope.node.findAll()) {
    if (CfnResource.isCfnResource(child) && (type === undefined || child.cfnResourceType === type)) {
      child.cfnOptions.condition = condition;
    }
  }
}
