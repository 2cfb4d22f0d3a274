import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { ISecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { ManagedPolicy, Policy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import {
  ApplicationLogLevel,
  Architecture,
  Function as LambdaFunction,
  LoggingFormat,
  RecursiveLoop,
  Runtime,
  SystemLogLevel,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { skipOnBoundary } from '../checkov';
import { packagedCode } from '../code';
import type { Program } from '../environment';
import { acknowledge, acknowledgeStatements } from '../nag';
import { boundaryOf } from '../policies/boundary';
import { codeLeavesVpcAlone, joinVpc, writeLogs } from '../policies/execution';
import type { FunctionSize, RuntimeSettings } from '../runtime';

/** What both functions are made of. */
export interface RotatorFunctionProps {
  readonly program: Program;
  readonly description: string;
  readonly size: Required<FunctionSize>;
  readonly runtime: RuntimeSettings;
  readonly securityGroup?: ISecurityGroup;
  readonly reservedConcurrency?: number;
}

/** A function with a role of its own, its log group and its boundary. What it may do is attached by `allow`. */
export class RotatorFunction extends Construct {
  readonly function: LambdaFunction;
  readonly role: Role;
  readonly logGroup: LogGroup;
  /** Which program this is. */
  readonly program: Program;

  constructor(scope: Construct, id: string, props: RotatorFunctionProps) {
    super(scope, id);
    this.program = props.program;
    const { runtime, size } = props;
    const network = runtime.network;
    const architecture = runtime.architecture ?? Architecture.X86_64;

    this.logGroup = new LogGroup(this, 'Logs', {
      retention: runtime.logRetention ?? RetentionDays.ONE_YEAR,
      ...(runtime.logEncryptionKey ? { encryptionKey: runtime.logEncryptionKey } : {}),
      // The record of what was done to keys outlives the stack.
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `${props.description}: execution role`,
      permissionsBoundary: runtime.permissionsBoundary ?? this.boundary(),
    });
    // Before the function, which Lambda starts as soon as it is made.
    const execution = this.allow('Execution', [writeLogs(this.logGroup), ...(network ? [joinVpc()] : [])], {
      LambdaJoinsTheVpc:
        'Network interfaces have no ARN before Lambda makes them; another policy refuses these actions to the code.',
    });
    this.function = new LambdaFunction(this, 'Function', {
      description: props.description,
      runtime: Runtime.PROVIDED_AL2023,
      handler: 'bootstrap',
      architecture,
      code: runtime.code?.[props.program] ?? packagedCode(this, props.program, architecture),
      memorySize: size.memoryMegabytes,
      timeout: size.timeout,
      role: this.role,
      logGroup: this.logGroup,
      loggingFormat: LoggingFormat.JSON,
      applicationLogLevelV2: ApplicationLogLevel[runtime.logLevel ?? 'INFO'],
      systemLogLevelV2: SystemLogLevel.INFO,
      tracing: runtime.tracing ? Tracing.ACTIVE : Tracing.DISABLED,
      // A function that calls itself without end is stopped by Lambda after 16 rounds.
      recursiveLoop: RecursiveLoop.TERMINATE,
      ...(props.reservedConcurrency === undefined
        ? {}
        : { reservedConcurrentExecutions: props.reservedConcurrency }),
      ...(network ? { vpc: network.vpc } : {}),
      ...(network?.subnets ? { vpcSubnets: network.subnets } : {}),
      ...(props.securityGroup ? { securityGroups: [props.securityGroup] } : {}),
    });
    this.function.node.addDependency(execution);
    if (network) {
      this.allow('Network', [codeLeavesVpcAlone(this.function.functionArn)], {
        CodeLeavesTheVpcAlone: 'A denial is to be as wide as it can be.',
      });
    }
    if (runtime.tracing) {
      acknowledge(this.role, { 'IAM5[Resource::*]': 'X-Ray knows no resources.' });
    }
  }

  /**
   * Attaches statements as a policy of their own, which may name the function's ARN. A statement whose resources hold
   * a wildcard needs a reason, by its Sid.
   */
  allow(id: string, statements: PolicyStatement[], reasons: Readonly<Record<string, string>> = {}): Policy {
    const policy = new Policy(this, `${id}Policy`, { roles: [this.role], statements });
    acknowledgeStatements(policy, statements, reasons);
    return policy;
  }

  /** Sets variables of the function's environment. */
  setEnvironment(variables: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(variables)) {
      this.function.addEnvironment(name, value);
    }
  }

  private boundary(): ManagedPolicy {
    const boundary = new ManagedPolicy(this, 'Boundary', {
      description: `The most that the ${this.program} function of iam-key-rotator can ever be allowed`,
      statements: boundaryOf(this.program),
    });
    acknowledge(boundary, {
      'IAM5[Resource::*]':
        'A boundary grants nothing: it lists the actions that the policies, which name resources, may grant.',
    });
    skipOnBoundary(boundary, this.program);
    return boundary;
  }
}

/** How long the functions run at most, and with how much memory. */
export const SIZES = {
  rotation: { memoryMegabytes: 256, timeout: Duration.minutes(3) },
  sweep: { memoryMegabytes: 512, timeout: Duration.minutes(15) },
} as const;
