//! Who is worth a closer look, from the credential report and the list of secrets alone.
//!
//! It may send a sweep to a user who needs nothing, but does not pass over one who needs something.
//! What it goes by is hours old, so nothing is ever done on its word. What it cannot see: which of
//! a user's keys is active, where the ledger has one of them inactive and somebody swapped them.

use jiff::Timestamp;

use super::planner::{GRACE, age_limit, before, deletes_unknown_keys, is_long, policy, warns};
use super::promoted::is_news;
use crate::config::{Scope, SweepConfig};
use crate::model::names::{AWSCURRENT, AWSPREVIOUS};
use crate::model::{
    AccessKeyId, FindingKind, Ledger, Note, Policy, ReportedKey, ReportedUser, SecretState, UnknownKeys,
};
use crate::plan::exemption;
use crate::plan::retire::{after, deactivation_time};

/// What is known of a user without a call for that user.
#[derive(Clone, Copy, Debug)]
pub struct ListedUser<'a> {
    /// The user's name.
    pub user: &'a str,
    /// The user's row of the credential report, if it has one.
    pub report: Option<&'a ReportedUser>,
    /// The user's secret, if there is one.
    pub secret: Option<&'a SecretState>,
    /// Whether another secret is bound to the same user.
    pub contested: bool,
    /// Whether the user is in the exempt group.
    pub in_exempt_group: bool,
}

/// What it shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Triage {
    /// Whether the user needs a closer look.
    pub look: bool,
    /// Whether an active key is older than it should ever be.
    pub(crate) overdue: bool,
    /// Whether an active key is in no version of the user's secret.
    pub(crate) unknown: bool,
    /// Whether there is an active key, as far as the report tells.
    pub(crate) active: bool,
    /// Since when the oldest active key exists, at the latest.
    pub(crate) oldest: Option<Timestamp>,
}

/// Looks at a user from afar.
pub fn triage(row: ListedUser<'_>, config: &SweepConfig, now: Timestamp) -> Triage {
    let active = || row.report.into_iter().flat_map(|user| &user.keys).filter(|key| key.active);
    let oldest = active().filter_map(|key| key.changed).min();
    // A key that the report does not date may be of any age.
    let undated = active().any(|key| key.changed.is_none());
    let is_old = oldest.is_some_and(|oldest| after(oldest, age_limit(config)) < now);
    let exempt =
        exemption(&config.shared.exempt, row.user, row.in_exempt_group, &std::collections::BTreeMap::new())
            .is_some();
    let mut triage =
        Triage { oldest, overdue: is_old && !exempt, active: active().next().is_some(), ..Triage::default() };
    if exempt {
        triage.look = is_old || undated;
        return triage;
    }
    if undated || row.secret.is_some_and(|secret| secret.deleted.is_some()) {
        triage.look = row.secret.is_some() || config.scope == Scope::All;
        return triage;
    }
    let Some(secret) = row.secret else {
        let due = oldest.map(|oldest| after(oldest, config.rotate_after));
        let begins = due.map(|due| match warns(config, config.rotate_after) {
            true => before(due, config.warn_before),
            false => due,
        });
        let begun = begins.is_some_and(|begins| begins <= now);
        let leftover = row.report.is_some_and(|user| has_leftover(user, config));
        triage.look = config.scope == Scope::All && (is_old || begun || leftover);
        return triage;
    };
    let Ok(policy) = policy(config, Some(secret)) else {
        triage.look = true;
        return triage;
    };
    let Some(report) = row.report.filter(|_| !row.contested) else {
        triage.look = true;
        return triage;
    };
    let case =
        Case { secret, keys: &report.keys, ledger: Ledger::of(Some(secret), now), policy, config, now };
    triage.unknown = case.unknown_keys();
    triage.overdue &= !case.is_in_overlap();
    let asked = case.needs_rotation(oldest)
        || case.needs_retirement()
        || case.is_exposed()
        || case.has_problem(triage.unknown)
        || case.is_unreported();
    triage.look = is_old || asked;
    triage
}

/// Whether a user without a secret has an inactive key beside an active one, which is to go in its time. Of an
/// inactive key the report may show nothing; then it is found when its user is visited for something else.
fn has_leftover(user: &ReportedUser, config: &SweepConfig) -> bool {
    let has = |active: bool| user.keys.iter().any(|key| key.active == active);
    deletes_unknown_keys(config, &config.shared.policy) && has(true) && has(false)
}

struct Case<'a> {
    secret: &'a SecretState,
    keys: &'a [ReportedKey],
    ledger: Ledger,
    policy: Policy,
    config: &'a SweepConfig,
    now: Timestamp,
}

