//! What a sweep does about one user.

use super::action::FleetAction;
use super::notice::{Coming, Notice};
use crate::model::{AccessKeyId, Finding, Ledger, Phrase};
use crate::plan::Planned;

/// What a sweep does about one user, says about it, and remembers of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserPlan {
    /// The actions in order, each with its reason.
    pub actions: Vec<Planned<FleetAction>>,
    /// What needs a person.
    pub findings: Vec<Finding>,
    /// Keys that a rotation without an overlap has superseded, and that were not seen since.
    pub(crate) superseded: Vec<AccessKeyId>,
    /// The current key, where a rotation made it and deleted its predecessor, and nobody was told yet.
    pub(crate) promoted: Vec<AccessKeyId>,
    /// What will happen next.
    pub(crate) coming: Vec<Coming>,
    /// Why the user is left alone.
    pub exempt: Option<String>,
    /// Why nothing that was asked for is done.
    pub refused: Option<Phrase>,
    /// What the user is to be told.
    pub notices: Vec<Notice>,
    /// What is to be remembered, whether or not a mail is sent.
    pub(crate) ledger: Ledger,
}

impl UserPlan {
    /// What is to be remembered once the user has been told.
    pub(crate) fn ledger_once_told(&self) -> Ledger {
        let mut ledger = self.ledger.clone();
        for coming in self.coming.iter().filter(|coming| coming.warn) {
            ledger.note(&coming.key, coming.event.note());
        }
        ledger
    }
}
