//! What it takes to enroll a user.

use super::super::{Failure, Session, Terminal};
use super::Wish;
use super::step::{Start, Step};
use crate::model::names::TAG_SECRET;
use crate::model::{AccessKey, KeyStatus, SecretState, UnknownKeys, UserRef};
use crate::plan::exemption;
use crate::sweep::Account;

use super::secrets::{Own, UsersSecrets};

/// One user's enrolment.
#[derive(Debug)]
pub(super) struct Enrolment {
    pub user: UserRef,
    /// The secret, if there is one already.
    pub arn: Option<String>,
    pub steps: Vec<Step>,
    /// Why nothing is done.
    pub refused: Option<String>,
    /// What is worth knowing before the confirmation.
    pub notes: Vec<String>,
    /// Whether nothing is done because a call failed.
    pub failed: bool,
}

/// What the plans of all users share.
pub(super) struct Planner<'a> {
    pub session: &'a Session,
    pub account: &'a Account<'a>,
    /// The function that enrolled secrets rotate with.
    pub function: &'a str,
    /// Whether enrolled secrets rotate at once.
    pub now: bool,
}

impl Planner<'_> {
    /// Reads a user's state, and plans.
    pub async fn plan(&self, wish: &Wish) -> Result<Enrolment, Failure> {
        if let Some(why) = self.unusable(&wish.user) {
            return Ok(Enrolment::of(self.account.named(&wish.user)).refuse(why));
        }
        let candidate = self.account.candidate(&wish.user).await?;
        let mut enrolment = Enrolment::of(candidate.user.clone());
        let keys = match self.account.iam.list_access_keys(&wish.user).await {
            Ok(keys) => keys,
            Err(error) if error.is_not_found() => {
                return Ok(enrolment.refuse("there is no such IAM user"));
            }
            Err(error) => return Err(error.into()),
        };
        let tags = self.account.iam.user_tags(&wish.user).await?;
        let exempt =
            exemption(&self.account.config.shared.exempt, &wish.user, candidate.in_exempt_group, &tags);
        if let Some(reason) = exempt {
            return Ok(enrolment.refuse(format!("the user is exempt: {reason}")));
        }
        let tagged = tags.get(TAG_SECRET).map(String::as_str);
        let secrets = UsersSecrets::of(self, &candidate).await?;
        match &wish.secret {
            Some(named) => self.adopt(&mut enrolment, named, &secrets, tagged).await?,
            None => match self.own(&enrolment.user, &secrets).await? {
                Own::Enrolled(secret) => {
                    enrolment.refused = self.other_secret(&enrolment.user, &secret, tagged);
                    self.already(&mut enrolment, &secret);
                }
                Own::Refused(why) => enrolment.refused = Some(why),
                Own::Created(secret) => self.finish(&mut enrolment, &secret, &keys, tagged),
                Own::None => self.create(&mut enrolment, &keys, tagged),
            },
        }
        Ok(enrolment)
    }

    /// Makes a secret. Which of two active keys is in use cannot be told, and a third cannot be made.
    fn create(&self, enrolment: &mut Enrolment, keys: &[AccessKey], tagged: Option<&str>) {
        let config = self.account.config;
        let name = config.shared.secret_name_of(&enrolment.user);
        if let Some(other) = tagged.filter(|tagged| *tagged != name) {
            enrolment.refused = Some(format!(
                "the user's tag {TAG_SECRET} names another secret, {other:?}. If that one is meant: `{}`",
                self.naming(&enrolment.user, other)
            ));
            return;
        }
        let mut active: Vec<&AccessKey> = keys.iter().filter(|key| key.status == KeyStatus::Active).collect();
        active.sort_by_key(|key| key.created);
        let Some(youngest) = active.last() else {
            enrolment.refused = Some("the user has no active key, so no consumer waits for one".into());
            return;
        };
        if active.len() > 1 && config.shared.policy.unknown_keys != UnknownKeys::DeleteOldest {
            let ids: Vec<String> = active.iter().map(|key| key.id.to_string()).collect();
            let ids = ids.join(" and ");
            enrolment.refused = Some(format!("{ids} are both active: deactivate the one that is not in use"));
            return;
        }
        enrolment.steps.push(Step::Create { name: name.clone(), adopts: youngest.id.clone() });
        self.bind_user(enrolment, &name, tagged);
        enrolment.steps.push(Step::Rotate(self.start(&SecretState::default())));
    }

    /// Finishes what an enrolment that broke off has created. CreateSecret is repeated with the same
    /// token, which makes nothing new, unless the label shows that only the rotation is missing.
    fn finish(
        &self,
        enrolment: &mut Enrolment,
        secret: &SecretState,
        keys: &[AccessKey],
        tagged: Option<&str>,
    ) {
        enrolment.notes.push(format!("secret {:?} was created by an enrolment that broke off", secret.name));
        if secret.current().is_none_or(|version| version.key.is_none()) {
            return self.create(enrolment, keys, tagged);
        }
        enrolment.arn = Some(secret.arn.clone());
        enrolment.refused = self.other_secret(&enrolment.user, secret, tagged);
        self.bind_user(enrolment, &secret.name, tagged);
        enrolment.steps.push(Step::Rotate(self.start(secret)));
    }

    /// The user's tag, unless it is right already.
    pub(super) fn bind_user(&self, enrolment: &mut Enrolment, secret: &str, tagged: Option<&str>) {
        if tagged.is_none() {
            enrolment.steps.push(Step::TagUser { secret: secret.to_owned() });
        }
    }

    /// Why a user whose tag names a secret cannot be another's: only whoever may tag the user can say so.
    pub(super) fn other_secret(
        &self,
        user: &UserRef,
        secret: &SecretState,
        tagged: Option<&str>,
    ) -> Option<String> {
        let other = tagged.filter(|tagged| *tagged != secret.name && *tagged != secret.arn)?;
        Some(format!(
            "the user's tag {TAG_SECRET} names another secret, {other:?}. If the tag is out of date, remove it: \
             `aws iam untag-user --user-name {} --tag-keys {TAG_SECRET}`",
            user.name
        ))
    }

    /// An enrolled secret keeps rotating; one whose rotation is turned off is turned on again.
    pub(super) fn already(&self, enrolment: &mut Enrolment, secret: &SecretState) {
        enrolment.arn = Some(secret.arn.clone());
        if !secret.rotation_enabled {
            enrolment
                .notes
                .push(format!("secret {:?} is enrolled, and its rotation is turned off", secret.name));
            enrolment.steps.push(Step::Rotate(self.start(secret)));
        }
    }

    /// How an existing secret's rotation begins. It keeps the schedule that it has.
    pub(super) fn start(&self, secret: &SecretState) -> Start {
        let setup = self.account.config.rotation_setup().filter(|_| !secret.rotation_scheduled);
        let replaces = secret.rotation_function.clone().filter(|function| function != self.function);
        Start {
            function: Some(self.function.to_owned()),
            replaces,
            every_days: setup.map(|setup| setup.every_days),
            now: self.now,
        }
    }

    /// The command that adopts an existing secret.
    pub(super) fn naming(&self, user: &UserRef, secret: &str) -> String {
        self.session.global.command(["enroll", &user.name, "--secret", secret])
    }
}

