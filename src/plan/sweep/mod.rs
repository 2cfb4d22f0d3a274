//! What a sweep does about one user.
//!
//! Key ids, dates and staging labels are all there is to plan from: no value is ever read. One
//! user's plan is made anew before each thing that cannot be undone.

mod action;
mod enrol;
mod guard;
mod notice;
mod promoted;
mod retire;
mod rotate;
mod triage;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::{Planned, because};
use crate::aws::RotationSetup;
use crate::config::{Scope, SweepConfig};
use crate::model::names::{TAG_EMAIL, TAG_NOTICES};
use crate::model::{
    AccessKey, AccessKeyId, Finding, FindingKind, KeyRole, KeyStatus, Ledger, Observation, OtherSecret,
    Policy, SecretState, UnknownKeys, UserRef, counted, mailbox,
};

pub use super::exemption;
pub use action::FleetAction;
pub use guard::is_guarded;
pub use notice::{Coming, ComingEvent, Notice};
pub use triage::{Glance, Row, triage};

/// All that one user's plan is made from.
#[derive(Clone, Debug)]
pub struct UserView {
    /// The time of the observation, by AWS's clock.
    pub now: Timestamp,
    /// The user.
    pub user: UserRef,
    /// The user's tags.
    pub tags: BTreeMap<String, String>,
    /// Whether the user is in the exempt group.
    pub in_exempt_group: bool,
    /// Whether IAM knows no such user.
    pub missing: bool,
    /// The user's keys, each with its last use.
    pub keys: Vec<AccessKey>,
    /// The secret that holds the user's keys, with authority.
    pub secret: Option<SecretState>,
    /// By which authority.
    pub standing: Standing,
    /// Whether a secret that is not the user's has the name that the user's would get.
    pub name_taken: bool,
    /// The user's other enrolled secrets.
    pub rivals: Vec<String>,
    /// Enrolled secrets that a tag binds to the user, and whose labels name keys of somebody else.
    pub strange: Vec<String>,
    /// Names of secrets that are tagged with the user and that nobody enrolled.
    pub not_enrolled: Vec<String>,
    /// Other secrets whose AWSCURRENT may hold a key of the user.
    pub others: Vec<OtherSecret>,
    /// What is remembered of the user's keys.
    pub ledger: Ledger,
    /// Whether the secret has a resource policy, where that matters.
    pub policy: SeenPolicy,
}

/// What is known of a secret's resource policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SeenPolicy {
    /// It was not read.
    #[default]
    Unread,
    /// There is none.
    Absent,
    /// There is one.
    Present,
}

/// What gives a secret the right to a user's keys. Its tags do not: others may set them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// It rotates with our function.
    #[default]
    Enrolled,
    /// The configuration lists it by name.
    Listed,
    /// The sweep created it and nothing has changed it since.
    Created,
}

/// What is wanted for the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// What is due.
    Due,
    /// A new key, whatever the age of the present one.
    Rotate,
    /// The superseded key made inactive, give or take a day of the overlap.
    Deactivate,
    /// The superseded key deleted, give or take a day of the recovery window.
    Delete,
}

impl Demand {
    fn is_retirement(self) -> bool {
        matches!(self, Self::Deactivate | Self::Delete)
    }
}

/// What a sweep does about one user, says about it, and remembers of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserPlan {
    /// The actions in order, each with its reason.
    pub actions: Vec<Planned<FleetAction>>,
    /// What needs a person.
    pub findings: Vec<Finding>,
    /// Keys that a rotation without an overlap has superseded, and that were not seen since.
    pub superseded: Vec<AccessKeyId>,
    /// The current key, where a rotation made it and deleted its predecessor, and nobody was told yet.
    pub promoted: Vec<AccessKeyId>,
    /// What will happen next.
    pub coming: Vec<Coming>,
    /// Why the user is left alone.
    pub exempt: Option<String>,
    /// Why nothing that was asked for is done.
    pub refused: Option<String>,
    /// What the user is to be told.
    pub notices: Vec<Notice>,
    /// What is to be remembered, whoever is told.
    pub ledger: Ledger,
}

impl UserPlan {
    /// What is to be remembered once the user has been told.
    pub fn ledger_once_told(&self) -> Ledger {
        let mut ledger = self.ledger.clone();
        for coming in self.coming.iter().filter(|coming| coming.warn) {
            ledger.note(&coming.key, coming.event.note());
        }
        ledger
    }
}

