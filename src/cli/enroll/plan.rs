//! What it takes to enroll a user.

use std::fmt;

use super::super::{Failure, Terminal};
use crate::aws::RotationSetup;
use crate::model::names::{AWSPENDING, TAG_USER};
use crate::model::{AccessKey, AccessKeyId, KeyStatus, SecretState, UnknownKeys, UserRef};
use crate::plan::sweep::exemption;
use crate::sweep::{Account, Candidate};

/// A step of an enrolment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Make the secret, its policy, its tag, and the label of the key the user has.
    Create {
        /// Its name.
        name: String,
        /// The key that the first rotation supersedes.
        adopts: AccessKeyId,
    },
    /// Bind an existing secret to the user.
    Tag,
    /// Let the user read an existing secret that has no policy.
    Policy,
    /// The first rotation; with its schedule where the secret has none.
    Rotate(Option<RotationSetup>),
}

/// One user's enrolment.
#[derive(Debug)]
pub(super) struct Enrolment {
    pub user: UserRef,
    /// The secret, if there is one already.
    pub arn: Option<String>,
    pub steps: Vec<Step>,
    /// Why nothing is done.
    pub refused: Option<String>,
    /// What is worth knowing.
    pub notes: Vec<String>,
}

/// Looks at a user, and plans.
pub(super) async fn plan(
    account: &Account<'_>,
    name: &str,
    wished: Option<&str>,
    rotate: bool,
) -> Result<Enrolment, Failure> {
    let candidate = account.candidate(name).await?;
    let mut enrolment = Enrolment {
        user: candidate.user.clone(),
        arn: None,
        steps: Vec::new(),
        refused: None,
        notes: Vec::new(),
    };
    let keys = match account.iam.list_access_keys(name).await {
        Ok(keys) => keys,
        Err(error) if error.is_not_found() => return Ok(enrolment.refuse("there is no such IAM user".into())),
        Err(error) => return Err(error.into()),
    };
    let tags = account.iam.user_tags(name).await?;
    if let Some(reason) = exemption(&account.config.shared.exempt, name, candidate.in_exempt_group, &tags) {
        return Ok(enrolment.refuse(format!("the user is exempt: {reason}")));
    }
    let secret = find(account, &candidate, wished).await?;
    match (secret, wished) {
        (Found::Several, _) => {
            let others = candidate.secrets.join(", ");
            Ok(enrolment.refuse(format!("more than one secret names the user: {others}")))
        }
        (Found::One(secret), _) => {
            enrolment.take_over(account, &secret, rotate).await?;
            Ok(enrolment)
        }
        (Found::None, Some(wished)) => Ok(enrolment.refuse(format!("there is no secret {wished:?}"))),
        (Found::None, None) => Ok(enrolment.create(account, &keys, rotate)),
    }
}

enum Found {
    None,
    One(Box<SecretState>),
    Several,
}

async fn find(account: &Account<'_>, candidate: &Candidate, wished: Option<&str>) -> Result<Found, Failure> {
    let by_name = account.config.shared.secret_name_of(&candidate.user);
    let id = match (wished, candidate.secrets.as_slice()) {
        (Some(wished), _) => wished,
        (None, []) => &by_name,
        (None, [only]) => only,
        (None, _) => return Ok(Found::Several),
    };
    match account.secrets.describe(id).await {
        Ok(secret) => {
            let rivals = candidate.secrets.iter().any(|arn| *arn != secret.arn);
            Ok(if rivals { Found::Several } else { Found::One(Box::new(secret)) })
        }
        Err(error) if error.is_not_found() => Ok(Found::None),
        Err(error) => Err(error.into()),
    }
}

impl Enrolment {
    fn refuse(mut self, why: String) -> Self {
        self.refused = Some(why);
        self
    }

    /// Whether nothing can be done for the user.
    pub fn is_refused(&self) -> bool {
        self.refused.is_some()
    }

