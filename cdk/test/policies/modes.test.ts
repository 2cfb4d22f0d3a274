import type { RotationConfig } from '../../lib/app/config';
import type { SweepMode } from '../../lib';
import { MEMBER } from '../configurations';
import { templateOf } from '../templates';
import { ATTACKS, BEYOND_RETIRE } from './attacks';
import type { RoleName } from './deployment';
import { deploy, NAMES, properties, statementsOf } from './deployment';
import type { Principal, Request } from './evaluator';
import { evaluate } from './evaluator';
import { readJournal } from './journal';

type Mode = `${SweepMode}`;
const SWEEPS = ['sweep', 'member-sweep'] as const;
/** A list of secrets, so that listed secrets have statements; with `all` the sweep also creates some. */
const LISTED = ['ci', 'smtp/relay'];

function deployed(mode: Mode, scope: 'all' | string[] = 'all', more: RotationConfig = {}): Record<RoleName, Principal> {
  return deploy({ sweep: { mode, scope, replicaRegions: ['eu-central-1'] }, createdSecretsKey: undefined, ...more });
}

const roles = { audit: deployed('audit'), retire: deployed('retire'), enforce: deploy() };
const listed = { audit: deployed('audit', LISTED), retire: deployed('retire', LISTED), enforce: deployed('enforce', LISTED) };

function actionsOf(principal: Principal): string[] {
  const actions = statementsOf(principal).flatMap(({ statement }) => [statement.Action].flat());
  return [...new Set(actions)].sort();
}

/** What retiring needs beyond looking: of IAM, of secrets, and nothing else. */
const RETIRING = [
  'iam:DeleteAccessKey',
  'iam:UpdateAccessKey',
  'secretsmanager:TagResource',
  'secretsmanager:UntagResource',
  'secretsmanager:UpdateSecretVersionStage',
];

describe('retire adds to an audit what retiring needs, and no more', () => {
  test.each(SWEEPS)('%s', (role) => {
    for (const of of [roles, listed]) {
      const audit = actionsOf(of.audit[role]);
      expect(actionsOf(of.retire[role]).filter((action) => !audit.includes(action))).toEqual(RETIRING);
    }
  });

  test('a member account whose secrets are central: its keys alone', () => {
    const central = (mode: Mode): string[] =>
      actionsOf(deployed(mode, 'all', { members: { externalId: NAMES.externalId, secretsIn: 'central' } })['member-sweep']);
    const audit = central('audit');
    expect(central('retire').filter((action) => !audit.includes(action))).toEqual(['iam:DeleteAccessKey', 'iam:UpdateAccessKey']);
    // The harness gives a member account the key of created secrets, which the app gives where secrets are in members alone.
    expect(central('enforce').filter((action) => !action.startsWith('kms:'))).toEqual(central('retire'));
  });
});

describe('what each mode may', () => {
  const home = (role: RoleName): string => (role === 'sweep' ? '111122223333' : MEMBER);
  const user = (role: RoleName): string => `arn:aws:iam::${home(role)}:user/ci-bot`;
  const secret = (role: RoleName, name: string): string => `arn:aws:secretsmanager:eu-west-1:${home(role)}:secret:${name}-AbCdEf`;
  const inScope = { 'aws:ResourceTag/iam-key-rotator:rotate': 'true' };
  const ours = { 'secretsmanager:resource/AllowRotationLambdaArn': NAMES.rotation };
  const label = { 'secretsmanager:VersionStage': 'AKIAIOSFODNN7EXAMPLE' };
  const notices = { 'aws:TagKeys': ['iam-key-rotator:notices'] };
  type Case = [what: string, modes: Mode[], request: (role: RoleName) => Request];
  const all: Mode[] = ['audit', 'retire', 'enforce'];
  const cases: Case[] = [
    ['read a key', all, (role) => ({ action: 'iam:ListAccessKeys', resource: user(role) })],
    ['describe a secret of ours', all, (role) => ({ action: 'secretsmanager:DescribeSecret', resource: secret(role, 'any'), context: ours })],
    ['describe a listed secret', all, (role) => ({ action: 'secretsmanager:DescribeSecret', resource: secret(role, 'ci') })],
    ['deactivate a key', ['retire', 'enforce'], (role) => ({ action: 'iam:UpdateAccessKey', resource: user(role), context: inScope })],
    ['delete a key', ['retire', 'enforce'], (role) => ({ action: 'iam:DeleteAccessKey', resource: user(role), context: inScope })],
    ['deactivate a key of a user out of scope', [], (role) => ({ action: 'iam:UpdateAccessKey', resource: user(role) })],
    ["remove a key's label", ['retire', 'enforce'], (role) => ({ action: 'secretsmanager:UpdateSecretVersionStage', resource: secret(role, 'any'), context: { ...ours, ...label } })],
    ['note what was reported', ['retire', 'enforce'], (role) => ({ action: 'secretsmanager:TagResource', resource: secret(role, 'any'), context: { ...ours, ...notices } })],
    ['remove that note', ['retire', 'enforce'], (role) => ({ action: 'secretsmanager:UntagResource', resource: secret(role, 'any'), context: { ...ours, ...notices } })],
    ["remove a key's label of a listed secret that is not ours", ['enforce'], (role) => ({ action: 'secretsmanager:UpdateSecretVersionStage', resource: secret(role, 'ci'), context: label })],
    ['rotate', ['enforce'], (role) => ({ action: 'secretsmanager:RotateSecret', resource: secret(role, 'any'), context: ours })],
    ['make a key', [], (role) => ({ action: 'iam:CreateAccessKey', resource: user(role), context: inScope })],
  ];
  const asked = SWEEPS.flatMap((role) =>
    cases.flatMap(([what, may, request]) => all.map((mode) => ({ role, what, mode, may: may.includes(mode), request: { ...request(role), principal: listed[mode][role] } }))),
  );
  const results = evaluate(asked.map(({ request }) => request));
  test.each(asked.map(({ role, what, mode, may }, i) => [role, mode, may ? 'may' : 'may not', what, i] as const))('%s in %s %s %s', (_, __, ___, ____, i) => {
    expect(results[i]?.result).toBe(asked[i]?.may ? 'Allowed' : 'ImplicitlyDenied');
  });
});

