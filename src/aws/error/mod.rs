//! What a failed call means.
//!
//! The SDK's own errors hold the raw answer, and with it whatever it carried: the Debug output of
//! an unreadable CreateAccessKey answer would print the new secret. So they end here, and only a
//! code, a kind and AWS's message go on.

mod meaning;
mod provider;
pub(super) mod remedy;

use std::borrow::Cow;
use std::error::Error as _;

use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::http::proxy;

pub(super) use meaning::Meaning;

/// Longest piece of AWS's own message that is kept.
const MESSAGE_CHARS: usize = 300;

/// A failed call: which action, and what is known of why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{action}: {detail}")]
pub struct CallError {
    /// The IAM action of the call, e.g. `iam:CreateAccessKey`.
    pub action: &'static str,
    kind: Kind,
    code: String,
    detail: String,
    meaning: Meaning,
    advice: Option<Cow<'static, str>>,
    /// What the call was about: a secret, a user, a function, a topic.
    subject: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// AWS refused it, so it had no effect.
    Refused,
    /// Whether it had an effect is not known.
    Unknown,
}

/// Codes that say that the request's date is wrong.
const WRONG_DATE: [&str; 2] = ["RequestExpired", "RequestTimeTooSkewed"];
/// How the messages of [`QUOTES_THE_REQUEST`] begin where the date is wrong, and not the secret
/// ([troubleshooting](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html)).
const WRONG_DATE_WORDS: [&str; 2] = ["signature expired", "signature not yet current"];
const CLOCK: &str = "this machine's clock differs from AWS's by several minutes";
const SET_THE_CLOCK: &str = "This machine's clock differs from AWS's by several minutes, so AWS refuses each request before it checks the secret. Synchronize the clock (NTP; in a container or virtual machine, the host's), then run it again.";
/// AWS quotes the signed request back in these messages, session token included.
const QUOTES_THE_REQUEST: [&str; 3] =
    ["SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature"];

