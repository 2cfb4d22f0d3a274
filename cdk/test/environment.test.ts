import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Duration } from 'aws-cdk-lib';
import { rotatorSettings } from '../lib/app/rotation-config';
import { SweepMode } from '../lib/choices';
import { environmentOf, VARIABLES } from '../lib/environment';
import { PACKAGE_ROOT } from '../lib/code';

test('nothing set gives an empty environment, so that the functions take their own defaults', () => {
  expect(environmentOf('rotation', {}, {})).toEqual({});
  expect(environmentOf('sweep', {}, {})).toEqual({});
});

test('every setting becomes its variable, in the spelling the functions read', () => {
  const settings = {
    keys: {
      overlap: Duration.hours(36),
      recovery: '0',
      inUse: 'deactivate',
      unknownKeys: 'refuse',
      testRegions: ['eu-west-1', 'us-east-1'],
      propagationTimeout: '90s',
      secretName: '/keys/{user}',
      secretShape: ['username', 'AccessKey', 'SecretKey'],
    },
    mail: {
      from: 'a@example.com',
      identity: 'example.com',
      domain: 'example.com',
      userTag: 'owner',
      admin: 'b@example.com',
      contact: 'security@example.com',
      template: 't',
    },
    sweep: {
      mode: 'enforce',
      exposed: 'revoke',
      scope: ['a', 'b/c'],
      rotateAfter: '80d',
      warnBefore: Duration.days(0),
      maxAge: '90d',
      exemptUsers: ['x', 'y*'],
      exemptGroup: 'G',
      exemptTag: 'T',
      replicaRegions: ['eu-central-1', 'eu-north-1'],
      refuseOthers: true,
    },
    members: { externalId: 'id', roleName: '/security/keys', secretsIn: 'central' },
  } as const;
  const wiring = { alertTopicArn: 'arn:topic', rotationFunctionArn: 'arn:function', rotationRoleArn: 'arn:role', createdSecretsKeyArn: 'arn:key' };
  const both = {
    ROTATOR_ALERT_TOPIC_ARN: 'arn:topic',
    ROTATOR_ADMIN_EMAIL: 'b@example.com',
    ROTATOR_CONTACT: 'security@example.com',
    ROTATOR_EMAIL_DOMAIN: 'example.com',
    ROTATOR_EMAIL_FROM: 'a@example.com',
    ROTATOR_EMAIL_TAG: 'owner',
    ROTATOR_EMAIL_TEMPLATE: 't',
    ROTATOR_EXEMPT_GROUP: 'G',
    ROTATOR_EXEMPT_TAG: 'T',
    ROTATOR_EXEMPT_USERS: 'x,y*',
    ROTATOR_IN_USE: 'deactivate',
    ROTATOR_MEMBER_EXTERNAL_ID: 'id',
    ROTATOR_MODE: 'enforce',
    ROTATOR_OVERLAP: '36h',
    ROTATOR_RECOVERY: '0',
    ROTATOR_SECRET_NAME: '/keys/{user}',
    ROTATOR_SECRET_SHAPE: 'username,AccessKey,SecretKey',
    ROTATOR_UNKNOWN_KEYS: 'refuse',
  };
  expect(environmentOf('rotation', rotatorSettings(settings), wiring)).toEqual({
    ...both,
    ROTATOR_MEMBER_ROLE: '/security/keys-rotation',
    ROTATOR_PROPAGATION_TIMEOUT: '90s',
    ROTATOR_TEST_REGIONS: 'eu-west-1,us-east-1',
  });
  expect(environmentOf('sweep', rotatorSettings(settings), wiring)).toEqual({
    ...both,
    ROTATOR_EXPOSED: 'revoke',
    ROTATOR_KMS_KEY_ID: 'arn:key',
    ROTATOR_MAX_AGE: '90d',
    ROTATOR_MEMBER_ROLE: '/security/keys-sweep',
    ROTATOR_REPLICA_REGIONS: 'eu-central-1,eu-north-1',
    ROTATOR_ROTATE_AFTER: '80d',
    ROTATOR_ROTATION_FUNCTION_ARN: 'arn:function',
    ROTATOR_ROTATION_ROLE_ARN: 'arn:role',
    ROTATOR_SCOPE: 'a;b/c;',
    ROTATOR_SECRETS_IN: 'central',
    ROTATOR_WARN_BEFORE: '0',
  });
});

