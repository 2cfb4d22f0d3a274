import type { Duration } from 'aws-cdk-lib';
import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import type { IManagedPolicy } from 'aws-cdk-lib/aws-iam';
import type { Architecture, Code } from 'aws-cdk-lib/aws-lambda';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { FunctionLogLevel } from './choices';

/** One function's size. */
export interface FunctionSize {
  /**
   * Memory in MB, and with it the share of a CPU.
   *
   * @default - 256 for the rotation function, 512 for the sweep
   */
  readonly memoryMegabytes?: number;
  /**
   * Longest run. Secrets Manager waits for a step at most 15 minutes.
   *
   * @default - 3 minutes for the rotation function, 15 minutes for the sweep
   */
  readonly timeout?: Duration;
}

/** The code of both functions. */
export interface FunctionCode {
  readonly rotation: Code;
  readonly sweep: Code;
}

/** Where and how the functions run. */
export interface RuntimeSettings {
  /** @default - Architecture.X86_64 */
  readonly architecture?: Architecture;
  /**
   * The functions' code.
   *
   * @default - the zips that `make package` made, or a placeholder with a warning
   */
  readonly code?: FunctionCode;
  /** @default - 256 MB, 3 minutes */
  readonly rotation?: FunctionSize;
  /** @default - 512 MB, 15 minutes */
  readonly sweep?: FunctionSize;
  /**
   * How long logs are kept.
   *
   * @default - RetentionDays.ONE_YEAR
   */
  readonly logRetention?: RetentionDays;
  /**
   * Customer key of the log groups. A key of this app gets the statement that CloudWatch Logs needs; an existing key must
   * have it already (docs/deploying.md).
   *
   * @default - encrypted by CloudWatch Logs, without a customer key
   */
  readonly logEncryptionKey?: IKey;
  /**
   * Least level of the log lines that are written. Above INFO the metrics, which are log lines too, would be lost.
   *
   * @default FunctionLogLevel.INFO
   */
  readonly logLevel?: FunctionLogLevel;
  /**
   * Whether AWS X-Ray traces invocations.
   *
   * @default false
   */
  readonly tracing?: boolean;
  /**
   * Runs the functions in a VPC.
   *
   * @default - outside any VPC, with the way to AWS's endpoints that Lambda has
   */
  readonly network?: NetworkSettings;
  /**
   * Permissions boundary of the functions' roles and of the role that EventBridge publishes alerts under, where the
   * organization demands one of its own.
   *
   * @default - a boundary for each function, which allows what it can ever need; none for EventBridge's role
   */
  readonly permissionsBoundary?: IManagedPolicy;
}

/** The functions' VPC. */
export interface NetworkSettings {
  readonly vpc: IVpc;
  /** @default - the VPC's private subnets */
  readonly subnets?: SubnetSelection;
  /** @default - a new group without ingress that may reach HTTPS */
  readonly securityGroup?: ISecurityGroup;
  /**
   * Makes interface endpoints for the services that the functions call. IAM has one in a single region of each partition
   * (us-east-1, cn-north-1, us-gov-west-1, …): elsewhere the subnets need a NAT gateway or a transit gateway to it.
   *
   * @default false
   */
  readonly endpoints?: boolean;
}
