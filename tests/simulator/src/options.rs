//! The switches: everything about AWS that varies, is uncertain or takes time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

/// What `GetAccessKeyLastUsed` answers for a key id that exists nowhere in the account.
///
/// The API reference names no error for it today
/// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccessKeyLastUsed.html>); older
/// editions named `NoSuchEntity`, 404
/// (<https://docs.amazonaws.cn/IAM/latest/APIReference/API_GetAccessKeyLastUsed.html>); what people
/// report is `AccessDenied`. Not verified against AWS, hence a switch: a product must get along with
/// both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LastUsedUnknownKey {
    /// `AccessDenied`, HTTP 403.
    #[default]
    AccessDenied,
    /// `NoSuchEntity`, HTTP 404, as the other IAM operations answer.
    NoSuchEntity,
}

/// Which of a user's access keys the credential report calls the first.
///
/// The guide does not say
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html>). Somebody
/// who made ten users and looked found the order consistent with ascending key ids; not verified,
/// hence a switch: a reader must not take key 1 for the older one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReportKeyOrder {
    /// The older key is the first.
    #[default]
    OldestFirst,
    /// A key keeps its place when the other one is deleted, and a new key takes the free one.
    PlaceKept,
    /// By key id, which says nothing about age.
    ByKeyId,
}

/// How far reads of secrets lag behind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SecretLags {
    /// ListSecrets.
    pub list: Duration,
    /// Reads of one secret.
    pub read: Duration,
}

/// What of an account's state Organizations shows.
///
/// The reference announces that `Status` "will be retired on September 9, 2026" in favour of `State`
/// (<https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html>). No member of
/// `Account` is required.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccountFields {
    /// `State` alone, as after that day.
    #[default]
    State,
    /// `Status` alone, as before `State` existed.
    Status,
    /// Both, as between.
    Both,
    /// Neither.
    Neither,
}

/// Regions that are off in an account until somebody turns them on
/// (<https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html>).
const OPT_IN_REGIONS: [&str; 16] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-south-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-7",
    "ca-west-1",
    "eu-central-2",
    "eu-south-1",
    "eu-south-2",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
];

