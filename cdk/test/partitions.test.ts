import { Annotations, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { IpAddresses, Vpc } from 'aws-cdk-lib/aws-ec2';
import { RegionInfo } from 'aws-cdk-lib/region-info';
import { addStacks } from '../lib/app/stacks';
import { iamHomeRegion } from '../lib/home-region';
import { Network } from '../lib/network';
import { ENV, runtime } from './configurations';
import { newApp } from './templates';

/** A region of each partition, and where its partition has IAM. */
const HOMES = [
  ['eu-west-1', 'us-east-1'],
  ['us-east-1', 'us-east-1'],
  ['mx-central-1', 'us-east-1'],
  ['cn-north-1', 'cn-north-1'],
  ['cn-northwest-1', 'cn-north-1'],
  ['us-gov-west-1', 'us-gov-west-1'],
  ['us-gov-east-1', 'us-gov-west-1'],
  ['us-iso-west-1', 'us-iso-east-1'],
  ['us-isob-east-1', 'us-isob-east-1'],
  ['eu-isoe-west-1', 'eu-isoe-west-1'],
  ['us-isof-east-1', 'us-isof-south-1'],
  ['eusc-de-east-1', 'eusc-de-east-1'],
] as const;

function stacksIn(region: string, watchKeyCreation?: boolean): { name: string; region: string }[] {
  const app = newApp();
  const rotation = { runtime: runtime(), ...(watchKeyCreation === undefined ? {} : { watchKeyCreation }) };
  addStacks(app, { env: { ...ENV, region }, rotation });
  return app.node.children.filter((child) => Stack.isStack(child)).map((stack) => ({ name: stack.stackName, region: stack.region }));
}

test.each(HOMES)('%s: IAM is in %s', (region, home) => {
  expect(iamHomeRegion(region)).toBe(home);
});

/** Those that differ: in IAM's region or not, in three partitions. */
const SAMPLES = HOMES.filter(([region]) => /^(?:eu-west|us-east|cn|us-gov)-/.test(region));

test.each(SAMPLES)('%s: the forwarder goes to %s or nowhere', (region, home) => {
  const forwarder = region === home ? [] : [{ name: 'IamKeyRotator-Forwarder', region: home }];
  expect(stacksIn(region)).toEqual([{ name: 'IamKeyRotator', region }, ...forwarder]);
});

test.each(SAMPLES.filter(([region, home]) => region !== home))('%s: without watchKeyCreation there is no forwarder', (region) => {
  expect(stacksIn(region, false)).toEqual([{ name: 'IamKeyRotator', region }]);
});

test.each(RegionInfo.regions.map((info) => [info.name, info.partition] as const))(
  "%s: IAM's region is of the same partition, which CDK too calls %s",
  (region, partition) => {
    expect(RegionInfo.get(iamHomeRegion(region)).partition).toBe(partition);
  },
);

test.each([
  ['us-east-1', true],
  ['eu-west-1', false],
  ['us-gov-west-1', true],
  ['us-gov-east-1', false],
  ['cn-north-1', true],
])("in a VPC of %s the functions reach IAM's endpoint: %s", (region, reached) => {
  const stack = new Stack(newApp(), 'Stack', { env: { ...ENV, region } });
  const vpc = new Vpc(stack, 'Vpc', { ipAddresses: IpAddresses.cidr('10.0.0.0/24'), availabilityZones: [`${region}a`] });
  Annotations.of(stack).acknowledgeWarning('iam-key-rotator:iamEndpoint', 'Only the endpoints are looked at.');
  new Network(stack, 'Network', { vpc, endpoints: true, sendsMail: false, organization: false });
  const endpoints = JSON.stringify(Template.fromStack(stack).findResources('AWS::EC2::VPCEndpoint'));
  expect(endpoints.includes('com.amazonaws.iam')).toBe(reached);
});
