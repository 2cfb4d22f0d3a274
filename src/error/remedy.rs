//! What to do about each refusal. `{id}` stands for what the call was about: the secret, the user, the
//! function, the topic.

pub(crate) const REQUEST: &str = "The cause says what AWS does not accept. Correct the setting, the tag or the value that it names; if it names none of yours, report it as a defect of iam-key-rotator.";
pub(crate) const UNBUILT: &str = "A variable, option or setting that goes into the request holds a character that no request may hold, or is empty. Check AWS_REGION, AWS_ENDPOINT_URL, the profile and the names that you gave.";
pub(crate) const KMS_KEY: &str = "The secret's KMS key cannot be used: it is disabled, is to be deleted, or is in another invalid state. Find it with `aws secretsmanager describe-secret --secret-id {id} --query KmsKeyId` and see its state with `aws kms describe-key --key-id KEY --query KeyMetadata.KeyState`. Then enable it (`aws kms enable-key --key-id KEY`, or first `aws kms cancel-key-deletion --key-id KEY`), or give the secret another key: `aws secretsmanager update-secret --secret-id {id} --kms-key-id KEY`.";
pub(crate) const NEW_KMS_KEY: &str = "The KMS key for new secrets (ROTATOR_KMS_KEY_ID) cannot be used: see its state with `aws kms describe-key --key-id KEY --query KeyMetadata.KeyState`. Then enable it (`aws kms enable-key --key-id KEY`, or first `aws kms cancel-key-deletion --key-id KEY`), or set ROTATOR_KMS_KEY_ID to another key.";
pub(crate) const LABELS: &str = "The secret has reached a quota: 20 staging labels, or about 100 versions, of which none is removed within 24 hours. See them with `aws secretsmanager list-secret-version-ids --secret-id {id} --include-deprecated`, and take labels off that nobody needs: `aws secretsmanager update-secret-version-stage --secret-id {id} --version-stage LABEL --remove-from-version-id VERSION`. If there are too many versions, stop what writes the secret so often.";
pub(crate) const SECRETS_QUOTA: &str = "The account has reached a quota of Secrets Manager. Delete secrets that nobody needs, or request an increase: `aws service-quotas list-service-quotas --service-code secretsmanager` shows the quotas.";
pub(crate) const SECRET_TAGS: &str = "The secret takes no such tag, or has reached its quota of 50 tags. See them with `aws secretsmanager describe-secret --secret-id {id} --query Tags`, and remove one that nobody needs: `aws secretsmanager untag-resource --secret-id {id} --tag-keys KEY`.";
pub(crate) const NEW_SECRET: &str = "AWS takes no secret with these settings. Check ROTATOR_SECRET_NAME, ROTATOR_KMS_KEY_ID and ROTATOR_REPLICA_REGIONS against what the cause says; a user's name may hold characters that no tag and no secret's name may.";
pub(crate) const POLICY: &str = "AWS does not accept the resource policy, most often because a role or user that it names does not exist. Check ROTATOR_ROTATION_ROLE_ARN, and that the user still exists.";
pub(crate) const PUBLIC_POLICY: &str = "AWS takes the resource policy for one that lets the public in. See it with `aws secretsmanager get-resource-policy --secret-id {id}` and correct ROTATOR_ROTATION_ROLE_ARN.";
pub(crate) const UNSTICK: &str = "An earlier rotation of the secret has not ended. See what stops it, and end it: `iam-key-rotator unstick {id}`.";
pub(crate) const DELETED: &str = "The secret is scheduled for deletion. If it is still needed, restore it: `aws secretsmanager restore-secret --secret-id {id}`. If not, move its consumers away and deactivate its user's key; nothing rotates it any more.";
pub(crate) const MANAGED: &str = "Another AWS service manages the secret, and only that service can change it. Create a secret of your own for this user: `iam-key-rotator enroll USER`.";
pub(crate) const FOREIGN_KMS: &str = "A secret of another account needs a customer managed KMS key that this account may use: `aws secretsmanager update-secret --secret-id {id} --kms-key-id KEY`.";
pub(crate) const NO_FUNCTION: &str = "The secret has no rotation function that Secrets Manager can use. Check ROTATOR_ROTATION_FUNCTION_ARN, and that the function's policy lets secretsmanager.amazonaws.com invoke it: `iam-key-rotator doctor {id}`.";
pub(crate) const REPLICA_REGION: &str = "ROTATOR_REPLICA_REGIONS names the secret's own region, a region twice, or one that AWS does not know. Take it out of the list: a secret is replicated to other regions only.";
pub(crate) const IS_REPLICA: &str =
    "The secret is a replica, which cannot be changed. Use the primary secret, in its own region.";
