//! What a sweep changes.

use std::fmt;

use crate::aws::RotationSetup;
use crate::model::{AccessKeyId, counted};

/// Something a sweep changes. Its `Display` is the line an audit prints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FleetAction {
    /// Make the user's secret, let nobody but the user and the rotator read it, and label its
    /// first version with the key the user has.
    Enroll {
        /// Its name.
        secret_name: String,
        /// The user's key, which the first rotation supersedes.
        adopts: AccessKeyId,
    },
    /// The rest of an enrolment that broke off.
    FinishEnrolment {
        /// The secret's first version.
        version: String,
        /// The user's key.
        adopts: AccessKeyId,
    },
    /// Give a secret without a resource policy one that lets the user read it.
    LetUserRead,
    /// Have Secrets Manager rotate the secret.
    RequestRotation {
        /// For a secret that nothing rotates yet.
        setup: Option<RotationSetup>,
    },
    /// Make a key inactive.
    DeactivateKey {
        /// The key.
        key: AccessKeyId,
    },
    /// Delete a key. Cannot be undone.
    DeleteKey {
        /// The key.
        key: AccessKeyId,
    },
    /// Take a deleted key's label off its version.
    RemoveLabel {
        /// The version.
        version: String,
        /// The key.
        key: AccessKeyId,
    },
}

impl FleetAction {
    /// Whether it takes a key away. After such an action the user is looked at again.
    pub fn is_destructive(&self) -> bool {
        matches!(self, Self::DeactivateKey { .. } | Self::DeleteKey { .. })
    }

    /// Its name, as answers and summaries count it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Enroll { .. } | Self::FinishEnrolment { .. } => "enroll",
            Self::LetUserRead => "let-user-read",
            Self::RequestRotation { .. } => "request-rotation",
            Self::DeactivateKey { .. } => "deactivate",
            Self::DeleteKey { .. } => "delete",
            Self::RemoveLabel { .. } => "remove-label",
        }
    }
}

impl fmt::Display for FleetAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Enroll { secret_name, adopts } => {
                write!(f, "enroll: create secret {secret_name:?}, whose first rotation supersedes {adopts}")
            }
            Self::FinishEnrolment { adopts, .. } => {
                write!(f, "finish the enrolment whose first rotation supersedes {adopts}")
            }
            Self::LetUserRead => f.write_str("set a policy by which the user can read the secret"),
            Self::RequestRotation { setup: Some(setup) } => {
                write!(f, "rotate the secret now, and then every {}", counted(setup.every_days, "day"))
            }
            Self::RequestRotation { setup: None } => f.write_str("rotate the secret"),
            Self::DeactivateKey { key } => write!(f, "deactivate key {key}"),
            Self::DeleteKey { key } => write!(f, "delete key {key}"),
            Self::RemoveLabel { version, key } => write!(f, "take the label {key} off version {version}"),
        }
    }
}
