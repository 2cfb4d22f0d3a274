//! How far the sweep of an account has come.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a sweep that ran out of time answers as its marker, and another goes on from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The last user that was looked at.
    pub(crate) after: String,
    /// How many were.
    pub(crate) visited: usize,
    /// What came of it.
    pub(crate) counts: Counts,
}

/// What came of visits to users.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// How many actions of each kind were done; in an audit, would be.
    pub(crate) actions: BTreeMap<String, u32>,
    /// How many findings there are of each kind.
    pub(crate) findings: BTreeMap<String, u32>,
    /// How many users could not be dealt with.
    pub(crate) failures: u32,
}

impl Counts {
    /// Adds those of an earlier part.
    pub(crate) fn add(&mut self, earlier: &Self) {
        for (sums, more) in [(&mut self.actions, &earlier.actions), (&mut self.findings, &earlier.findings)] {
            for (kind, count) in more {
                let sum = sums.entry(kind.clone()).or_default();
                *sum = sum.saturating_add(*count);
            }
        }
        self.failures = self.failures.saturating_add(earlier.failures);
    }
}