/// How the simulated AWS behaves. Change it while running with [`Simulator::update`].
///
/// [`Simulator::update`]: crate::Simulator::update
#[derive(Clone, Debug)]
pub struct Options {
    /// The main account, where `test`/`test` is the root pair and console calls put secrets.
    pub account: String,
    /// The main region.
    pub region: String,
    /// The instant at which the clock starts. `None`: 2026-01-01T00:00:00Z, and
    /// [`Simulator::serve`](crate::Simulator::serve) moves it forward to the host's time.
    pub start: Option<SystemTime>,
    /// Largest page of every list call, small so that every list paginates. `ListAccessKeys` uses
    /// half of it (at least one), since two keys would otherwise never need a second page.
    pub page_size: usize,
    /// A key made by `CreateAccessKey` is refused for this long.
    pub propagation: Duration,
    /// The same for one region's endpoints; others use `propagation`.
    pub propagation_by_region: BTreeMap<String, Duration>,
    /// While a key propagates, every other call with it is accepted: one success may have met only
    /// one endpoint.
    pub flaky_endpoints: bool,
    /// A deactivated or deleted key still works for this long.
    pub revocation: Duration,
    /// Every call takes this long: half of it before the effect, half after.
    pub latency: Duration,
    /// How stale `ListSecrets` is (AWS: up to five minutes).
    pub list_lag: Duration,
    /// How stale `DescribeSecret`, `GetSecretValue` and `ListSecretVersionIds` may be: each read
    /// shows some state that the secret had within this time, one read after another in any order.
    ///
    /// AWS promises nothing here. Rotations have met a version that GetSecretValue did not find in the
    /// step after the one that stored it (<https://github.com/aws/aws-sdk-js-v3/issues/7701>,
    /// <https://github.com/hashicorp/terraform-provider-aws/issues/18406>).
    pub secret_read_lag: Duration,
    /// How stale `ListAccessKeys` is.
    pub iam_list_lag: Duration,
    /// How late `GetAccessKeyLastUsed` shows a use (AWS: up to four hours).
    pub last_used_lag: Duration,
    /// What `GetAccessKeyLastUsed` says about a key id it does not know.
    pub last_used_unknown_key: LastUsedUnknownKey,
    /// How long a credential report takes. Zero: `GenerateCredentialReport` answers STARTED, and the
    /// next call finds it COMPLETE.
    pub report_takes: Duration,
    /// The credential report tells when an inactive key was made or changed. The guide says `N/A`
    /// "if the user does not have an active access key"; what people see are dates
    /// (<https://github.com/cloud-custodian/cloud-custodian/pull/5551>).
    pub report_dates_inactive_keys: bool,
    /// Dates of the credential report end in `Z` instead of `+00:00`: real reports of both kinds are
    /// to be found.
    pub report_dates_in_z: bool,
    /// Which key the credential report calls the first.
    pub report_key_order: ReportKeyOrder,
    /// The first page of every list of Organizations is empty, with a `NextToken`: "always check the
    /// NextToken response parameter value, even if you receive an empty result set"
    /// (<https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html>).
    pub empty_pages: bool,
    /// What of an account's state Organizations shows.
    pub account_fields: AccountFields,
    /// Regions that are not enabled: every key is refused there as one that does not exist
    /// (`InvalidClientTokenId`, <https://www.remotion.dev/docs/lambda/troubleshooting/security-token>).
    /// By default those that AWS leaves off.
    pub disabled_regions: BTreeSet<&'static str>,
    /// How often Lambda repeats an asynchronous invocation that failed, after one minute and then two
    /// (AWS: 2, `MaximumRetryAttempts`).
    pub event_retries: u32,
    /// How many invocations a chain may have before Lambda takes it for a loop and stops it
    /// ("approximately 16 times", <https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html>).
    pub longest_chain: u32,
    /// How long a change of a secret takes to its replicas.
    pub replication_lag: Duration,
    /// `PutResourcePolicy` refuses a role or user that does not exist: "This resource policy contains
    /// an unsupported principal", as others have met it
    /// (<https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/secretsmanager/secret_policy.go>
    /// retries it).
    pub policy_principals_exist: bool,
    /// `RotateSecret` that finds an earlier rotation incomplete begins that one again, besides
    /// refusing: "A previous rotation isn't complete. That rotation will be reattempted." The API
    /// reference only says that it "returns an error"; when AWS re-attempts, and whether at all if
    /// the function fails every time, is not documented.
    pub incomplete_rotation_reattempted: bool,
    /// AWSPENDING stays on the version that AWSCURRENT moved to. AWS's documents allow both.
    pub promotion_keeps_pending: bool,
    /// `PutSecretValue` for a version that the engine rotates must carry the `RotationToken`.
    pub demand_rotation_token: bool,
    /// How often the engine runs the whole rotation before it gives up.
    pub rotation_attempts: u32,
    /// Pause between two such runs.
    pub retry_delay: Duration,
    /// The function's configured timeout.
    pub function_timeout: Duration,
    /// A timed-out in-process invocation keeps running beside its retry, instead of being killed.
    pub timed_out_keeps_running: bool,
    /// SES only delivers to verified recipients.
    pub ses_sandbox: bool,
    /// AWS has paused the account's sending.
    pub ses_paused: bool,
    /// How late CloudTrail shows an event: "typically … within an average of about 5 minutes"
    /// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/how-cloudtrail-works.html>), up
    /// to 15 in lookups.
    pub trail_lag: Duration,
    /// Decides every key id, secret, token and request id.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            account: "111122223333".to_owned(),
            region: "eu-west-1".to_owned(),
            start: None,
            page_size: 2,
            propagation: Duration::ZERO,
            propagation_by_region: BTreeMap::new(),
            flaky_endpoints: false,
            revocation: Duration::ZERO,
            latency: Duration::ZERO,
            list_lag: Duration::ZERO,
            secret_read_lag: Duration::ZERO,
            iam_list_lag: Duration::ZERO,
            last_used_lag: Duration::from_secs(4 * 3600),
            last_used_unknown_key: LastUsedUnknownKey::default(),
            report_takes: Duration::ZERO,
            report_dates_inactive_keys: true,
            report_dates_in_z: false,
            report_key_order: ReportKeyOrder::default(),
            empty_pages: true,
            account_fields: AccountFields::default(),
            disabled_regions: OPT_IN_REGIONS.into(),
            event_retries: 2,
            longest_chain: 16,
            replication_lag: Duration::ZERO,
            policy_principals_exist: true,
            incomplete_rotation_reattempted: true,
            promotion_keeps_pending: true,
            demand_rotation_token: true,
            rotation_attempts: 1,
            retry_delay: Duration::from_secs(60),
            function_timeout: Duration::from_secs(60),
            timed_out_keeps_running: false,
            ses_sandbox: false,
            ses_paused: false,
            trail_lag: Duration::from_secs(300),
            seed: 1,
        }
    }
}

impl Options {
    /// How far reads of secrets lag behind.
    pub(crate) fn secret_lags(&self) -> SecretLags {
        SecretLags { list: self.list_lag, read: self.secret_read_lag }
    }

    /// How long a new key stays unknown to a region's endpoints.
    pub(crate) fn propagation_in(&self, region: &str) -> Duration {
        self.propagation_by_region.get(region).copied().unwrap_or(self.propagation)
    }
}
