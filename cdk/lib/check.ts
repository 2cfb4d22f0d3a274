import { Token } from 'aws-cdk-lib';
import type { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { checkAges } from './check-ages';
import { shapeProblem } from './secret-shape';
import { ExposedResponse, InUse, SecretsIn, SweepMode, UnknownKeys } from './choices';
import type { MailSettings, RotatorSettings } from './settings';
import { accountsWithSecrets, DEFAULTS, hasOwnText, modeOf, ownText, secretsInMembers } from './settings';
import { SettingsError } from './settings-error';
import { SweepScope } from './sweep-scope';

const REGION = /^[a-z]{2}(?:-[a-z]+)+-\d$/;
/** What Secrets Manager allows in a name. Anything else, such as a wildcard, would mean more in a policy than here. */
const NAME = /^[\w/+=.@-]*$/;
/** Each member account takes one statement of the function's resource policy, which may have 20 KB. */
const MOST_MEMBERS_BY_NAME = 50;

/**
 * Refuses settings that the functions would refuse, or that cannot work together. Without the schedule of the sweep, it is
 * taken for hourly.
 */
export function checkSettings(settings: RotatorSettings, schedule?: ScheduleExpression): void {
  checkWords(settings);
  checkNames(settings);
  checkRegions('keys.testRegions', settings.keys?.testRegions);
  checkRegions('sweep.replicaRegions', settings.sweep?.replicaRegions);
  checkAges(settings, schedule);
  if (settings.mail) {
    checkMail(settings.mail);
  }
  checkMembers(settings);
}

/** Refuses a key or replicas for created secrets where none are created, or where they could not work. */
export function checkCreatedSecrets(settings: RotatorSettings, region: string, hasKey: boolean): void {
  const { sweep, members } = settings;
  if (!Token.isUnresolved(region) && sweep?.replicaRegions?.includes(region)) {
    throw new SettingsError(
      `sweep.replicaRegions holds ${region}, where the secrets themselves are. Leave it out: a replica lives elsewhere.`,
    );
  }
  const mode = modeOf(settings);
  if (hasKey && sweep?.scope !== SweepScope.ALL && mode !== SweepMode.ENFORCE) {
    throw new SettingsError(
      `createdSecretsKey is set, but sweep.mode is '${mode}', which creates no secret. Set sweep.mode: 'enforce', or ` +
        'give the key to RotatedAccessKey.',
    );
  }
  const creates = mode === SweepMode.ENFORCE && sweep?.scope === SweepScope.ALL;
  if (creates && accountsWithSecrets(members).length > 0 && !hasKey) {
    throw new SettingsError(
      "members.secretsIn is 'member' and sweep.scope is 'all', so the sweep makes secrets in member accounts, but " +
        'createdSecretsKey is not set: under an account\'s default key no other account can rotate them. Set ' +
        "createdSecretsKey, or members.secretsIn: 'central'.",
    );
  }
}

/** A configuration that no compiler has seen may hold any word, at which the functions would fail. */
function checkWords({ keys, sweep, members }: RotatorSettings): void {
  for (const [prop, word, words] of [
    ['keys.inUse', keys?.inUse, InUse],
    ['keys.unknownKeys', keys?.unknownKeys, UnknownKeys],
    ['sweep.mode', sweep?.mode, SweepMode],
    ['sweep.exposed', sweep?.exposed, ExposedResponse],
    ['members.secretsIn', members?.secretsIn, SecretsIn],
  ] as const) {
    const known: readonly string[] = Object.values(words);
    if (word !== undefined && !Token.isUnresolved(word) && !known.includes(word)) {
      throw new SettingsError(`${prop} is ${JSON.stringify(word)}: write ${known.map((each) => `'${each}'`).join(', ')}.`);
    }
  }
}

function checkNames({ keys, sweep }: RotatorSettings): void {
  const name = keys?.secretName;
  if (name !== undefined && !Token.isUnresolved(name)) {
    const count = (part: string): number => name.split(part).length - 1;
    if (count('{user}') !== 1 || count('{account}') > 1) {
      throw new SettingsError(
        `keys.secretName is ${JSON.stringify(name)}: it must hold {user} once and {account} at most once, ` +
          `e.g. ${DEFAULTS.secretName}.`,
      );
    }
    if (!NAME.test(ownText(name))) {
      throw new SettingsError(
        `keys.secretName is ${JSON.stringify(name)}: beside {user} and {account} it may hold letters, digits and /_+=.@- ` +
          `only, e.g. ${DEFAULTS.secretName}.`,
      );
    }
  }
  if (sweep?.mode === SweepMode.ENFORCE && sweep.scope === SweepScope.ALL && !hasOwnText({ ...(keys ? { keys } : {}) })) {
    throw new SettingsError(
      `keys.secretName is ${JSON.stringify(name)}, but sweep.mode is 'enforce' and sweep.scope is 'all': the sweep ` +
        'would create secrets, and no policy could tell them from others. Add text before or after {user}, e.g. ' +
        `${DEFAULTS.secretName}, or set sweep.scope: 'enrolled' and enroll users with iam-key-rotator enroll.`,
    );
  }
  const shape = keys?.secretShape;
  if (shape && !Token.isUnresolved(shape)) {
    const problem = shapeProblem(shape);
    if (problem !== undefined) {
      throw new SettingsError(
        `keys.secretShape is ${JSON.stringify(shape.join(','))}: ${problem}, e.g. ${DEFAULTS.secretShape.join(',')}.`,
      );
    }
  }
  const scope = sweep?.scope?._secrets;
  if (scope !== undefined) {
    if (scope.length === 0 || scope.some((secret) => secret.trim() === '' || secret.includes(';'))) {
      throw new SettingsError(
        "sweep.scope is a list of secrets' names: give at least one, none of them empty or with a semicolon in it.",
      );
    }
    const wild = scope.find((secret) => !Token.isUnresolved(secret) && !NAME.test(secret));
    if (wild !== undefined) {
      throw new SettingsError(
        `sweep.scope holds ${JSON.stringify(wild)}: write the name of one secret, of letters, digits and /_+=.@- only.`,
      );
    }
  }
}

function checkRegions(prop: string, regions: readonly string[] | undefined): void {
  for (const region of Token.isUnresolved(regions) ? [] : (regions ?? [])) {
    if (!Token.isUnresolved(region) && !REGION.test(region)) {
      throw new SettingsError(`${prop} holds ${JSON.stringify(region)}: name regions as eu-west-1.`);
    }
  }
}

function checkMail({ from, identity, domain }: MailSettings): void {
  if (Token.isUnresolved(from)) {
    return;
  }
  const address = addressOf(from);
  if (!/^[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+$/.test(address)) {
    throw new SettingsError(`mail.from is ${JSON.stringify(from)}: write an address, or a name with the address in <>.`);
  }
  // The type demands it, but a configuration read from elsewhere may lack it.
  if ((identity as unknown) === undefined || identity._name === '') {
    throw new SettingsError(
      `mail.from is ${JSON.stringify(from)}, but mail.identity is not set: SES sends only for an identity that was ` +
        "verified. Name the verified address or domain, or say 'create' to have this stack verify the address.",
    );
  }
  const name = identity._isWritten ? identity._name : undefined;
  if (name !== undefined && !Token.isUnresolved(name)) {
    const covered = address === name || address.endsWith(`@${name}`) || address.endsWith(`.${name}`);
    if (!covered) {
      throw new SettingsError(
        `mail.identity is ${JSON.stringify(name)}, which does not cover mail.from (${address}). Name the address ` +
          'itself or its domain.',
      );
    }
  }
  if (domain?.includes('@')) {
    throw new SettingsError(`mail.domain is ${JSON.stringify(domain)}: write the domain alone, as example.com.`);
  }
}

/** The address without a display name. */
export function addressOf(from: string): string {
  return /<([^<>]*)>\s*$/.exec(from)?.[1] ?? from;
}

function checkMembers({ members }: RotatorSettings): void {
  if (!members) {
    return;
  }
  if (!Token.isUnresolved(members.externalId) && !/^[\w+=,.@:/-]{2,1224}$/.test(members.externalId)) {
    throw new SettingsError(
      'members.externalId is missing or unusable: choose 2 to 1224 letters, digits or +=,.@:/- and give the same to ' +
        'MemberAccountRole.',
    );
  }
  for (const account of members.accounts ?? []) {
    if (!Token.isUnresolved(account) && !/^\d{12}$/.test(account)) {
      throw new SettingsError(`members.accounts holds ${JSON.stringify(account)}: an account is its twelve digits.`);
    }
  }
  if (secretsInMembers(members)) {
    const count = members.accounts?.length ?? 0;
    if (count === 0) {
      throw new SettingsError(
        "members.secretsIn is 'member', but members.accounts is not set: each account whose Secrets Manager is to " +
          "invoke the rotation function must be let in by name. Name the accounts, or set members.secretsIn: 'central'.",
      );
    }
    if (count > MOST_MEMBERS_BY_NAME) {
      throw new SettingsError(
        `members.accounts names ${String(count)} accounts, and a function's resource policy has room for ` +
          `${String(MOST_MEMBERS_BY_NAME)}. Set members.secretsIn: 'central'.`,
      );
    }
  }
}
