//! Single reads on behalf of one event.

use futures_util::future::try_join_all;

use crate::aws::{Aws, Iam, StoredValue};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::event::{INVOKED_BY_SECRETS_MANAGER, RotationEvent};
use crate::model::{
    AccessKey, AccessKeyId, Claims, Credential, DocumentError, LastUse, Observation, Policy, SecretDocument,
    SecretState, UserRef, VersionId,
};
use crate::plan;
use crate::rotation::prove;

/// Looks at one secret on behalf of one event.
#[derive(Debug)]
pub(crate) struct Observer<'a> {
    pub(crate) aws: &'a Aws,
    pub(crate) config: &'a Config,
    pub(crate) event: &'a RotationEvent,
    /// The account the function runs in, where the runtime tells.
    pub(crate) account: Option<&'a str>,
}

impl Observer<'_> {
    pub(super) async fn accepted(&self, seen: &Observation, key: Option<&Credential>) -> Result<bool> {
        match key {
            Some(key) => prove::accepted(self.aws, self.config, seen, key).await,
            None => Ok(false),
        }
    }

    /// The policy of one secret: the function's, with what the secret's own tags override.
    pub(crate) fn policy(&self, secret: &SecretState) -> Result<Policy> {
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
    pub(crate) async fn iam_of(&self, secret: &SecretState, user: &UserRef) -> Result<Iam> {
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

    pub(super) fn observation(&self, secret: SecretState, user: UserRef) -> Observation {
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
    pub(super) fn stores_smtp(&self, current: Option<&SecretDocument>) -> bool {
        let shape = &self.config.secret_shape;
        let next = current.unwrap_or(shape).completed(shape);
        next.is_ok_and(|document| document.is_smtp_only())
    }

    pub(super) fn bind(&self, secret: &SecretState, document: Option<&SecretDocument>) -> Result<UserRef> {
        let user = plan::bind_user(secret, document, &self.config.secret_name)?;
        plan::authority::check_account(secret, &user, self.account)?;
        Ok(user)
    }

    pub(super) async fn describe(&self) -> Result<SecretState> {
        self.aws.secrets.describe(self.event.secret_id.as_str()).await.map_err(|error| {
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

    pub(super) async fn staged(&self, stage: &str) -> Result<StoredValue> {
        Ok(self.aws.secrets.staged_value(self.event.secret_id.as_str(), stage).await?)
    }

    pub(super) async fn version(&self, version: &VersionId) -> Result<StoredValue> {
        Ok(self.aws.secrets.version_value(self.event.secret_id.as_str(), version).await?)
    }

    /// The user's keys. IAM not knowing the user may mean that it was renamed: then whoever owns the keys
    /// that a rotation has labelled is the user.
    pub(super) async fn keys(
        &self,
        iam: &Iam,
        user: &mut UserRef,
        secret: &SecretState,
    ) -> Result<Vec<AccessKey>> {
        match iam.list_access_keys(&user.name).await {
            Err(error) if error.is_not_found() => {}
            keys => return Ok(keys?),
        }
        if let Some(name) = iam.owner_of_labels(secret).await? {
            tracing::info!(from = user.name.as_str(), to = name.as_str(), "the user was renamed");
            *user = user.renamed(name);
            return Ok(iam.list_access_keys(&user.name).await?);
        }
        Err(Error::UserUnknown {
            secret: secret.arn.clone(),
            problem: format!("is bound to user {user}, whom IAM does not know"),
        })
    }
}

pub(super) async fn last_uses(iam: &Iam, of: Vec<AccessKey>) -> Result<Vec<(AccessKeyId, LastUse)>> {
    let uses = try_join_all(of.iter().map(|key| iam.last_use(&key.id))).await?;
    Ok(of.into_iter().map(|key| key.id).zip(uses).collect())
}

/// The key that a version holds; `None` for a value that waits for its first key.
pub(super) type Held = (VersionId, SecretDocument);

pub(super) fn document(secret: &SecretState, value: StoredValue) -> Result<Option<Held>> {
    let malformed = |problem| Error::SecretMalformed { secret: secret.arn.clone(), problem };
    match value {
        StoredValue::Absent => Ok(None),
        StoredValue::Binary => Err(malformed(DocumentError::Binary)),
        StoredValue::Text { version, text } => {
            let named = plan::field_names(secret)?;
            let document = SecretDocument::parse(text.expose(), named.as_ref()).map_err(malformed)?;
            Ok(Some((version, document)))
        }
    }
}
