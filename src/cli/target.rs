//! Which secret is meant: by its name, its ARN, or its user's name.

use super::{Failure, Session};
use crate::aws::Iam;
use crate::execute::SecretAndUser;
use crate::model::names::TAG_USER;
use crate::model::{AccessKey, SecretState, UserRef};
use crate::plan::{Change, bind_user_by_labels};
use crate::sweep::Account;

/// A secret, its user, and where both are.
#[derive(Debug)]
pub(super) struct Target<'a> {
    pub(crate) account: Account<'a>,
    pub(crate) secret: SecretState,
    /// `None`: neither tag nor name tells.
    pub(crate) user: Option<UserRef>,
    /// IAM in the user's account.
    pub(crate) iam: Iam,
}

impl<'a> Target<'a> {
    /// Finds it. What fits two secrets is refused.
    pub(crate) async fn find(session: &'a Session, text: &str) -> Result<Self, Failure> {
        session.check_secret(text)?;
        let account = session.account(&session.config).await?;
        let named = match account.secrets.describe(text).await {
            Ok(secret) => Some(secret),
            Err(error) if error.is_not_found() => None,
            Err(error) => return Err(error.into()),
        };
        let home = account.number.as_deref().unwrap_or_default();
        let is_user_name =
            !text.starts_with("arn:") && UserRef::parse(text, &account.partition, home).is_ok();
        let of_user = if is_user_name { secrets_of(&account, text).await? } else { Vec::new() };
        let arn = match (named, of_user.as_slice()) {
            (Some(secret), []) => return Self::of(session, account, secret).await,
            (Some(secret), [only]) if *only == secret.arn => return Self::of(session, account, secret).await,
            (Some(secret), others) => {
                return Err(Failure::Usage(format!(
                    "{text:?} is the name of a secret ({}) and of a user with others ({}): give the ARN",
                    secret.arn,
                    others.join(", ")
                )));
            }
            (None, [only]) => only.clone(),
            (None, []) => return Self::by_template(session, account, text).await,
            (None, several) => {
                return Err(Failure::Usage(format!(
                    "{} secrets name user {text:?}: give the ARN of one: {}",
                    several.len(),
                    several.join(", ")
                )));
            }
        };
        let secret = account.secrets.describe(&arn).await?;
        Self::of(session, account, secret).await
    }

    /// A user's secret without a tag, by its name.
    async fn by_template(session: &'a Session, account: Account<'a>, text: &str) -> Result<Self, Failure> {
        let home = account.number.clone().unwrap_or_default();
        let user = UserRef::parse(text, &account.partition, &home);
        let name = user.map(|user| session.config.shared.secret_name_of(&user));
        let missing =
            || Failure::Failed(format!("there is neither a secret nor a user with a secret named {text:?}"));
        let name = name.map_err(|_| missing())?;
        match account.secrets.describe(&name).await {
            Ok(secret) => Self::of(session, account, secret).await,
            Err(error) if error.is_not_found() => Err(missing()),
            Err(error) => Err(error.into()),
        }
    }

    async fn of(session: &'a Session, account: Account<'a>, secret: SecretState) -> Result<Self, Failure> {
        let user = bind_user_by_labels(&secret, &session.config.shared.secret_name, |_| true);
        let iam = match &user {
            Some(user) => iam_of(session, &account, user).await,
            None => account.iam.clone(),
        };
        let mut target = Self { account, secret, user, iam };
        // A name alone binds only where there is such a user.
        if let Some(user) = target.user.as_ref().filter(|_| !target.secret.tags.contains_key(TAG_USER))
            && let Err(error) = target.iam.list_access_keys(&user.name).await
            && error.is_not_found()
        {
            target.user = None;
        }
        Ok(target)
    }

    /// Refuses a secret that nobody enrolled. Its tag and its labels are whatever its owner wrote: they
    /// would name another user's keys.
    pub(crate) fn check_enrolled(&self, session: &Session) -> Result<(), Failure> {
        let config = &session.config;
        if config.is_enrolled(&self.secret) || config.lists(&self.secret) {
            return Ok(());
        }
        let function = self.secret.rotation_function.as_deref().unwrap_or("no function");
        let user = self.user.as_ref().map_or("USER", |user| &user.name);
        Err(Failure::Failed(format!(
            "{} is not enrolled: it rotates with {function}. Nothing was changed. If this secret is meant: `{}`",
            self.words(),
            session.global.command(["enroll", user, "--secret", &self.secret.name])
        )))
    }

    /// The secret as it is now.
    pub(crate) async fn refresh(&mut self) -> Result<(), Failure> {
        self.secret = self.account.secrets.describe(&self.secret.arn).await?;
        Ok(())
    }

    pub(crate) async fn make(&self, change: &Change) -> Result<(), Failure> {
        // Where the user is not known, only labels change.
        let user = self.user.as_ref().map_or("", |user| user.name.as_str());
        let (secrets, secret, iam) = (&self.account.secrets, Some(&self.secret), &self.iam);
        Ok(SecretAndUser { secrets, secret, iam, user }.make(change).await?)
    }

    /// The user's keys, each with its last use; none where the user is not known.
    pub(crate) async fn keys(&self) -> Result<Vec<AccessKey>, Failure> {
        let Some(user) = &self.user else { return Ok(Vec::new()) };
        let mut keys = match self.iam.list_access_keys(&user.name).await {
            Ok(keys) => keys,
            Err(error) if error.is_not_found() => {
                return Err(Failure::Failed(format!("user {user} does not exist: `doctor` tells more")));
            }
            Err(error) => return Err(error.into()),
        };
        for key in &mut keys {
            key.last_use = Some(self.iam.last_use(&key.id).await?);
        }
        keys.sort_by_key(|key| key.created);
        Ok(keys)
    }

    /// `"keys/ci" of user ci`.
    pub(crate) fn words(&self) -> String {
        let of = self.user.as_ref().map_or_else(String::new, |user| format!(" of user {}", user.name));
        format!("secret {:?}{of}", self.secret.name)
    }
}

/// A user's secrets: the enrolled ones. Others that only say so are shown where there are none, so that
/// a command can say that they are not enrolled.
async fn secrets_of(account: &Account<'_>, user: &str) -> Result<Vec<String>, Failure> {
    let candidate = account.candidate(user).await?;
    let tagged = candidate.not_enrolled.into_iter().map(|secret| secret.arn);
    Ok(if candidate.secrets.is_empty() { tagged.collect() } else { candidate.secrets })
}

/// IAM of a user who may live in another account than the secret.
async fn iam_of(session: &Session, account: &Account<'_>, user: &UserRef) -> Iam {
    let elsewhere = account.number.as_ref().is_some_and(|number| user.account != *number);
    match session.config.shared.member_role(&user.partition, &user.account) {
        Some(role) if elsewhere => session.aws.member(&role).await.iam,
        _ => account.iam.clone(),
    }
}
