import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { User } from 'aws-cdk-lib/aws-iam';
import { RotatedAccessKey, UserScope } from '../../lib';
import type { RotationConfig } from '../../lib/app/config';
import { ENV, MEMBER, runtime } from '../configurations';
import { newApp } from '../templates';
import { ATTACKS, BEYOND_THE_BOUNDARY } from './attacks';
import type { RoleName } from './deployment';
import { deploy, NAMES, properties, statementsOf, trustPolicies } from './deployment';
import type { Document, Principal, Request, Verdict } from './evaluator';
import { evaluate } from './evaluator';
import { IMPLIED, readJournal } from './journal';
import { Rotator } from '../rotator';

/** The statement by which a secret of a member account lets the rotation function in: src/sweep/secret_policy.rs. */
const SECRET_OF_A_MEMBER: Document = {
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'TheRotationFunction',
      Effect: 'Allow',
      Principal: { AWS: NAMES.rotationRole },
      Action: ['DescribeSecret', 'GetSecretValue', 'PutSecretValue', 'TagResource', 'UntagResource', 'UpdateSecretVersionStage'].map(
        (action) => `secretsmanager:${action}`,
      ),
      Resource: '*',
    },
  ],
};

const deployed = deploy();
const calls = readJournal();
const verdicts = evaluate(calls.map((call) => ({ ...trusted(call), principal: deployed[call.role] })));

/** What is in another account must let its caller in as well: roles by the member's template, secrets by their policy. */
function trusted<R extends Request & { readonly role: RoleName }>(request: R): R {
  if (request.action === 'sts:AssumeRole') {
    const [rotation, sweep] = trustPolicies();
    const trust = request.resource.endsWith('-rotation') ? rotation : sweep;
    return trust ? { ...request, resourcePolicy: trust } : request;
  }
  const abroad = request.role === 'rotation' && request.resource.includes(`:${MEMBER}:secret:`);
  return abroad ? { ...request, resourcePolicy: SECRET_OF_A_MEMBER } : request;
}

function said(request: Request & { role: RoleName }, verdict: Verdict | undefined): string {
  const detail = verdict?.invalid === undefined ? '' : ` ${JSON.stringify(verdict.invalid)}`;
  return `${verdict?.result ?? ''}: ${request.role} ${request.action} ${request.resource} ${JSON.stringify(request.context)}${detail}`;
}

describe('the calls of the integration suite', () => {
  test('are all allowed by the policies and the boundaries', () => {
    const refused = calls.map((call, i) => [call, verdicts[i]] as const).filter(([, verdict]) => verdict?.result !== 'Allowed');
    expect(refused.map(([call, verdict]) => said(call, verdict))).toEqual([]);
  });

  test.each(Object.entries(deployed))('use every action that %s is allowed', (role, principal) => {
    const made = new Set(calls.filter((call) => call.role === role).map(({ action }) => action));
    const allowed = statementsOf(principal)
      .filter(({ statement }) => statement.Effect === 'Allow')
      .flatMap(({ statement }) => [statement.Action].flat());
    const implied = (action: string): boolean => {
      const by = IMPLIED[action]?.by;
      return by === 'lambda' || (by !== undefined && [...made].some((each) => each.startsWith(by)));
    };
    expect([...new Set(allowed)].filter((action) => !made.has(action) && !implied(action)).sort()).toEqual([]);
  });

  test.each(Object.entries(deployed))('leave no statement of %s idle', (role, principal) => {
    const used = new Set(calls.flatMap((call, i) => (call.role === role ? (verdicts[i]?.by ?? []) : [])));
    const idle = statementsOf(principal)
      .filter(({ statement }) => statement.Effect === 'Allow')
      .filter(({ statement }) => ![statement.Action].flat().every((action) => action in IMPLIED))
      .filter(({ id }) => !used.has(id));
    expect(idle.map(({ id }) => id)).toEqual([]);
  });

  test('meet conditions on keys that AWS really has for the action', () => {
    const tested = new Set(
      Object.values(deployed)
        .flatMap(statementsOf)
        .flatMap(({ statement }) => Object.values(statement.Condition ?? {}).flatMap((keys) => Object.keys(keys as object))),
    );
    const lost = calls.flatMap((call, i) => (verdicts[i]?.ignored ?? []).filter((key) => tested.has(key)).map((key) => `${call.action} ${key}`));
    expect([...new Set(lost)]).toEqual([]);
  });
});

