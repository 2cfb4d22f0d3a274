const BY_FUNCTION = 'Secrets are told by the rotation function they name, not by their own names; the condition demands it.';
const BY_TAG = 'Secrets are told by our tag, not by their names; the condition demands it.';
const NAMED = 'Secrets Manager ends every ARN in six characters of its own choice.';
const USERS = 'Users are told by their path or tag, which resource and condition demand.';
const CREATED = 'Secrets to be made are named after users; the request or the tag must bind them to one.';
const NO_RESOURCES = 'AWS knows no resources for these actions.';

/** Why a statement's resources may hold a wildcard, by its Sid. A statement that is not here may not. */
export const REASONS: Readonly<Record<string, string>> = {
  SecretsThatNameThisFunction: BY_FUNCTION,
  IntentOnSecretsThatNameThisFunction: BY_FUNCTION,
  KeysOfUsersInScope: USERS,
  LastUseOfKeys: 'The request names a key and no user, so neither path nor tag of the user can be demanded; it is a read.',
  RetireKeysOfUsersInScope: USERS,
  CredentialReport: NO_RESOURCES,
  KeysOfEveryUser: 'It reads ids, ages and tags, most of which the credential report tells anyway, and no secret.',
  MembersOfTheExemptGroup: 'The group may have a path.',
  ListSecrets: NO_RESOURCES,
  DescribeSecretsOfTheFunction: BY_FUNCTION,
  DescribeSecretsWithTheTag: BY_TAG,
  DescribeSecretsListed: NAMED,
  RotateSecretsOfTheFunction: BY_FUNCTION,
  RotateSecretsWithTheTag: BY_TAG,
  RotateSecretsListed: NAMED,
  LabelsOfKeysOfTheFunction: BY_FUNCTION,
  LabelsOfKeysWithTheTag: BY_TAG,
  LabelsOfKeysListed: NAMED,
  NoticesOfTheFunction: BY_FUNCTION,
  NoticesWithTheTag: BY_TAG,
  NoticesListed: NAMED,
  DescribeSecretsNamedLikeOurs: 'Metadata of secrets that may be ours by name, which ListSecrets tells anyway, and no value.',
  CreateSecretsBoundToAUser: CREATED,
  PolicyOfSecretsBoundToAUser: CREATED,
  ReplicateCreatedSecrets: CREATED,
  SendMails: "An identity's default configuration set is chosen in SES; the condition demands the sender.",
  ListAccounts: NO_RESOURCES,
  ListAccountsOfUnits: 'The ARN of a unit holds the number of the management account, which a member need not know.',
  AssumeMemberRole: 'One role by name, in the accounts of this organization, which the condition demands.',
};