impl Enrolment {
    /// The same user, of whom AWS would not tell.
    pub fn failed(user: UserRef, failure: &Failure) -> Self {
        Self { failed: true, ..Self::of(user).refuse(failure.words()) }
    }

    fn of(user: UserRef) -> Self {
        Self { user, arn: None, steps: Vec::new(), refused: None, notes: Vec::new(), failed: false }
    }

    fn refuse(mut self, why: impl Into<String>) -> Self {
        self.refused = Some(why.into());
        self
    }

    /// Whether anything is to be done for the user.
    pub fn changes(&self) -> bool {
        self.refused.is_none() && !self.steps.is_empty()
    }

    /// Whether nothing can be done for the user.
    pub fn is_refused(&self) -> bool {
        self.refused.is_some()
    }

    /// Prints it.
    pub fn print(&self, terminal: &mut Terminal) -> std::io::Result<()> {
        terminal.line(format!("\n  {}", self.user.name))?;
        for note in &self.notes {
            terminal.line(format!("    note: {note}"))?;
        }
        for step in self.steps.iter().filter(|_| self.refused.is_none()) {
            terminal.line(format!("    {step}"))?;
        }
        match &self.refused {
            Some(why) => terminal.line(format!("    not enrolled: {why}")),
            None if self.steps.is_empty() => terminal.line("    nothing to do: the user is enrolled"),
            None => Ok(()),
        }
    }
}
