import { Annotations, Stack, Token } from 'aws-cdk-lib';
import type { ISecurityGroup, IVpc } from 'aws-cdk-lib/aws-ec2';
import { InterfaceVpcEndpoint, InterfaceVpcEndpointAwsService, Peer, Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { iamHomeRegion } from './home-region';
import type { NetworkSettings } from './runtime';

/** What the network has to reach. */
export interface NetworkProps extends NetworkSettings {
  readonly sendsMail: boolean;
  readonly organization: boolean;
}

/** The functions' place in a VPC: a security group that lets HTTPS out, and the endpoints they call. */
export class Network extends Construct {
  readonly securityGroup: ISecurityGroup;

  constructor(scope: Construct, id: string, props: NetworkProps) {
    super(scope, id);
    this.securityGroup = props.securityGroup ?? this.newGroup('Functions', 'iam-key-rotator: functions', props.vpc);
    if (!props.securityGroup) {
      this.securityGroup.addEgressRule(Peer.anyIpv4(), Port.HTTPS, 'AWS endpoints');
    }
    if (props.endpoints) {
      this.addEndpoints(props);
    }
    this.warnOfIam();
  }

  private addEndpoints(props: NetworkProps): void {
    const group = this.newGroup('Endpoints', 'iam-key-rotator: endpoints', props.vpc);
    group.addIngressRule(this.securityGroup, Port.HTTPS, 'iam-key-rotator');
    const service = InterfaceVpcEndpointAwsService;
    const { region } = Stack.of(this);
    const endpoints: Record<string, InterfaceVpcEndpointAwsService> = {
      SecretsManager: service.SECRETS_MANAGER,
      Sts: service.STS,
      Sns: service.SNS,
      Lambda: service.LAMBDA,
      ...(props.sendsMail ? { Ses: service.EMAIL } : {}),
      ...(props.organization ? { Organizations: service.ORGANIZATIONS } : {}),
      ...(!Token.isUnresolved(region) && region === iamHomeRegion(region) ? { Iam: service.IAM } : {}),
    };
    for (const [name, endpoint] of Object.entries(endpoints)) {
      new InterfaceVpcEndpoint(this, `${name}Endpoint`, {
        vpc: props.vpc,
        service: endpoint,
        securityGroups: [group],
        open: false,
        ...(props.subnets ? { subnets: props.subnets } : {}),
      });
    }
  }

  /** In a VPC without a way out, the functions would wait in vain for IAM. */
  private warnOfIam(): void {
    const { region } = Stack.of(this);
    const home = Token.isUnresolved(region) ? undefined : iamHomeRegion(region);
    if (region !== home) {
      Annotations.of(this).addWarningV2(
        'iam-key-rotator:iamEndpoint',
        `IAM has an interface endpoint only in ${home ?? "IAM's region of the partition, such as us-east-1"}. The subnets ` +
          'of runtime.network need a NAT gateway, or a transit gateway to that endpoint. Otherwise every rotation ends in ' +
          'DeadlineTooShort.',
      );
    }
  }

  private newGroup(id: string, description: string, vpc: IVpc): SecurityGroup {
    return new SecurityGroup(this, id, { vpc, description, allowAllOutbound: false });
  }
}
