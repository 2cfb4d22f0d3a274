//! Why an invocation failed. Each variant is an `errorType`; metric filters and the runbook rely
//! on their names.
//!
//! A message says what was found, what was left untouched and what to do. It may hold ARNs, user
//! names and key ids; never a secret. Text that somebody else chose is quoted with `{:?}`, which
//! escapes what could forge a log line.

mod call;
mod meaning;
pub(crate) mod remedy;

use std::borrow::Cow;

use crate::model::{AccessKeyId, DocumentError, UserRef};

pub(crate) use call::CallError;
pub(crate) use call::{Effect, MESSAGE_CHARS, UNKNOWN_HOST};
pub(crate) use meaning::Meaning;

/// What to do about a failure of which nothing more is known.
const TRIED_AGAIN: &str = "It is tried again by itself, and each attempt begins by looking at what is there.";

/// Whose permission a Lambda function lacks.
const FUNCTION_ROLE: &str = "the function's role (or the member role)";
/// Whose permission a command lacks; AWS's own message names the ARN.
#[cfg(feature = "cli")]
const OPERATOR: &str =
    "the identity that runs this command, which the cause names (with --account, the member role)";

/// What to do where AWS asks to slow down.
const SLOW_DOWN: &str = "It is tried again by itself; if it goes on, spread the schedules.";

/// The result of everything that can fail an invocation.
pub(crate) type Result<T> = std::result::Result<T, Error>;

/// Why an invocation failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The event is not one of ours.
    #[error("The event's `{field}` {problem}; nothing was touched. {remedy}")]
    InvalidEvent {
        /// The field at fault.
        field: Cow<'static, str>,
        /// What is wrong with it.
        problem: String,
        /// What to send instead.
        remedy: &'static str,
    },
    /// A setting cannot be read.
    #[error("`{name}` {problem}; nothing was touched. Expected: {expected}.")]
    InvalidConfig {
        /// The environment variable or secret tag.
        name: String,
        /// What is wrong with it.
        problem: String,
        /// What would be right.
        expected: Cow<'static, str>,
    },
    /// The secret has rotation turned off.
    #[error(
        "Rotation is turned off for {secret}; nothing was touched. Turn it on with `aws secretsmanager rotate-secret --rotation-lambda-arn …`."
    )]
    RotationNotEnabled {
        /// The secret's ARN.
        secret: String,
    },
    /// The token is not the version being rotated to.
    #[error(
        "Version {token} of {secret} {problem}; nothing was touched. Start a new rotation with `aws secretsmanager rotate-secret`."
    )]
    VersionNotStaged {
        /// The secret's ARN.
        secret: String,
        /// The ClientRequestToken.
        token: String,
        /// What was found.
        problem: &'static str,
    },
    /// The value is not one that can be rotated.
    #[error(
        "Secret {secret} cannot be rotated: {problem}. Nothing was touched. {}",
        problem.remedy()
    )]
    SecretMalformed {
        /// The secret's ARN.
        secret: String,
        /// What is wrong with it.
        problem: DocumentError,
    },
    /// Nothing tells whose keys the secret holds.
    #[error(
        "Secret {secret} {problem}; nothing was touched. Tag it `iam-key-rotator:user` with the name of its IAM user."
    )]
    UserUnknown {
        /// The secret's ARN.
        secret: String,
        /// What was looked for.
        problem: String,
    },
    /// Two sources disagree on whose keys the secret holds.
    #[error("Secret {secret} names user {user}, but {problem}; nothing was changed. {remedy}")]
    UserMismatch {
        /// The secret's ARN.
        secret: String,
        /// The user it names.
        user: UserRef,
        /// What disagrees.
        problem: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// The user is exempt from rotation.
    #[error(
        "User {user} of secret {secret} is exempt from rotation ({reason}), so no key was created; nothing was changed. Turn the secret's rotation off (`aws secretsmanager cancel-rotate-secret --secret-id {secret}`), or end the exemption."
    )]
    UserExempt {
        /// The secret's ARN.
        secret: String,
        /// The user.
        user: UserRef,
        /// Why it is exempt.
        reason: String,
    },
    /// Another secret may hold a key that was to be taken away.
    #[error(
        "Key {key} of user {user} was left as it is: AWSCURRENT of secret {other} may hold it, so its consumers may use it. {remedy}"
    )]
    SecretConflict {
        /// The key.
        key: AccessKeyId,
        /// The user.
        user: UserRef,
        /// The other secret's ARN.
        other: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// A key that may not be removed fills the two-key limit.
    #[error(
        "User {user} has two access keys and {key} may not be removed: {problem}. Nothing was touched. {remedy}"
    )]
    KeyLimit {
        /// The user.
        user: UserRef,
        /// The key in the way.
        key: AccessKeyId,
        /// Its state, age and last use, and why it stays.
        problem: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// The new key was refused for good.
    #[error("New key {key} of user {user} {problem}. AWSCURRENT and the key in it are untouched. {remedy}")]
    CredentialRejected {
        /// The key.
        key: AccessKeyId,
        /// The user.
        user: UserRef,
        /// What was found.
        problem: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// AWS did not accept the new key in time.
    #[error(
        "New key {key} was still refused by STS in {region} after {waited}. AWSCURRENT and the key in it are untouched. {remedy}"
    )]
    NotPropagated {
        /// The key.
        key: AccessKeyId,
        /// Where it is refused.
        region: String,
        /// For how long it was tried.
        waited: String,
        /// What may be the cause, and what to do about it.
        remedy: Cow<'static, str>,
    },
    /// A permission is missing.
    #[error(
        "Access to {action} was denied{after}. Grant it to {whom}, and check that no policy of the organization, the secret or the KMS key denies it."
    )]
    AccessDenied {
        /// The IAM action.
        action: &'static str,
        /// Whose permission it is.
        whom: &'static str,
        /// What had been done by then.
        after: Cow<'static, str>,
        /// What AWS said.
        source: CallError,
    },
    /// AWS asked to slow down, and retries did not help.
    #[error("{action} was throttled{after}. {remedy}")]
    Throttled {
        /// The IAM action.
        action: &'static str,
        /// What had been done by then.
        after: Cow<'static, str>,
        /// What to do about it.
        remedy: &'static str,
        /// What AWS said.
        source: CallError,
    },
    /// AWS refuses, until a person changes something.
    #[error("AWS refuses {action}{after}. {remedy}")]
    Refused {
        /// The IAM action.
        action: &'static str,
        /// What had been done by then.
        after: Cow<'static, str>,
        /// What to do about it.
        remedy: String,
        /// What AWS said.
        source: CallError,
    },
    /// The world moved while a plan was carried out.
    #[error(
        "The plan no longer fits: {problem}. Nothing more was touched. This is safe to retry, and Secrets Manager does."
    )]
    PlanChanged {
        /// What moved.
        problem: String,
    },
    /// Too little time is left to do something safely.
    #[error(
        "The invocation's time is too short: {problem}. The retry begins by looking at what is there; if this goes on, raise the function's timeout."
    )]
    DeadlineTooShort {
        /// What did not fit.
        problem: String,
    },
    /// What only an alert tells could not be told.
    #[error(
        "The alert of an exposed key could not be sent. What was done for the key stays done; the event is repeated, which sends the alert. The log has what AWS said."
    )]
    AlertNotSent,
    /// A defect of this product: a panic, which its own code and that of its libraries should never do.
    #[error(
        "A defect in iam-key-rotator ended the work at {place}. What was done before stays done; the next attempt reads the current state and resumes."
    )]
    Internal {
        /// The file and line.
        place: String,
    },
    /// AWS did not answer, or answered something else than expected.
    #[error("{action} failed{after}. {remedy}")]
    ServiceUnavailable {
        /// The IAM action.
        action: &'static str,
        /// What had been done by then.
        after: Cow<'static, str>,
        /// What to do about it.
        remedy: Cow<'static, str>,
        /// What AWS said.
        source: CallError,
    },
}

