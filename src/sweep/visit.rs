//! One user: look, plan, execute, look again; then tell, and remember what was told.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::sleep;

use super::account::Account;
use super::candidate::Candidate;
use crate::config::{Mode, SweepConfig};
use crate::defect::guarded;
use crate::error::{Error, Result};
use crate::model::names::TAG_NOTICES;
use crate::model::{
    AccessKey, AccessKeyId, Finding, FindingKind, Keyring, Ledger, Phrase, SecretState, UserRef,
};
use crate::notify;
use crate::plan::Planned;
use crate::plan::sweep::{Coming, Demand, FleetAction, UserPlan, UserView, plan_user};

/// How often a user is looked at again. A user has two keys, and each may go and show late.
const LOOKS: u32 = 12;
/// How long to wait for a list that does not show yet what was done.
const STALE_WAIT: Duration = Duration::from_secs(1);

/// What came of visiting one user.
#[derive(Debug)]
pub(crate) struct Visit {
    pub(crate) user: UserRef,
    /// The user's keys, as they were found.
    pub(crate) keys: Vec<AccessKey>,
    /// The secret, as it was found.
    pub(crate) secret: Option<SecretState>,
    /// Whether lists alone were read: then the keys' dates are those of their last change, up to four hours old.
    pub(crate) from_lists: bool,
    /// What was done; in an audit, what would be.
    pub(crate) actions: Vec<Planned<FleetAction>>,
    /// What was planned and not done, because a stop was requested.
    pub(crate) left: Vec<Planned<FleetAction>>,
    pub(crate) findings: Vec<Finding>,
    /// Keys that a rotation has superseded and deactivated since the last visit.
    pub(crate) superseded: Vec<AccessKeyId>,
    /// Keys that a rotation has made current since the last visit, and whose predecessor it has deleted.
    pub(crate) promoted: Vec<AccessKeyId>,
    /// What will happen next.
    pub(crate) coming: Vec<Coming>,
    pub(crate) exempt: Option<String>,
    /// Why what was asked for is not done.
    pub(crate) refused: Option<Phrase>,
    /// What stopped the visit.
    pub(crate) failure: Option<Error>,
    /// Whether the user was mailed.
    pub(crate) mailed: bool,
    /// What is written on the secret once the new findings have been told: its ARN and the ledger.
    pub(crate) owed: Option<(String, Ledger)>,
}

impl Account<'_> {
    pub(crate) async fn visit(&self, candidate: &Candidate, demand: Demand) -> Visit {
        let mut visit = Visit::of(candidate.user.clone());
        // One user's defect must not keep the others from being visited.
        if let Err(error) = guarded(Box::pin(self.work(candidate, demand, &mut visit))).await {
            tracing::error!(
                user = candidate.user.name.as_str(),
                errorType = error.error_type(),
                error = error.chain(),
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
            if self.stop.is_requested() {
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

    /// Tells the user, then writes on the secret what was told.
    ///
    /// A crash in between repeats the mail. What is newly found is written only after the alert of
    /// it, by whoever sends that.
    async fn tell(&self, view: &UserView, plan: &UserPlan, visit: &mut Visit) {
        // AWS takes no tag on a secret that is to be deleted.
        let Some(secret) = view.secret.as_ref().filter(|secret| secret.deleted.is_none()) else { return };
        let (config, owner) = (self.config, self.owner.as_deref());
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
        if ledger.to_tag() == secret.tags.get(TAG_NOTICES).map_or("", String::as_str) {
            return;
        }
        let rotated = !visit.superseded.is_empty() || !visit.promoted.is_empty();
        if rotated || plan.findings.iter().any(|finding| finding.new) {
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

fn extend(keys: &mut Vec<AccessKeyId>, more: &[AccessKeyId]) {
    let new: Vec<AccessKeyId> = more.iter().filter(|key| !keys.contains(key)).cloned().collect();
    keys.extend(new);
}

impl Visit {
    pub(super) fn of(user: UserRef) -> Self {
        Self {
            user,
            keys: Vec::new(),
            secret: None,
            from_lists: false,
            actions: Vec::new(),
            left: Vec::new(),
            findings: Vec::new(),
            superseded: Vec::new(),
            promoted: Vec::new(),
            coming: Vec::new(),
            exempt: None,
            refused: None,
            failure: None,
            mailed: false,
            owed: None,
        }
    }

    pub(super) fn see(&mut self, view: &UserView, plan: &UserPlan) {
        self.keys.clone_from(&view.keys);
        self.secret.clone_from(&view.secret);
        self.findings.clone_from(&plan.findings);
        // A later look of the same visit has noted them.
        extend(&mut self.superseded, &plan.superseded);
        extend(&mut self.promoted, &plan.promoted);
        self.coming.clone_from(&plan.coming);
        self.exempt.clone_from(&plan.exempt);
        self.refused.clone_from(&plan.refused);
    }

    /// The user's keys beside the secret, as they were found.
    pub(crate) fn keyring(&self, now: Timestamp) -> Keyring<'_> {
        Keyring::of_lists(self.secret.as_ref(), &self.keys, now)
    }

    /// Whether there is anything to report of it.
    pub(crate) fn is_eventful(&self) -> bool {
        !self.actions.is_empty()
            || !self.findings.is_empty()
            || !self.superseded.is_empty()
            || !self.promoted.is_empty()
            || self.failure.is_some()
            || self.mailed
            || self.refused.is_some()
            || self.exempt.is_some()
    }

    /// Whether there is a secret to remember on what was told.
    pub(crate) fn remembers(&self) -> bool {
        self.secret.as_ref().is_some_and(|secret| secret.deleted.is_none())
    }

    /// Whether the rotation that was requested can be expected to make a key: it is our function's, and no earlier
    /// one has failed to end.
    pub(crate) fn expects_a_key(&self, config: &SweepConfig) -> bool {
        let setup = self.actions.iter().find_map(|planned| match &planned.action {
            FleetAction::RequestRotation { setup } => setup.as_ref().map(|setup| &setup.function_arn),
            _ => None,
        });
        let rotates_with = setup.or_else(|| self.secret.as_ref()?.rotation_function.as_ref());
        rotates_with.is_some() && rotates_with == config.rotation_function.as_ref() && !self.is_stuck()
    }

    /// Whether a rotation of the user is stuck.
    pub(crate) fn is_stuck(&self) -> bool {
        self.findings.iter().any(|finding| finding.kind == FindingKind::RotationStuck)
    }
}
