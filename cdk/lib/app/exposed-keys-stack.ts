import type { StackProps } from 'aws-cdk-lib';
import { BootstraplessSynthesizer, CfnCondition, CfnParameter, Fn, Stack, Token } from 'aws-cdk-lib';
import { CfnRule } from 'aws-cdk-lib/aws-events';
import { CfnRole } from 'aws-cdk-lib/aws-iam';
import { CfnPermission } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { exposedCredentials, suspiciousKeys } from '../exposed-keys';

/**
 * The released template of the rules for exposed keys, beside that of the rotator. In the rotator's region it sends the
 * events to the sweep. In any other region, such as those where AWS Health has global events, and in other accounts, it
 * forwards them there.
 */
export class ExposedKeysStack extends Stack {
  constructor(scope: Construct, id: string, props: StackProps = {}) {
    super(scope, id, {
      description: "Sends reports of exposed access keys to iam-key-rotator's sweep",
      synthesizer: new BootstraplessSynthesizer(),
      ...props,
    });
    const homeRegion = new CfnParameter(this, 'HomeRegion', {
      description: 'Region of the rotator',
      allowedPattern: '^[a-z0-9-]+$',
    }).valueAsString;
    const sweep = new CfnParameter(this, 'SweepFunctionName', {
      description: "Output SweepFunctionName of the rotator's stack. Leave it out in other regions and accounts",
      default: 'in-the-region-of-the-rotator',
    }).valueAsString;
    const homeAccount = new CfnParameter(this, 'HomeAccount', {
      description: 'Account of the rotator. Empty: this one',
      default: '',
      allowedPattern: '^([0-9]{12})?$',
    }).valueAsString;
    const ours = new CfnCondition(this, 'OwnAccount', {
      expression: Fn.conditionOr(Fn.conditionEquals(homeAccount, ''), Fn.conditionEquals(homeAccount, this.account)),
    });
    const home = new CfnCondition(this, 'Home', {
      expression: Fn.conditionAnd(ours, Fn.conditionEquals(homeRegion, this.region)),
    });
    const away = new CfnCondition(this, 'Away', { expression: Fn.conditionNot(home) });
    const here = (value: unknown, elsewhere: unknown): string => Token.asString(Fn.conditionIf(home.logicalId, value, elsewhere));
    const account = Token.asString(Fn.conditionIf(ours.logicalId, this.account, homeAccount));
    const bus = `arn:${this.partition}:events:${homeRegion}:${account}:event-bus/default`;
    const role = forwarder(this, bus);
    role.cfnOptions.condition = away;
    const target = {
      id: 'Rotator',
      arn: here(`arn:${this.partition}:lambda:${homeRegion}:${this.account}:function:${sweep}`, bus),
      roleArn: here({ Ref: 'AWS::NoValue' }, role.attrArn),
    };
    for (const [name, { source, detailType, detail }] of [
      ['Health', exposedCredentials()],
      ['GuardDuty', suspiciousKeys()],
    ] as const) {
      const rule = new CfnRule(this, name, {
        description: 'Reports of exposed access keys, for iam-key-rotator',
        eventPattern: { source, ...(detailType ? { 'detail-type': detailType } : {}), detail },
        targets: [target],
      });
      const permission = new CfnPermission(this, `${name}Invokes`, {
        action: 'lambda:InvokeFunction',
        functionName: sweep,
        principal: 'events.amazonaws.com',
        sourceArn: rule.attrArn,
      });
      permission.cfnOptions.condition = home;
    }
  }
}

/** The role that EventBridge forwards under. It may put events on one bus. */
function forwarder(scope: Construct, bus: string): CfnRole {
  return new CfnRole(scope, 'Forwarder', {
    description: 'EventBridge forwards reports of exposed keys to iam-key-rotator',
    assumeRolePolicyDocument: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 'events.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    },
    policies: [
      {
        policyName: 'Forward',
        policyDocument: {
          Version: '2012-10-17',
          Statement: [{ Sid: 'PutEventsOnTheRotatorsBus', Effect: 'Allow', Action: 'events:PutEvents', Resource: bus }],
        },
      },
    ],
  });
}
