//! An existing secret, named by the operator, becomes a user's.

use super::super::Failure;
use super::plan::{Enrolment, Planner};
use super::readers::readers;
use super::secrets::UsersSecrets;
use super::step::{Start, Step};
use crate::model::names::TAG_USER;
use crate::model::{SecretState, UserRef, account_of};
use crate::plan::bind_user_by_labels;

impl Planner<'_> {
    /// Plans the adoption of the secret that is named. It keeps its value's shape, its policy and its
    /// schedule.
    pub(super) async fn adopt(
        &self,
        enrolment: &mut Enrolment,
        named: &str,
        secrets: &UsersSecrets,
        tagged: Option<&str>,
    ) -> Result<(), Failure> {
        let secret = match self.account.secrets.describe(named).await {
            Ok(secret) => secret,
            Err(error) if error.is_not_found() => {
                enrolment.refused = Some(format!("there is no secret {named:?}"));
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        enrolment.arn = Some(secret.arn.clone());
        if let Some(why) = self.obstacle(&enrolment.user, &secret, secrets, tagged) {
            enrolment.refused = Some(why);
            return Ok(());
        }
        let binding = self.binding(&secret);
        if self.is_bound(&enrolment.user, &secret) && self.is_enrolled(&secret) {
            self.already(enrolment, &secret);
            return Ok(());
        }
        let policy = self.account.secrets.policy(&secret.arn).await?;
        self.introduce(enrolment, &secret, binding.as_ref(), policy.as_deref()).await?;
        if !secret.tags.contains_key(TAG_USER) {
            enrolment.steps.push(Step::Tag);
        }
        if policy.is_none() {
            enrolment.steps.push(Step::Policy);
        }
        self.bind_user(enrolment, &secret.name, tagged);
        let rotates = self.is_enrolled(&secret) && secret.rotation_enabled;
        let start = match rotates {
            true => Start { function: None, replaces: None, every_days: None, now: true },
            false => self.start(&secret),
        };
        if !rotates || self.now {
            enrolment.steps.push(Step::Rotate(start));
        }
        Ok(())
    }

    /// Why the secret cannot become the user's.
    fn obstacle(
        &self,
        user: &UserRef,
        secret: &SecretState,
        secrets: &UsersSecrets,
        tagged: Option<&str>,
    ) -> Option<String> {
        let (partition, _, home) = secret.home();
        let function_account = account_of(&self.function);
        if home != user.account && home != function_account {
            return Some(format!(
                "secret {} is in account {home}: it must be in the user's account ({}) or the rotation \
                 function's ({function_account})",
                secret.arn, user.account
            ));
        }
        if let Some(at) = secret.deleted {
            return Some(format!("secret {} is scheduled for deletion ({at})", secret.arn));
        }
        let others = secret.tags.get(TAG_USER);
        let is_users =
            |tag: &String| UserRef::parse(tag, partition, home).is_ok_and(|named| user.is(&named.arn()));
        if let Some(other) = others.filter(|tag| !is_users(tag)) {
            return Some(format!("secret {} is tagged as another user's: {other:?}", secret.arn));
        }
        if let Some(why) = self.other_secret(user, secret, tagged) {
            return Some(why);
        }
        if let Some(rival) = secrets.enrolled.iter().find(|rival| rival.arn != secret.arn) {
            return Some(format!("the user is enrolled with another secret: {}", rival.arn));
        }
        let unfinished = secret.pending().unfinished().filter(|_| !self.is_enrolled(secret));
        unfinished.map(|version| {
            format!(
                "a rotation of secret {} has begun and not ended (AWSPENDING is on version {}): finish or remove \
                 it first",
                secret.name, version.id
            )
        })
    }

    /// The user that the secret's tag or name points to.
    fn binding(&self, secret: &SecretState) -> Option<UserRef> {
        bind_user_by_labels(secret, &self.account.config.shared.secret_name, |_| true)
    }

    /// Whether the secret's tag or name points to this user.
    pub(super) fn is_bound(&self, user: &UserRef, secret: &SecretState) -> bool {
        self.binding(secret).is_some_and(|bound| user.is(&bound.arn()))
    }

    /// What the operator must know before saying yes: whoever made the secret may read the user's keys.
    async fn introduce(
        &self,
        enrolment: &mut Enrolment,
        secret: &SecretState,
        binding: Option<&UserRef>,
        policy: Option<&str>,
    ) -> Result<(), Failure> {
        let created = self.account.secrets.created(&secret.arn).await?;
        let created = created.map_or_else(|| "at an unknown time".to_owned(), |at| at.to_string());
        let function = secret.rotation_function.as_deref().unwrap_or("no function");
        let place = if secret.tags.contains_key(TAG_USER) { "tag" } else { "name" };
        let points = match binding {
            Some(user) => format!("its {place} points to user {}", user.name),
            None => "neither its tag nor its name points to a user".to_owned(),
        };
        let (_, _, home) = secret.home();
        let by_identity = format!("identities that policies of account {home} allow to read it");
        let mut who = readers(policy);
        who.push(by_identity);
        enrolment.notes.push(format!(
            "secret {:?} exists: created {created}, rotates with {function}; {points}",
            secret.name
        ));
        enrolment.notes.push(format!("who can read it: {}", who.join("; ")));
        enrolment
            .notes
            .push("its value keeps its shape; the first rotation labels which key it holds".into());
        Ok(())
    }
}
