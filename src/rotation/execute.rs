//! A rotation's plan becomes changes in AWS.
//!
//! It makes no decisions: before an action that can break somebody's work it looks again, and if
//! the plan made from what it sees would no longer say this, it stops.

use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::{Instant, sleep};

use super::{prove, storable};
use crate::aws::{Aws, Iam, StoredValue};
use crate::config::Config;
use crate::error::CallError;
use crate::error::{Error, Result};
use crate::event::RotationEvent;
use crate::execute::SecretAndUser;
use crate::model::names::{AWSCURRENT, AWSPENDING, TAG_INTENT, TAG_REFUSED};
use crate::model::{Credential, Intent, Observation, SecretDocument, VersionId};
use crate::notify;
use crate::plan::Planned;
use crate::plan::rotation::{Action, Outcome, Plan};

/// How often a read that still shows the state before our own change is repeated. IAM's lists take
/// seconds to follow.
const STALE_READS: u32 = 10;
/// How long to wait between two of those.
const STALE_READ_WAIT: Duration = Duration::from_secs(1);
const SHARED: &str = "It was superseded here, and with an overlap of 0 it would be deactivated now. Move the consumers of one secret to the other, delete the secret that is not needed, and then the key.";
const START_ANOTHER: &str =
    "Start another rotation, which makes a new key: `aws secretsmanager rotate-secret`.";
/// Time that creating and storing a key must find left of the invocation.
const ISSUE_NEEDS: Duration = Duration::from_secs(3);

/// What a proof before that needs: a new key works after ten seconds or so.
const PROOF_NEEDS: Duration = Duration::from_secs(15);

/// Carries plans out for one event.
#[derive(Debug)]
pub(crate) struct Executor<'a> {
    pub(crate) aws: &'a Aws,
    pub(crate) config: &'a Config,
    pub(crate) event: &'a RotationEvent,
    /// IAM in the user's account.
    pub(crate) iam: Iam,
    /// When the invocation must be over.
    pub(crate) deadline: Instant,
    /// The invocation's id, which alerts carry.
    pub(crate) request_id: &'a str,
}

