//! One user: look, plan, execute, look again; then tell, and remember what was told.

use std::time::Duration;

use futures_util::future::{join3, try_join_all};
use tokio::time::sleep;

use super::account::Account;
use super::survey::Candidate;
use crate::config::Mode;
use crate::error::{Error, Result};
use crate::model::names::{TAG_NOTICES, TAG_USER};
use crate::model::{AccessKeyId, Finding, FindingKind, Ledger, SecretState, UserRef};
use crate::notify;
use crate::plan::Planned;
use crate::plan::sweep::{Coming, Demand, FleetAction, UserPlan, UserView, ledger_of, plan_user};

/// How often a user is looked at again. A user has two keys, and each may go and show late.
const LOOKS: u32 = 12;
/// How long to wait for a list that does not show yet what was done.
const STALE_WAIT: Duration = Duration::from_secs(1);

/// What came of visiting one user.
#[derive(Debug)]
pub struct Visit {
    /// The user.
    pub user: UserRef,
    /// The user's keys, as they were found.
    pub keys: Vec<crate::model::AccessKey>,
    /// The secret, as it was found.
    pub secret: Option<SecretState>,
    /// What was done; in an audit, what would be.
    pub actions: Vec<Planned<FleetAction>>,
    /// What was planned and not done, because a stop was wished.
    pub left: Vec<Planned<FleetAction>>,
    /// What needs a person.
    pub findings: Vec<Finding>,
    /// Keys that a rotation has superseded and deactivated since the last visit.
    pub superseded: Vec<AccessKeyId>,
    /// What will happen next.
    pub coming: Vec<Coming>,
    /// Why the user is left alone.
    pub exempt: Option<String>,
    /// Why what was asked for is not done.
    pub refused: Option<String>,
    /// What stopped the visit.
    pub failure: Option<Error>,
    /// Whether the user was mailed.
    pub mailed: bool,
    /// What is written on the secret once the new findings have been told: its ARN and the ledger.
    pub owed: Option<(String, Ledger)>,
}