/// Plans for one user.
pub fn plan_user(view: &UserView, config: &SweepConfig, demand: Demand) -> UserPlan {
    let mut planner = Planner::new(view, config, demand);
    planner.plan();
    planner.finish()
}

/// The policy of one secret, or the name of the tag that cannot be read.
fn policy(config: &SweepConfig, secret: Option<&SecretState>) -> Result<Policy, &'static str> {
    match secret {
        Some(secret) => config.shared.policy.with_tags(&secret.tags),
        None => Ok(config.shared.policy),
    }
}

/// Whether mails of a kind go out ahead: there must be more time before the event than the warning
/// takes.
fn warns(config: &SweepConfig, stage: Duration) -> bool {
    config.shared.email.from.is_some() && !config.warn_before.is_zero() && stage > config.warn_before
}

/// What is remembered of a user's keys, as the secret's tag tells.
pub fn ledger_of(secret: Option<&SecretState>, now: Timestamp) -> Ledger {
    secret
        .and_then(|secret| secret.tags.get(TAG_NOTICES))
        .map(|tag| Ledger::from_tag(tag, now))
        .unwrap_or_default()
}

struct Planner<'a> {
    view: &'a UserView,
    config: &'a SweepConfig,
    demand: Demand,
    policy: Policy,
    seen: Observation,
    /// What was remembered before.
    before: Ledger,
    plan: UserPlan,
}

impl<'a> Planner<'a> {
    fn new(view: &'a UserView, config: &'a SweepConfig, demand: Demand) -> Self {
        let secret = view.secret.clone().unwrap_or_default();
        let mut seen = Observation::of_lists(secret, view.user.clone(), view.keys.clone(), view.now);
        seen.claims.others.clone_from(&view.others);
        let before = view.ledger.clone();
        let plan = UserPlan { ledger: before.clone(), ..UserPlan::default() };
        Self { view, config, demand, policy: config.shared.policy, seen, before, plan }
    }

