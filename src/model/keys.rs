//! A user's access keys, and what each of them is to a secret.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::AccessKeyId;

/// IAM's two states of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStatus {
    /// Works.
    Active,
    /// Refused, but counted, and can be made active again.
    Inactive,
}

impl fmt::Display for KeyStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
        })
    }
}

/// What GetAccessKeyLastUsed answered. It lags by up to four hours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LastUse {
    /// No use on record.
    Never,
    /// The latest use on record.
    At {
        /// When.
        time: Timestamp,
        /// Which service was called, e.g. `s3`.
        service: String,
        /// In which region.
        region: String,
    },
}

impl fmt::Display for LastUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Never => f.write_str("never used"),
            Self::At { time, service, region } => write!(f, "last used {time} with {service} in {region}"),
        }
    }
}

/// One of a user's access keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessKey {
    /// Its id.
    pub id: AccessKeyId,
    /// Active or inactive.
    pub status: KeyStatus,
    /// When IAM made it.
    pub created: Timestamp,
    /// Its last use; `None` when nobody asked, which is never taken as "not used".
    pub last_use: Option<LastUse>,
}

/// How long after its creation a rotation may still prove a key with STS: Secrets Manager repeats a failed
/// step for hours.
const PROOF: SignedDuration = SignedDuration::from_hours(12);

impl AccessKey {
    /// Whether nobody is known to use it: it was never used, or only for the proof that a rotation makes with
    /// STS. A later call of STS is a use like any other.
    pub(crate) fn is_unused(&self) -> bool {
        match &self.last_use {
            Some(LastUse::Never) => true,
            Some(LastUse::At { time, service, .. }) => {
                service == "sts" && time.duration_since(self.created) < PROOF
            }
            None => false,
        }
    }
}

/// What a key is to a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRole {
    /// In the AWSCURRENT version. Never removed.
    Current,
    /// In the version this rotation makes.
    Pending,
    /// In a version that was current and is no longer: superseded, ours to retire.
    Previous,
    /// In a version that was never promoted: left by a rotation that was given up.
    Abandoned,
    /// Made by an attempt of ours whose answer was lost: in no version, its secret known to nobody.
    Orphan,
    /// Somebody else's: touched only as the policy says.
    Unknown,
}

impl KeyRole {
    /// What people read.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Pending => "pending",
            Self::Previous => "superseded",
            Self::Abandoned => "abandoned",
            Self::Orphan => "orphan",
            Self::Unknown => "unknown",
        }
    }
}