pub(crate) const VALUE_TOO_LONG: &str = "A secret's value has at most 65,536 bytes, and this one would have more with the new key. Move other fields of the value to a secret of their own.";
pub(crate) const ROTATION_SETUP: &str = "AWS does not accept the rotation function or the schedule. Check ROTATOR_ROTATION_FUNCTION_ARN (a function of the secret's own region) and ROTATOR_ROTATE_AFTER (1 to 1000 days): `iam-key-rotator doctor {id}`.";
pub(crate) const USER_TAGS: &str = "The user has reached the quota of 50 tags. See them with `aws iam list-user-tags --user-name {id}`, and remove one that nobody needs: `aws iam untag-user --user-name {id} --tag-keys KEY`.";
pub(crate) const TWO_KEYS: &str = "The user has two access keys, which is the most there may be. See them with `aws iam list-access-keys --user-name {id}`, and delete the one that nobody needs.";
pub(crate) const IAM_QUOTA: &str = "The account has reached a quota of IAM, which the cause names. `aws iam get-account-summary` shows them.";
pub(crate) const REGION_DISABLED: &str = "STS is not enabled in this region for that account. Enable the region (`aws account enable-region --region-name REGION`), or run in another.";
pub(crate) const MEMBER_ROLE: &str = "AWS does not accept the role's ARN, its session or its ExternalId. Check ROTATOR_MEMBER_ROLE, ROTATOR_MEMBER_EXTERNAL_ID and the account's number.";
pub(crate) const SENDING_PAUSED: &str =
    "AWS has paused this account's sending. See why in the SES console, or with `aws sesv2 get-account`.";
pub(crate) const SENDER: &str = "SES does not send from this sender or to this recipient. Check that the identity of ROTATOR_EMAIL_FROM is verified (`aws sesv2 get-email-identity --email-identity IDENTITY`) and that the account is out of the SES sandbox (`aws sesv2 get-account`).";
pub(crate) const TEMPLATE: &str = "SES knows no such template, identity or configuration set. Check ROTATOR_EMAIL_TEMPLATE (`aws sesv2 list-email-templates`) and ROTATOR_EMAIL_FROM.";
pub(crate) const SES_QUOTA: &str = "The account's sending quota of SES is used up, or too small. See it with `aws sesv2 get-account --query SendQuota`, and request an increase.";
pub(crate) const MAIL: &str = "SES does not take the mail. Check ROTATOR_EMAIL_FROM, the address in the user's or the secret's e-mail tag, and ROTATOR_EMAIL_TEMPLATE.";
pub(crate) const TOPIC_KMS: &str = "The KMS key of the alert topic cannot be used. See it with `aws sns get-topic-attributes --topic-arn {id} --query Attributes.KmsMasterKeyId`, and enable it, or give the topic another key.";
pub(crate) const TOPIC: &str = "The alert topic cannot be published to. Check ROTATOR_ALERT_TOPIC_ARN: `aws sns get-topic-attributes --topic-arn {id}`.";
pub(crate) const FUNCTION_KMS: &str = "The KMS key of the function's environment cannot be used. See it with `aws lambda get-function-configuration --function-name {id} --query KMSKeyArn`, and enable it or grant the function's role access to it.";
pub(crate) const FUNCTION_NETWORK: &str = "Lambda cannot attach the function to its VPC. Check its role, subnets and security groups: `aws lambda get-function-configuration --function-name {id}`.";
pub(crate) const FUNCTION_CODE: &str = "Lambda cannot run the function's code. Deploy it again.";
pub(crate) const RECURSION: &str = "Lambda took the sweep's invocations for a loop and stopped it. Sweep the rest by hand: `aws lambda invoke --function-name {id} --payload '{}' --cli-binary-format raw-in-base64-out /dev/stdout`.";
pub(crate) const NO_SUCH_FUNCTION: &str = "There is no such function in this account and region. Check the function's name or ARN: `aws lambda get-function-configuration --function-name {id}`.";
pub(crate) const FUNCTION_QUOTA: &str = "The account has reached a quota of Lambda, which the cause names: `aws lambda get-account-settings` shows them.";
pub(crate) const NO_ORGANIZATION: &str = "This account belongs to no organization. Deploy the organization's sweep in the management account, or in a delegated administrator's.";
pub(crate) const NO_SUCH_UNIT: &str = "There is no such organizational unit. Correct the unit that the sweep is deployed for: `aws organizations list-organizational-units-for-parent --parent-id ROOT`.";
pub(crate) const CREDENTIALS: &str = "AWS does not know the credentials that the call was signed with: the access key was deleted or deactivated, or the region is not enabled for the account. See whose they are with `aws sts get-caller-identity`, and use others.";
pub(crate) const SIGNATURE: &str = "The call's signature does not fit the access key: its secret is another, or a proxy changed the request. Correct the credentials (`aws configure list` shows where they come from), and take AWS's endpoints out of what the proxy rewrites.";
pub(crate) const EXPIRED: &str = "The session of these credentials has ended. On your own machine, renew it (for SSO: `aws sso login`) and run the command again; a function gets new credentials with its next invocation.";
pub(crate) const PROVIDER: &str = "Nothing was sent to AWS. Correct the profile, the session or the program that the cause names: `aws configure list` shows where credentials come from, and `aws sts get-caller-identity` with the same profile whether they work. For SSO, run `aws sso login`; run the command of a `credential_process` by hand.";
pub(crate) const PROXY: &str = "Set the variable to the proxy's URL (http://HOST:PORT; https, user and password are possible, SOCKS is not), or unset it.";
pub(crate) const OPT_IN: &str = "The account is not signed up for this service or region. Enable it: `aws account get-region-opt-status --region-name REGION`.";
pub(crate) const NOT_THERE: &str =
    "There is no such thing, in this account and region. Check the name that the cause holds.";
pub(crate) const ENDPOINT: &str =
    "The endpoint does not know this call. Check AWS_ENDPOINT_URL and the VPC endpoint.";

/// A remedy with what the call was about filled in.
pub(super) fn filled(remedy: &str, subject: Option<&str>) -> String {
    remedy.replace("{id}", subject.unwrap_or("NAME"))
}