impl Case<'_> {
    fn pending(&self) -> bool {
        self.secret.pending().unfinished().is_some()
    }

    fn active(&self) -> usize {
        self.keys.iter().filter(|key| key.active).count()
    }

    fn current(&self) -> Option<&AccessKeyId> {
        self.secret.current()?.key.as_ref()
    }

    /// The keys of versions that are not current.
    fn others(&self) -> impl Iterator<Item = (&AccessKeyId, bool)> {
        let others = self.secret.versions.iter().filter(|version| !version.has(AWSCURRENT));
        others.filter_map(|version| Some((version.key.as_ref()?, version.has(AWSPREVIOUS))))
    }

    /// Whether the oldest key may be a superseded one that has its overlap, as the report shows it for some hours
    /// more. Under a maximum age that is no excuse.
    fn is_in_overlap(&self) -> bool {
        let over = self.secret.last_rotated.map(|rotated| deactivation_time(rotated, &self.policy));
        let lately = over.is_some_and(|over| self.now < after(over, GRACE));
        lately && self.active() > 1 && self.config.max_age.is_none()
    }

    /// Whether there are more active keys than the secret's labels account for.
    fn unknown_keys(&self) -> bool {
        let inactive = self.others().filter(|(key, _)| self.ledger.inactive_since(key).is_some()).count();
        self.current().is_some() && self.active() > 1 + self.others().count() - inactive
    }

    /// When the current key was made, at the latest. Of one active key the report tells when it was
    /// made or last changed. Of two it does not tell which is current, but the last rotation made
    /// it, and did not take a day.
    fn made(&self, oldest: Timestamp) -> Timestamp {
        match self.secret.last_rotated {
            Some(rotated) if self.active() == 1 => oldest.min(rotated),
            Some(rotated) if self.policy.unknown_keys != UnknownKeys::DeleteOldest => before(rotated, GRACE),
            _ => oldest,
        }
    }

    fn needs_rotation(&self, oldest: Option<Timestamp>) -> bool {
        let Some(oldest) = oldest else {
            return matches!(self.config.scope, Scope::Secrets(_)) || self.current().is_some();
        };
        let made = self.made(oldest);
        let due = after(made, self.config.rotate_after);
        let scheduled = self.secret.rotation_enabled && self.secret.rotation_scheduled;
        let next = self.secret.next_rotation.filter(|_| scheduled).unwrap_or(Timestamp::MAX);
        let in_time = scheduled && next <= after(due, GRACE);
        let next = next.min(due);
        let asks = if in_time { after(next, GRACE) < self.now } else { self.now >= due };
        let told = self.current().is_some_and(|key| self.ledger.has(key, Note::RotationComing));
        asks || (!told && self.is_time_to_warn(next, self.config.rotate_after))
    }

    /// Whether AWS reported an active key as exposed.
    fn is_exposed(&self) -> bool {
        let mut active = self.ledger.keys().filter(|(_, entry)| entry.inactive_since.is_none());
        active.any(|(_, entry)| entry.notes.contains(&Note::Exposed))
    }

    fn needs_retirement(&self) -> bool {
        let superseded_due = self.others().any(|(key, was_current)| {
            match (self.ledger.inactive_since(key), self.secret.last_rotated) {
                (Some(_), _) => false,
                (None, Some(rotated)) if was_current => {
                    let at = deactivation_time(rotated, &self.policy);
                    let told = self.ledger.has(key, Note::DeactivationComing);
                    self.now >= at || (!told && self.is_time_to_warn(at, self.policy.overlap))
                }
                (None, _) => true,
            }
        });
        let inactive: Vec<(&AccessKeyId, Timestamp)> =
            self.ledger.keys().filter_map(|(key, entry)| Some((key, entry.inactive_since?))).collect();
        let deletion_due = inactive.iter().any(|(key, since)| {
            let at = after(*since, self.policy.recovery);
            let told = self.ledger.has(key, Note::DeletionComing);
            let held = self.others().any(|(other, _)| other == *key);
            let unknown_go = self.policy.unknown_keys != UnknownKeys::Refuse;
            let may_go = held || (unknown_go && self.config.mode.starts_rotations());
            may_go && (self.now >= at || (!told && self.is_time_to_warn(at, self.policy.recovery)))
        });
        let seen_inactive = self.keys.len() - self.active();
        let known_current = self.current().is_some();
        let first_sight = known_current && seen_inactive > inactive.len();
        let active_again = self.active() > 1 && !inactive.is_empty();
        let in_doubt = inactive.iter().any(|(key, _)| Some(*key) == self.current());
        superseded_due || deletion_due || first_sight || active_again || in_doubt
    }

    /// What needs a person is looked at until it is over, so that it can be found anew. A key that is not in
    /// the secret may stay for years, and is looked at when it is time to report it again.
    fn has_problem(&self, unknown: bool) -> bool {
        let unknown_noted = self.ledger.was_any_told(FindingKind::UnknownKey, self.now);
        let noted = FindingKind::LETTERS
            .into_iter()
            .any(|(_, kind)| kind != FindingKind::UnknownKey && self.ledger.has_any(Note::Found(kind)));
        let long = is_long(&self.policy, self.config) && self.others().any(|(_, was_current)| was_current);
        self.pending() || noted || long || unknown != unknown_noted || self.ledger.was_altered()
    }

    /// Whether a rotation that left the sweep nothing to do may not have been reported. An audit remembers nothing.
    fn is_unreported(&self) -> bool {
        let reportable = self.secret.last_rotated.zip(self.current());
        let remembers = self.config.mode.acts();
        reportable
            .filter(|_| remembers)
            .is_some_and(|(rotated, current)| is_news(&self.ledger, current, rotated, &self.policy, self.now))
    }

    fn is_time_to_warn(&self, at: Timestamp, stage: std::time::Duration) -> bool {
        warns(self.config, stage) && self.now >= before(at, self.config.warn_before)
    }
}
