//! What the parts of a user's plan share.

use std::time::Duration;

use jiff::Timestamp;

use super::action::FleetAction;
use super::notice::{Coming, ComingEvent};
use super::user_plan::UserPlan;
use super::view::{Demand, UserView};
use crate::config::{Exposed, Scope, SweepConfig};
use crate::model::{
    AccessKey, AccessKeyId, Finding, FindingKind, Keyring, Ledger, Note, Phrase, Policy, RotationSetup,
    SecretState, UnknownKeys, phrase,
};
use crate::plan::retire::after;
use crate::plan::{Change, Planned, because};

/// How far beyond its time a key may be before the sweep meddles with a schedule that is not its
/// own.
pub(super) const GRACE: Duration = Duration::from_secs(24 * 60 * 60);
/// A rotation that began this long ago has failed: Secrets Manager repeats a failed step for hours,
/// and a daily sweep is to see it on the second day at the latest.
const STUCK_AFTER: Duration = Duration::from_secs(12 * 60 * 60);

pub(super) struct Planner<'a> {
    pub(crate) view: &'a UserView,
    pub(crate) config: &'a SweepConfig,
    pub(crate) demand: Demand,
    pub(crate) policy: Policy,
    pub(crate) seen: Keyring<'a>,
    /// What was remembered before.
    pub(crate) before: Ledger,
    pub(crate) plan: UserPlan,
}

impl<'a> Planner<'a> {
    pub(super) fn new(view: &'a UserView, config: &'a SweepConfig, demand: Demand) -> Self {
        let seen = Keyring::of_lists(view.secret.as_ref(), &view.keys, view.now);
        let before = view.ledger.clone();
        let plan = UserPlan { ledger: before.clone(), ..UserPlan::default() };
        Self { view, config, demand, policy: config.shared.policy, seen, before, plan }
    }

    /// The rotation that is at work, and since when. One that began long ago is not at work.
    pub(super) fn in_flight(&self) -> Option<Timestamp> {
        let began = self.pending_since()?;
        (self.seen.now < after(began, STUCK_AFTER)).then_some(began)
    }

    /// When the rotation began that has not ended, at the latest: when it was first seen, as its
    /// intent tells, or when the secret was last changed. Each new attempt moves the latter two.
    pub(super) fn pending_since(&self) -> Option<Timestamp> {
        let secret = self.seen.secret?;
        let pending = secret.pending().unfinished()?;
        let intent = self.seen.intent().filter(|intent| intent.token == pending.id);
        let begun = intent.and_then(|intent| intent.attempts.last().copied()).or(secret.changed);
        let seen = self
            .before
            .unfinished_since()
            .filter(|seen| secret.last_rotated.is_none_or(|ended| ended < *seen));
        Some([begun, seen].into_iter().flatten().min().unwrap_or(Timestamp::UNIX_EPOCH))
    }

    /// Plans the rotation, and says where the schedule that it sets differs from the settings.
    pub(super) fn request_rotation(&mut self, setup: Option<RotationSetup>, reason: Phrase) {
        let note = setup.as_ref().and_then(|_| self.config.schedule_note());
        let reason = note.map_or(reason.clone(), |note| phrase!(&reason, "; ", &note));
        self.act(FleetAction::RequestRotation { setup }, reason);
    }

    pub(super) fn act(&mut self, action: FleetAction, reason: impl Into<Phrase>) {
        self.plan.actions.push(because(action, reason));
    }

    /// Says why what was asked for is not done; nobody asked for what is merely due.
    pub(super) fn refuse(&mut self, reason: impl Into<Phrase>) {
        if self.demand != Demand::Due {
            self.plan.refused = Some(reason.into());
        }
    }

