const BY_FUNCTION = 'Secrets are told by the rotation function they name, not by their own names; the condition demands it.';
const BY_NAME = 'Secrets that the sweep creates are named after users, beside the text of their own that the name must have.';
const NAMED = 'Secrets Manager ends every ARN in six characters of its own choice.';
const USERS = 'Users are told by their path or tag, which resource and condition demand.';
const NO_RESOURCES = 'AWS knows no resources for these actions.';

/** Why a statement's resources may hold a wildcard, by its Sid. A statement that is not here may not. */
export const REASONS: Readonly<Record<string, string>> = {
  SecretsThatNameThisFunction: BY_FUNCTION,
  OwnTagsOnSecretsThatNameThisFunction: BY_FUNCTION,
  KeysOfUsersInScope: USERS,
  ReadWhetherAUserIsExempt: USERS,
  LastUseOfKeys: 'The request names a key and no user, so neither path nor tag of the user can be demanded; it is a read.',
  RetireKeysOfUsersInScope: USERS,
  CredentialReport: NO_RESOURCES,
  KeysOfEveryUser: 'It reads ids, ages and tags, most of which the credential report tells anyway, and no secret.',
  MembersOfTheExemptGroup: 'The group may have a path.',
  ListSecrets: NO_RESOURCES,
  DescribeSecretsOfTheFunction: BY_FUNCTION,
  DescribeSecretsListed: NAMED,
  RotateSecretsOfTheFunction: BY_FUNCTION,
  RotateCreatedSecrets: BY_NAME,
  RotateSecretsListed: NAMED,
  LabelsOfKeysOfTheFunction: BY_FUNCTION,
  LabelsOfKeysOfCreatedSecrets: BY_NAME,
  LabelsOfKeysListed: NAMED,
  NoticesOfTheFunction: BY_FUNCTION,
  NoticesOfCreatedSecrets: BY_NAME,
  NoticesListed: NAMED,
  DescribeSecretsNamedLikeOurs: 'Metadata of secrets that may be ours by name, which ListSecrets tells anyway, and no value.',
  CreateSecretsBoundToAUser: BY_NAME,
  PolicyOfSecretsBoundToAUser: BY_NAME,
  ReadPolicyOfCreatedSecrets: BY_NAME,
  ReplicateCreatedSecrets: BY_NAME,
  SendMails: "An identity's default configuration set is chosen in SES; the condition demands the sender.",
  ListAccounts: NO_RESOURCES,
  ListAccountsOfUnits: 'The ARN of a unit holds the number of the management account, which a member need not know.',
  AssumeMemberRole: 'One role by name, in the accounts of this organization, which the condition demands.',
};
