//! What a sweep changes.

use std::fmt;

use crate::model::{AccessKeyId, Phrase, RotationSetup, Say, VersionId, counted, phrase};
use crate::plan::Change;

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
    /// The rest of an enrollment that broke off.
    FinishEnrollment {
        /// The secret's first version.
        version: VersionId,
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
    /// A change of a key or a label.
    Change(Change),
}

impl FleetAction {
    /// Whether the user must be looked at again after it: a key has gone, or a secret has come.
    pub(crate) fn ends_a_look(&self) -> bool {
        self.is_destructive() || matches!(self, Self::Enroll { .. } | Self::FinishEnrollment { .. })
    }

    /// Whether it takes a key away.
    pub(crate) fn is_destructive(&self) -> bool {
        matches!(self, Self::Change(change) if change.is_destructive())
    }

    /// The key that it is about; `None` for what concerns the user.
    pub(crate) fn key(&self) -> Option<&AccessKeyId> {
        match self {
            Self::Change(change) => change.takes(),
            Self::Enroll { adopts, .. } | Self::FinishEnrollment { adopts, .. } => Some(adopts),
            Self::RequestRotation { .. } | Self::LetUserRead => None,
        }
    }

    /// What it does, in a word.
    pub(crate) fn verb(&self) -> &'static str {
        match self {
            Self::Enroll { .. } | Self::FinishEnrollment { .. } => "enroll",
            Self::LetUserRead => "grant access",
            Self::RequestRotation { .. } => "rotate",
            Self::Change(change) => change.name(),
        }
    }

    /// Its name, as answers and summaries count it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Enroll { .. } | Self::FinishEnrollment { .. } => "enroll",
            Self::LetUserRead => "let-user-read",
            Self::RequestRotation { .. } => "request-rotation",
            Self::Change(change) => change.name(),
        }
    }
}

impl Say for &FleetAction {
    fn say(self, phrase: &mut Phrase) {
        let said = match self {
            FleetAction::Enroll { secret_name, adopts } => phrase!(
                format_args!("enroll: create secret {secret_name:?}, whose first rotation supersedes "),
                adopts
            ),
            FleetAction::FinishEnrollment { adopts, .. } => {
                phrase!("finish the enrollment whose first rotation supersedes ", adopts)
            }
            FleetAction::LetUserRead => phrase!("set a policy by which the user can read the secret"),
            FleetAction::RequestRotation { setup: Some(setup) } => {
                let days = counted(setup.every_days, "day");
                phrase!(format_args!("rotate the secret now, and then every {days}"))
            }
            FleetAction::RequestRotation { setup: None } => phrase!("rotate the secret"),
            FleetAction::Change(change) => phrase!(change),
        };
        said.say(phrase);
    }
}

impl fmt::Display for FleetAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        phrase!(self).fmt(f)
    }
}

impl From<Change> for FleetAction {
    fn from(change: Change) -> Self {
        Self::Change(change)
    }
}