test.each(['rotation', 'sweep'] as const)('where a sweep is deployed, the %s function knows its mode', (program) => {
  expect(environmentOf(program, {}, { sweepDeployed: true })).toEqual({ ROTATOR_MODE: 'retire' });
  expect(environmentOf(program, { sweep: { mode: SweepMode.AUDIT } }, { sweepDeployed: true })).toEqual({ ROTATOR_MODE: 'audit' });
});

test('secrets of member accounts let the rotation function in by name, without being told', () => {
  const members = { externalId: 'id', secretsIn: 'member', accounts: ['444455556666'] } as const;
  expect(environmentOf('sweep', rotatorSettings({ members }), { rotationRoleArn: 'arn:role' })).toMatchObject({
    ROTATOR_ROTATION_ROLE_ARN: 'arn:role',
    ROTATOR_SECRETS_IN: 'member',
  });
});

test('secrets live beside the function unless the settings say otherwise, and the sweep is told so', () => {
  const environment = environmentOf('sweep', { members: { externalId: 'id' } }, { rotationRoleArn: 'arn:role' });
  expect(environment).toMatchObject({ ROTATOR_SECRETS_IN: 'central' });
  expect(environment).not.toHaveProperty('ROTATOR_ROTATION_ROLE_ARN');
});

test.each([
  [Duration.seconds(90), '90s'],
  [Duration.minutes(90), '90m'],
  [Duration.hours(24), '1d'],
  ['48h', '2d'],
  ['0', '0'],
])('%s is written as %s', (overlap, text) => {
  expect(environmentOf('rotation', rotatorSettings({ keys: { overlap } }), {})).toEqual({ ROTATOR_OVERLAP: text });
});

describe('the page of settings', () => {
  const page = readFileSync(join(PACKAGE_ROOT, '..', 'docs', 'settings.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `(ROTATOR_[A-Z_]+)` \| (.+) \|$/gm)].map((row) => {
    const [standard = '', , , example = '', readBy = '', property = ''] = (row[2] ?? '').split(' | ');
    return { name: row[1] ?? '', standard, example: unquoted(example) ?? '', readBy, property };
  });

  /** What a cell holds in backquotes. */
  function unquoted(cell: string): string | undefined {
    return /^`(.*)`$/.exec(cell)?.[1];
  }

  test('has every variable once', () => {
    const names = VARIABLES.map(({ name }) => name).sort();
    expect(rows.map(({ name }) => name).sort()).toEqual(names);
  });

  test.each(rows)('$name has the same default and reader here', ({ name, standard, readBy }) => {
    const variable = VARIABLES.find((each) => each.name === name);
    expect(variable?.standard).toBe(unquoted(standard));
    expect(variable?.readBy).toBe(readBy);
  });

  // Properties whose value is a list.
  const lists = ['keys.testRegions', 'keys.secretShape', 'sweep.exemptUsers', 'sweep.replicaRegions'];
  // What the stack knows, or makes of the property.
  const wired = ['set by the stack', '`sweep.refuseOthers`', '`createdSecretsKey`'];
  const set = rows.filter(({ property }) => !wired.includes(property));

  test('names a property for all but what the stack knows by itself', () => {
    expect(rows.length - set.length).toBe(4);
  });

  test.each(set)('$property of the CDK sets $name', ({ name, example, readBy, property }) => {
    const path = unquoted(property) ?? '';
    const [group = '', key = ''] = path.split('.');
    const program = readBy === 'rotation' ? 'rotation' : 'sweep';
    // The name of a member role gets an ending of the function's.
    const plain = key === 'roleName' ? example.replace(/-sweep$/, '') : example;
    const required = group === 'members' ? { externalId: 'id' } : {};
    const settings = { [group]: { ...required, [key]: lists.includes(path) ? plain.split(',') : plain } };
    expect(environmentOf(program, rotatorSettings(settings), {})[name]).toBe(example);
  });
});

describe("the functions' own lists of names", () => {
  const settings = readFileSync(join(PACKAGE_ROOT, '..', 'src/config/settings.rs'), 'utf8');
  const read = new Set([...settings.matchAll(/^\s+name: "(ROTATOR_[A-Z_]+)",$/gm)].map((m) => m[1]));

  test('every variable set here is one that a function reads, or it would refuse to start', () => {
    expect(read.size).toBeGreaterThan(10);
    expect(VARIABLES.map(({ name }) => name).filter((name) => !read.has(name))).toEqual([]);
  });

  test('every variable that a function reads can be set here', () => {
    const names = new Set(VARIABLES.map(({ name }) => name));
    expect([...read].filter((name) => !names.has(name ?? ''))).toEqual([]);
  });
});
