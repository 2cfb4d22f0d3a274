//! Which of an account's secrets are a user's, and which only say so: a tag alone enrolls nothing.

use super::super::Failure;
use super::plan::Planner;
use crate::model::{SecretState, UserRef, fits_a_secret_name, fits_a_tag};
use crate::sweep::Candidate;

/// The secrets that name a user.
#[derive(Debug, Default)]
pub(super) struct UsersSecrets {
    /// Those that somebody with authority enrolled.
    pub enrolled: Vec<SecretState>,
    /// Those whose tag names the user, and nothing else.
    pub tagged: Vec<SecretState>,
}

/// The secret that a user is enrolled with when none is named.
pub(super) enum Own {
    /// There is none: one is made.
    None,
    /// It is enrolled.
    Enrolled(Box<SecretState>),
    /// It was created here by an enrolment that broke off.
    Created(Box<SecretState>),
    /// There are others, and why none of them is used.
    Refused(String),
}

impl UsersSecrets {
    /// Reads them.
    pub async fn of(planner: &Planner<'_>, candidate: &Candidate) -> Result<Self, Failure> {
        let mut enrolled = Vec::new();
        for arn in &candidate.secrets {
            let secret = planner.account.secrets.describe(arn).await?;
            if planner.is_enrolled(&secret) {
                enrolled.push(secret);
            }
        }
        Ok(Self { enrolled, tagged: candidate.not_enrolled.clone() })
    }
}

impl Planner<'_> {
    /// Why a user of this name can have no secret: its name, or what the secret would be tagged with, holds a
    /// character that AWS takes in neither, such as a comma.
    pub(super) fn unusable(&self, name: &str) -> Option<String> {
        let user = self.account.named(name);
        let secret = self.account.config.shared.secret_name_of(&user);
        if fits_a_secret_name(&secret) && fits_a_tag(name) {
            return None;
        }
        Some(format!(
            "the name {name:?} holds a character, such as a comma, that no secret's name and no tag may hold. Rename the user (`aws \
             iam update-user --user-name '{name}' --new-user-name NAME`), or exempt it"
        ))
    }

    /// Whether somebody with authority enrolled it: only who may rotate it and may invoke our function
    /// can have set that, and only who may change the sweep's settings can list it.
    pub(super) fn is_enrolled(&self, secret: &SecretState) -> bool {
        let config = &self.session.config;
        config.is_enrolled(secret) || config.lists(secret)
    }

    /// The user's own secret, where none is named. One that exists and is not enrolled is never used: a
    /// name or a tag is anybody's to give, before the user was ever enrolled.
    pub(super) async fn own(&self, user: &UserRef, secrets: &UsersSecrets) -> Result<Own, Failure> {
        match secrets.enrolled.as_slice() {
            [] => {}
            [only] => return Ok(Own::Enrolled(Box::new(only.clone()))),
            several => {
                let arns: Vec<&str> = several.iter().map(|secret| secret.arn.as_str()).collect();
                let arns = arns.join(", ");
                return Ok(Own::Refused(format!("more than one enrolled secret is the user's: {arns}")));
            }
        }
        if let Some(tagged) = secrets.tagged.first() {
            return Ok(Own::Refused(self.exists(
                user,
                tagged,
                "is tagged with the user and is not enrolled",
            )));
        }
        let name = self.account.config.shared.secret_name_of(user);
        let secret = match self.account.secrets.describe(&name).await {
            Ok(secret) => secret,
            Err(error) if error.is_not_found() => return Ok(Own::None),
            Err(error) => return Err(error.into()),
        };
        if let Some(at) = secret.deleted {
            return Ok(Own::Refused(format!(
                "secret {:?} is scheduled for deletion on {at}. If it is still needed, restore it: `aws secretsmanager \
                 restore-secret --secret-id {}`",
                secret.name, secret.arn
            )));
        }
        if self.is_enrolled(&secret) && self.is_bound(user, &secret) {
            return Ok(Own::Enrolled(Box::new(secret)));
        }
        // Under names that are anybody's, anybody could imitate a creation of ours.
        let ours = self.account.config.shared.has_own_names();
        if ours && self.is_bound(user, &secret) && self.account.is_own_creation(user, &secret).await? {
            return Ok(Own::Created(Box::new(secret)));
        }
        Ok(Own::Refused(self.exists(user, &secret, "exists already")))
    }

    fn exists(&self, user: &UserRef, secret: &SecretState, how: &str) -> String {
        format!(
            "secret {:?} {how}. An existing secret is used only when it is named: check who made it and who can \
             read it, then `{}`",
            secret.name,
            self.naming(user, &secret.name)
        )
    }
}
