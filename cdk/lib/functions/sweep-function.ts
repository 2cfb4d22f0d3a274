import { Duration, Stack, Token } from 'aws-cdk-lib';
import type { ISecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IDestination } from 'aws-cdk-lib/aws-lambda';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { SweepMode } from '../choices';
import { acknowledge } from '../nag';
import { REASONS } from '../policies/reasons';
import {
  auditPolicy,
  continueItself,
  createPolicy,
  enforcePolicy,
  rememberReports,
  replicateSecrets,
  retirePolicy,
} from '../policies/sweep';
import type { RuntimeSettings } from '../runtime';
import type { RotatorSettings } from '../settings';
import { modeOf, replacesExposed } from '../settings';
import { SettingsError } from '../settings-error';
import type { UserScope } from '../user-scope';
import { RotatorFunction, SIZES } from './rotator-function';

/** What the sweep is made of. */
export interface SweepFunctionProps {
  readonly settings: RotatorSettings;
  readonly users: UserScope;
  readonly runtime: RuntimeSettings;
  readonly rotationFunctionArn: string;
  /** How many sweeps may run at once. Undefined reserves nothing. */
  readonly reservedConcurrency: number | undefined;
  readonly securityGroup?: ISecurityGroup;
}

/** The function for schedules and lifecycle events. It reads no secret's value and makes no key. */
export class SweepFunction extends RotatorFunction {
  /** Events that could not be worked off: of the schedule, and of invocations that failed for good. */
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, props: SweepFunctionProps) {
    const reserved = props.reservedConcurrency;
    if (reserved !== undefined && !Token.isUnresolved(reserved) && reserved < 1) {
      throw new SettingsError("sweep.reservedConcurrency is 0, which stops the sweep. Name at least 1, or 'none'.");
    }
    super(scope, id, {
      program: 'sweep',
      description: 'iam-key-rotator: looks after the keys of an account',
      size: { ...SIZES.sweep, ...props.runtime.sweep },
      runtime: props.runtime,
      ...(reserved === undefined ? {} : { reservedConcurrency: reserved }),
      ...(props.securityGroup ? { securityGroup: props.securityGroup } : {}),
    });
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    acknowledge(this.deadLetters, { SQS3: 'It is itself where events end that could not be worked off.' });
    this.function.configureAsyncInvoke({
      onFailure: this.failureDestination(),
      // A sweep that failed twice is looked at by somebody; the next schedule comes anyway.
      retryAttempts: 2,
      maxEventAge: Duration.hours(2),
    });
    const of = { ...props, stack: Stack.of(this) };
    const self = this.function.functionArn;
    // The function depends on none of its policies but Execution, so they may name it.
    this.allow('Audit', [...auditPolicy(of), continueItself(self), ...rememberReports(self)], REASONS);
    const mode = modeOf(props.settings);
    if (mode !== SweepMode.AUDIT) {
      this.allow('Retire', retirePolicy(of), REASONS);
    }
    if (replacesExposed(props.settings)) {
      this.allow('Exposed', enforcePolicy(of), REASONS);
    }
    if (mode === SweepMode.ENFORCE) {
      this.allow('Enforce', enforcePolicy(of), REASONS);
      for (const [id, statements] of [['Create', createPolicy(of)], ['Replicas', replicateSecrets(of)]] as const) {
        if (statements.length > 0) {
          this.allow(id, statements, REASONS);
        }
      }
    }
  }

  /** The queue, with no more than the right to send to it: CDK's own destination adds two more. */
  private failureDestination(): IDestination {
    const queue = this.deadLetters;
    return {
      bind: (): { destination: string } => {
        this.allow('DeadLetters', [
          new PolicyStatement({ sid: 'SendDeadLetters', actions: ['sqs:SendMessage'], resources: [queue.queueArn] }),
        ]);
        return { destination: queue.queueArn };
      },
    };
  }
}
