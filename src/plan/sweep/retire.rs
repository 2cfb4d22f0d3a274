//! Keys that have been superseded, given up or left behind.

use std::time::Duration;

use jiff::Timestamp;

use super::action::FleetAction;
use super::notice::{ComingEvent, Notice};
use super::planner::{GRACE, Planner, before, is_long};
use super::view::{Demand, Standing};
use crate::model::{
    AccessKey, FindingKind, InUse, KeyRole, KeyStatus, Note, Pending, Phrase, Policy, SecretState,
    UnknownKeys, phrase,
};
use crate::plan::retire::{HELD, SHORTEST, after, deactivation_time, may_deactivate, quiet, used_since};
use crate::plan::{Change, because, deletion, room};

/// How old a key must be that no version was ever promoted with: last-used data lag by hours.
const ABANDONED_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

impl Planner<'_> {
    /// Plans what becomes of every key but the current one.
    ///
    /// Without a known, active current key nothing is taken away: another may be the one in use.
    pub(super) fn retire(&mut self) {
        let Some(current) = self.current_key() else { return };
        self.note_promotion(&current);
        // Where the sweep only finishes what rotations began, a list is no authority to touch keys.
        if !self.config.mode.starts_rotations() && self.view.standing != Standing::Enrolled {
            return self.refuse("the secret does not rotate with the rotation function");
        }
        let stale = room::stale_labels(self.seen);
        self.plan.actions.extend(stale.into_iter().map(|planned| planned.map(FleetAction::Change)));
        let others: Vec<(AccessKey, KeyRole)> =
            self.seen.keys.iter().map(|key| (key.clone(), self.seen.role(key))).collect();
        for (key, role) in &others {
            self.find_exposed(key, *role);
        }
        let mut met = false;
        for (key, role) in others.into_iter().filter(|(_, role)| *role != KeyRole::Current) {
            let is_superseded = role == KeyRole::Previous && key.created <= current.created;
            if self.demand.is_retirement() && !is_superseded {
                continue;
            }
            met = true;
            self.distrust_impossible(&key, role);
            self.note_rescue(&key, role);
            self.plan.ledger.note_status(&key.id, key.status == KeyStatus::Inactive, self.seen.now);
            match (role, key.status) {
                (KeyRole::Previous, _) if !is_superseded => self.keep_younger(&key, &current),
                (KeyRole::Previous, KeyStatus::Active) => self.deactivate_superseded(&key),
                (KeyRole::Abandoned, KeyStatus::Active) => self.deactivate_abandoned(&key),
                (KeyRole::Unknown, KeyStatus::Active) => {
                    let used = said(&key);
                    let evidence =
                        phrase!("created ", key.created, ", ", &used, ", and in no version of the secret");
                    self.find(FindingKind::UnknownKey, Some(&key.id), evidence);
                }
                (KeyRole::Unknown, _) if self.policy.unknown_keys == UnknownKeys::Refuse => {}
                // That it is superseded cannot be shown.
                (KeyRole::Unknown, _) if !self.config.mode.starts_rotations() => {}
                (KeyRole::Previous | KeyRole::Abandoned | KeyRole::Unknown, KeyStatus::Inactive) => {
                    self.delete(&key, role);
                }
                // The rotation that made it deals with it.
                (KeyRole::Pending | KeyRole::Orphan | KeyRole::Current, _) => {}
            }
        }
        if !met {
            self.refuse("the secret holds no superseded key");
        }
    }

    /// The key in AWSCURRENT, if it is known, the user's, and active.
    fn current_key(&mut self) -> Option<AccessKey> {
        let label = self.seen.current_version()?.key.clone()?;
        let Some(key) = self.seen.find(&label).cloned() else {
            let evidence = phrase!("AWSCURRENT holds ", &label, ", which is none of the user's keys");
            self.find(FindingKind::CurrentKeyMissing, None, evidence);
            return None;
        };
        if key.status == KeyStatus::Inactive && self.before.has(&label, Note::Exposed) {
            // Nobody should activate it again, which is what the other finding says.
            let evidence = phrase!(
                "AWSCURRENT holds ",
                &label,
                ", which was exposed and is inactive: its consumers have no key"
            );
            self.find(FindingKind::KeyExposed, Some(&label), evidence);
            return None;
        }
        if key.status == KeyStatus::Inactive {
            let evidence = phrase!("AWSCURRENT holds ", &label, ", which is inactive");
            self.find(FindingKind::CurrentKeyInactive, Some(&label), evidence);
            return None;
        }
        Some(key)
    }

    /// Reminds of an exposed key that works, where this sweep does not end it.
    fn find_exposed(&mut self, key: &AccessKey, role: KeyRole) {
        let noted = key.status == KeyStatus::Active && self.before.has(&key.id, Note::Exposed);
        if noted && (role == KeyRole::Current || !self.is_exposed(&key.id)) {
            self.find(FindingKind::KeyExposed, Some(&key.id), "AWS reported it as exposed, and it is active");
        }
    }

    /// AWSCURRENT was moved back to an older key. The younger one is kept; if it was made inactive,
    /// somebody has decided about it, and is asked again when its window is over.
    fn keep_younger(&mut self, key: &AccessKey, current: &AccessKey) {
        let since = self.plan.ledger.inactive_since(&key.id);
        if since.is_none_or(|since| after(since, self.policy.recovery) <= self.seen.now) {
            let evidence = phrase!(&current.id, " is current, though ", &key.id, " is younger");
            self.find(FindingKind::RolledBack, Some(&key.id), evidence);
        }
    }

    fn deactivate_superseded(&mut self, key: &AccessKey) {
        let Some(superseded) = self.seen.current_since() else { return };
        let policy = match self.demand {
            Demand::Deactivate => self.policy_of_a_rule(),
            Demand::Delete => return self.refuse(phrase!(&key.id, " is still active")),
            Demand::Due | Demand::Rotate => self.policy,
        };
        if self.is_exposed(&key.id) {
            return self.deactivate(key, "AWS reports it as exposed, and it is superseded".into());
        }
        if let Some(until) = self.held_until(key).filter(|until| self.seen.now < *until) {
            let user = &self.view.user.name;
            let id = &key.id;
            // Without a note of its deactivation the overlap may have been longer when the key was superseded.
            let found = match self.policy.overlap.is_zero() {
                true => {
                    "it is active although the overlap is 0: it was made active again, or the overlap was longer when it was superseded"
                }
                false => "it was deactivated and is active again",
            };
            let evidence = phrase!(
                found,
                "; it is left active until ",
                until,
                format_args!(". If it is inactive again and needed: `iam-key-rotator reactivate {user} "),
                id,
                format_args!("`, or `aws iam update-access-key --user-name {user} --access-key-id "),
                id,
                " --status Active`"
            );
            self.refuse(evidence.clone());
            self.find(FindingKind::Reactivated, Some(&key.id), evidence);
            return self.expect(ComingEvent::Deactivation, &key.id, until, HELD);
        }
        let rescued = self.plan.ledger.active_again(&key.id).is_some();
        // After a rescue its disuse is proved even where no overlap asks for it.
        let policy =
            if rescued { Policy { overlap: policy.overlap.max(SHORTEST), ..policy } } else { policy };
        let at = deactivation_time(superseded, &policy);
        if is_long(&policy, self.config) {
            let evidence = phrase!(
                "the secret's tag `iam-key-rotator:overlap` keeps it active until ",
                at,
                ", longer than a key is in use"
            );
            self.find(FindingKind::NotRetired, Some(&key.id), evidence);
        }
        match may_deactivate(key, superseded, &policy, self.seen.now) {
            Ok(reason) => {
                self.find_not_retired(key, at);
                self.deactivate(key, reason);
            }
            Err(reason) => {
                self.refuse(reason.clone());
                if self.seen.now >= at {
                    self.find(FindingKind::StillInUse, Some(&key.id), reason);
                } else {
                    self.expect(ComingEvent::Deactivation, &key.id, at, policy.overlap);
                }
            }
        }
    }

    /// A superseded key that is active long after its time is reported, whatever the mode does about it now.
    fn find_not_retired(&mut self, key: &AccessKey, at: Timestamp) {
        if after(at, GRACE) < self.seen.now {
            let evidence = phrase!("it was superseded, and is active although its time was over ", at);
            self.find(FindingKind::NotRetired, Some(&key.id), evidence);
        }
    }

    /// A superseded key that is active after it was inactive was made active again by somebody who needs it.
    /// Without an overlap finishSecret deactivates it before it ends the rotation.
    fn note_rescue(&mut self, key: &AccessKey, role: KeyRole) {
        if role != KeyRole::Previous || key.status != KeyStatus::Active {
            return;
        }
        let ended = !matches!(self.seen.secret.map(SecretState::pending), Some(Pending::Promoted(_)));
        let at_once = self.policy.overlap.is_zero() && ended;
        let shared = self.view.claims.holder_elsewhere(key, self.seen.now).is_some();
        if self.plan.ledger.inactive_since(&key.id).is_some() || (at_once && !shared) {
            self.plan.ledger.note_active_again(&key.id, self.seen.now);
        }
    }

    /// Until when a key that somebody made active again is left so.
    fn held_until(&self, key: &AccessKey) -> Option<Timestamp> {
        Some(after(self.plan.ledger.active_again(&key.id)?, self.policy.overlap.max(HELD)))
    }

    /// A rule of its own counts from when it asked for the new key, which came somewhat later: what
    /// is left of a day is not waited for. More than that is a rule that has drifted. The proof of
    /// disuse is asked for all the same.
    fn policy_of_a_rule(&self) -> Policy {
        let shortest = self.policy.overlap.min(SHORTEST);
        let overlap = self.policy.overlap.saturating_sub(GRACE).max(shortest);
        Policy { overlap, ..self.policy }
    }

    fn deactivate_abandoned(&mut self, key: &AccessKey) {
        let at = after(key.created, self.policy.overlap.max(ABANDONED_AFTER));
        if key.last_use.is_none() {
            return;
        }
        let unused = key.is_unused();
        if !unused {
            let evidence = phrase!("left by a rotation that was given up, yet ", &said(key));
            self.find(FindingKind::StillInUse, Some(&key.id), evidence);
        } else if self.seen.now >= at {
            self.deactivate(key, "left by a rotation that was given up, and not used".into());
        } else {
            self.expect(ComingEvent::Deactivation, &key.id, at, Duration::ZERO);
        }
    }

    /// An inactive key goes when its recovery window is over, which begins when it is first seen
    /// inactive. One that was used since then has been active again meanwhile.
    fn delete(&mut self, key: &AccessKey, role: KeyRole) {
        let now = self.seen.now;
        let since = self.plan.ledger.inactive_since(&key.id).unwrap_or(now);
        if used_since(key, since).is_some() && since < now {
            self.plan.ledger.note_status(&key.id, false, now);
            self.plan.ledger.note_status(&key.id, true, now);
        }
        let since = self.plan.ledger.inactive_since(&key.id).unwrap_or(now);
        let at = after(since.max(self.may_be_inactive_since(key, role)), self.policy.recovery);
        if role == KeyRole::Previous && self.before.inactive_since(&key.id).is_none() {
            // Without an overlap finishSecret has deactivated it, and the rotation's own mail has told
            // the user; the administrator hears of it here.
            if self.policy.overlap.is_zero() {
                self.plan.superseded.push(key.id.clone());
            } else if self.before.has(&key.id, Note::Exposed) {
                // The other mail says how to activate the key again, which nobody should do with this one.
                self.plan.notices.push(Notice::Revoked { key: key.id.clone(), replaced: true });
            } else {
                self.plan.notices.push(Notice::Deactivated { key: key.id.clone(), deleted_at: at });
            }
        }
        let what = match role {
            KeyRole::Previous => "superseded",
            KeyRole::Abandoned => "left by a rotation that was given up",
            _ => "in no version of the secret",
        };
        match self.demand {
            Demand::Deactivate => self.refuse(phrase!(&key.id, " is inactive already")),
            Demand::Delete if now >= before(at, GRACE) => {
                self.delete_now(key, phrase!(what, ", and inactive since ", since));
            }
            Demand::Delete => self.refuse(phrase!(&key.id, " is kept until ", at)),
            _ if self.seen.now >= at => {
                self.delete_now(key, phrase!(what, ", and inactive since ", since, " or longer"));
            }
            _ => self.expect(ComingEvent::Deletion, &key.id, at, self.policy.recovery),
        }
    }

    /// What the tag says of a time before the key existed, or before it was superseded, is not true: others
    /// may have written it, to cut the recovery window short.
    fn distrust_impossible(&mut self, key: &AccessKey, role: KeyRole) {
        let earliest = match role {
            KeyRole::Previous => self.seen.current_since().unwrap_or(key.created),
            _ => key.created,
        };
        if self.before.inactive_since(&key.id).is_some_and(|since| since < before(earliest, GRACE)) {
            self.plan.ledger.distrust(&key.id);
            let evidence = "the secret's tag `iam-key-rotator:notices` dates its deactivation too early";
            self.find(FindingKind::NotesDropped, Some(&key.id), evidence);
        }
    }

    /// The earliest time from which the recovery window of a key may count, whatever the tag says: when a
    /// sweep may have deactivated it, give or take a day.
    fn may_be_inactive_since(&self, key: &AccessKey, role: KeyRole) -> Timestamp {
        let at = match role {
            KeyRole::Previous => {
                let Some(superseded) = self.seen.current_since() else { return key.created };
                if self.is_exposed(&key.id) {
                    return superseded;
                }
                let over = deactivation_time(superseded, &self.policy);
                match used_since(key, superseded) {
                    Some(used) if self.policy.in_use == InUse::Wait => over.max(quiet(used)),
                    _ => over,
                }
            }
            KeyRole::Abandoned => after(key.created, self.policy.overlap.max(ABANDONED_AFTER)),
            _ => key.created,
        };
        before(at, GRACE)
    }

    fn deactivate(&mut self, key: &AccessKey, reason: Phrase) {
        self.take_away(key, vec![because(Change::DeactivateKey { key: key.id.clone() }, reason)]);
    }

    fn delete_now(&mut self, key: &AccessKey, reason: Phrase) {
        self.take_away(key, deletion(self.seen.secret, &key.id, reason));
    }
}

/// A key's last use; nothing, if it was not read.
fn said(key: &AccessKey) -> Phrase {
    key.last_use.as_ref().map(|used| phrase!(used)).unwrap_or_default()
}
