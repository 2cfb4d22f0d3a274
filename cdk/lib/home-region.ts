/**
 * Where IAM is in each partition: its calls are recorded there, and come to EventBridge there alone.
 *
 * The regions are those that the AWS SDKs sign IAM's requests for:
 * https://github.com/boto/botocore/blob/develop/botocore/data/iam/2010-05-08/endpoint-rule-set-1.json. They are not the
 * partitions' "implicit global regions": China's is another one. The last entry takes every other name.
 */
const HOMES: readonly (readonly [names: RegExp, home: string])[] = [
  [/^cn-/, 'cn-north-1'],
  [/^us-gov-/, 'us-gov-west-1'],
  [/^us-iso-/, 'us-iso-east-1'],
  [/^us-isob-/, 'us-isob-east-1'],
  [/^us-isof-/, 'us-isof-south-1'],
  [/^eu-isoe-/, 'eu-isoe-west-1'],
  [/^eusc-/, 'eusc-de-east-1'],
  [/^/, 'us-east-1'],
];

/** IAM's region in the partition of a region. */
export function iamHomeRegion(region: string): string {
  return HOMES.find(([names]) => names.test(region))?.[1] ?? region;
}
