//! One step of one user's life cycle, for schedules that are made per user and step.

use serde::Serialize;

use super::account::Account;
use super::survey::Candidate;
use crate::aws::Aws;
use crate::config::{Mode, SweepConfig};
use crate::error::{Error, Result};
use crate::event::Lifecycle;
use crate::invocation::Invocation;
use crate::model::UserRef;
use crate::model::names::TAG_USER;
use crate::notify;
use crate::plan::sweep::{Demand, Glance};

/// What such a step answers.
#[derive(Clone, Debug, Serialize)]
pub struct StepAnswer {
    /// Whose.
    pub username: String,
    /// `audit` or `enforce`.
    pub mode: Mode,
    /// `done` or `nothing-to-do`.
    pub outcome: &'static str,
    /// Why there was nothing to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What was done, in order, each with its reason; in an audit, what would be.
    pub actions: Vec<String>,
}

/// Takes the step.
pub(super) async fn step(
    aws: &Aws,
    config: &SweepConfig,
    action: Lifecycle,
    user: &str,
    invocation: &Invocation,
) -> Result<StepAnswer> {
    let account = Account::open(aws, config, None, &invocation.function_arn).await?;
    let demand = match action {
        Lifecycle::Create => Demand::Rotate,
        Lifecycle::Deactivate => Demand::Deactivate,
        Lifecycle::Delete => Demand::Delete,
    };
    let candidate = account.candidate(user).await?;
    let visit = account.visit(&candidate, demand).await;
    notify::tell_of_step(&account, &visit, &invocation.request_id).await;
    if let Some((arn, ledger)) = &visit.owed {
        account.remember(arn, ledger).await?;
    }
    if let Some(error) = visit.failure {
        return Err(error);
    }
    let idle = visit.actions.is_empty();
    Ok(StepAnswer {
        username: user.to_owned(),
        mode: config.mode,
        outcome: if idle { "nothing-to-do" } else { "done" },
        reason: visit.exempt.or(visit.refused).filter(|_| idle),
        actions: visit.actions.iter().map(ToString::to_string).collect(),
    })
}

impl Account<'_> {
    /// One user by name, with the secrets that name it, without a survey.
    pub async fn candidate(&self, name: &str) -> Result<Candidate> {
        let in_exempt_group = match &self.config.exempt.group {
            Some(group) => {
                self.iam.group_members(group).await?.iter().any(|member| member.eq_ignore_ascii_case(name))
            }
            None => false,
        };
        let prefix = format!("{}{name}", self.tag_prefix.as_deref().unwrap_or_default());
        let (mut secrets, mut next) = (Vec::new(), None);
        let mut user = UserRef {
            partition: self.partition.clone(),
            account: self.number.clone().unwrap_or_default(),
            path: String::new(),
            name: name.to_owned(),
        };
        loop {
            let (page, more) = self.secrets.list(Some(&prefix), next.take()).await?;
            for secret in page {
                let (partition, _, account) = secret.home();
                let tagged =
                    secret.tags.get(TAG_USER).and_then(|tag| UserRef::parse(tag, partition, account).ok());
                if let Some(tagged) = tagged.filter(|tagged| tagged.name.eq_ignore_ascii_case(name)) {
                    user = tagged;
                    secrets.push(secret.arn);
                }
            }
            match more {
                Some(more) => next = Some(more),
                None => break,
            }
        }
        secrets.sort();
        if secrets.is_empty() {
            // The policy of a secret to be made names the user with its path.
            let same = |reported: &UserRef| reported.name.eq_ignore_ascii_case(name);
            user = self.users().await?.into_iter().map(|row| row.user).find(same).unwrap_or(user);
        }
        if secrets.is_empty() && user.account.is_empty() {
            return Err(Error::InvalidEvent {
                field: "username".into(),
                problem: "names a user without a secret, and the account is not known".into(),
                remedy: "Invoke the function by its ARN.",
            });
        }
        Ok(Candidate { user, secrets, glance: Glance::default(), in_exempt_group })
    }
}