impl CallError {
    pub(super) fn new<E: ProvideErrorMetadata + std::error::Error + 'static>(
        action: &'static str,
        error: &SdkError<E, HttpResponse>,
    ) -> Self {
        if let Some(refusal) = refused_role(error) {
            return Self::new("sts:AssumeRole", refusal);
        }
        if let Some(failure) = provider::failure(error) {
            return failure.of(action);
        }
        if let Some(failure) = proxy::failure(error) {
            let unsent = Self::unsent(action, failure.to_string(), failure.meaning());
            // A connection that breaks may break after the request went through.
            let kind = if unsent.is_permanent() { Kind::Refused } else { Kind::Unknown };
            return Self { kind, ..unsent };
        }
        let passing = Meaning::Passing;
        let (kind, detail, meaning) = match error {
            SdkError::ServiceError(context) => return Self::answered(action, context.err(), context.raw()),
            SdkError::ConstructionFailure(_) => {
                (Kind::Refused, "the request could not be built", Meaning::Refused(remedy::UNBUILT))
            }
            SdkError::TimeoutError(_) => (Kind::Unknown, "no answer in time", passing),
            SdkError::DispatchFailure(failure) if failure.is_timeout() => {
                (Kind::Unknown, "no answer in time", passing)
            }
            SdkError::DispatchFailure(failure) if failure.is_user() => (
                Kind::Refused,
                "the request could not be sent: endpoint or credentials are not usable",
                Meaning::Refused(remedy::ENDPOINT),
            ),
            SdkError::DispatchFailure(_) => (Kind::Unknown, "the connection failed", passing),
            SdkError::ResponseError(_) => (Kind::Unknown, "the answer could not be read", passing),
            _ => (Kind::Unknown, "it failed in a way the SDK does not tell", passing),
        };
        Self { kind, meaning, ..Self::without_code(action, detail.to_owned(), None) }
    }

    /// AWS answered, and not with a success.
    fn answered<E: ProvideErrorMetadata>(action: &'static str, error: &E, raw: &HttpResponse) -> Self {
        let (code, message) = (error.code().unwrap_or("unknown"), error.message());
        let wrong_date = is_wrong_date(code, message.unwrap_or_default());
        let advice = if wrong_date { Some(SET_THE_CLOCK) } else { meaning::advice(code) };
        let said = match message {
            _ if wrong_date => format!(": {CLOCK}"),
            Some(_) if QUOTES_THE_REQUEST.contains(&code) => String::new(),
            Some(message) => {
                format!(": {:?}", message.chars().take(MESSAGE_CHARS).collect::<String>())
            }
            None => String::new(),
        };
        let status = raw.status();
        // An answer without a code is none of AWS's own words: something between may have given it.
        let meaning = match wrong_date || error.code().is_none() {
            true => Meaning::Passing,
            false => meaning::meaning(action, code, message.unwrap_or_default(), status.as_u16()),
        };
        Self {
            action,
            kind: if status.is_client_error() { Kind::Refused } else { Kind::Unknown },
            code: code.to_owned(),
            detail: format!("{}{said}", code.escape_default()),
            meaning,
            advice: advice.map(Cow::Borrowed),
            subject: None,
        }
    }

    /// A call that was never sent.
    fn unsent(action: &'static str, detail: String, meaning: Meaning) -> Self {
        Self { kind: Kind::Refused, meaning, ..Self::without_code(action, detail, None) }
    }

    /// A successful answer that lacks what AWS always sends: its effect is not known.
    pub(super) fn incomplete(action: &'static str) -> Self {
        Self::without_code(action, "the answer was incomplete".into(), None)
    }

    /// A successful answer that this product cannot go by, and what to do about it.
    pub(super) fn unreadable(action: &'static str, problem: String, advice: String) -> Self {
        Self::without_code(action, problem, Some(advice.into()))
    }

    /// A call that was not made, because AWS would refuse it with this code.
    pub(crate) fn foreseen(action: &'static str, subject: &str, code: &str, why: &str) -> Self {
        let detail = format!("{}: {why}", code.escape_default());
        let meaning = meaning::meaning(action, code, why, 400);
        let unsent = Self::unsent(action, detail, meaning).about(subject);
        Self { code: code.to_owned(), ..unsent }
    }

    /// A call that had no answer when there was no more time for it.
    pub(crate) fn unanswered(action: &'static str) -> Self {
        Self::without_code(action, "no answer in time".into(), None)
    }

    fn without_code(action: &'static str, detail: String, advice: Option<Cow<'static, str>>) -> Self {
        let (kind, meaning) = (Kind::Unknown, Meaning::Passing);
        Self { action, kind, code: String::new(), detail, meaning, advice, subject: None }
    }

    /// The same failure, of a call about this secret, user, function or topic.
    pub(super) fn about(self, subject: &str) -> Self {
        Self { subject: Some(subject.to_owned()), ..self }
    }

    /// The same failure, with what to do about it.
    pub(crate) fn advised(mut self, advice: impl Into<Cow<'static, str>>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// What to do about it, where more is known than that it failed.
    pub fn advice(&self) -> Option<&Cow<'static, str>> {
        self.advice.as_ref()
    }

    /// Whether AWS refused the request's date, which says nothing of the secret.
    pub fn is_wrong_clock(&self) -> bool {
        self.advice.as_deref() == Some(SET_THE_CLOCK)
    }

    /// Whether AWS answered nothing at all.
    pub fn is_unanswered(&self) -> bool {
        self.code.is_empty() && self.kind == Kind::Unknown
    }

    /// The same failure after an earlier attempt whose effect is not known.
    pub(super) fn after_an_unclear_attempt(self) -> Self {
        Self { kind: Kind::Unknown, ..self }
    }

    /// AWS's error code, e.g. `LimitExceeded`; empty where AWS did not answer.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Whether the call certainly had no effect.
    pub fn is_refused(&self) -> bool {
        self.kind == Kind::Refused
    }

    /// Whether a permission is missing.
    pub fn is_denied(&self) -> bool {
        self.meaning == Meaning::Denied
    }

    /// Whether AWS asked to slow down.
    pub fn is_throttled(&self) -> bool {
        self.meaning == Meaning::Throttled
    }

    /// What a person must do before the same call can succeed; `None` where it may succeed without.
    pub fn remedy(&self) -> Option<String> {
        match self.meaning {
            Meaning::Refused(remedy) => Some(remedy::filled(remedy, self.subject.as_deref())),
            _ => None,
        }
    }

    /// The failure with its remedy, where there is one.
    pub fn words(&self) -> String {
        self.remedy().map_or_else(|| self.to_string(), |remedy| format!("{self}. {remedy}"))
    }

    /// Whether it lasts until a person changes something.
    pub fn is_permanent(&self) -> bool {
        matches!(self.meaning, Meaning::Denied | Meaning::Refused(_))
    }

    /// Whether the credentials for the call could not be obtained, so that it was never sent.
    pub fn is_without_credentials(&self) -> bool {
        self.code.is_empty() && self.detail.starts_with(provider::NO_CREDENTIALS)
    }

    /// Whether it was never sent for another reason: the proxy or the endpoint is not usable.
    pub fn is_stopped_on_the_way(&self) -> bool {
        self.code.is_empty() && self.kind == Kind::Refused && !self.is_without_credentials()
    }

    /// Whether RotateSecret takes up a rotation that had not ended, which it says by an error
    /// ([RotateSecret](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html)).
    pub fn is_reattempt(&self) -> bool {
        self.code == "InvalidRequestException" && self.detail.contains("will be reattempted")
    }

    /// Whether something of that name is there already.
    pub fn is_taken(&self) -> bool {
        self.code == "ResourceExistsException"
    }

    /// Whether the thing asked for does not exist.
    pub fn is_not_found(&self) -> bool {
        ["ResourceNotFoundException", "NoSuchEntity", "NotFoundException", "NotFound"]
            .contains(&self.code.as_str())
    }
}

fn is_wrong_date(code: &str, message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    WRONG_DATE.contains(&code)
        || (QUOTES_THE_REQUEST.contains(&code)
            && WRONG_DATE_WORDS.iter().any(|words| message.starts_with(words)))
}

/// Why the role that a call was to be made under could not be assumed. The SDK tells it as a
/// connection that failed, which it is not: the role, its trust or the ExternalId is at fault.
fn refused_role<E: std::error::Error + 'static>(
    error: &SdkError<E, HttpResponse>,
) -> Option<&SdkError<AssumeRoleError, HttpResponse>> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(refusal) = error.downcast_ref() {
            return Some(refusal);
        }
        cause = error.source();
    }
    None
}
