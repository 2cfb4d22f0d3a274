//! What a sweep says ahead, and afterwards.

use jiff::Timestamp;

use crate::model::{AccessKeyId, Note, Phrase};

/// What will happen to a key, if nothing changes until then.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Coming {
    pub(crate) event: ComingEvent,
    pub(crate) key: AccessKeyId,
    pub(crate) at: Timestamp,
    /// Whether the user is to be warned of it now.
    #[serde(skip)]
    pub(crate) warn: bool,
}

/// Something to tell the user that was not told before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// What will happen to a key.
    Coming(Coming),
    /// That a key was made inactive, and when it will be deleted.
    Deactivated {
        /// The key.
        key: AccessKeyId,
        /// When its recovery window is over.
        deleted_at: Timestamp,
    },
    /// That a key was deactivated because AWS reported it as exposed.
    Revoked {
        /// The key.
        key: AccessKeyId,
        /// Whether the secret holds another key that works.
        replaced: bool,
    },
    /// That a key was deleted.
    Deleted {
        /// The key.
        key: AccessKeyId,
    },
    /// That a key was deleted although it was active, to make room for the next one.
    DeletedActive {
        /// The key.
        key: AccessKeyId,
        /// Why it could go.
        evidence: Phrase,
    },
    /// That a superseded key is active after its time, and until when it is left so.
    Reactivated {
        /// The key.
        key: AccessKeyId,
        /// Whether it is known to have been deactivated.
        again: bool,
        /// What was found, with the command that activates it.
        evidence: Phrase,
    },
    /// That a superseded key is still used, and where.
    StillInUse {
        /// The key.
        key: AccessKeyId,
        /// Its last use.
        evidence: Phrase,
    },
}

/// What can happen to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ComingEvent {
    /// It is superseded by a new one.
    Rotation,
    /// It is made inactive, provided that it is no longer used.
    Deactivation,
    /// It is deleted.
    Deletion,
}

impl ComingEvent {
    /// Its stable name.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Rotation => "rotation",
            Self::Deactivation => "deactivation",
            Self::Deletion => "deletion",
        }
    }

    /// Under which name it is remembered that the user was told.
    pub(super) fn note(self) -> Note {
        match self {
            Self::Rotation => Note::RotationComing,
            Self::Deactivation => Note::DeactivationComing,
            Self::Deletion => Note::DeletionComing,
        }
    }
}
