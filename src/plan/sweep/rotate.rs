//! A key that is due gets a successor, from Secrets Manager.

use std::time::Duration;

use jiff::Timestamp;

use super::action::FleetAction;
use super::notice::ComingEvent;
use super::planner::{GRACE, Planner};
use super::view::{Demand, Standing};
use crate::model::{
    AccessKey, Finding, FindingKind, KeyRole, KeyStatus, LastUse, Note, Pending, Phrase, RotationSetup,
    SecretState, UnknownKeys, phrase,
};
use crate::plan::retire::{after, deactivation_time};
use crate::plan::room::{self, Blocked};

/// A key as young as this is not forced to be rotated again: schedules deliver their events at
/// least once.
const JUST_ROTATED: Duration = Duration::from_secs(60 * 60);

impl Planner<'_> {
    /// Plans the rotation that is due or asked for.
    pub(super) fn rotate(&mut self) {
        let starts = self.config.mode.starts_rotations();
        if starts && self.finish_enrollment() {
            return;
        }
        // RotateSecret would take up the old rotation, and move AWSCURRENT forward again.
        let would_return = matches!(self.seen.secret.map(SecretState::pending), Some(Pending::RolledBack(_)));
        let rolled_back = |finding: &Finding| finding.kind == FindingKind::RolledBack;
        if would_return || self.plan.findings.iter().any(rolled_back) {
            return self.refuse("AWSCURRENT was moved back to an older key");
        }
        let forced = self.demand == Demand::Rotate;
        let stuck = self.pending_since();
        if let Some(began) = stuck {
            let evidence = phrase!("the rotation that began ", began, " has not ended");
            self.find(FindingKind::RotationStuck, None, evidence);
        }
        let oldest = self.due_key();
        // A listed secret is promised a working key, whatever became of the ones before.
        if oldest.is_none() && !self.listed() {
            return self.refuse("the user has no active key, and gets none");
        }
        let due = oldest.as_ref().map_or(self.seen.now, |key| after(key.created, self.config.rotate_after));
        let scheduled = self.has_own_schedule();
        if let Some(reason) = self.just_rotated().filter(|_| forced) {
            return self.refuse(reason);
        }
        // A schedule that comes later than the key is due is no reason to wait, nor has it missed anything.
        let scheduled = scheduled.filter(|next| *next <= after(due, GRACE));
        let missed = scheduled.is_some_and(|next| after(next.min(due), GRACE) < self.seen.now);
        let exposed = oldest.as_ref().is_some_and(|key| self.is_exposed(&key.id));
        let asked = match scheduled {
            _ if exposed => true,
            Some(_) => missed,
            None => self.seen.now >= due,
        };
        if !asked && !forced && stuck.is_none() {
            let at = scheduled.map_or(due, |next| next.min(due)).max(self.seen.now);
            // A sweep that starts no rotation announces only what the schedule will do.
            if let Some(key) = oldest.filter(|_| starts || scheduled.is_some()) {
                self.expect(ComingEvent::Rotation, &key.id, at, self.config.rotate_after);
            }
            return;
        }
        let Some(setup) = self.setup() else { return };
        if let Err(blocked) = self.room() {
            let evidence = blocked.evidence();
            self.refuse(evidence.clone());
            return self.find(FindingKind::RotationBlocked, None, evidence);
        }
        if missed && !forced {
            let evidence = phrase!("the secret has a schedule of its own, and its key was due ", due);
            self.find(FindingKind::ScheduleMissed, None, evidence);
        }
        if let Some(key) = oldest.as_ref().filter(|key| key.last_use == Some(LastUse::Never)) {
            self.find(
                FindingKind::NeverUsed,
                Some(&key.id),
                phrase!("created ", key.created, ", never used"),
            );
        }
        if !starts && !exposed {
            return;
        }
        let reason = match (&oldest, forced, stuck) {
            (_, true, _) => "it was asked for".into(),
            (Some(key), ..) if exposed => phrase!("AWS reports its key ", &key.id, " as exposed"),
            (_, _, Some(began)) => phrase!("to take up the rotation that began ", began),
            (Some(key), ..) => phrase!("its key ", &key.id, " was created ", key.created),
            (None, ..) => "it has no active key".into(),
        };
        self.request_rotation(setup, reason);
    }

    /// An enrollment that broke off has left a secret whose first version has no key's label.
    fn finish_enrollment(&mut self) -> bool {
        let created = self.view.standing == Standing::Created;
        let Some(version) = self.seen.current_version().filter(|version| version.key.is_none() && created)
        else {
            return false;
        };
        let adopted = self.seen.keys.iter().find(|key| self.before.has(&key.id, Note::Adopted));
        let Some(adopts) = adopted.map(|key| key.id.clone()) else { return false };
        let version = version.id.clone();
        self.act(FleetAction::FinishEnrollment { version, adopts }, "it broke off");
        true
    }

    /// The key whose age counts: the current one; where that is not known, the oldest active one.
    fn due_key(&self) -> Option<AccessKey> {
        let unknown_count = self.policy.unknown_keys == UnknownKeys::DeleteOldest;
        let current_is_known = self.seen.keys.iter().any(|key| self.seen.role(key) == KeyRole::Current);
        let counts = |key: &&AccessKey| {
            let by_role = match self.seen.role(key) {
                KeyRole::Current => true,
                KeyRole::Unknown => unknown_count,
                _ => false,
            };
            // An exposed key that was deactivated without a successor has left its consumers without one.
            let counts = key.status == KeyStatus::Active || self.is_exposed(&key.id);
            counts && (by_role || !current_is_known)
        };
        self.seen.keys.iter().filter(counts).min_by_key(|key| key.created).cloned()
    }

    /// When the secret's own schedule has it rotated next.
    fn has_own_schedule(&self) -> Option<Timestamp> {
        let secret = self.seen.secret?;
        let own = secret.rotation_enabled && secret.rotation_scheduled;
        own.then(|| secret.next_rotation.unwrap_or(Timestamp::MAX))
    }

    /// Whether the current key is what was asked for: it is minutes old, or the key before it still
    /// has its overlap, as after a schedule that came first.
    fn just_rotated(&self) -> Option<Phrase> {
        let has_role = |role| move |key: &&AccessKey| self.seen.role(key) == role;
        let current = self.seen.keys.iter().find(has_role(KeyRole::Current))?;
        if after(current.created, JUST_ROTATED) > self.seen.now {
            return Some("its key is not an hour old".into());
        }
        let over = deactivation_time(self.seen.current_since()?, &self.policy);
        let mut superseded = self.seen.keys.iter().filter(has_role(KeyRole::Previous));
        let waits = superseded.find(|key| key.status == KeyStatus::Active && self.seen.now < over)?;
        Some(phrase!(
            "its key was created ",
            current.created,
            ", and ",
            &waits.id,
            " stays active until ",
            over
        ))
    }

    /// How RotateSecret is to be called; `None`, with a finding, if it may not be.
    #[expect(clippy::option_option, reason = "whether, and how")]
    pub(super) fn setup(&mut self) -> Option<Option<RotationSetup>> {
        let secret = self.seen.secret;
        if secret.is_some_and(|secret| secret.rotation_enabled) {
            return Some(None);
        }
        if secret.is_some_and(|secret| secret.rotation_function.is_some()) {
            self.refuse("rotation is turned off");
            let evidence = "somebody turned the secret's rotation off, and its key is due";
            self.find(FindingKind::RotationOff, None, evidence);
            return None;
        }
        let ours = matches!(self.view.standing, Standing::Created | Standing::Listed);
        match self.config.rotation_setup().filter(|_| ours) {
            Some(setup) => Some(Some(setup)),
            None => {
                let evidence = "the secret has no rotation function, and its key is due";
                self.refuse(evidence);
                self.find(FindingKind::NoRotationFunction, None, evidence);
                None
            }
        }
    }

    /// Whether a rotation would find room for a key, as far as labels tell. One that has made its key
    /// needs none.
    pub(super) fn room(&self) -> Result<(), Blocked> {
        let known = self.seen.current_version().is_some_and(|version| version.key.is_some());
        let made = self.seen.keys.iter().any(|key| self.seen.role(key) == KeyRole::Pending);
        if !known || made {
            return Ok(());
        }
        room::make(self.seen, &self.view.claims, &self.policy).map(drop)
    }
}
