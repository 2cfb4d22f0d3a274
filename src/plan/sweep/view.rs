//! What one user's plan is made from.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::{AccessKey, Claims, Ledger, SecretState, UserRef};

/// All that one user's plan is made from.
#[derive(Clone, Debug)]
pub struct UserView {
    /// The time of the observation, by AWS's clock.
    pub now: Timestamp,
    /// The user.
    pub user: UserRef,
    /// The user's tags.
    pub tags: BTreeMap<String, String>,
    /// Whether the user is in the exempt group.
    pub in_exempt_group: bool,
    /// Whether IAM knows no such user.
    pub missing: bool,
    /// The user's keys, each with its last use.
    pub keys: Vec<AccessKey>,
    /// The secret that holds the user's keys, with authority.
    pub secret: Option<SecretState>,
    /// By which authority.
    pub standing: Standing,
    /// Whether a secret that is not the user's has the name that the user's would get.
    pub name_taken: bool,
    /// The user's other enrolled secrets.
    pub rivals: Vec<String>,
    /// Enrolled secrets that a tag binds to the user, and whose labels name keys of somebody else.
    pub strange: Vec<String>,
    /// Names of secrets that are tagged with the user and that nobody enrolled.
    pub not_enrolled: Vec<String>,
    /// What other secrets say of the user's keys.
    pub claims: Claims,
    /// What is remembered of the user's keys.
    pub ledger: Ledger,
    /// Whether the secret has a resource policy, where that matters.
    pub policy: SeenPolicy,
}

/// What is known of a secret's resource policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SeenPolicy {
    /// It was not read.
    #[default]
    Unread,
    /// There is none.
    Absent,
    /// There is one.
    Present,
}

/// What gives a secret the right to a user's keys. Its tags do not: others may set them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// It rotates with our function.
    #[default]
    Enrolled,
    /// The configuration lists it by name.
    Listed,
    /// The sweep created it and nothing has changed it since.
    Created,
}

/// What is wanted for the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// What is due.
    Due,
    /// A new key, whatever the age of the present one.
    Rotate,
    /// The superseded key made inactive, give or take a day of the overlap.
    Deactivate,
    /// The superseded key deleted, give or take a day of the recovery window.
    Delete,
}

impl Demand {
    pub(super) fn is_retirement(self) -> bool {
        matches!(self, Self::Deactivate | Self::Delete)
    }
}