impl Account<'_> {
    /// Visits one user.
    pub async fn visit(&self, candidate: &Candidate, demand: Demand) -> Visit {
        let mut visit = Visit::of(candidate.user.clone());
        if let Err(error) = Box::pin(self.work(candidate, demand, &mut visit)).await {
            tracing::error!(
                user = candidate.user.name.as_str(),
                errorType = error.error_type(),
                error = crate::rotation::chain(&error),
                "user skipped"
            );
            visit.failure = Some(error);
        }
        visit
    }

    async fn work(&self, candidate: &Candidate, demand: Demand, visit: &mut Visit) -> Result<()> {
        let mut last: Option<FleetAction> = None;
        let mut ledger: Option<Ledger> = None;
        for _ in 0..LOOKS {
            let mut view = self.look(candidate, &visit.actions).await?;
            if let Some(ledger) = ledger.take() {
                view.ledger = ledger;
            }
            let mut plan = plan_user(&view, self.config, demand);
            visit.see(&view, &plan);
            let actions = std::mem::take(&mut plan.actions);
            if self.config.mode == Mode::Audit {
                visit.actions = actions;
                return Ok(());
            }
            if self.stop.is_wished() {
                visit.left = actions;
                return Ok(());
            }
            let stale = last.is_some() && actions.first().map(|first| &first.action) == last.as_ref();
            if stale {
                // IAM's lists lag behind what was just done.
                ledger = Some(view.ledger);
                sleep(STALE_WAIT).await;
                continue;
            }
            let (before, planned) = (visit.actions.len(), actions.clone());
            last = self.execute(&view, actions, &mut visit.actions).await?;
            if last.is_none() {
                visit.left = planned.into_iter().skip(visit.actions.len() - before).collect();
                self.tell(&view, &plan, visit).await;
                return Ok(());
            }
            ledger = Some(plan.ledger);
        }
        Ok(())
    }

    /// Reads all of one user afresh. A read that fails is a failure, never "no keys", "never used"
    /// or "not exempt".
    ///
    /// IAM's lists still show a key for seconds after it was deleted, but its last use can no longer
    /// be asked for; so what is `done` to it is known better.
    async fn look(&self, candidate: &Candidate, done: &[Planned<FleetAction>]) -> Result<UserView> {
        let name = &candidate.user.name;
        let secret_id = match candidate.secrets.first() {
            Some(arn) => arn.clone(),
            None => self.config.shared.secret_name_of(&candidate.user),
        };
        let (secret, keys, tags) = join3(
            self.secrets.describe(&secret_id),
            self.iam.list_access_keys(name),
            self.iam.user_tags(name),
        )
        .await;
        let secret = match secret {
            Ok(secret) => Some(secret),
            Err(error) if error.is_not_found() => None,
            Err(error) => return Err(error.into()),
        };
        let (missing, mut keys) = match keys {
            Ok(keys) => (false, keys),
            Err(error) if error.is_not_found() => (true, Vec::new()),
            Err(error) => return Err(error.into()),
        };
        keys.retain(|key| {
            let deleted = FleetAction::DeleteKey { key: key.id.clone() };
            !done.iter().any(|planned| planned.action == deleted)
        });
        let tags = if missing { std::collections::BTreeMap::new() } else { tags? };
        let uses = try_join_all(keys.iter().map(|key| self.iam.last_use(&key.id))).await?;
        for (key, last_use) in keys.iter_mut().zip(uses) {
            key.last_use = Some(last_use);
        }
        let (secret, name_taken) = self.own(candidate, secret);
        Ok(UserView {
            now: self.now(),
            user: candidate.user.clone(),
            tags,
            in_exempt_group: candidate.in_exempt_group,
            missing,
            keys,
            ledger: ledger_of(secret.as_ref()),
            secret,
            name_taken,
            rivals: candidate.secrets.iter().skip(1).cloned().collect(),
        })
    }

    /// The user's own secret; and whether one that is not has the name that it would get. Lists lag
    /// behind, so a secret that was just made for the user may not have been in them.
    fn own(&self, candidate: &Candidate, secret: Option<SecretState>) -> (Option<SecretState>, bool) {
        let Some(secret) = secret else { return (None, false) };
        if !candidate.secrets.is_empty() {
            return (Some(secret), false);
        }
        let (partition, _, account) = secret.home();
        let tagged = secret.tags.get(TAG_USER).and_then(|tag| UserRef::parse(tag, partition, account).ok());
        let ours = tagged.is_some_and(|user| {
            user.account == candidate.user.account && user.name.eq_ignore_ascii_case(&candidate.user.name)
        });
        if ours { (Some(secret), false) } else { (None, true) }
    }

    /// Tells the user, then writes on the secret what was told.
    ///
    /// A crash in between repeats the mail. What is newly found is written only after the alert of
    /// it, by whoever sends that.
    async fn tell(&self, view: &UserView, plan: &UserPlan, visit: &mut Visit) {
        let Some(secret) = &view.secret else { return };
        let (config, owner) = (&self.config.shared, self.owner.as_deref());
        let told = match notify::tell_of_keys(self.aws, config, view, secret, &plan.notices, owner).await {
            Ok(mailed) => {
                visit.mailed = mailed;
                true
            }
            Err(error) => {
                visit.failure = Some(error);
                false
            }
        };
        let ledger = if told { plan.ledger_once_told() } else { plan.ledger.clone() };
        if ledger == ledger_of(Some(secret)) {
            return;
        }
        if plan.findings.iter().any(|finding| finding.new) {
            visit.owed = Some((secret.arn.clone(), ledger));
        } else if let Err(error) = self.remember(&secret.arn, &ledger).await {
            visit.failure = Some(error);
        }
    }

    /// Writes the ledger on a secret.
    pub(super) async fn remember(&self, arn: &str, ledger: &Ledger) -> Result<()> {
        let tag = ledger.to_tag();
        let written = match tag.is_empty() {
            true => self.secrets.untag(arn, TAG_NOTICES).await,
            false => self.secrets.tag(arn, TAG_NOTICES, &tag).await,
        };
        Ok(written?)
    }
}

impl Visit {
    fn of(user: UserRef) -> Self {
        Self {
            user,
            keys: Vec::new(),
            secret: None,
            actions: Vec::new(),
            left: Vec::new(),
            findings: Vec::new(),
            superseded: Vec::new(),
            coming: Vec::new(),
            exempt: None,
            refused: None,
            failure: None,
            mailed: false,
            owed: None,
        }
    }

    fn see(&mut self, view: &UserView, plan: &UserPlan) {
        self.keys.clone_from(&view.keys);
        self.secret.clone_from(&view.secret);
        self.findings.clone_from(&plan.findings);
        self.superseded.clone_from(&plan.superseded);
        self.coming.clone_from(&plan.coming);
        self.exempt.clone_from(&plan.exempt);
        self.refused.clone_from(&plan.refused);
    }

    /// Whether there is anything to report of it.
    pub fn is_eventful(&self) -> bool {
        !self.actions.is_empty()
            || !self.findings.is_empty()
            || !self.superseded.is_empty()
            || self.failure.is_some()
            || self.mailed
            || self.refused.is_some()
            || self.exempt.is_some()
    }

    /// Whether a rotation of the user is stuck.
    pub fn is_stuck(&self) -> bool {
        self.findings.iter().any(|finding| finding.kind == FindingKind::RotationStuck)
    }
}
