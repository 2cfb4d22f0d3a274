/** How the fields of a secret may be called: the same rules as the functions', which `test/shapes.json` holds both to. */

const PREFIXES = ['aws', 'amazon', 'iam', 'ses', 's3'];
const IDS = ['accesskeyid', 'accesskey'];
const SECRETS = ['secretaccesskey', 'secretkey', 'accesskeysecret'];
const SMTP_USERS = [
  'smtpusername', 'smtpuser', 'smtplogin', 'mailusername', 'mailuser', 'emailhostuser', 'emailusername', 'emailuser', 'saslusername',
];
const SMTP_PASSWORDS = ['smtppassword', 'smtppass', 'mailpassword', 'mailpass', 'emailhostpassword', 'emailpassword', 'saslpassword'];
const SMTP_REGIONS = ['smtpregion', 'sesregion'];
const DERIVED = ['Status', 'CreateDate'];

/** Why no secret can be made with these fields; nothing, if one can. */
export function shapeProblem(shape: readonly string[]): string | undefined {
  const count = (names: readonly string[]) => shape.filter((field) => isOneOf(field, names)).length;
  const unknown = shape.find((field) => !isKnown(field));
  if (unknown !== undefined) {
    return `the rotation would not fill in ${JSON.stringify(unknown)}`;
  }
  const [ids, secrets] = [count(IDS), count(SECRETS)];
  const isSmtpAlone = ids + secrets === 0 && count(SMTP_USERS) === 1 && count(SMTP_PASSWORDS) === 1;
  if (!(ids === 1 && secrets === 1) && !isSmtpAlone) {
    return 'it must hold one access key pair, or the user name and password of SMTP credentials';
  }
  if (count(SMTP_PASSWORDS) > 0 && count(SMTP_REGIONS) === 0) {
    return 'an SMTP password needs a field for its region, such as SmtpRegion';
  }
  return undefined;
}

/** Whether a field names the user. */
export function isUserField(field: string): boolean {
  return field === 'User' || plain(field) === 'username';
}

function isKnown(field: string): boolean {
  const names = [...IDS, ...SECRETS, ...SMTP_USERS, ...SMTP_PASSWORDS, ...SMTP_REGIONS];
  return isUserField(field) || DERIVED.includes(field) || isOneOf(field, names);
}

function isOneOf(field: string, names: readonly string[]): boolean {
  return names.includes(plain(field)) || names.includes(stem(plain(field)));
}

function plain(field: string): string {
  return field.trim().replaceAll(/[-_ .]/g, '').toLowerCase();
}

function stem(name: string): string {
  const prefix = PREFIXES.find((prefix) => name.startsWith(prefix));
  return prefix === undefined ? name : stem(name.slice(prefix.length));
}
