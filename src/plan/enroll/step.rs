//! The steps of an enrollment.

use std::fmt;

use crate::model::names::{TAG_SECRET, TAG_USER};
use crate::model::{AccessKeyId, counted};

/// A step of an enrollment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Make the secret, its policy, its tag, and the label of the key the user has.
    Create {
        name: String,
        /// The key that the first rotation supersedes.
        adopts: AccessKeyId,
    },
    /// Bind an existing secret to the user.
    Tag,
    /// Let the user read an existing secret that has no policy.
    Policy,
    /// Bind the user to the secret. Before the first rotation: a crash in between leaves an enrollment
    /// that the next run finishes, instead of a user whose keys any secret may get.
    TagUser {
        /// The secret's name.
        secret: String,
    },
    /// Have the secret rotate.
    Rotate(Start),
}

/// How a secret's rotation begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Start {
    /// The function it rotates with from now on; `None`: with the one that it has.
    pub(crate) function: Option<String>,
    /// The function that this replaces.
    pub(crate) replaces: Option<String>,
    /// Every how many days; `None`: by the schedule that it has.
    pub(crate) every_days: Option<i64>,
    /// Whether it rotates at once. Otherwise Secrets Manager runs testSecret, and nothing changes.
    pub(crate) now: bool,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create { name, adopts } => {
                write!(
                    f,
                    "create secret {name:?}, which the user may read, whose first rotation supersedes {adopts}"
                )
            }
            Self::Tag => write!(f, "tag the secret {TAG_USER}"),
            Self::Policy => f.write_str("give the secret a policy: the user may read it"),
            Self::TagUser { secret } => {
                write!(f, "tag the IAM user {TAG_SECRET} = {secret}: no other secret gets the user's keys")
            }
            Self::Rotate(start) => start.fmt(f),
        }
    }
}

impl fmt::Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(function) = &self.function else { return f.write_str("rotate it now") };
        let replaced = self.replaces.as_ref().map_or_else(String::new, |old| format!(", in place of {old}"));
        let schedule = match self.every_days {
            Some(days) => format!("every {}", counted(days, "day")),
            None => "by the schedule that it has".to_owned(),
        };
        match self.now {
            true => write!(f, "rotate it now, and then {schedule}, with {function}{replaced}"),
            false => write!(
                f,
                "set {function} as its rotation function{replaced}, {schedule}; only its present key is tested now"
            ),
        }
    }
}
