//! AWS becomes an [`Observation`]. Reads only; what does not depend on each other is read at once.
//!
//! A read that fails is a failure, never an answer: a denied or throttled call must not pass for
//! "no keys" or "never used".

use futures_util::future::try_join_all;
use tokio::{join, try_join};

mod claims;

use crate::aws::{Aws, Iam, KeyOwner, StoredValue};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::event::{INVOKED_BY_SECRETS_MANAGER, RotationEvent};
use crate::model::names::{AWSCURRENT, AWSPREVIOUS, TAG_FIELDS};
use crate::model::{
    AccessKey, AccessKeyId, Claims, Credential, DocumentError, FieldNames, KeyRole, LastUse, Observation,
    Policy, SecretDocument, SecretState, UserRef,
};
use crate::plan::{self, Stage};
use crate::prove;
use claims::Claimant;

/// Looks at one secret on behalf of one event.
#[derive(Debug)]
pub struct Observer<'a> {
    /// AWS.
    pub aws: &'a Aws,
    /// The function's settings.
    pub config: &'a Config,
    /// What was asked.
    pub event: &'a RotationEvent,
    /// The account the function runs in, where the runtime tells.
    pub account: Option<&'a str>,
}

impl Observer<'_> {
    /// What createSecret is planned from: the secret and its two values at once, then the keys.
    pub async fn create_secret(&self) -> Result<Observation> {
        let (mut secret, current, pending) =
            try_join!(self.describe(), self.staged(AWSCURRENT), self.version(self.event.token.as_str()))?;
        let stage = plan::stage(&secret, &self.event.token)?;
        let current = document(&secret, current)?;
        let read = current.as_ref().map(|(version, _)| version.as_str());
        if read != secret.current().map(|version| version.id.as_str()) {
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
        claims.learn_user(&mut seen).await?;
        self.learn_previous(&mut seen).await?;
        let not_current: Vec<_> =
            seen.keys.iter().filter(|key| seen.role(key) != KeyRole::Current).cloned().collect();
        // Where there is room for another key, none is taken away.
        let others = async {
            if seen.keys.len() > 1 { claims.others(&seen.secret, &seen.user).await } else { Ok(Vec::new()) }
        };
        let (uses, others) = try_join!(last_uses(&iam, not_current), others)?;
        seen.note_last_uses(uses);
        seen.claims.others = others;
        claims.learn_held(&mut seen).await?;
        claims.learn_history(&mut seen).await?;
        Ok(seen)
    }

    /// What testSecret is planned from: the secret and the value of the version to be proved.
    pub async fn test_secret(&self) -> Result<Observation> {
        let (secret, pending) = try_join!(self.describe(), self.version(self.event.token.as_str()))?;
        plan::stage(&secret, &self.event.token)?;
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
    pub async fn finish_secret(&self) -> Result<Observation> {
        let token = self.event.token.as_str();
        let (mut secret, made) = try_join!(self.describe(), self.version(token))?;
        let stage = plan::stage(&secret, &self.event.token)?;
        let made = document(&secret, made)?.map(|(_, document)| document);
        let key = made.as_ref().and_then(SecretDocument::key_id);
        // A label can be moved by hand, a value cannot.
        if stage == Stage::Pending || made.is_some() {
            secret.note_key(token, key);
        }
        if self.policy(&secret)?.overlap.is_zero() {
            self.learn_superseded(&mut secret).await?;
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
        let renamed = user != seen.user;
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

    async fn accepted(&self, seen: &Observation, key: Option<&Credential>) -> Result<bool> {
        match key {
            Some(key) => prove::accepted(self.aws, self.config, seen, key).await,
            None => Ok(false),
        }
    }

    /// The keys of the versions beside the one being made, by their values: one of them will be retired
    /// at once.
    async fn learn_superseded(&self, secret: &mut SecretState) -> Result<()> {
        let others = secret.versions.iter().filter(|version| version.id != self.event.token.as_str());
        let held = others.filter(|version| version.has(AWSCURRENT) || version.has(AWSPREVIOUS));
        let held: Vec<String> = held.map(|version| version.id.clone()).collect();
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

    /// The policy of one secret: the function's, with what the secret's own tags override.
    pub fn policy(&self, secret: &SecretState) -> Result<Policy> {
        self.config.policy.with_tags(&secret.tags).map_err(|tag| Error::InvalidConfig {
            name: tag.into(),
            problem: format!(
                "is {:?} on secret {}",
                secret.tags.get(tag).map_or("", String::as_str),
                secret.arn
            ),
            expected: "a duration such as 30s, 90m, 24h, 10d or 0, of at most ten years".into(),
        })
    }

    /// IAM in the user's account: under the function's own role at home, and through the member
    /// role in another account.
    pub async fn iam_of(&self, secret: &SecretState, user: &UserRef) -> Result<Iam> {
        let (_, _, secret_account) = secret.home();
        let home = self.account.unwrap_or(secret_account);
        match self.config.member_role(&user.partition, &user.account) {
            Some(role) if user.account != home => Ok(self.aws.member(&role).await.iam),
            None if user.account != secret_account => Err(Error::InvalidConfig {
                name: "ROTATOR_MEMBER_ROLE".into(),
                problem: format!("is not set, and user {user} lives in another account than the secret"),
                expected: "the name of the role to assume there".into(),
            }),
            _ => Ok(self.aws.iam().clone()),
        }
    }

    fn observation(&self, secret: SecretState, user: UserRef) -> Observation {
        Observation {
            now: self.aws.clock.now(),
            token: self.event.token.clone(),
            secret,
            user,
            keys: Vec::new(),
            current: None,
            pending: None,
            accepted: false,
            stores_smtp: false,
            claims: Claims::default(),
        }
    }

    /// Whether a rotation makes SMTP credentials, and nothing else, of AWSCURRENT's value.
    fn stores_smtp(&self, current: Option<&SecretDocument>) -> bool {
        let shape = &self.config.secret_shape;
        let next = current.unwrap_or(shape).completed(shape);
        next.is_ok_and(|document| document.is_smtp_only())
    }

    fn bind(&self, secret: &SecretState, document: Option<&SecretDocument>) -> Result<UserRef> {
        let user = plan::bind_user(secret, document, &self.config.secret_name)?;
        plan::authority::check_account(secret, &user, self.account)?;
        Ok(user)
    }

    async fn describe(&self) -> Result<SecretState> {
        self.aws.secrets.describe(&self.event.secret_id).await.map_err(|error| {
            if error.is_not_found() {
                return Error::InvalidEvent {
                    field: "SecretId".into(),
                    problem: "names no secret of this account and region".into(),
                    remedy: INVOKED_BY_SECRETS_MANAGER,
                };
            }
            error.into()
        })
    }

    async fn staged(&self, stage: &str) -> Result<StoredValue> {
        Ok(self.aws.secrets.staged_value(&self.event.secret_id, stage).await?)
    }

    async fn version(&self, version: &str) -> Result<StoredValue> {
        Ok(self.aws.secrets.version_value(&self.event.secret_id, version).await?)
    }

    /// The user's keys. IAM not knowing the user may mean that it was renamed: then whoever owns the keys
    /// that a rotation has labelled is the user.
    async fn keys(&self, iam: &Iam, user: &mut UserRef, secret: &SecretState) -> Result<Vec<AccessKey>> {
        match iam.list_access_keys(&user.name).await {
            Err(error) if error.is_not_found() => {}
            keys => return Ok(keys?),
        }
        if let Some(name) = owner_of_labels(iam, secret).await? {
            tracing::info!(from = user.name.as_str(), to = name.as_str(), "the user was renamed");
            *user = UserRef { name, path: String::new(), ..user.clone() };
            return Ok(iam.list_access_keys(&user.name).await?);
        }
        Err(Error::UserUnknown {
            secret: secret.arn.clone(),
            problem: format!("is bound to user {user}, whom IAM does not know"),
        })
    }

    /// A key that no label explains may be AWSPREVIOUS's, stored there by hand before the product
    /// came; only its value tells. It also tells whose secret this was before AWSCURRENT's value came.
    async fn learn_previous(&self, seen: &mut Observation) -> Result<()> {
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

/// Whose the keys are that rotations have labelled; `None` if they are gone, or not all one user's.
pub async fn owner_of_labels(iam: &Iam, secret: &SecretState) -> Result<Option<String>> {
    let labelled = secret.versions.iter().filter(|version| version.is_labelled());
    let keys: Vec<&AccessKeyId> = labelled.filter_map(|version| version.key.as_ref()).collect();
    let owners = try_join_all(keys.iter().map(|key| iam.owner(key))).await?;
    let mut names = owners.into_iter().filter_map(|owner| match owner {
        KeyOwner::User(name) => Some(name),
        KeyOwner::Nobody | KeyOwner::Denied => None,
    });
    let Some(first) = names.next() else { return Ok(None) };
    Ok(names.all(|name| name == first).then_some(first))
}

async fn last_uses(iam: &Iam, of: Vec<AccessKey>) -> Result<Vec<(AccessKeyId, LastUse)>> {
    let uses = try_join_all(of.iter().map(|key| iam.last_use(&key.id))).await?;
    Ok(of.into_iter().map(|key| key.id).zip(uses).collect())
}

/// The key that a version holds; `None` for a value that waits for its first key.
type Held = (String, SecretDocument);

fn document(secret: &SecretState, value: StoredValue) -> Result<Option<Held>> {
    let malformed = |problem| Error::SecretMalformed { secret: secret.arn.clone(), problem };
    match value {
        StoredValue::Absent => Ok(None),
        StoredValue::Binary => Err(malformed(DocumentError::Binary)),
        StoredValue::Text { version, text } => {
            let named = field_names(secret)?;
            let document = SecretDocument::parse(text.expose(), named.as_ref()).map_err(malformed)?;
            Ok(Some((version, document)))
        }
    }
}

/// How the secret's tag calls the fields of its key, where it does.
pub fn field_names(secret: &SecretState) -> Result<Option<FieldNames>> {
    let Some(tag) = secret.tags.get(TAG_FIELDS) else { return Ok(None) };
    FieldNames::parse(tag).map(Some).ok_or_else(|| Error::InvalidConfig {
        name: TAG_FIELDS.into(),
        problem: format!("is {tag:?} on secret {}", secret.arn),
        expected: "the names of two fields of the value, the access key id's first: ID-FIELD:SECRET-FIELD"
            .into(),
    })
}
