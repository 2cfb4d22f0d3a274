//! What keeps a secret from being rotated, and how it comes to a clean state.
//!
//! Clean is: no AWSPENDING that belongs to no rotation, no label of a key that is gone, no key that
//! a rotation made and gave up. AWSCURRENT and the key in it are never touched. Of keys, only such
//! go as are proved to be ours and unused; an unknown key stays, whatever it blocks.

use std::time::Duration;

use jiff::Timestamp;

use super::retire::{LAST_USED_LAG, after};
use super::{Change, Planned, because, deletion};
use crate::model::names::AWSCURRENT;
use crate::model::{
    AccessKey, AccessKeyId, KeyRole, KeyStatus, Keyring, LastUse, Pending, Phrase, SecretState, UserRef,
    phrase,
};

/// An invocation lasts at most 15 minutes
/// ([quotas](https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html)); a rotation that
/// began less long ago may be at work.
pub(crate) const AT_WORK: Duration = Duration::from_secs(15 * 60);

/// What was seen of a secret that may be stuck.
#[derive(Clone, Debug)]
pub(crate) struct StuckView {
    /// The time of the observation, by AWS's clock.
    pub(crate) now: Timestamp,
    pub(crate) secret: SecretState,
    /// The user it is bound to, if that is known.
    pub(crate) user: Option<UserRef>,
    /// The user's keys, each with its last use.
    pub(crate) keys: Vec<AccessKey>,
}

/// The way to the clean state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct UnstickPlan {
    /// Why nothing may be done yet.
    pub(crate) wait: Option<Phrase>,
    /// The actions in order, each with its reason.
    pub(crate) actions: Vec<Planned<Change>>,
    /// What stays as it is, and what a person must know about it.
    pub(crate) stays: Vec<Phrase>,
}

pub(crate) fn unstick(view: &StuckView) -> UnstickPlan {
    let mut plan = UnstickPlan::default();
    let secret = &view.secret;
    plan.wait = at_work(secret, view.now);
    if plan.wait.is_some() {
        return plan;
    }
    // With no version taken for one that is being made: a key in AWSPENDING is then one of a rotation that was
    // given up.
    let seen = Keyring { making: None, ..Keyring::of_lists(Some(secret), &view.keys, view.now) };
    // Before AWSPENDING is taken off: the record that explains an orphan names that version.
    if view.user.is_some() && knows_current(seen) {
        for key in seen.orphans() {
            plan.actions.extend(deletion(Some(secret), &key.id, ORPHAN));
        }
    }
    if let Some(pending) = secret.pending().version() {
        let action = Change::RemovePending { version: pending.id.clone() };
        plan.actions.push(because(action, why_pending(view, seen)));
    }
    if !secret.rotation_enabled {
        plan.stays.push(match &secret.rotation_function {
            Some(_) => "rotation is turned off: `aws secretsmanager rotate-secret` turns it on again".into(),
            None => "the secret has no rotation function: `iam-key-rotator enroll` gives it one".into(),
        });
    }
    if view.user.is_none() {
        plan.stays.push("nothing tells whose keys the secret holds: no key is looked at".into());
        return plan;
    }
    if !knows_current(seen) {
        plan.stays.push(
            "AWSCURRENT holds no active key of the user by its label, so which key is in use is not known: every key stays"
                .into(),
        );
        return plan;
    }
    for key in &view.keys {
        match verdict(seen, key) {
            Verdict::InUse | Verdict::Planned => {}
            Verdict::Goes(reason) => plan.actions.extend(deletion(Some(secret), &key.id, reason)),
            Verdict::Stays(reason) => {
                plan.stays.push(phrase!("key ", &key.id, format_args!(" ({}) ", key.status), &reason));
            }
        }
    }
    plan.take_stale_labels(secret, seen);
    plan
}

/// Whether a rotation of the secret may be running, in words.
pub(crate) fn at_work(secret: &SecretState, now: Timestamp) -> Option<Phrase> {
    let pending = secret.pending().not_current()?;
    let intent = secret.intent(now).filter(|intent| intent.token == pending.id);
    let began = intent.and_then(|intent| intent.attempts.last().copied()).or(secret.changed)?;
    let until = after(began, AT_WORK);
    (now < until).then(|| phrase!("a rotation began ", began, " and may be at work until ", until))
}

