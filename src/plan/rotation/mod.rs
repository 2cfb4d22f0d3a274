//! What each of the four steps does.

mod contract;
mod create_secret;
mod finish_secret;
mod set_secret;
mod smtp;
mod test_secret;

use std::fmt;

use super::{Change, Planned};
use crate::error::Error;
use crate::model::{AccessKeyId, Intent, Phrase, VersionId};

pub(crate) use contract::{Stage, stage};
pub(crate) use create_secret::create_secret;
pub(crate) use finish_secret::finish_secret;
pub(crate) use set_secret::set_secret;
pub(crate) use test_secret::test_secret;

/// What is to be done, in order, and how the step then ends.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The actions, each with its reason.
    pub(crate) actions: Vec<Planned<Action>>,
    /// What the step amounts to once they are done.
    pub(crate) outcome: Outcome,
}

/// How a step ends.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// The actions are the step.
    Done,
    /// An earlier invocation has done it.
    AlreadyDone(String),
    /// There is nothing to do in this step.
    NothingToDo(String),
    /// Not now: look again soon. The world has not shown yet what must be there.
    Wait(String),
    /// It fails with this error, once the actions are done.
    Refuse(Error),
}

/// Something that changes AWS, or proves a key. Its `Display` is the line a dry run prints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// A change of a key or a label.
    Change(Change),
    /// Write the intent, create a key, store it as AWSPENDING with its label.
    IssueAccessKey {
        /// The record written first.
        intent: Intent,
    },
    /// Have STS accept the new key in every test region.
    ProveKey { key: AccessKeyId },
    /// Move AWSCURRENT.
    Promote {
        /// The version that has it, if one does.
        from: Option<VersionId>,
        /// The version that gets it.
        to: VersionId,
        /// The key that becomes current.
        key: AccessKeyId,
    },
    /// Report that a key stays because another secret may hold it.
    ReportConflict {
        key: AccessKeyId,
        /// The other secret's ARN.
        other: String,
    },
    /// Tell the user that a key was deleted although it was active.
    TellDeleted {
        key: AccessKeyId,
        /// Why it could go.
        evidence: Phrase,
    },
    /// Take off the tag that remembers a lasting refusal, which is over.
    ForgetRefusal,
    /// Mail the user, then close the intent, so that a retry knows the mail is out.
    TellUser {
        /// The key that became current.
        key: AccessKeyId,
        superseded: Option<AccessKeyId>,
    },
}

impl Action {
    /// Whether somebody's work can break by it. Before such an action the executor looks again.
    pub(crate) fn is_destructive(&self) -> bool {
        match self {
            Self::Change(change) => change.is_destructive(),
            Self::Promote { .. } => true,
            _ => false,
        }
    }
}

impl Plan {
    /// A plan of these actions.
    pub(crate) fn done(actions: Vec<Planned<Action>>) -> Self {
        Self { actions, outcome: Outcome::Done }
    }

    /// A plan of no action.
    pub(crate) fn idle(outcome: Outcome) -> Self {
        Self { actions: Vec::new(), outcome }
    }
}

impl From<Error> for Plan {
    fn from(error: Error) -> Self {
        Self::idle(Outcome::Refuse(error))
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Change(change) => change.fmt(f),
            Self::IssueAccessKey { intent } => {
                write!(f, "create an access key and store it in version {} as AWSPENDING", intent.token)
            }
            Self::ProveKey { key } => write!(f, "prove key {key} with STS"),
            Self::Promote { to, key, .. } => write!(f, "move AWSCURRENT to version {to} with key {key}"),
            Self::ReportConflict { key, other } => {
                write!(f, "report that {key} stays, because secret {other} may hold it")
            }
            Self::TellDeleted { key, .. } => {
                write!(f, "tell the user that {key} was deleted while it was active")
            }
            Self::ForgetRefusal => f.write_str("take off the tag that remembers an earlier refusal"),
            Self::TellUser { key, .. } => write!(f, "mail the user that key {key} is current"),
        }
    }
}

impl From<Change> for Action {
    fn from(change: Change) -> Self {
        Self::Change(change)
    }
}

/// Changes as the actions of a step.
fn changes(planned: Vec<Planned<Change>>) -> impl Iterator<Item = Planned<Action>> {
    planned.into_iter().map(|planned| planned.map(Action::Change))
}

#[cfg(test)]
#[path = "create_tests.rs"]
mod creation;
#[cfg(test)]
#[path = "finish_tests.rs"]
mod ending;
#[cfg(test)]
mod scene_tests;