    /// Which of two active keys is in use cannot be told, and a third cannot be made.
    fn create(mut self, account: &Account<'_>, keys: &[AccessKey], rotate: bool) -> Self {
        let mut active: Vec<&AccessKey> = keys.iter().filter(|key| key.status == KeyStatus::Active).collect();
        active.sort_by_key(|key| key.created);
        let policy = account.config.shared.policy;
        let Some(youngest) = active.last() else {
            return self.refuse("the user has no active key, so nobody waits for one".into());
        };
        if active.len() > 1 && policy.unknown_keys != UnknownKeys::DeleteOldest {
            let ids: Vec<String> = active.iter().map(|key| key.id.to_string()).collect();
            return self.refuse(format!(
                "{} are both active: deactivate the one that is not in use",
                ids.join(" and ")
            ));
        }
        let name = account.config.shared.secret_name_of(&self.user);
        self.steps.push(Step::Create { name, adopts: youngest.id.clone() });
        if rotate {
            self.steps.push(Step::Rotate(account.config.rotation_setup()));
        }
        self
    }

    /// An existing secret keeps its value, its policy, its function and its schedule.
    async fn take_over(
        &mut self,
        account: &Account<'_>,
        secret: &SecretState,
        rotate: bool,
    ) -> Result<(), Failure> {
        self.arn = Some(secret.arn.clone());
        if let Some(at) = secret.deleted {
            self.refused = Some(format!("secret {} is scheduled for deletion ({at})", secret.arn));
            return Ok(());
        }
        let (partition, _, home) = secret.home();
        match secret.tags.get(TAG_USER).map(|tag| UserRef::parse(tag, partition, home)) {
            None => self.steps.push(Step::Tag),
            Some(Ok(user)) if self.user.is(&user.arn()) => {}
            Some(_) => {
                self.refused = Some(format!("secret {} is tagged as another user's", secret.arn));
                return Ok(());
            }
        }
        match account.secrets.policy(&secret.arn).await? {
            None => self.steps.push(Step::Policy),
            Some(_) => self.notes.push("its resource policy stays as it is".into()),
        }
        if rotate && secret.staged(AWSPENDING).is_none_or(|version| version.has("AWSCURRENT")) {
            match &secret.rotation_function {
                Some(function) => {
                    if Some(function) != account.config.rotation_function.as_ref() {
                        self.notes.push(format!("it goes on being rotated by {function}"));
                    }
                    if secret.last_rotated.is_none() || !self.steps.is_empty() {
                        self.steps.push(Step::Rotate(None));
                    }
                }
                None => self.steps.push(Step::Rotate(account.config.rotation_setup())),
            }
        }
        if !self.steps.is_empty() {
            self.notes.push(
                "its value keeps its shape; which key it holds is labelled by the first rotation".into(),
            );
        }
        Ok(())
    }

    /// Prints it.
    pub fn print(&self, terminal: &mut Terminal) -> std::io::Result<()> {
        terminal.line(format!("\n  {}", self.user.name))?;
        for step in &self.steps {
            terminal.line(format!("    {step}"))?;
        }
        for note in &self.notes {
            terminal.line(format!("    note: {note}"))?;
        }
        match &self.refused {
            Some(why) => terminal.line(format!("    not enrolled: {why}")),
            None if self.steps.is_empty() => terminal.line("    nothing to do: the user is enrolled"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create { name, adopts } => {
                write!(
                    f,
                    "create secret {name:?}, which the user may read, whose first rotation supersedes {adopts}"
                )
            }
            Self::Tag => write!(f, "tag the secret {TAG_USER}"),
            Self::Policy => f.write_str("give the secret a policy: the user may read it"),
            Self::Rotate(Some(setup)) => {
                write!(
                    f,
                    "rotate it now, and then every {} days, with {}",
                    setup.every_days, setup.function_arn
                )
            }
            Self::Rotate(None) => f.write_str("rotate it now"),
        }
    }
}
