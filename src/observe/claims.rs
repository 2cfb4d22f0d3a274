//! What the user, and other secrets, say about a secret's right to the user's keys.

use std::collections::BTreeMap;

use futures_util::future::try_join_all;
use tokio::join;

use super::{Observer, document};
use crate::aws::{Iam, Identity, KeyOwner};
use crate::error::Result;
use crate::model::names::{AWSCURRENT, AWSPREVIOUS, TAG_SECRET};
use crate::model::{AccessKeyId, Observation, SecretDocument, SecretState, UserRef};
use crate::plan;

/// Asks on behalf of an observer, with IAM in the user's account.
pub(super) struct Claimant<'a> {
    pub observer: &'a Observer<'a>,
    pub iam: &'a Iam,
}

impl Claimant<'_> {
    /// The user's keys, tags and exemption, all at once.
    pub async fn learn_user(&self, seen: &mut Observation) -> Result<()> {
        let asked = seen.user.name.clone();
        let keys = self.observer.keys(self.iam, &mut seen.user, &seen.secret);
        let (keys, user) = join!(keys, self.user_side(&asked));
        seen.keys = keys?;
        let renamed = seen.user.name != asked;
        let (tags, in_group) = if renamed { self.user_side(&seen.user.name).await? } else { user? };
        let exempt = &self.observer.config.exempt;
        seen.claims.exempt = plan::exemption(exempt, &seen.user.name, in_group, &tags);
        seen.claims.user_tag = tags.get(TAG_SECRET).cloned();
        Ok(())
    }

    async fn user_side(&self, user: &str) -> Result<(BTreeMap<String, String>, bool)> {
        let in_group = async {
            match &self.observer.config.exempt.group {
                Some(group) => self.iam.is_in_group(user, group).await,
                None => Ok(false),
            }
        };
        let (tags, in_group) = join!(self.iam.user_tags(user), in_group);
        Ok((tags?, in_group?))
    }

    /// The user's other secrets, by their tags.
    pub async fn others(
        &self,
        secret: &SecretState,
        user: &UserRef,
    ) -> Result<Vec<(Option<AccessKeyId>, String)>> {
        let listed = self.observer.aws.secrets.tagged(&[&user.name, &user.arn()]).await?;
        Ok(plan::authority::others_of(user, &secret.arn, &listed))
    }

    /// Whose the keys are that versions hold and the user has not, and what values say of them.
    pub async fn learn_history(&self, seen: &mut Observation) -> Result<()> {
        let named = seen.secret.named_keys();
        let (known, missing): (Vec<_>, Vec<_>) =
            named.into_iter().partition(|key| seen.keys.iter().any(|known| known.id == *key));
        let owners = try_join_all(missing.iter().map(|key| self.owner(seen, key))).await?;
        let nobodys = owners.iter().all(Option::is_none);
        seen.claims.owners = missing.into_iter().zip(owners).collect();
        if known.is_empty() && !seen.claims.owners.is_empty() && nobodys {
            seen.claims.written = self.written(&seen.secret).await?;
        }
        Ok(())
    }

    /// Whose a key is; `None` if it is gone.
    ///
    /// IAM answers AccessDenied for a key it does not know as for one it may not speak of, so
    /// AWSCURRENT's is then asked itself. Of the others only the id is known, and they pass for gone.
    async fn owner(&self, seen: &Observation, key: &AccessKeyId) -> Result<Option<String>> {
        let user = &seen.user;
        match self.iam.owner(key).await? {
            KeyOwner::User(name) => {
                Ok(Some(format!("arn:{}:iam::{}:user/{name}", user.partition, user.account)))
            }
            KeyOwner::Nobody => Ok(None),
            KeyOwner::Denied => {
                let current = seen.current.as_ref().and_then(SecretDocument::credential);
                let Some(credential) = current.filter(|credential| credential.key_id == *key) else {
                    return Ok(None);
                };
                let aws = self.observer.aws;
                match aws.sts_as(&credential, aws.region()).caller_identity().await? {
                    Identity::Of(arn) => Ok(Some(arn)),
                    Identity::UnknownKey | Identity::WrongSecret => Ok(None),
                }
            }
        }
    }

    /// The users that the labelled versions' values name; where none is labelled, those of the values
    /// that held a key.
    async fn written(&self, secret: &SecretState) -> Result<Vec<String>> {
        let labelled = secret.versions.iter().filter(|version| version.is_labelled());
        let mut asked: Vec<&str> = labelled.map(|version| version.id.as_str()).collect();
        if asked.is_empty() {
            let staged = [AWSCURRENT, AWSPREVIOUS].into_iter().filter_map(|stage| secret.staged(stage));
            asked =
                staged.filter(|version| version.key.is_some()).map(|version| version.id.as_str()).collect();
        }
        let values = try_join_all(asked.into_iter().map(|version| self.observer.version(version))).await?;
        let mut users = Vec::new();
        for value in values {
            // A value that cannot be read names nobody.
            if let Ok(Some((_, document))) = document(secret, value) {
                users.extend(document.user());
            }
        }
        Ok(users)
    }
}
