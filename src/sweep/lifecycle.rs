//! One step of one user's life cycle, for schedules that are made per user and step.

use std::sync::Arc;

use serde::Serialize;

use super::account::Account;
use super::candidate::{Candidate, Held, note_held};
use super::digest::tell_of_step;
use crate::aws::Aws;
use crate::config::{Mode, SweepConfig};
use crate::error::{Error, Result};
use crate::event::Invocation;
use crate::event::Lifecycle;
use crate::model::names::TAG_USER;
use crate::model::{SecretState, UserName, UserRef};
use crate::plan::sweep::Demand;

/// What such a step answers.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct LifecycleAnswer {
    pub(crate) username: String,
    /// `audit` or `enforce`.
    pub(crate) mode: Mode,
    /// `done` or `nothing-to-do`.
    pub(crate) outcome: &'static str,
    /// Why there was nothing to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    /// What was done, in order, each with its reason; in an audit, what would be.
    pub(crate) actions: Vec<String>,
}

pub(super) async fn step(
    aws: &Aws,
    config: &SweepConfig,
    action: Lifecycle,
    user: &str,
    invocation: &Invocation,
) -> Result<LifecycleAnswer> {
    if action == Lifecycle::Create {
        starts_rotations(config, "action")?;
    }
    let account = Account::open(aws, config, None, &invocation.function_arn).await?;
    let demand = match action {
        Lifecycle::Create => Demand::Rotate,
        Lifecycle::Deactivate => Demand::Deactivate,
        Lifecycle::Delete => Demand::Delete,
    };
    let mut candidate = account.tagged_candidate(user).await?;
    if candidate.secrets.is_empty() {
        account.check_exists(user).await?;
        if demand == Demand::Rotate && config.shared.has_own_names() {
            account.find_path(&mut candidate).await?;
        }
    }
    let visit = account.visit(&candidate, demand).await;
    tell_of_step(&account, action, &visit, &invocation.request_id).await;
    if let Some((arn, ledger)) = &visit.owed {
        account.remember(arn, ledger).await?;
    }
    if let Some(error) = visit.failure {
        return Err(error);
    }
    let idle = visit.actions.is_empty();
    Ok(LifecycleAnswer {
        username: user.to_owned(),
        mode: config.mode,
        outcome: if idle { "nothing-to-do" } else { "done" },
        reason: visit.refused.filter(|_| idle).map(|reason| reason.to_string()),
        actions: visit.actions.iter().map(ToString::to_string).collect(),
    })
}

/// Whether the mode lets the sweep ask for a rotation, as the event's `field` wants.
pub(super) fn starts_rotations(config: &SweepConfig, field: &'static str) -> Result<()> {
    if config.mode.starts_rotations() {
        return Ok(());
    }
    Err(Error::InvalidEvent {
        field: field.into(),
        problem: "asks for a new key, and with ROTATOR_MODE=retire the sweep starts no rotation".into(),
        remedy: "Set ROTATOR_MODE=enforce, or rotate the secret: `aws secretsmanager rotate-secret`.",
    })
}

impl Account<'_> {
    /// One user by name, with the secrets that name it, without a survey.
    pub(crate) async fn candidate(&self, name: &str) -> Result<Candidate> {
        let mut candidate = self.tagged_candidate(name).await?;
        if candidate.secrets.is_empty() {
            self.find_path(&mut candidate).await?;
        }
        Ok(candidate)
    }

    /// The policy of a secret to be made names the user with its path, which only the credential report tells.
    async fn find_path(&self, candidate: &mut Candidate) -> Result<()> {
        let same = |reported: &UserRef| reported.name == candidate.user.name;
        let found = self.credential_report().await?.users.into_iter().map(|row| row.user).find(same);
        if let Some(user) = found {
            candidate.user = user;
        }
        if candidate.user.account.is_empty() {
            return Err(Error::InvalidEvent {
                field: "username".into(),
                problem: "names a user without a secret, and the account is not known".into(),
                remedy: "Invoke the function by its ARN.",
            });
        }
        Ok(())
    }

    /// A rule that outlives its user is not tried again by itself for good.
    async fn check_exists(&self, name: &str) -> Result<()> {
        match self.iam.list_access_keys(name).await {
            Err(error) if error.is_not_found() => Err(Error::InvalidEvent {
                field: "username".into(),
                problem: format!(
                    "is {name:?}, and account {} has no such IAM user",
                    self.number.as_deref().unwrap_or("of the function")
                ),
                remedy: "If the user is gone for good, remove the rule that sends this event (`aws events list-rule-names-by-target --target-arn` with this function's ARN); otherwise correct the name in it.",
            }),
            Err(error) => Err(error.into()),
            Ok(_) => Ok(()),
        }
    }

    /// One user by name, with the secrets whose tag names it.
    pub(super) async fn tagged_candidate(&self, name: &str) -> Result<Candidate> {
        let in_exempt_group = match &self.config.shared.exempt.group {
            Some(group) => {
                self.iam.group_members(group).await?.iter().any(|member| UserName::new(member) == *name)
            }
            None => false,
        };
        let prefix = format!("{}{name}", self.tag_prefix.as_deref().unwrap_or_default());
        let mut candidate = Candidate::new(self.named(name), in_exempt_group);
        let mut held = Held::new();
        for secret in self.secrets.tagged(&[&prefix]).await? {
            let (partition, _, account) = secret.home();
            let tagged =
                secret.tags.get(TAG_USER).and_then(|tag| UserRef::parse(tag, partition, account).ok());
            let Some(tagged) = tagged.filter(|tagged| tagged.name == *name) else {
                continue;
            };
            note_held(self.config, &secret, &mut held);
            if self.config.is_enrolled(&secret) || self.config.lists(&secret) {
                candidate.user = tagged;
                candidate.add(&secret);
            } else {
                candidate.not_enrolled.push(secret);
            }
        }
        let created = |secret: &SecretState| self.looks_created(&candidate.user, secret);
        let created =
            candidate.not_enrolled.iter().position(created).filter(|_| candidate.secrets.is_empty());
        if let Some(created) = created {
            let created = candidate.not_enrolled.remove(created);
            candidate.add(&created);
        }
        candidate.held = Arc::new(held);
        Ok(candidate)
    }
}