describe('the sweep remembers its reports on its own tags, in every mode', () => {
  const requests = [roles.audit, roles.retire, roles.enforce].flatMap(({ sweep }) => [
    { action: 'lambda:ListTags', resource: NAMES.sweep, principal: sweep },
    { action: 'lambda:TagResource', resource: NAMES.sweep, principal: sweep, context: { 'aws:TagKeys': ['iam-key-rotator:digests-0', 'iam-key-rotator:digests-39'] } },
  ]);
  const verdicts = evaluate(requests);
  test('which the policies and the boundary let it', () => {
    expect(verdicts.map(({ result }) => result)).toEqual(requests.map(() => 'Allowed'));
    expect(verdicts.flatMap(({ ignored }) => ignored)).toEqual([]);
  });
});

describe.each([
  ['with every user in scope', roles.retire],
  ['with listed secrets', listed.retire],
])('in retire, %s', (_, principals) => {
  const sweeps = [...ATTACKS, ...BEYOND_RETIRE].filter(({ role }) => role.endsWith('sweep'));
  const results = evaluate(sweeps.map((attack) => ({ ...attack, principal: { ...principals[attack.role], boundary: undefined } })));
  test('every attack is denied', () => {
    expect(sweeps.length).toBeGreaterThan(100);
    expect(sweeps.filter((__, i) => results[i]?.result === 'Allowed').map(({ role, name }) => `${role}: ${name}`)).toEqual([]);
  });
});

test('what retire lacks, enforce has: so each of these attacks tests a statement', () => {
  const principals = (name: string): Record<RoleName, Principal> => (name.includes('listed') ? listed.enforce : roles.enforce);
  const results = evaluate(BEYOND_RETIRE.map((attack) => ({ ...attack, principal: principals(attack.name)[attack.role] })));
  // A function of another account must let its caller in by its own policy, which is not under test.
  const abroad = (attack: (typeof BEYOND_RETIRE)[number]): boolean => attack.role === 'member-sweep' && attack.action === 'lambda:InvokeFunction';
  expect(BEYOND_RETIRE.filter((attack, i) => results[i]?.result !== 'Allowed' && !abroad(attack)).map(({ role, name }) => `${role}: ${name}`)).toEqual([]);
});

describe('the calls of the integration suite', () => {
  const calls = readJournal().filter(({ role, action }) => role.endsWith('sweep') && RETIRING.includes(action));
  const ofOurs = calls.filter(({ context }) => !/user,|refused/.test(String(context?.['aws:TagKeys'])));
  const results = evaluate(ofOurs.map((call) => ({ ...call, principal: roles.retire[call.role] })));

  test('that retire keys are allowed in retire', () => {
    expect(new Set(ofOurs.map(({ action }) => action)).size).toBeGreaterThan(2);
    expect(ofOurs.filter((_, i) => results[i]?.result !== 'Allowed').map(({ role, action, resource }) => `${role} ${action} ${resource}`)).toEqual([]);
  });
});

describe('the default stack does the whole main job', () => {
  const template = templateOf('least', 'IamKeyRotator');

  test('both functions are told that superseded keys are retired', () => {
    const modes = properties(template, 'AWS::Lambda::Function')
      .filter(([, { Handler }]) => Handler === 'bootstrap')
      .map(([, { Environment }]) => (Environment as { Variables: Record<string, string> }).Variables['ROTATOR_MODE']);
    expect(modes).toEqual(['retire', 'retire']);
  });

  test('every hour, at the hour', () => {
    expect(properties(template, 'AWS::Scheduler::Schedule').map(([, { ScheduleExpression, FlexibleTimeWindow }]) => [ScheduleExpression, FlexibleTimeWindow])).toEqual([
      ['rate(1 hour)', { Mode: 'OFF' }],
    ]);
  });

  test('and the sweep has the rights to it, of all that it may change', () => {
    const principal = deploy({ sweep: {}, createdSecretsKey: undefined }).sweep;
    expect(actionsOf(principal).filter((action) => RETIRING.includes(action))).toEqual(RETIRING);
    expect(statementsOf(principal).map(({ statement }) => statement.Sid)).toEqual(
      expect.arrayContaining(['RetireKeysOfUsersInScope', 'LabelsOfKeysOfTheFunction', 'NoticesOfTheFunction']),
    );
    const sids = JSON.stringify(template.findResources('AWS::IAM::Policy'));
    for (const sid of ['RetireKeysOfUsersInScope', 'LabelsOfKeysOfTheFunction', 'NoticesOfTheFunction', 'RememberReportsOnItsOwnTags']) {
      expect(sids).toContain(`"${sid}"`);
    }
    for (const sid of ['RotateSecretsOfTheFunction', 'RotateSecretAsksForThis', 'CreateSecretsBoundToAUser', 'PolicyOfSecretsBoundToAUser']) {
      expect(sids).not.toContain(`"${sid}"`);
    }
  });
});
