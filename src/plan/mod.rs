//! Pure decisions: what was seen, and a policy, become a plan: actions with reasons, and an outcome.
//!
//! No async, no SDK, no clock, no environment, no randomness. Recovery after a crash is no special
//! case: the retry observes what is there and plans from it.

pub(crate) mod authority;
mod change;
pub(crate) mod enroll;
mod exempt;
pub(crate) mod exposed;
mod fields;
mod ownership;
mod retire;
mod room;
pub(crate) mod rotation;
pub mod sweep;
pub(crate) mod unstick;

use std::fmt;

use crate::model::{Phrase, Say, phrase};

pub(crate) use change::{Change, deletion};
pub(crate) use exempt::exemption;
pub(crate) use fields::field_names;
pub(crate) use ownership::{bind_user, bind_user_by_labels};
pub(crate) use retire::{deactivation_time, is_nobodys};
pub(crate) use room::blocked;

/// One action and why it is planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned<A> {
    pub(crate) action: A,
    pub(crate) reason: Phrase,
}

impl<A> Planned<A> {
    /// For the same reason, the action as another plan calls it.
    pub(crate) fn map<B>(self, action: impl FnOnce(A) -> B) -> Planned<B> {
        Planned { action: action(self.action), reason: self.reason }
    }
}

impl<A> Planned<A>
where
    for<'a> &'a A: Say,
{
    /// The action and its reason.
    pub(crate) fn said(&self) -> Phrase {
        phrase!(&self.action, ": ", &self.reason)
    }
}

impl<A: fmt::Display> fmt::Display for Planned<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.action, self.reason)
    }
}

pub(crate) fn because<A>(action: A, reason: impl Into<Phrase>) -> Planned<A> {
    Planned { action, reason: reason.into() }
}

#[cfg(test)]
mod binding_tests;
#[cfg(test)]
#[path = "../../tests/it/page.rs"]
pub mod page;
#[cfg(test)]
#[path = "sample_tests.rs"]
mod sample;
