//! What a deployment consists of beside users and secrets.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde_json::Value;

/// How functions are set up, KMS keys, subscriptions, policies of roles.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deployment {
    /// By function ARN.
    pub functions: BTreeMap<String, FunctionSetup>,
    /// Resource policies, by function ARN.
    pub policies: BTreeMap<String, String>,
    /// Reserved concurrency, by function ARN. A function that is not here has none.
    pub concurrency: BTreeMap<String, u64>,
    /// Tags of functions, by function ARN.
    pub function_tags: BTreeMap<String, BTreeMap<String, String>>,
    /// By key ARN.
    pub kms_keys: BTreeMap<String, KeyState>,
    pub subscriptions: Vec<Subscription>,
    /// SES identities that wait for their verification, by account and region.
    pub unverified: BTreeMap<(String, String), Vec<String>>,
    /// Lines with their times, by account, region and group.
    pub logs: BTreeMap<(String, String, String), Vec<(SystemTime, String)>>,
    /// Identity policies, by role ARN. A role without any may do everything.
    pub role_policies: BTreeMap<String, Vec<Value>>,
}

impl Deployment {
    /// Whether the function's reserved concurrency lets nothing run.
    pub(crate) fn is_throttled(&self, function_arn: &str) -> bool {
        self.concurrency.get(function_arn) == Some(&0)
    }
}

/// What GetFunctionConfiguration tells of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionSetup {
    /// `Pending`, `Active`, `Inactive` or `Failed`.
    pub state: String,
    /// Why, of a function that is not active.
    pub reason: Option<String>,
    /// The role's ARN.
    pub role: String,
    /// Seconds; `None`: the simulator's own [`function_timeout`](crate::Options::function_timeout).
    pub timeout: Option<u64>,
    /// Environment variables.
    pub variables: BTreeMap<String, String>,
    /// The VPC it is in.
    pub vpc: Option<String>,
}

/// The state of a KMS key
/// (<https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Works.
    Enabled,
    /// Encrypts and decrypts nothing.
    Disabled,
    /// Will be gone, and works no longer.
    PendingDeletion,
}

#[derive(Clone, Debug)]
pub(crate) struct Subscription {
    pub topic: String,
    pub protocol: String,
    pub endpoint: String,
    pub confirmed: bool,
}

impl FunctionSetup {
    /// An active function under that role, without variables.
    #[must_use]
    pub fn of_role(role: impl Into<String>) -> Self {
        Self {
            state: "Active".to_owned(),
            reason: None,
            role: role.into(),
            timeout: None,
            variables: BTreeMap::new(),
            vpc: None,
        }
    }
}