const everything: Document = { Version: '2012-10-17', Statement: [{ Sid: 'All', Effect: 'Allow', Action: '*', Resource: '*' }] };

test("both functions mail through their identity's default configuration set too", () => {
  const resource = `arn:aws:ses:eu-west-1:${ENV.account}:configuration-set/default`;
  const request = { action: 'ses:SendEmail', resource, context: { 'ses:FromAddress': 'keys@example.com' } };
  const results = evaluate((['rotation', 'sweep'] as const).map((role) => ({ ...request, principal: deployed[role] })));
  expect(results.map(({ result }) => result)).toEqual(['Allowed', 'Allowed']);
});

test('a customer key is used through Secrets Manager, for secrets of this account', () => {
  const keyPolicy: Document = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ENV.account}:root` }, Action: 'kms:*', Resource: '*' }],
  };
  const context = {
    'kms:ViaService': 'secretsmanager.eu-west-1.amazonaws.com',
    'kms:EncryptionContext:SecretARN': `arn:aws:secretsmanager:eu-west-1:${ENV.account}:secret:ci-bot-AbCdEf`,
  };
  const requests = (['rotation', 'sweep'] as const).flatMap((role) =>
    ['kms:Decrypt', 'kms:GenerateDataKey'].map((action) => ({
      action,
      resource: NAMES.secretsKey,
      context,
      resourcePolicy: keyPolicy,
      principal: deployed[role],
    })),
  );
  expect(evaluate(requests).map(({ result }) => result)).toEqual(requests.map(() => 'Allowed'));
});

describe('every attack would succeed if the policies allowed everything, so it is they that deny it', () => {
  // IAM has no policy by which another account's user could be opened to us, so nothing can allow that one.
  const possible = ATTACKS.filter(({ name }) => !name.includes("a user of a stranger's account"));
  const results = evaluate(
    possible.map((attack) => ({
      ...attack,
      principal: { ...deployed[attack.role], policies: [{ name: 'everything', policy: everything }], boundary: undefined },
    })),
  );
  test.each(possible.map(({ role, name }, i) => [role, name, i] as const))('%s: %s', (_, __, i) => {
    const attack = possible[i];
    expect(attack && said(attack, results[i])).toMatch(/^Allowed/);
  });
});

describe('every attack is denied', () => {
  const results = evaluate(ATTACKS.map((attack) => ({ ...attack, principal: { ...deployed[attack.role], boundary: undefined } })));
  test.each(ATTACKS.map((attack, i) => [attack.role, attack.name, i] as const))('%s: %s', (_, __, i) => {
    const attack = ATTACKS[i];
    expect(attack && said(attack, results[i])).toMatch(/^(Implicitly|Explicitly)Denied/);
  });
});

describe('an audit changes nothing, because its role may not', () => {
  const audit = deploy({ sweep: { mode: 'audit' }, createdSecretsKey: undefined });
  const changing = calls.filter(
    // The sweep's own tags, in which it remembers its reports, are no user, key or secret.
    ({ role, action }) => role.endsWith('sweep') && /:(Create|Delete|Update|Put|Rotate|Tag)/.test(action) && action !== 'lambda:TagResource',
  );
  const results = evaluate(changing.map((call) => ({ ...call, principal: audit[call.role] })));

  test('there is something that an audit must not do', () => {
    expect(changing.length).toBeGreaterThan(10);
  });

  test.each(changing.map((call, i) => [call.role, call.action, i] as const))('%s %s', (_, __, i) => {
    expect(results[i]?.result).toBe('ImplicitlyDenied');
  });
});

describe('a name without text of its own', () => {
  const bare = deploy({ keys: { secretName: '{user}' }, sweep: { mode: 'enforce', replicaRegions: ['eu-central-1'] } });
  const sweeps = (['sweep', 'member-sweep'] as const).map((role) => bare[role]);

  test('lets the sweep create no secret and open none', () => {
    const actions = sweeps.flatMap(statementsOf).flatMap(({ statement }) => [statement.Action].flat());
    expect(actions).toContain('secretsmanager:RotateSecret');
    for (const action of ['CreateSecret', 'PutResourcePolicy', 'ReplicateSecretToRegions']) {
      expect(actions).not.toContain(`secretsmanager:${action}`);
    }
  });

  test('opens nothing that a tag alone would', () => {
    // The sweep describes whatever may be named after a user, which ListSecrets shows anyway.
    const attacks = ATTACKS.filter(({ role, action }) => role.endsWith('sweep') && !action.endsWith(':DescribeSecret'));
    const results = evaluate(attacks.map((attack) => ({ ...attack, principal: { ...bare[attack.role], boundary: undefined } })));
    expect(attacks.filter((_, i) => results[i]?.result === 'Allowed').map(({ name }) => name)).toEqual([]);
  });
});

describe('names limit what the sweep creates', () => {
  const create = (name: string, account: string = ENV.account): Request => ({
    action: 'secretsmanager:CreateSecret',
    resource: `arn:aws:secretsmanager:${ENV.region}:${account}:secret:${name}-??????`,
    context: { 'aws:RequestTag/iam-key-rotator:user': 'ci-bot', 'aws:TagKeys': ['iam-key-rotator:user', 'iam-key-rotator:notices'] },
  });
  const members = (secretsIn: 'central'): RotationConfig => ({ members: { externalId: 'example', secretsIn } });
  const sweep = { mode: 'enforce', scope: 'all' } as const;
  const cases = [
    ['the default, its own', {}, 'iam-key/ci-bot', 'Allowed'],
    ['the default, another', {}, 'prod/db', 'ImplicitlyDenied'],
    ['the default, one that only ends alike', {}, 'x-iam-key/ci-bot', 'ImplicitlyDenied'],
    ['a suffix, its own', { keys: { secretName: '{user}_credentials' }, sweep }, 'ci-bot_credentials', 'Allowed'],
    ['a suffix, another', { keys: { secretName: '{user}_credentials' }, sweep }, 'ci-bot_credential', 'ImplicitlyDenied'],
    ["an organization's, an account's", { keys: { secretName: '{account}/{user}' }, sweep, ...members('central') }, `${MEMBER}/ci-bot`, 'Allowed'],
    ["an organization's, no account's", { keys: { secretName: '{account}/{user}' }, sweep, ...members('central') }, 'prod/db', 'ImplicitlyDenied'],
  ] as const;
  const requests = cases.map(([, props, name]) => ({ ...create(name), principal: deploy(props).sweep }));
  const results = evaluate(requests);
  test.each(cases.map(([name, , , result], i) => [name, result, i] as const))('%s', (_, result, i) => {
    expect(results[i]?.result).toBe(result);
  });
});

describe('the boundary holds whatever is attached to the role', () => {
  const results = evaluate(
    BEYOND_THE_BOUNDARY.map((attack) => ({
      ...attack,
      principal: { ...deployed[attack.role], policies: [{ name: 'AdministratorAccess', policy: everything }] },
    })),
  );
  test.each(BEYOND_THE_BOUNDARY.map(({ role, name }, i) => [role, name, i] as const))('%s: %s', (_, __, i) => {
    expect(results[i]?.result).toBe('ImplicitlyDenied');
  });
});

describe('scopes of users', () => {
  const [path, everyone, tagged] = [UserScope.underPath('/service/'), UserScope.everyoneNotExempt(), UserScope.tagged('rotate', 'yes', '/bots/')];
  const create = (resource: string, context: Record<string, string>): Request => ({ action: 'iam:CreateAccessKey', resource, context });
  const tag = { 'aws:ResourceTag/iam-key-rotator:rotate': 'true' };
  const cases = [
    ['below a path, the user there', path, create('arn:aws:iam::111122223333:user/service/ci', {}), 'Allowed'],
    ['below a path, a user elsewhere, whatever its tag', path, create('arn:aws:iam::111122223333:user/ci', tag), 'ImplicitlyDenied'],
    ['below a path, a path that only begins alike', path, create('arn:aws:iam::111122223333:user/services/ci', {}), 'ImplicitlyDenied'],
    ['everyone, a user', everyone, create('arn:aws:iam::111122223333:user/ci', {}), 'Allowed'],
    ['everyone, whether one is exempt', everyone, { ...create('arn:aws:iam::111122223333:user/ci', { 'aws:ResourceTag/iam-key-rotator:exempt': 'until May' }), action: 'iam:ListUserTags' }, 'Allowed'],
    ['everyone, but not the exempt', everyone, create('arn:aws:iam::111122223333:user/ci', { 'aws:ResourceTag/iam-key-rotator:exempt': 'until May' }), 'ImplicitlyDenied'],
    ['tag and path, only the tag', tagged, create('arn:aws:iam::111122223333:user/ci', { 'aws:ResourceTag/rotate': 'yes' }), 'ImplicitlyDenied'],
    ['tag and path, both', tagged, create('arn:aws:iam::111122223333:user/bots/ci', { 'aws:ResourceTag/rotate': 'yes' }), 'Allowed'],
  ] as const;
  const principals = new Map([...new Set(cases.map(([, users]) => users))].map((users) => [users, deploy({ users }).rotation]));
  const results = evaluate(cases.map(([, users, request]) => ({ ...request, principal: principals.get(users) ?? deployed.rotation })));
  test.each(cases.map(([name, , , result], i) => [name, result, i] as const))('%s', (_, result, i) => {
    expect(results[i]?.result).toBe(result);
  });
});

describe('a member account trusts two roles, with the ExternalId', () => {
  const [rotation, sweep] = trustPolicies();
  const anybody: Document = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' }] };
  const cases = [
    ["the rotation function's role", NAMES.rotationRole, rotation, NAMES.externalId, 'Allowed'],
    ["the sweep's role", NAMES.sweepRole, sweep, NAMES.externalId, 'Allowed'],
    ["the sweep's role, as the rotation function", NAMES.sweepRole, rotation, NAMES.externalId, 'ImplicitlyDenied'],
    ['another role of the central account', `arn:aws:iam::${ENV.account}:role/Admin`, rotation, NAMES.externalId, 'ImplicitlyDenied'],
    ['a stranger', 'arn:aws:iam::999900001111:role/rotation', rotation, NAMES.externalId, 'ImplicitlyDenied'],
    ['the right role without the ExternalId', NAMES.rotationRole, rotation, undefined, 'ImplicitlyDenied'],
    ['the right role with another ExternalId', NAMES.rotationRole, rotation, 'guess', 'ImplicitlyDenied'],
  ] as const;
  const results = evaluate(
    cases.map(([, caller, trust, id]): Request & { readonly principal: Principal } => ({
      principal: { arn: caller, policies: [{ name: 'any', policy: anybody }], boundary: undefined },
      action: 'sts:AssumeRole',
      resource: `arn:aws:iam::${MEMBER}:role/key`,
      ...(trust ? { resourcePolicy: trust } : {}),
      context: id === undefined ? {} : { 'sts:ExternalId': id },
    })),
  );
  test.each(cases.map(([name, , , , result], i) => [name, result, i] as const))('%s', (_, result, i) => {
    expect(results[i]?.result).toBe(result);
  });
});

describe("a secret's own policy", () => {
  const stack = new Stack(newApp(), 'Stack', { env: ENV });
  const rotationRole = `arn:aws:iam::${ENV.account}:role/rotation`;
  const rotator = new Rotator(stack, 'Rotator', { runtime: runtime() });
  const reader = `arn:aws:iam::${ENV.account}:role/Deploy`;
  new RotatedAccessKey(stack, 'Key', {
    rotation: rotator,
    user: User.fromUserName(stack, 'User', 'ci-bot'),
    readers: [reader],
    refuseOthers: true,
  });
  const [resource] = properties(Template.fromStack(stack), 'AWS::SecretsManager::ResourcePolicy');
  const text = JSON.stringify(resource?.[1]['ResourcePolicy']);
  const resourcePolicy = JSON.parse(text.replace(/\{"Fn::GetAtt":\["RotatorRotationRole[^"]*","Arn"\]\}/, `"${rotationRole}"`)) as Document;
  const all: Document = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'secretsmanager:*', Resource: '*' }] };
  const read = (arns: string[], policies: Document[]): Verdict['result'][] =>
    evaluate(
      arns.map((arn) => ({
        principal: { arn, policies: policies.map((policy) => ({ name: 'p', policy })), boundary: undefined },
        action: 'secretsmanager:GetSecretValue',
        resource: `arn:aws:secretsmanager:${ENV.region}:${ENV.account}:secret:ci-bot-AbCdEf`,
        resourcePolicy,
      })),
    ).map(({ result }) => result);

  test('lets the user itself and the readers in, without a policy of their own', () => {
    expect(read([`arn:aws:iam::${ENV.account}:user/ci-bot`, reader], [])).toEqual(['Allowed', 'Allowed']);
  });

  test('lets the rotation function pass, and refuses everybody else, administrators too', () => {
    const others = ['user/other', 'role/Admin'].map((name) => `arn:aws:iam::${ENV.account}:${name}`);
    expect(read([rotationRole, ...others], [all])).toEqual(['Allowed', 'ExplicitlyDenied', 'ExplicitlyDenied']);
  });
});
