//! What a sweep does about one user.
//!
//! Key ids, dates and staging labels are all there is to plan from: no value is ever read. One
//! user's plan is made anew before each thing that cannot be undone.

mod action;
mod enroll;
mod exposed;
mod found;
mod guard;
mod listed;
mod notice;
mod planner;
mod promoted;
mod retire;
mod rotate;
mod triage;
mod user_plan;
mod view;

use planner::{Planner, policy};

use super::exemption;
use crate::config::SweepConfig;
use crate::model::{AccessKeyId, Finding, FindingKind, phrase};

pub(crate) use action::FleetAction;
pub(crate) use exposed::{Wait, exposure, rotating_since};
pub(crate) use guard::is_guarded;
pub(crate) use listed::keys_of_lists;
pub(crate) use notice::{Coming, ComingEvent, Notice};
pub use triage::{ListedUser, Triage, triage};
pub(crate) use user_plan::UserPlan;
pub use view::{Demand, SeenPolicy, Standing, UserView};

/// Plans for one user.
pub fn plan_user(view: &UserView, config: &SweepConfig, demand: Demand) -> UserPlan {
    let mut planner = Planner::new(view, config, demand);
    planner.plan();
    planner.finish()
}

impl Planner<'_> {
    fn plan(&mut self) {
        if self.is_left_alone() {
            return;
        }
        if self.view.ledger.was_altered() {
            let evidence = "the secret's tag `iam-key-rotator:notices` held entries that no sweep wrote";
            self.find(FindingKind::NotesDropped, None, evidence);
        }
        self.find_unusable_address();
        let began = self.pending_since();
        self.plan.ledger.note_unfinished(began);
        if self.view.secret.is_none() {
            if self.config.mode.starts_rotations() {
                self.enroll();
            }
        } else if let Some(began) = self.in_flight() {
            return self.refuse(phrase!("a rotation is under way since ", began));
        } else {
            self.retire();
            if !self.demand.is_retirement() {
                self.rotate();
            }
            self.guard();
        }
        // What stands in its way is a finding of its own.
        let unusable = self.plan.findings.iter().any(|finding| finding.kind == FindingKind::NameUnusable);
        if !self.asks_for_rotation() && !unusable {
            self.find_old(FindingKind::KeyOverdue);
        }
    }

    /// Whether nothing may be done about the user, and why: exempt, gone, or with secrets that a person must look
    /// at first.
    fn is_left_alone(&mut self) -> bool {
        let user = &self.view.user;
        let exempt = &self.config.shared.exempt;
        self.plan.exempt = exemption(exempt, &user.name, self.view.in_exempt_group, &self.view.tags);
        if let Some(reason) = self.plan.exempt.clone() {
            self.refuse(format!("the user is exempt: {reason}"));
            self.find_old(FindingKind::ExemptButOld);
            return true;
        }
        if let Some(at) = self.view.secret.as_ref().and_then(|secret| secret.deleted) {
            self.find_deleted(at);
            return true;
        }
        self.find_not_enrolled();
        if !self.view.strange.is_empty() {
            let secrets = self.view.strange.join(", ");
            let evidence =
                format!("tagged with the user, though their labels name keys of somebody else: {secrets}");
            self.find(FindingKind::SecretConflict, None, evidence);
        }
        if self.view.secret.is_none() && !self.view.not_enrolled.is_empty() {
            self.refuse("the user's secret is not enrolled");
            self.find_old(FindingKind::KeyOverdue);
            return true;
        }
        if self.view.missing {
            let evidence = match self.view.secret {
                Some(_) => format!("the secret is bound to user {user}, whom IAM does not know"),
                None => format!("IAM knows no user {user}"),
            };
            self.find(FindingKind::UserMissing, None, evidence);
            return true;
        }
        if !self.view.rivals.is_empty() {
            let evidence = format!("the user's other secrets: {}", self.view.rivals.join(", "));
            self.find(FindingKind::SecretConflict, None, evidence);
            self.find_old(FindingKind::KeyOverdue);
            return true;
        }
        match policy(self.config, self.view.secret.as_ref()) {
            Ok(policy) => self.policy = policy,
            Err(tag) => {
                let evidence = format!("the secret's tag `{tag}` is no duration such as 24h or 7d");
                self.find(FindingKind::UnreadableSetting, None, evidence);
                return true;
            }
        }
        false
    }

    fn finish(mut self) -> UserPlan {
        if self.plan.exempt.is_some() {
            return self.plan;
        }
        if self.plan.actions.is_empty() && self.plan.refused.is_none() {
            let found = self.plan.findings.first();
            let said =
                found.map(|found| phrase!(found.kind.as_str(), ": ", &found.evidence, ". ", &found.remedy));
            self.refuse(said.unwrap_or_else(|| "nothing is known that could be done".into()));
        }
        let (seen, found) = (self.seen, &self.plan.findings);
        let gone = |key: &AccessKeyId| !seen.keys.iter().any(|known| known.id == *key);
        let deleted = self.before.keys().filter(|(key, entry)| gone(key) && entry.inactive_since.is_some());
        let mut notices: Vec<Notice> = deleted.map(|(key, _)| Notice::Deleted { key: key.clone() }).collect();
        self.plan.ledger.keep_findings(|key, kind| {
            let about = |finding: &Finding| finding.key.as_ref() == key;
            found.iter().any(|finding| finding.kind == kind && about(finding))
        });
        self.plan.ledger.keep(|key| !gone(key));
        for finding in found.iter().filter(|finding| finding.new) {
            self.plan.ledger.note_told(finding.key.as_ref(), finding.kind, seen.now);
            let Some(key) = finding.key.clone() else { continue };
            let evidence = finding.evidence.clone();
            match finding.kind {
                FindingKind::StillInUse => notices.push(Notice::StillInUse { key, evidence }),
                FindingKind::Reactivated => {
                    let again = !self.policy.overlap.is_zero();
                    notices.push(Notice::Reactivated { key, again, evidence });
                }
                _ => {}
            }
        }
        let warnings = self.plan.coming.iter().filter(|coming| coming.warn);
        notices.extend(warnings.cloned().map(Notice::Coming));
        self.plan.notices.extend(notices);
        self.plan
    }

    fn asks_for_rotation(&self) -> bool {
        self.plan.actions.iter().any(|planned| {
            matches!(planned.action, FleetAction::RequestRotation { .. } | FleetAction::Enroll { .. })
        })
    }
}

#[cfg(test)]
#[path = "exposed_tests.rs"]
mod exposures;
#[cfg(test)]
#[path = "person_tests.rs"]
mod persons;
#[cfg(test)]
#[path = "retire_tests.rs"]
mod retirements;
#[cfg(test)]
#[path = "rotate_tests.rs"]
mod rotations;
#[cfg(test)]
mod scene_tests;
#[cfg(test)]
mod triage_tests;
#[cfg(test)]
mod words_tests;
