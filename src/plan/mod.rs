//! Pure decisions: an [`Observation`](crate::model::Observation) and a policy become a [`Plan`].
//!
//! No async, no SDK, no clock, no environment, no randomness. Recovery after a crash is no special
//! case: the retry observes what is there and plans from it.

pub mod authority;
mod contract;
mod create_secret;
mod exempt;
mod finish_secret;
mod ownership;
mod retire;
mod room;
mod set_secret;
mod smtp;
pub mod sweep;
mod test_secret;
pub mod unstick;

use std::fmt;

use crate::error::Error;
use crate::model::{AccessKeyId, Intent};

pub use contract::{Stage, stage};
pub use create_secret::create_secret;
pub use exempt::exemption;
pub use finish_secret::finish_secret;
pub use ownership::{bind_user, bind_user_by_labels};
pub use retire::{deactivation_time, is_nobodys};
pub use set_secret::set_secret;
pub use test_secret::test_secret;

/// What is to be done, in order, and how the step then ends.
#[derive(Debug)]
pub struct Plan {
    /// The actions, each with its reason.
    pub actions: Vec<Planned>,
    /// What the step amounts to once they are done.
    pub outcome: Outcome,
}

/// One action and why it is planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned<A = Action> {
    /// What to do.
    pub action: A,
    /// Why.
    pub reason: String,
}

/// How a step ends.
#[derive(Debug)]
pub enum Outcome {
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
pub enum Action {
    /// Attach a key's id as a staging label to the version that holds it.
    LabelVersion {
        /// The version.
        version: String,
        /// The key.
        key: AccessKeyId,
    },
    /// Take a key's label off a version, which lets Secrets Manager drop the version.
    RemoveLabel {
        /// The version.
        version: String,
        /// The key.
        key: AccessKeyId,
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
    /// Write the intent, create a key, store it as AWSPENDING with its label.
    IssueAccessKey {
        /// The record written first.
        intent: Intent,
    },
    /// Have STS accept the new key in every test region.
    ProveKey {
        /// The key.
        key: AccessKeyId,
    },
    /// Move AWSCURRENT.
    Promote {
        /// The version that has it, if one does.
        from: Option<String>,
        /// The version that gets it.
        to: String,
        /// The key that becomes current.
        key: AccessKeyId,
    },
    /// Take AWSPENDING off the promoted version. Left there, it would stay behind on a version that is
    /// not current as soon as somebody puts a value by hand, and RotateSecret refuses to begin then.
    EndPending {
        /// The version.
        version: String,
    },
    /// Take AWSPENDING off a version whose key is gone. Its content can never be replaced, so the next
    /// rotation must make another version.
    GiveUpVersion {
        /// The version.
        version: String,
        /// The key it holds.
        key: AccessKeyId,
    },
    /// Report that a key stays because another secret may hold it.
    ReportConflict {
        /// The key.
        key: AccessKeyId,
        /// The other secret's ARN.
        other: String,
    },
    /// Tell the user that a key was deleted although it was active.
    TellDeleted {
        /// The key.
        key: AccessKeyId,
        /// Why it could go.
        evidence: String,
    },
    /// Take off the tag that remembers a lasting refusal, which is over.
    ForgetRefusal,
    /// Mail the user, then close the intent, so that a retry knows the mail is out.
    TellUser {
        /// The key that became current.
        key: AccessKeyId,
        /// The key it superseded.
        superseded: Option<AccessKeyId>,
    },
}

impl Action {
    /// Whether somebody's work can break by it. Before such an action the executor looks again.
    pub fn is_destructive(&self) -> bool {
        matches!(self, Self::DeactivateKey { .. } | Self::DeleteKey { .. } | Self::Promote { .. })
    }
}

impl Plan {
    /// A plan of these actions.
    pub fn done(actions: Vec<Planned>) -> Self {
        Self { actions, outcome: Outcome::Done }
    }

    /// A plan of no action.
    pub fn idle(outcome: Outcome) -> Self {
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
            Self::LabelVersion { version, key } => write!(f, "label version {version} with its key {key}"),
            Self::RemoveLabel { version, key } => write!(f, "take the label {key} off version {version}"),
            Self::DeactivateKey { key } => write!(f, "deactivate key {key}"),
            Self::DeleteKey { key } => write!(f, "delete key {key}"),
            Self::IssueAccessKey { intent } => {
                write!(f, "create an access key and store it in version {} as AWSPENDING", intent.token)
            }
            Self::ProveKey { key } => write!(f, "prove key {key} with STS"),
            Self::Promote { to, key, .. } => write!(f, "move AWSCURRENT to version {to} with key {key}"),
            Self::EndPending { version } => write!(f, "take AWSPENDING off version {version}"),
            Self::GiveUpVersion { version, key } => {
                write!(f, "take AWSPENDING off version {version}, whose key {key} is gone")
            }
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

impl<A: fmt::Display> fmt::Display for Planned<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.action, self.reason)
    }
}

/// What stands in the way of a rotation's new key, as far as labels and keys tell.
pub fn blocked(seen: &crate::model::Observation, policy: &crate::model::Policy) -> Option<Error> {
    room::make(seen, policy).err()
}

/// An action with its reason.
fn because<A>(action: A, reason: impl Into<String>) -> Planned<A> {
    Planned { action, reason: reason.into() }
}
