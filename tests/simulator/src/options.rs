//! The switches: everything about AWS that varies, is uncertain or takes time.

use std::collections::BTreeMap;
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
    /// How stale `ListAccessKeys` is.
    pub iam_list_lag: Duration,
    /// How late `GetAccessKeyLastUsed` shows a use (AWS: up to four hours).
    pub last_used_lag: Duration,
    /// What `GetAccessKeyLastUsed` says about a key id it does not know.
    pub last_used_unknown_key: LastUsedUnknownKey,
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
            iam_list_lag: Duration::ZERO,
            last_used_lag: Duration::from_secs(4 * 3600),
            last_used_unknown_key: LastUsedUnknownKey::default(),
            promotion_keeps_pending: true,
            demand_rotation_token: true,
            rotation_attempts: 1,
            retry_delay: Duration::from_secs(60),
            function_timeout: Duration::from_secs(60),
            timed_out_keeps_running: false,
            ses_sandbox: false,
            seed: 1,
        }
    }
}

impl Options {
    /// How long a new key stays unknown to a region's endpoints.
    pub(crate) fn propagation_in(&self, region: &str) -> Duration {
        self.propagation_by_region.get(region).copied().unwrap_or(self.propagation)
    }
}