impl Executor<'_> {
    /// Does a plan's actions in order and answers with those done.
    ///
    /// `replan` observes and plans again; it is asked before each destructive action but one that
    /// comes first, for which the plan itself is fresh.
    pub(crate) async fn run<'r>(
        &self,
        seen: &Observation,
        actions: Vec<Planned<Action>>,
        replan: impl Fn() -> BoxFuture<'r, Result<Plan>> + Sync,
    ) -> Result<Vec<Planned<Action>>> {
        let mut done: Vec<Planned<Action>> = Vec::new();
        for planned in actions {
            if !done.is_empty() && planned.action.is_destructive() {
                self.confirm(&planned.action, &done, &replan).await?;
            }
            tracing::info!(action = %planned.action, reason = %planned.reason, "executing");
            Box::pin(self.perform(seen, &planned.action)).await?;
            done.push(planned);
        }
        Ok(done)
    }

    /// Looks again: does the plan still begin with this action?
    async fn confirm<'r>(
        &self,
        action: &Action,
        done: &[Planned<Action>],
        replan: &(impl Fn() -> BoxFuture<'r, Result<Plan>> + Sync),
    ) -> Result<()> {
        for _ in 0..STALE_READS {
            let plan = match replan().await {
                Ok(plan) => plan,
                Err(error) => Plan::from(error),
            };
            match (plan.actions.first().map(|first| &first.action), plan.outcome) {
                (Some(first), _) if first == action => return Ok(()),
                // What was done before is not seen yet: look once more.
                (Some(first), _) if done.iter().any(|planned| planned.action == *first) => {}
                (None, Outcome::Wait(_)) => {}
                (None, Outcome::Refuse(error)) if error.may_be_lag() => {}
                (_, Outcome::Refuse(error)) => return Err(error),
                _ => break,
            }
            sleep(STALE_READ_WAIT).await;
        }
        Err(Error::PlanChanged { problem: format!("it said to {action}, and looking again it does not") })
    }

    async fn perform(&self, seen: &Observation, action: &Action) -> Result<()> {
        let (arn, user) = (seen.secret.arn.as_str(), seen.user.name.as_str());
        match action {
            Action::Change(change) => {
                let (secrets, secret, iam) = (&self.aws.secrets, Some(&seen.secret), &self.iam);
                Ok(SecretAndUser { secrets, secret, iam, user }.make(change).await?)
            }
            Action::IssueAccessKey { intent } => self.issue(seen, intent).await,
            Action::ProveKey { .. } => {
                let key = seen.pending.as_ref().and_then(SecretDocument::credential);
                let key =
                    key.ok_or_else(|| Error::PlanChanged { problem: "there is no key to prove".into() })?;
                self.prove(seen, &key).await
            }
            Action::Promote { from, to, .. } => self.promote(arn, from.as_ref(), to).await,
            Action::ReportConflict { key, other } => {
                let (key, user, other) = (key.clone(), seen.user.clone(), other.clone());
                let error = Error::SecretConflict { key, user, other, remedy: SHARED };
                notify::alert_failure(self.aws, self.config, &error, Some(self.event), self.request_id).await;
                Ok(())
            }
            Action::TellDeleted { key, evidence } => {
                // A crash between the deletion and this line loses the notice: the log has the deletion.
                notify::tell_of_deletion(self.aws, self.config, &self.iam, seen, key, evidence).await;
                Ok(())
            }
            Action::ForgetRefusal => {
                // Left behind by a crash, it silences one alert for a year at most.
                if let Err(error) = self.aws.secrets.untag(arn, TAG_REFUSED).await {
                    tracing::warn!(error = %error, "the refusal could not be forgotten");
                }
                Ok(())
            }
            Action::TellUser { key, superseded } => {
                notify::tell_user(self.aws, self.config, &self.iam, seen, key, superseded.as_ref()).await;
                // A crash between the mail and this line repeats the mail; the other order would
                // lose it. A record that stays open is overwritten by the next rotation.
                if let Err(error) = self.aws.secrets.untag(arn, TAG_INTENT).await {
                    tracing::warn!(error = %error, "the intent could not be closed");
                }
                Ok(())
            }
        }
    }

    /// Proves a key. That STS names another user may mean that the user was renamed: then whoever owns
    /// the keys that rotations have labelled is the user.
    async fn prove(&self, seen: &Observation, key: &Credential) -> Result<()> {
        let proved = prove::prove(self.aws, self.config, seen, key, self.deadline).await;
        let Err(Error::UserMismatch { .. }) = &proved else { return proved };
        let gone = self.iam.list_access_keys(&seen.user.name).await.is_err_and(|error| error.is_not_found());
        let owner = if gone { self.iam.owner_of_labels(&seen.secret).await? } else { None };
        let Some(name) = owner else { return proved };
        let user = seen.user.renamed(name);
        let renamed = Observation { user, ..seen.clone() };
        prove::prove(self.aws, self.config, &renamed, key, self.deadline).await
    }

    /// Writes the intent, creates a key and stores it.
    ///
    /// A crash leaves: after the intent, a tag; after CreateAccessKey, an orphan that the intent
    /// explains, which the retry deletes; after PutSecretValue, a finished step.
    async fn issue(&self, seen: &Observation, intent: &Intent) -> Result<()> {
        let (arn, user) = (seen.secret.arn.as_str(), seen.user.name.as_str());
        let shape = &self.config.secret_shape;
        let document = seen.current.as_ref().unwrap_or(shape).completed(shape);
        let document =
            document.map_err(|problem| Error::SecretMalformed { secret: arn.to_owned(), problem })?;
        let proved_first = document.is_smtp_only();
        self.check_time(if proved_first { ISSUE_NEEDS + PROOF_NEEDS } else { ISSUE_NEEDS })?;
        let like =
            document.with_credential(user, &storable::placeholder(), self.aws.clock.now(), self.aws.region());
        storable::check(self.aws, self.event, seen, &like.to_json()).await?;
        let intent = intent.clone().begun(self.aws.clock.now());
        self.aws.secrets.tag(arn, TAG_INTENT, &intent.to_tag()).await?;
        let (key, created) = match self.iam.create_access_key(user).await {
            Ok(made) => made,
            Err(error) => {
                if error.is_refused() {
                    self.withdraw(arn, intent).await;
                }
                return Err(not_created(seen, error));
            }
        };
        // Nothing that is stored could be proved later. A crash here leaves an orphan that only STS has seen.
        if proved_first && let Err(error) = self.prove(seen, &key).await {
            return Err(self.unproved(user, &key, error).await);
        }
        let value = document.with_credential(user, &key, created, self.aws.region()).to_json();
        let token = &self.event.token;
        let stages = [AWSPENDING, key.key_id.as_str()];
        let rotation_token = self.event.rotation_token.as_ref();
        let Err(error) = self.aws.secrets.put(arn, token, rotation_token, &stages, &value).await else {
            return Ok(());
        };
        match self.aws.secrets.version_value(arn, token).await {
            Ok(StoredValue::Text { text, .. }) if text == value => Ok(()),
            // A version's content never changes, so ours will never be stored.
            Ok(StoredValue::Text { .. } | StoredValue::Binary) => {
                let problem =
                    "another invocation stored a key first, so the one made here was taken back".into();
                Err(self.take_back(user, &key, Error::PlanChanged { problem }).await)
            }
            Ok(StoredValue::Absent) if error.is_refused() => {
                storable::remember(self.aws, arn, &error).await;
                Err(self.take_back(user, &key, error.into()).await)
            }
            // "Absent" may be a read that lags, or a write that is still to come: only a refusal is
            // conclusive. The retry uses a stored key, and finds an orphan in one that was not.
            Ok(StoredValue::Absent) | Err(_) => {
                Err(Error::from(error).after(", and whether the new key was stored is not known yet"))
            }
        }
    }

    fn check_time(&self, needed: Duration) -> Result<()> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left >= needed {
            return Ok(());
        }
        let (left, needed) = (left.as_millis(), needed.as_millis());
        let problem =
            format!("{left} ms are left, and creating and storing a key needs {needed} ms; it was not begun");
        Err(Error::DeadlineTooShort { problem })
    }

    /// Takes back an intent whose creation was refused: left standing, it would explain a key that
    /// somebody else made meanwhile. If this fails too, the window of the intent bounds the harm.
    async fn withdraw(&self, arn: &str, intent: Intent) {
        let withdrawn = match intent.without_latest() {
            Some(intent) => self.aws.secrets.tag(arn, TAG_INTENT, &intent.to_tag()).await,
            None => self.aws.secrets.untag(arn, TAG_INTENT).await,
        };
        if let Err(error) = withdrawn {
            tracing::warn!(error = %error, "the intent could not be withdrawn");
        }
    }

    /// Deletes a key that is not stored, so that it does not fill the limit.
    async fn take_back(&self, user: &str, key: &Credential, failure: Error) -> Error {
        match self.iam.delete(user, &key.key_id).await {
            Ok(()) => failure.after(", so the new key could not be stored and was deleted again"),
            Err(_) => failure
                .after(format!(", so the new key {} could not be stored; the retry deletes it", key.key_id)),
        }
    }

    /// Deletes a key that STS did not accept before its SMTP credentials were stored.
    async fn unproved(&self, user: &str, key: &Credential, failure: Error) -> Error {
        let fate = match self.iam.delete(user, &key.key_id).await {
            Ok(()) => "The new key was deleted again, and nothing was stored".to_owned(),
            Err(_) => format!("Nothing was stored, and the retry deletes key {}", key.key_id),
        };
        match failure {
            Error::NotPropagated { key, region, waited, remedy } => {
                let remedy = format!("{fate}: SMTP credentials cannot be proved later. {remedy}");
                Error::NotPropagated { key, region, waited, remedy: remedy.into() }
            }
            Error::CredentialRejected { key, user, problem, .. } => {
                let problem = format!("{problem}. {fate}");
                Error::CredentialRejected { key, user, problem, remedy: START_ANOTHER }
            }
            Error::UserMismatch { secret, user, problem, remedy } => {
                Error::UserMismatch { secret, user, problem: format!("{problem}. {fate}"), remedy }
            }
            failure => failure.after(format!(" before its SMTP credentials were stored. {fate}")),
        }
    }

    /// Moves AWSCURRENT. A lost answer, which the SDK follows with a retry that AWS then refuses,
    /// is told from a failure by looking.
    async fn promote(&self, arn: &str, from: Option<&VersionId>, to: &VersionId) -> Result<()> {
        let Err(error) = self.aws.secrets.move_label(arn, AWSCURRENT, from, Some(to)).await else {
            return Ok(());
        };
        let now = self.aws.secrets.describe(arn).await;
        if now.is_ok_and(|secret| secret.current().is_some_and(|current| current.id == *to)) {
            return Ok(());
        }
        if error.code() == "InvalidParameterException" {
            return Err(Error::PlanChanged { problem: "AWSCURRENT was moved by somebody else".into() });
        }
        Err(error.into())
    }
}

fn not_created(seen: &Observation, error: CallError) -> Error {
    if error.is_not_found() {
        return Error::UserUnknown {
            secret: seen.secret.arn.clone(),
            problem: format!("is bound to user {}, whom IAM does not know", seen.user),
        };
    }
    if error.code() == "LimitExceeded" {
        // We had seen room. IAM's lists lag behind, so what fills the limit will show.
        return Error::PlanChanged {
            problem: format!("user {} has two keys already, though ListAccessKeys showed fewer", seen.user),
        };
    }
    let refused = error.is_refused();
    let failure = Error::from(error);
    if refused {
        failure
    } else {
        failure.after(", and whether a key was made is not known; none was stored")
    }
}