fn knows_current(seen: Keyring<'_>) -> bool {
    seen.current().is_some_and(|key| key.status == KeyStatus::Active)
}

fn why_pending(view: &StuckView, seen: Keyring<'_>) -> Phrase {
    let pending = match view.secret.pending() {
        Pending::None => return Phrase::default(),
        Pending::Promoted(_) => {
            return "that version was promoted; left there, it can stop the next rotation".into();
        }
        Pending::RolledBack(_) => return "that version was current before; no rotation makes it".into(),
        Pending::Unfinished(pending) => pending,
    };
    let Some(key) = &pending.key else {
        return "its rotation stored no key and has ended".into();
    };
    match seen.find(key) {
        None if view.user.is_none() => phrase!("the rotation that stored ", key, " has ended"),
        None => phrase!("its key ", key, " is gone, so it can never be promoted"),
        Some(known) if known.status == KeyStatus::Inactive => {
            phrase!("its key ", key, " is inactive, so it is not promoted")
        }
        Some(_) => phrase!("the rotation that stored ", key, " has ended without promoting it"),
    }
}

const ORPHAN: &str =
    "made by an attempt of ours whose answer was lost, as the secret's intent proves; never used";

enum Verdict {
    InUse,
    Planned,
    Goes(Phrase),
    Stays(Phrase),
}

fn verdict(seen: Keyring<'_>, key: &AccessKey) -> Verdict {
    match seen.role(key) {
        KeyRole::Current => Verdict::InUse,
        KeyRole::Orphan => Verdict::Planned,
        KeyRole::Abandoned | KeyRole::Pending => abandoned(seen, key),
        KeyRole::Previous if seen.is_younger_than_current(key) => Verdict::Stays(
            "is younger than AWSCURRENT's, which somebody put back: it is kept until that is mended".into(),
        ),
        KeyRole::Previous => Verdict::Stays("was superseded: the sweep retires it in its time".into()),
        KeyRole::Unknown => Verdict::Stays(match seen.keys.len() {
            2 => "is in no version of the secret and fills the limit of two: find who uses it, deactivate it if nobody does"
                .into(),
            _ => "is in no version of the secret: find who uses it".into(),
        }),
    }
}

/// A key of a rotation that was given up. Its value may have been read while it was AWSPENDING, so
/// it must be known that nobody uses it, which IAM tells hours late.
fn abandoned(seen: Keyring<'_>, key: &AccessKey) -> Verdict {
    let known_from = after(key.created, LAST_USED_LAG);
    let made = "made by a rotation that was given up";
    match &key.last_use {
        _ if seen.now < known_from => Verdict::Stays(phrase!(
            "was ",
            made,
            "; whether it is used is known from ",
            known_from,
            ". The next rotation removes it, or this does then"
        )),
        Some(LastUse::Never) => Verdict::Goes(phrase!(made, ", never used")),
        Some(LastUse::At { .. }) if key.is_unused() => {
            Verdict::Goes(phrase!(made, ", used for its proof alone"))
        }
        Some(used) => Verdict::Stays(phrase!("was ", made, ", yet ", used, ": find who uses it")),
        None => Verdict::Stays(phrase!("was ", made, "; its last use was not read")),
    }
}

impl UnstickPlan {
    /// Whether there is nothing to do.
    pub(crate) fn is_clean(&self) -> bool {
        self.wait.is_none() && self.actions.is_empty()
    }

    /// Labels of keys that are gone, off every version but the current one.
    fn take_stale_labels(&mut self, secret: &SecretState, seen: Keyring<'_>) {
        for version in &secret.versions {
            if version.has(AWSCURRENT) {
                continue;
            }
            let labels = version.stages.iter().filter_map(|stage| AccessKeyId::from_label(stage));
            for key in labels.filter(|label| !seen.keys.iter().any(|known| known.id == *label)) {
                let action = Change::RemoveLabel { version: version.id.clone(), key };
                self.actions.push(because(action, "its key is gone"));
            }
        }
    }
}

#[cfg(test)]
#[path = "unstick_tests.rs"]
mod tests;