    fn plan(&mut self) {
        self.plan.exempt = exemption(
            &self.config.shared.exempt,
            &self.view.user.name,
            self.view.in_exempt_group,
            &self.view.tags,
        );
        if let Some(reason) = self.plan.exempt.clone() {
            self.refuse(format!("the user is exempt: {reason}"));
            return self.find_old(FindingKind::ExemptButOld);
        }
        if let Some(at) = self.view.secret.as_ref().and_then(|secret| secret.deleted) {
            return self.find_deleted(at);
        }
        self.find_not_enrolled();
        if !self.view.strange.is_empty() {
            let evidence = format!(
                "tagged with the user, though their labels name keys of somebody else: {}",
                self.view.strange.join(", ")
            );
            self.find(FindingKind::SecretConflict, None, evidence);
        }
        if self.view.secret.is_none() && !self.view.not_enrolled.is_empty() {
            self.refuse("the user's secret is not enrolled".into());
            return self.find_old(FindingKind::KeyOverdue);
        }
        if self.view.missing {
            let evidence = match self.view.secret {
                Some(_) => format!("the secret is bound to user {}, whom IAM does not know", self.view.user),
                None => format!("IAM knows no user {}", self.view.user),
            };
            return self.find(FindingKind::UserMissing, None, evidence);
        }
        if !self.view.rivals.is_empty() {
            let evidence = format!("the user's other secrets: {}", self.view.rivals.join(", "));
            self.find(FindingKind::SecretConflict, None, evidence);
            return self.find_old(FindingKind::KeyOverdue);
        }
        match policy(self.config, self.view.secret.as_ref()) {
            Ok(policy) => self.policy = policy,
            Err(tag) => {
                let evidence = format!("the secret's tag `{tag}` is no duration such as 24h or 7d");
                return self.find(FindingKind::UnreadableSetting, None, evidence);
            }
        }
        if self.view.ledger.was_altered() {
            let evidence =
                "the secret's tag `iam-key-rotator:notices` held entries that no sweep wrote".to_owned();
            self.find(FindingKind::NotesDropped, None, evidence);
        }
        self.find_unusable_address();
        let began = self.pending_since();
        self.plan.ledger.note_unfinished(false, self.seen.now);
        self.plan.ledger.note_unfinished(began.is_some(), began.unwrap_or_default());
        if self.view.secret.is_none() {
            if self.config.mode.starts_rotations() {
                self.enrol();
            }
        } else if let Some(began) = self.in_flight() {
            return self.refuse(format!("a rotation is under way since {began}"));
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

    fn finish(mut self) -> UserPlan {
        if self.plan.exempt.is_some() {
            return self.plan;
        }
        if self.plan.actions.is_empty() && self.plan.refused.is_none() {
            let found = self.plan.findings.first();
            let said =
                found.map(|finding| format!("{:?}: {}. {}", finding.kind, finding.evidence, finding.remedy));
            self.refuse(said.unwrap_or_else(|| "nothing is known that could be done".into()));
        }
        let (seen, found) = (&self.seen, &self.plan.findings);
        let gone = |key: &AccessKeyId| !seen.keys.iter().any(|known| known.id == *key);
        let deleted = self.before.keys().filter(|(key, entry)| gone(key) && entry.inactive_since.is_some());
        let mut notices: Vec<Notice> = deleted.map(|(key, _)| Notice::Deleted { key: key.clone() }).collect();
        self.plan.ledger.keep_findings(|key, kind| {
            let about = |finding: &Finding| finding.key.clone().unwrap_or_else(Ledger::secret_itself) == *key;
            found.iter().any(|finding| finding.kind == kind && about(finding))
        });
        self.plan.ledger.keep(|key| !gone(key) || *key == Ledger::secret_itself());
        for finding in found.iter().filter(|finding| finding.new) {
            let key = finding.key.clone().unwrap_or_else(Ledger::secret_itself);
            self.plan.ledger.note_told(&key, finding.kind, seen.now);
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

    /// The rotation that is at work, and since when. One that began long ago is not at work.
    fn in_flight(&self) -> Option<Timestamp> {
        let began = self.pending_since()?;
        (self.seen.now < super::retire::after(began, rotate::STUCK_AFTER)).then_some(began)
    }

    /// When the rotation began that has not ended, at the latest: when it was first seen, as its
    /// intent tells, or when the secret was last changed. Each new attempt moves the latter two.
    fn pending_since(&self) -> Option<Timestamp> {
        let secret = &self.seen.secret;
        let pending = secret.unfinished()?;
        let intent = self.seen.intent().filter(|intent| intent.token.as_str() == pending.id);
        let begun = intent.and_then(|intent| intent.attempts.last().copied()).or(secret.changed);
        let seen = self
            .before
            .unfinished_since()
            .filter(|seen| secret.last_rotated.is_none_or(|ended| ended < *seen));
        Some([begun, seen].into_iter().flatten().min().unwrap_or(Timestamp::UNIX_EPOCH))
    }

    /// Plans the rotation, and says where the schedule that it sets differs from the settings.
    fn request_rotation(&mut self, setup: Option<RotationSetup>, reason: String) {
        let note = setup.as_ref().and_then(|_| self.config.schedule_note());
        let reason = note.map_or(reason.clone(), |note| format!("{reason}; {note}"));
        self.act(FleetAction::RequestRotation { setup }, reason);
    }

    fn act(&mut self, action: FleetAction, reason: impl Into<String>) {
        self.plan.actions.push(because(action, reason));
    }

    /// Says why what was asked for is not done; nobody asked for what is merely due.
    fn refuse(&mut self, reason: String) {
        if self.demand != Demand::Due {
            self.plan.refused = Some(reason);
        }
    }

    fn find(&mut self, kind: FindingKind, key: Option<&AccessKeyId>, evidence: String) {
        let noted = self.before.was_told(key.unwrap_or(&Ledger::secret_itself()), kind, self.seen.now);
        // Without a secret there is no place to remember that it was told.
        let can_tell = self.view.secret.is_some() || kind.alerts_each_time();
        let new = kind.alerts() && can_tell && !noted;
        self.plan.findings.push(Finding { kind, key: key.cloned(), evidence, remedy: kind.remedy(), new });
    }

    /// Nothing is done about a secret that is to be deleted: AWS refuses every change of it. Its key works
    /// on, and once the secret is gone nothing rotates it.
    fn find_deleted(&mut self, at: Timestamp) {
        self.refuse(format!("the user's secret is scheduled for deletion on {at}"));
        let keys: Vec<&str> = self.view.keys.iter().map(|key| key.id.as_str()).collect();
        let evidence = format!(
            "secret {0} of the user is scheduled for deletion on {at}; the user's keys are left as they are ({1}). If it is still needed: `aws secretsmanager restore-secret --secret-id {0}`",
            self.seen.secret.arn,
            if keys.is_empty() { "none".to_owned() } else { keys.join(", ") }
        );
        self.find(FindingKind::SecretDeleted, None, evidence);
    }

    /// A tag that should hold the user's mail address and does not: mails go elsewhere.
    fn find_unusable_address(&mut self) {
        let email = &self.config.shared.email;
        if email.from.is_none() {
            return;
        }
        let secret = self.view.secret.as_ref().and_then(|secret| secret.tags.get(TAG_EMAIL));
        let user = self.view.tags.get(&email.tag);
        let places =
            [("the secret's tag", TAG_EMAIL, secret), ("the IAM user's tag", email.tag.as_str(), user)];
        for (whose, tag, value) in places {
            if let Some(value) = value.filter(|value| mailbox(value).is_none()) {
                let evidence = format!("{whose} `{tag}` holds {value:?}, which is no mail address");
                self.find(FindingKind::UnusableAddress, None, evidence);
            }
        }
    }

    /// A tag binds a secret to the user, and nobody with authority enrolled it: a person decides.
    fn find_not_enrolled(&mut self) {
        let user = &self.view.user.name;
        for name in self.view.not_enrolled.clone() {
            let evidence = format!(
                "secret {name:?} is tagged with the user and is not enrolled. If it is meant: `iam-key-rotator enroll {user} --secret {name}`"
            );
            self.find(FindingKind::NotEnrolled, None, evidence);
        }
    }

    /// Plans to take a key away, unless another secret's consumers may use it.
    fn take_away(&mut self, key: &AccessKey, action: FleetAction, reason: String) -> bool {
        let Some(other) = self.seen.claims.holder_elsewhere(key, self.seen.now).map(str::to_owned) else {
            self.act(action, reason);
            return true;
        };
        let evidence = format!("it is to be taken away ({reason}), and AWSCURRENT of {other} may hold it");
        self.refuse(evidence.clone());
        self.find(FindingKind::SecretConflict, Some(&key.id), evidence);
        false
    }

    fn expect(&mut self, event: ComingEvent, key: &AccessKeyId, at: Timestamp, stage: Duration) {
        let near = self.seen.now >= before(at, self.config.warn_before);
        let warn = near && warns(self.config, stage) && !self.before.has(key, event.note());
        self.plan.coming.push(Coming { event, key: key.clone(), at, warn });
    }

    /// Finds active keys that are older than they should ever be.
    fn find_old(&mut self, kind: FindingKind) {
        let limit = age_limit(self.config);
        let now = self.seen.now;
        let old: Vec<AccessKey> = self
            .seen
            .keys
            .iter()
            .filter(|key| key.status == KeyStatus::Active && super::retire::after(key.created, limit) < now)
            // Without a maximum age, only the key in use can be overdue: others have had their turn.
            .filter(|key| {
                self.config.max_age.is_some()
                    || !matches!(self.seen.role(key), KeyRole::Previous | KeyRole::Abandoned)
            })
            .cloned()
            .collect();
        for key in old {
            let days = now.duration_since(key.created).as_hours() / 24;
            let evidence = format!("active since {}, {}", key.created, counted(days, "day"));
            self.find(kind, Some(&key.id), evidence);
        }
    }

    fn asks_for_rotation(&self) -> bool {
        self.plan.actions.iter().any(|planned| {
            matches!(planned.action, FleetAction::RequestRotation { .. } | FleetAction::Enroll { .. })
        })
    }

    fn listed(&self) -> bool {
        matches!(self.config.scope, Scope::Secrets(_))
    }
}

/// The age beyond which an active key is a finding: the configured one, or a day more than the age
/// at which it is rotated.
fn age_limit(config: &SweepConfig) -> Duration {
    config.max_age.unwrap_or(config.rotate_after + rotate::GRACE)
}

/// Whether a secret's own tag keeps superseded keys active for longer than a key is in use: somebody else may
/// have set it.
fn is_long(policy: &Policy, config: &SweepConfig) -> bool {
    policy.overlap >= config.rotate_after && policy.overlap > config.shared.policy.overlap
}

/// Whether a sweep under these settings deletes inactive keys that are in no version of a secret.
fn removes_strangers(config: &SweepConfig, policy: &Policy) -> bool {
    config.mode.starts_rotations() && policy.unknown_keys != UnknownKeys::Refuse
}

fn before(time: Timestamp, duration: Duration) -> Timestamp {
    time.saturating_sub(duration).unwrap_or(Timestamp::MIN)
}