impl Error {
    /// The stable name of this error: the invocation's `errorType`.
    pub fn error_type(&self) -> &'static str {
        match self {
            Self::InvalidEvent { .. } => "InvalidEvent",
            Self::InvalidConfig { .. } => "InvalidConfig",
            Self::RotationNotEnabled { .. } => "RotationNotEnabled",
            Self::VersionNotStaged { .. } => "VersionNotStaged",
            Self::SecretMalformed { .. } => "SecretMalformed",
            Self::UserUnknown { .. } => "UserUnknown",
            Self::UserMismatch { .. } => "UserMismatch",
            Self::UserExempt { .. } => "UserExempt",
            Self::SecretConflict { .. } => "SecretConflict",
            Self::KeyLimit { .. } => "KeyLimit",
            Self::CredentialRejected { .. } => "CredentialRejected",
            Self::NotPropagated { .. } => "NotPropagated",
            Self::AccessDenied { .. } => "AccessDenied",
            Self::Throttled { .. } => "Throttled",
            Self::Refused { .. } => "Refused",
            Self::PlanChanged { .. } => "PlanChanged",
            Self::DeadlineTooShort { .. } => "DeadlineTooShort",
            Self::AlertNotSent => "AlertNotSent",
            Self::Internal { .. } => "Internal",
            Self::ServiceUnavailable { .. } => "ServiceUnavailable",
        }
    }

    /// The key this error is about, if it is about one.
    pub(crate) fn key(&self) -> Option<&AccessKeyId> {
        match self {
            Self::KeyLimit { key, .. }
            | Self::SecretConflict { key, .. }
            | Self::CredentialRejected { key, .. }
            | Self::NotPropagated { key, .. } => Some(key),
            _ => None,
        }
    }

    /// The user this error is about, if it is about one.
    pub(crate) fn user(&self) -> Option<&UserRef> {
        match self {
            Self::UserMismatch { user, .. }
            | Self::UserExempt { user, .. }
            | Self::SecretConflict { user, .. }
            | Self::KeyLimit { user, .. }
            | Self::CredentialRejected { user, .. } => Some(user),
            _ => None,
        }
    }

    /// Who must act: Secrets Manager by itself, or a person.
    pub(crate) fn next_steps(&self) -> &'static str {
        match self {
            Self::NotPropagated { .. }
            | Self::Throttled { .. }
            | Self::PlanChanged { .. }
            | Self::DeadlineTooShort { .. }
            | Self::AlertNotSent
            | Self::ServiceUnavailable { .. } => {
                "Nothing yet: Secrets Manager repeats the rotation by itself, and repeating it is safe. Act if this alert comes back for the same secret."
            }
            Self::Internal { .. } => {
                "Report it with the place that the reason names and the version of iam-key-rotator. The current key still works. If this alert comes back for the same secret, cancel its rotation (`aws secretsmanager cancel-rotate-secret`) until the defect is fixed."
            }
            Self::Refused { .. } => {
                "Act now: this does not pass by itself. The rotation stays stopped until you do what the reason says; the current key goes on working. Then run `aws secretsmanager rotate-secret --secret-id` with this secret."
            }
            Self::InvalidEvent { .. } => {
                "Find who invokes the function with such an event; no secret is affected."
            }
            Self::UserExempt { .. } => {
                "Turn the secret's rotation off, or end the user's exemption. Until then each scheduled rotation ends the same way; it is reported once a year."
            }
            Self::SecretConflict { .. } => {
                "Decide which secret holds this user's keys, and move the consumers of the other one to it. The key is kept until then."
            }
            _ => {
                "The rotation stays stopped until this is put right; the current key goes on working. Then run `aws secretsmanager rotate-secret --secret-id` with this secret."
            }
        }
    }

    /// The same failure where a person waits for the command, which nothing repeats by itself.
    #[cfg(feature = "cli")]
    pub(crate) fn of_a_command(self) -> Self {
        const AGAIN: &str = "Run the command again: it begins by reading the current state.";
        match self {
            Self::ServiceUnavailable { action, after, remedy, source } if remedy == TRIED_AGAIN => {
                Self::ServiceUnavailable { action, after, remedy: AGAIN.into(), source }
            }
            Self::Throttled { action, after, source, .. } => Self::Throttled {
                action,
                after,
                remedy: "Wait a minute, then run the command again.",
                source,
            },
            Self::AccessDenied { action, after, source, .. } => {
                Self::AccessDenied { action, whom: OPERATOR, after, source }
            }
            other => other,
        }
    }

    /// Whether a read that lags behind may be all there is to it, so that looking again helps.
    pub(crate) fn may_be_lag(&self) -> bool {
        match self {
            Self::RotationNotEnabled { .. } | Self::VersionNotStaged { .. } | Self::PlanChanged { .. } => {
                true
            }
            Self::InvalidEvent { field, .. } => field == "SecretId",
            _ => false,
        }
    }

    /// Whether it stands until a person changes something that the rotation function cannot see change,
    /// so that it is reported once and not at every schedule.
    pub(crate) fn is_reported_once(&self) -> bool {
        matches!(self, Self::UserExempt { .. })
    }

    /// The error with all its sources, each said once.
    pub(crate) fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            text.push_str(" Cause: ");
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        text
    }

    /// The same failure, saying what had already been done when it struck.
    pub(crate) fn after(mut self, done: impl Into<Cow<'static, str>>) -> Self {
        if let Self::AccessDenied { after, .. }
        | Self::Throttled { after, .. }
        | Self::Refused { after, .. }
        | Self::ServiceUnavailable { after, .. } = &mut self
        {
            *after = done.into();
        }
        self
    }
}

/// A failed call, where its failure has no meaning of its own to the step.
impl From<CallError> for Error {
    fn from(source: CallError) -> Self {
        let (action, after) = (source.action, Cow::Borrowed(""));
        if source.is_denied() {
            Self::AccessDenied { action, whom: FUNCTION_ROLE, after, source }
        } else if source.is_throttled() {
            Self::Throttled { action, after, remedy: SLOW_DOWN, source }
        } else if let Some(remedy) = source.remedy() {
            Self::Refused { action, after, remedy, source }
        } else {
            let remedy = source.advice().cloned().unwrap_or(Cow::Borrowed(TRIED_AGAIN));
            Self::ServiceUnavailable { action, after, remedy, source }
        }
    }
}
