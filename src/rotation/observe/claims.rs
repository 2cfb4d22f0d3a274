//! What the user, and other secrets, say about a secret's right to the user's keys.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join_all;
use jiff::SignedDuration;
use tokio::join;

use super::observer::{Observer, document};
use crate::aws::{Iam, Identity, KeyOwner};
use crate::error::Result;
use crate::model::names::{AWSCURRENT, AWSPREVIOUS, TAG_SECRET, TAG_USER};
use crate::model::{
    AccessKey, AccessKeyId, Credential, KeyRole, KeyStatus, Observation, OtherSecret, SecretDocument,
    SecretState, UserRef, VersionId,
};
use crate::plan;

/// How old a key must be that only an SMTP user name in a version says to be the secret's.
const SMTP_PATIENCE: SignedDuration = SignedDuration::from_hours(24);

/// Asks on behalf of an observer, with IAM in the user's account.
pub(super) struct Claimant<'a> {
    pub(crate) observer: &'a Observer<'a>,
    pub(crate) iam: &'a Iam,
}

impl Claimant<'_> {
    /// The user's keys, tags and exemption, all at once.
    pub(crate) async fn read_user(&self, seen: &mut Observation) -> Result<()> {
        let asked = seen.user.name.clone();
        let keys = self.observer.keys(self.iam, &mut seen.user, &seen.secret);
        let (keys, user) = join!(keys, self.user_side(&asked));
        seen.keys = keys?;
        let renamed = seen.user.name.as_str() != asked.as_str();
        let (tags, in_group) = if renamed { self.user_side(&seen.user.name).await? } else { user? };
        let exempt = &self.observer.config.exempt;
        seen.claims.exempt = plan::exemption(exempt, &seen.user.name, in_group, &tags);
        seen.claims.user_tag = tags.get(TAG_SECRET).cloned();
        Ok(())
    }

    /// Why a user is exempt, if it is.
    pub(crate) async fn exemption(&self, user: &str) -> Result<Option<String>> {
        let (tags, in_group) = self.user_side(user).await?;
        Ok(plan::exemption(&self.observer.config.exempt, user, in_group, &tags))
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
    pub(crate) async fn others(&self, secret: &SecretState, user: &UserRef) -> Result<Vec<OtherSecret>> {
        let listed = self.observer.aws.secrets.tagged(&[&user.name, &user.arn()]).await?;
        Ok(plan::authority::others_of(user, secret, &listed))
    }

    /// Which active keys of rotations that were given up the secret really holds: a label can be attached to
    /// any version by whoever may put a value. To ask STS is to use the key, so it is asked only of one that could go
    /// then.
    pub(crate) async fn read_held(&self, seen: &mut Observation) -> Result<()> {
        let mut held = BTreeSet::new();
        if seen.keys.len() > 1 && seen.claims.exempt.is_none() {
            let abandoned = |key: &&AccessKey| {
                let is_active = key.status == KeyStatus::Active;
                is_active && seen.role(key) == KeyRole::Abandoned && plan::is_nobodys(key, seen.now)
            };
            for key in seen.keys.iter().filter(abandoned) {
                let Some(version) = seen.secret.holder(&key.id) else { continue };
                let value = self.observer.version(&version.id).await?;
                let document = document(&seen.secret, value).ok().flatten().map(|(_, document)| document);
                let Some(document) = document.filter(|document| document.key_id().as_ref() == Some(&key.id))
                else {
                    continue;
                };
                // SMTP credentials cannot be proved. Such a key goes if it was not used for so long that IAM would
                // show it, which lags by four hours.
                let is_theirs = match document.credential() {
                    Some(credential) => self.is_theirs(seen, &credential).await?,
                    None => seen.stores_smtp && seen.now.duration_since(key.created) >= SMTP_PATIENCE,
                };
                if is_theirs {
                    held.insert(key.id.clone());
                }
            }
        }
        seen.claims.held = Some(held);
        Ok(())
    }

    /// Whose the keys are that versions hold and the user has not; and, where nothing else confirms the user,
    /// what values say and whether AWSCURRENT's key works.
    pub(crate) async fn read_history(&self, seen: &mut Observation) -> Result<()> {
        let is_theirs = |key: &AccessKeyId| seen.keys.iter().any(|known| known.id == *key);
        let missing: Vec<_> = seen.secret.named_keys().into_iter().filter(|key| !is_theirs(key)).collect();
        let owners = try_join_all(missing.iter().map(|key| self.owner(seen, key))).await?;
        let nobodys = owners.iter().all(Option::is_none);
        let labelled = seen.secret.labelled_keys();
        let known = labelled.iter().any(is_theirs);
        seen.claims.owners = missing.into_iter().zip(owners).collect();
        if !nobodys || plan::authority::is_anchored(seen, &self.observer.config.secret_name) {
            return Ok(());
        }
        if !known && !seen.claims.owners.is_empty() {
            seen.claims.written = self.written(&seen.secret).await?;
        }
        let current = seen.current.as_ref().and_then(SecretDocument::credential);
        if let Some(key) = current.filter(|_| !seen.secret.tags.contains_key(TAG_USER)) {
            seen.claims.proved = self.is_theirs(seen, &key).await?;
        }
        Ok(())
    }

    /// Whether STS accepts a key as the user's.
    async fn is_theirs(&self, seen: &Observation, key: &Credential) -> Result<bool> {
        let aws = self.observer.aws;
        Ok(match aws.sts_as(key, aws.region()).caller_identity().await? {
            Identity::Of(arn) => seen.user.is(&arn),
            Identity::UnknownKey | Identity::WrongSecret => false,
        })
    }

    /// Whose a key is; `None` if it is gone.
    ///
    /// Of a user of another account, the secret's own account is asked as well: the secret may have been
    /// bound to one of its users before. IAM answers AccessDenied for a key it does not know as for one it
    /// may not speak of, so AWSCURRENT's is then asked itself. Of the others only the id is known, and they
    /// pass for gone.
    async fn owner(&self, seen: &Observation, key: &AccessKeyId) -> Result<Option<String>> {
        let (partition, _, home) = seen.secret.home();
        let named = |account: &str, name: &str| format!("arn:{partition}:iam::{account}:user/{name}");
        let theirs = self.iam.owner(key).await?;
        if let KeyOwner::User(name) = &theirs {
            return Ok(Some(named(&seen.user.account, name)));
        }
        if seen.user.account != home
            && self.observer.account == Some(home)
            && let KeyOwner::User(name) = self.observer.aws.iam().owner(key).await?
        {
            return Ok(Some(named(home, &name)));
        }
        let current = seen.current.as_ref().and_then(SecretDocument::credential);
        let current = current.filter(|credential| credential.key_id == *key && theirs == KeyOwner::Denied);
        let Some(credential) = current else { return Ok(None) };
        let aws = self.observer.aws;
        Ok(match aws.sts_as(&credential, aws.region()).caller_identity().await? {
            Identity::Of(arn) => Some(arn),
            Identity::UnknownKey | Identity::WrongSecret => None,
        })
    }

    /// The users that the labelled versions' values name; where none is labelled, those of the values
    /// that held a key.
    async fn written(&self, secret: &SecretState) -> Result<Vec<String>> {
        let labelled = secret.versions.iter().filter(|version| version.is_labelled());
        let mut asked: Vec<&VersionId> = labelled.map(|version| &version.id).collect();
        if asked.is_empty() {
            let staged = [AWSCURRENT, AWSPREVIOUS].into_iter().filter_map(|stage| secret.staged(stage));
            asked = staged.filter(|version| version.key.is_some()).map(|version| &version.id).collect();
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
