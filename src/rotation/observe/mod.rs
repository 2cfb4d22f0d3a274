//! AWS becomes an [`Observation`]. Reads only; what does not depend on each other is read at once.
//!
//! A read that fails is a failure, never an answer: a denied or throttled call must not pass for
//! "no keys" or "never used".

mod claims;
mod observer;

use futures_util::future::try_join_all;
use tokio::{join, try_join};

use claims::Claimant;
use observer::{document, last_uses};

use crate::error::{Error, Result};
use crate::model::names::{AWSCURRENT, AWSPREVIOUS};
use crate::model::{AccessKey, AccessKeyId, KeyRole, Observation, SecretDocument, SecretState, VersionId};
use crate::plan::rotation::{Stage, stage};

pub(crate) use observer::Observer;

impl Observer<'_> {
    /// What createSecret is planned from: the secret and its two values at once, then the keys.
    pub(crate) async fn create_secret(&self) -> Result<Observation> {
        let (mut secret, current, pending) =
            try_join!(self.describe(), self.staged(AWSCURRENT), self.version(&self.event.token))?;
        let stage = stage(&secret, &self.event.token)?;
        let current = document(&secret, current)?;
        let read = current.as_ref().map(|(version, _)| version);
        if read != secret.current().map(|version| &version.id) {
            let problem = "DescribeSecret and GetSecretValue show different versions as AWSCURRENT".into();
            return Err(Error::PlanChanged { problem });
        }
        let pending = document(&secret, pending)?;
        let current_key = current.as_ref().and_then(|(_, document)| document.key_id());
        // A value that waits for its first key leaves the label of the key that its user was enrolled
        // with.
        if let (Some((version, _)), Some(key)) = (&current, &current_key) {
            secret.note_key(version, Some(key.clone()));
        }
        let user = self.bind(&secret, current.as_ref().map(|(_, document)| document))?;
        let mut seen = self.observation(secret, user);
        seen.current = current.map(|(_, document)| document);
        seen.pending = pending.map(|(_, document)| document);
        seen.stores_smtp = self.stores_smtp(seen.current.as_ref());
        if stage == Stage::Current {
            return Ok(seen);
        }
        let iam = self.iam_of(&seen.secret, &seen.user).await?;
        if seen.pending.is_some() {
            seen.keys = self.keys(&iam, &mut seen.user, &seen.secret).await?;
            return Ok(seen);
        }
        let claims = Claimant { observer: self, iam: &iam };
        claims.read_user(&mut seen).await?;
        self.read_previous(&mut seen).await?;
        let not_current: Vec<_> =
            seen.keys.iter().filter(|key| seen.role(key) != KeyRole::Current).cloned().collect();
        // Where there is room for another key, none is taken away.
        let others = async {
            if seen.keys.len() > 1 { claims.others(&seen.secret, &seen.user).await } else { Ok(Vec::new()) }
        };
        let (uses, others) = try_join!(last_uses(&iam, not_current), others)?;
        seen.note_last_uses(uses);
        seen.claims.others = others;
        claims.read_held(&mut seen).await?;
        claims.read_history(&mut seen).await?;
        Ok(seen)
    }

    /// What testSecret is planned from: the secret and the value of the version to be proved.
    pub(crate) async fn test_secret(&self) -> Result<Observation> {
        let (secret, pending) = try_join!(self.describe(), self.version(&self.event.token))?;
        stage(&secret, &self.event.token)?;
        let pending = document(&secret, pending)?.map(|(_, document)| document);
        let smtp_only = pending.as_ref().is_some_and(SecretDocument::is_smtp_only);
        let current = match pending {
            Some(_) if !smtp_only => None,
            _ => document(&secret, self.staged(AWSCURRENT).await?)?.map(|(_, document)| document),
        };
        let user = self.bind(&secret, pending.as_ref().or(current.as_ref()))?;
        let mut seen = self.observation(secret, user);
        (seen.pending, seen.current) = (pending, current);
        if smtp_only {
            seen.stores_smtp = self.stores_smtp(seen.current.as_ref());
            let iam = self.iam_of(&seen.secret, &seen.user).await?;
            seen.keys = self.keys(&iam, &mut seen.user, &seen.secret).await?;
        }
        Ok(seen)
    }

    /// What finishSecret is planned from: the secret and the value of the version being made at once,
    /// then the keys, and whether STS accepts the new one. That is asked again although testSecret
    /// asked: nothing else tells finishSecret that it did.
    pub(crate) async fn finish_secret(&self) -> Result<Observation> {
        let token = &self.event.token;
        let (mut secret, made) = try_join!(self.describe(), self.version(token))?;
        let stage = stage(&secret, &self.event.token)?;
        let made = document(&secret, made)?.map(|(_, document)| document);
        let key = made.as_ref().and_then(SecretDocument::key_id);
        // A label can be moved by hand, a value cannot.
        if stage == Stage::Pending || made.is_some() {
            secret.note_key(token, key);
        }
        if self.policy(&secret)?.overlap.is_zero() {
            self.read_superseded(&mut secret).await?;
        }
        let user = self.bind(&secret, made.as_ref())?;
        let at_once = self.policy(&secret)?.overlap.is_zero();
        let mut seen = self.observation(secret, user);
        let iam = self.iam_of(&seen.secret, &seen.user).await?;
        let claims = Claimant { observer: self, iam: &iam };
        let new = made.as_ref().and_then(SecretDocument::credential).filter(|_| stage == Stage::Pending);
        let accepted = self.accepted(&seen, new.as_ref());
        let others =
            async { if at_once { claims.others(&seen.secret, &seen.user).await } else { Ok(Vec::new()) } };
        let mut user = seen.user.clone();
        let keys = self.keys(&iam, &mut user, &seen.secret);
        let exempt = async { if at_once { claims.exemption(&seen.user.name).await } else { Ok(None) } };
        let (keys, accepted, others, exempt) = join!(keys, accepted, others, exempt);
        (seen.keys, seen.claims.others) = (keys?, others?);
        // By its spelling: the calls under the other one were answered for another user, or for none.
        let renamed = user.name.as_str() != seen.user.name.as_str();
        seen.user = user;
        seen.claims.exempt =
            if renamed && at_once { claims.exemption(&seen.user.name).await? } else { exempt? };
        // By its old name, a renamed user's key is another user's.
        seen.accepted = if renamed { self.accepted(&seen, new.as_ref()).await? } else { accepted? };
        if made.as_ref().is_some_and(SecretDocument::is_smtp_only) && stage == Stage::Pending {
            let current = document(&seen.secret, self.staged(AWSCURRENT).await?)?;
            seen.stores_smtp = self.stores_smtp(current.map(|(_, document)| document).as_ref());
        }
        seen.pending = made;
        let intent = seen.intent();
        let unheld = |key: &&AccessKey| {
            seen.secret.holder(&key.id).is_none()
                && intent.as_ref().is_some_and(|intent| intent.explains(key))
        };
        let explained: Vec<_> = seen.keys.iter().filter(unheld).cloned().collect();
        seen.note_last_uses(last_uses(&iam, explained).await?);
        Ok(seen)
    }

    /// The keys of the versions beside the one being made, by their values: one of them will be retired
    /// at once.
    async fn read_superseded(&self, secret: &mut SecretState) -> Result<()> {
        let others = secret.versions.iter().filter(|version| version.id != self.event.token);
        let held = others.filter(|version| version.has(AWSCURRENT) || version.has(AWSPREVIOUS));
        let held: Vec<VersionId> = held.map(|version| version.id.clone()).collect();
        let values = try_join_all(held.iter().map(|version| self.version(version))).await?;
        for (version, value) in held.iter().zip(values) {
            // What cannot be read holds no key that we would touch.
            let document = document(secret, value).unwrap_or_default().map(|(_, document)| document);
            match document.map(|document| document.key_id()) {
                // Waiting for its first key: the label of the key that its user was enrolled with stands.
                Some(None) => {}
                key => secret.note_key(version, key.flatten()),
            }
        }
        Ok(())
    }

    /// A key that no label explains may be AWSPREVIOUS's, stored there by hand before the product
    /// came; only its value tells. It also tells whose secret this was before AWSCURRENT's value came.
    async fn read_previous(&self, seen: &mut Observation) -> Result<()> {
        let theirs = |key: &AccessKeyId| seen.keys.iter().any(|known| known.id == *key);
        let current = seen.secret.current().and_then(|version| version.key.as_ref());
        let unexplained =
            seen.keys.iter().any(|key| seen.secret.holder(&key.id).is_none()) || !current.is_some_and(theirs);
        let previous = seen
            .secret
            .staged(AWSPREVIOUS)
            .filter(|version| version.key.is_none())
            .map(|version| version.id.clone());
        let Some(version) = previous.filter(|_| unexplained) else {
            return Ok(());
        };
        // What cannot be read explains nothing: the key stays unknown, and unknown keys are safe.
        if let Ok(Some((_, document))) = document(&seen.secret, self.version(&version).await?) {
            seen.secret.note_key(&version, document.key_id());
        }
        Ok(())
    }
}
