//! A user's plan becomes changes in AWS.
//!
//! One key at most is taken away for each look: after a key has gone, or a secret has come, the
//! user is looked at again and the rest is planned anew.

use super::account::Account;
use super::creation::creation_token;
use super::secret_policy::secret_policy;
use crate::aws::NewSecret;
use crate::config::SecretsIn;
use crate::error::{Error, Result};
use crate::execute::SecretAndUser;
use crate::model::names::{TAG_NOTICES, TAG_USER};
use crate::model::{AccessKeyId, Ledger, Note, UserRef, VersionId};
use crate::plan::Planned;
use crate::plan::sweep::{FleetAction, UserView};

impl Account<'_> {
    /// Does a plan's actions up to the first after which the user must be looked at again; answers
    /// with that one. `done` grows as they are done. A request to stop is heard between two of them.
    pub(super) async fn execute(
        &self,
        view: &UserView,
        actions: Vec<Planned<FleetAction>>,
        done: &mut Vec<Planned<FleetAction>>,
    ) -> Result<Option<FleetAction>> {
        for planned in actions {
            if self.stop.is_requested() {
                return Ok(None);
            }
            tracing::info!(
                user = view.user.name.as_str(),
                action = %planned.action,
                reason = %planned.reason,
                "executing"
            );
            self.perform(view, &planned.action).await?;
            let turns = planned.action.ends_a_look();
            done.push(planned);
            if turns {
                return Ok(done.last().map(|last| last.action.clone()));
            }
        }
        Ok(None)
    }

    async fn perform(&self, view: &UserView, action: &FleetAction) -> Result<()> {
        let arn = view.secret.as_ref().map_or("", |secret| secret.arn.as_str());
        match action {
            FleetAction::Enroll { secret_name, adopts } => {
                self.enroll(&view.user, secret_name, adopts).await.map(drop)
            }
            FleetAction::FinishEnrollment { version, adopts } => {
                self.settle(&view.user, arn, version, adopts).await
            }
            FleetAction::LetUserRead => match self.secrets.policy(arn).await? {
                None => self.let_user_read(&view.user, arn).await,
                // Somebody was faster, and knows better who is to read it.
                Some(_) => Ok(()),
            },
            FleetAction::RequestRotation { setup } => match self.secrets.rotate(arn, setup.as_ref()).await {
                Err(error) if !error.is_reattempt() => Err(error.into()),
                _ => Ok(()),
            },
            FleetAction::Change(change) => {
                let (secrets, secret) = (&self.secrets, view.secret.as_ref());
                let (iam, user) = (&self.iam, view.user.name.as_str());
                Ok(SecretAndUser { secrets, secret, iam, user }.make(change).await?)
            }
        }
    }

    /// Makes a user's secret, and answers with its ARN.
    ///
    /// A crash leaves: after CreateSecret, a secret that its tags bind to the user and that only the
    /// account's own policies guard, which the next sweep finishes; it holds no key.
    pub(crate) async fn enroll(&self, user: &UserRef, name: &str, adopts: &AccessKeyId) -> Result<String> {
        self.check_reach()?;
        let mut ledger = Ledger::default();
        ledger.note(adopts, Note::Adopted);
        let (bound, ledger) = (self.bound_to(user), ledger.to_tag());
        let secret = NewSecret {
            name,
            token: &creation_token(&user.account, name),
            tags: &[(TAG_USER, &bound), (TAG_NOTICES, &ledger)],
            value: &self.config.shared.secret_shape.waiting_for_key(&user.name).to_json(),
            kms_key_id: self.config.kms_key_id.as_deref(),
            replica_regions: &self.config.replica_regions,
        };
        let (arn, version) = self.secrets.create(&secret).await?;
        self.settle(user, &arn, &version, adopts).await?;
        Ok(arn)
    }

    /// Lets the user read a secret that has no policy. Who else reads it is not known, so nobody is
    /// shut out.
    pub(crate) async fn let_user_read(&self, user: &UserRef, arn: &str) -> Result<()> {
        Ok(self.secrets.put_policy(arn, &secret_policy(user, None)).await?)
    }

    /// The label comes last, because it is what tells that the enrollment is whole.
    async fn settle(
        &self,
        user: &UserRef,
        arn: &str,
        version: &VersionId,
        adopts: &AccessKeyId,
    ) -> Result<()> {
        let policy = secret_policy(user, self.config.rotation_role.as_deref());
        self.secrets.put_policy(arn, &policy).await?;
        Ok(self.secrets.move_label(arn, adopts.as_str(), None, Some(version)).await?)
    }

    /// The user as the secret's tag names it: by its ARN where it lives in another account.
    pub(crate) fn bound_to(&self, user: &UserRef) -> String {
        if self.tag_prefix.is_some() { user.arn() } else { user.name.to_string() }
    }

    /// Whether the rotation function can reach a secret made here. To one of another account it
    /// needs the secret's own consent and a customer key, which the account's default key is not
    /// ([access across accounts](https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples_cross.html)).
    fn check_reach(&self) -> Result<()> {
        if !self.is_member || self.config.secrets_in == SecretsIn::Central {
            return Ok(());
        }
        for (name, set, expected) in [
            (
                "ROTATOR_ROTATION_ROLE_ARN",
                self.config.rotation_role.is_some(),
                "the ARN of the rotation function's role",
            ),
            (
                "ROTATOR_KMS_KEY_ID",
                self.config.kms_key_id.is_some(),
                "a customer managed key that the rotation function's role may use",
            ),
        ] {
            if !set {
                return Err(Error::InvalidConfig {
                    name: name.into(),
                    problem: "is not set, and secrets of other accounts are rotated from here".into(),
                    expected: expected.into(),
                });
            }
        }
        Ok(())
    }
}
