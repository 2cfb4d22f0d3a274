//! A rotation that leaves the sweep nothing to do is reported all the same.

use std::time::Duration;

use jiff::Timestamp;

use super::planner::{GRACE, Planner};
use crate::model::{AccessKey, AccessKeyId, KeyRole, Ledger, Note, Policy};
use crate::plan::retire::after;

/// How long after a rotation it is still news: a week's schedule, and a day.
const NEWS: Duration = Duration::from_secs(8 * 24 * 60 * 60);

impl Planner<'_> {
    /// Without overlap and recovery finishSecret deletes the superseded key, so that nothing but the current key
    /// and the date of the rotation tell of it.
    pub(super) fn note_promotion(&mut self, current: &AccessKey) {
        let Some(rotated) = self.seen.secret.and_then(|secret| secret.last_rotated) else { return };
        if !is_news(&self.before, &current.id, rotated, &self.policy, self.seen.now) {
            return;
        }
        let made_it = current.created <= rotated && rotated <= after(current.created, GRACE);
        let left_one = self.seen.keys.iter().any(|key| self.seen.role(key) == KeyRole::Previous);
        if made_it && !left_one {
            self.plan.promoted.push(current.id.clone());
        }
        self.plan.ledger.note(&current.id, Note::Promoted);
    }
}

/// Whether a rotation that left the sweep nothing to do has ended lately and was not reported.
pub(super) fn is_news(
    ledger: &Ledger,
    current: &AccessKeyId,
    rotated: Timestamp,
    policy: &Policy,
    now: Timestamp,
) -> bool {
    let leaves_nothing = policy.overlap.is_zero() && policy.recovery.is_zero();
    leaves_nothing && now <= after(rotated, NEWS) && !ledger.has(current, Note::Promoted)
}