    pub(super) fn find(&mut self, kind: FindingKind, key: Option<&AccessKeyId>, evidence: impl Into<Phrase>) {
        let noted = self.before.was_told(key, kind, self.seen.now);
        // Without a secret there is no place to remember that it was told.
        let can_tell = self.view.secret.is_some() || kind.alerts_each_time();
        let new = kind.alerts() && can_tell && !noted;
        let secret = self.view.secret.as_ref().map(|secret| secret.name.as_str());
        let remedy = kind.remedy_for(&self.view.user.name, secret, key);
        let (key, evidence) = (key.cloned(), evidence.into());
        self.plan.findings.push(Finding { kind, key, evidence, remedy, new });
    }

    /// Plans to take a key away, unless another secret's consumers may use it.
    pub(super) fn take_away(&mut self, key: &AccessKey, changes: Vec<Planned<Change>>) {
        let Some(other) = self.view.claims.holder_elsewhere(key, self.seen.now) else {
            return self
                .plan
                .actions
                .extend(changes.into_iter().map(|planned| planned.map(FleetAction::Change)));
        };
        let reason = changes.first().map(|planned| planned.reason.clone()).unwrap_or_default();
        let evidence = phrase!(
            "it is to be taken away (",
            &reason,
            format_args!("), and AWSCURRENT of {other} may hold it")
        );
        self.refuse(evidence.clone());
        self.find(FindingKind::SecretConflict, Some(&key.id), evidence);
    }

    pub(super) fn expect(&mut self, event: ComingEvent, key: &AccessKeyId, at: Timestamp, stage: Duration) {
        let near = self.seen.now >= before(at, self.config.warn_before);
        // The mail of a deletion says that the key can be activated again, which nobody should do with one that is exposed.
        let harmful = event == ComingEvent::Deletion && self.before.has(key, Note::Exposed);
        let warn = near && warns(self.config, stage) && !harmful && !self.before.has(key, event.note());
        self.plan.coming.push(Coming { event, key: key.clone(), at, warn });
    }

    /// Whether AWS reported a key as exposed, and the settings have something done about such keys. Others may be
    /// able to write the tag that says so; it does no more than its owner's tag for the overlap can.
    pub(super) fn is_exposed(&self, key: &AccessKeyId) -> bool {
        self.config.exposed != Exposed::Alert && self.before.has(key, Note::Exposed)
    }

    pub(super) fn listed(&self) -> bool {
        matches!(self.config.scope, Scope::Secrets(_))
    }
}

/// The policy of one secret, or the name of the tag that cannot be read.
pub(super) fn policy(config: &SweepConfig, secret: Option<&SecretState>) -> Result<Policy, &'static str> {
    match secret {
        Some(secret) => config.shared.policy.with_tags(&secret.tags),
        None => Ok(config.shared.policy),
    }
}

/// Whether mails of a kind go out ahead: there must be more time before the event than the warning
/// takes.
pub(super) fn warns(config: &SweepConfig, stage: Duration) -> bool {
    config.shared.email.from.is_some() && !config.warn_before.is_zero() && stage > config.warn_before
}

/// The age beyond which an active key is a finding: the configured one, or a day more than the age
/// at which it is rotated.
pub(super) fn age_limit(config: &SweepConfig) -> Duration {
    config.max_age.unwrap_or(config.rotate_after + GRACE)
}

/// Whether a secret's own tag keeps superseded keys active for longer than a key is in use: somebody else may
/// have set it.
pub(super) fn is_long(policy: &Policy, config: &SweepConfig) -> bool {
    policy.overlap >= config.rotate_after && policy.overlap > config.shared.policy.overlap
}

/// Whether a sweep under these settings deletes inactive keys that are in no version of a secret.
pub(super) fn deletes_unknown_keys(config: &SweepConfig, policy: &Policy) -> bool {
    config.mode.starts_rotations() && policy.unknown_keys != UnknownKeys::Refuse
}

pub(super) fn before(time: Timestamp, duration: Duration) -> Timestamp {
    time.saturating_sub(duration).unwrap_or(Timestamp::MIN)
}
