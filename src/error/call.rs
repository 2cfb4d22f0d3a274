//! A failed call of AWS: which action, and what is known of why.
//!
//! It holds a code, a meaning and AWS's message, and nothing else of the answer: that could hold a secret.

use std::borrow::Cow;

use super::Meaning;
use super::{meaning, remedy};

/// Longest piece of AWS's own message that is kept.
pub(crate) const MESSAGE_CHARS: usize = 300;

/// A failed call: which action, and what is known of why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{action}: {detail}")]
pub struct CallError {
    /// The IAM action of the call, e.g. `iam:CreateAccessKey`.
    pub(crate) action: &'static str,
    effect: Effect,
    code: String,
    detail: String,
    meaning: Meaning,
    advice: Option<Cow<'static, str>>,
    /// What the call was about: a secret, a user, a function, a topic.
    subject: Option<String>,
}

/// What the call may have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Nothing: it was refused, or never sent.
    None,
    /// That is not known.
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
/// A connection that failed because DNS knows no such host.
pub(crate) const UNKNOWN_HOST: &str = "the connection failed: the host name is not found";
/// How the details of failures begin whose credentials could not be obtained.
const NO_CREDENTIALS: &str = "the credentials could not be obtained";

impl CallError {
    /// AWS answered with an error: its code and message, and the status of HTTP.
    pub(crate) fn answered(
        action: &'static str,
        code: Option<&str>,
        message: Option<&str>,
        status: u16,
    ) -> Self {
        let known = code.unwrap_or("unknown");
        let wrong_date = is_wrong_date(known, message.unwrap_or_default());
        let advice = if wrong_date { Some(SET_THE_CLOCK) } else { meaning::advice(known) };
        let said = match message {
            _ if wrong_date => format!(": {CLOCK}"),
            Some(_) if QUOTES_THE_REQUEST.contains(&known) => String::new(),
            Some(message) => {
                format!(": {:?}", message.chars().take(MESSAGE_CHARS).collect::<String>())
            }
            None => String::new(),
        };
        // An answer without a code is none of AWS's own words: something between may have given it.
        let meaning = match wrong_date || code.is_none() {
            true => Meaning::Passing,
            false => meaning::meaning(action, known, message.unwrap_or_default(), status),
        };
        Self {
            action,
            effect: if (400..500).contains(&status) { Effect::None } else { Effect::Unknown },
            code: known.to_owned(),
            detail: format!("{}{said}", known.escape_default()),
            meaning,
            advice: advice.map(Cow::Borrowed),
            subject: None,
        }
    }

    /// A call that AWS answered nothing to.
    pub(crate) fn without_answer(
        action: &'static str,
        effect: Effect,
        detail: impl Into<String>,
        meaning: Meaning,
    ) -> Self {
        let (code, detail) = (String::new(), detail.into());
        Self { action, effect, code, detail, meaning, advice: None, subject: None }
    }

    /// A call for which no credentials could be obtained, with what their provider said.
    pub(crate) fn without_credentials(action: &'static str, said: &str, meaning: Meaning) -> Self {
        Self::without_answer(action, Effect::None, format!("{NO_CREDENTIALS}: {said:?}"), meaning)
    }

    /// A successful answer that lacks what AWS always sends: its effect is not known.
    pub(crate) fn incomplete(action: &'static str) -> Self {
        Self::without_answer(action, Effect::Unknown, "the answer was incomplete", Meaning::Passing)
    }

    /// A successful answer that this product cannot go by, and what to do about it.
    pub(crate) fn unreadable(action: &'static str, problem: String, advice: String) -> Self {
        Self::without_answer(action, Effect::Unknown, problem, Meaning::Passing).advised(advice)
    }

    /// A call that was not made, because AWS would refuse it with this code.
    pub(crate) fn foreseen(action: &'static str, subject: &str, code: &str, why: &str) -> Self {
        let detail = format!("{}: {why}", code.escape_default());
        let meaning = meaning::meaning(action, code, why, 400);
        let unsent = Self::without_answer(action, Effect::None, detail, meaning).about(subject);
        Self { code: code.to_owned(), ..unsent }
    }

    /// What was read; `None` where AWS has no such thing.
    pub(crate) fn if_found<T>(read: Result<T, Self>) -> Result<Option<T>, Self> {
        match read {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A call that had no answer when there was no more time for it.
    pub(crate) fn unanswered(action: &'static str) -> Self {
        Self::without_answer(action, Effect::Unknown, "no answer in time", Meaning::Passing)
    }

    /// The same failure, of a call about this secret, user, function or topic.
    pub(crate) fn about(self, subject: &str) -> Self {
        Self { subject: Some(subject.to_owned()), ..self }
    }

    /// The same failure, with what to do about it.
    pub(crate) fn advised(mut self, advice: impl Into<Cow<'static, str>>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// What to do about it, where more is known than that it failed.
    pub(crate) fn advice(&self) -> Option<&Cow<'static, str>> {
        self.advice.as_ref()
    }

    /// Whether AWS refused the request's date, which says nothing of the secret.
    pub(crate) fn is_wrong_clock(&self) -> bool {
        self.advice.as_deref() == Some(SET_THE_CLOCK)
    }

    /// Whether AWS answered nothing at all.
    pub(crate) fn is_unanswered(&self) -> bool {
        self.code.is_empty() && self.effect == Effect::Unknown
    }

    /// Whether the name of AWS's host is not known.
    #[cfg(feature = "cli")]
    pub(crate) fn is_of_unknown_host(&self) -> bool {
        self.detail == UNKNOWN_HOST
    }

    /// The same failure after an earlier attempt whose effect is not known.
    pub(crate) fn after_an_unclear_attempt(self) -> Self {
        Self { effect: Effect::Unknown, ..self }
    }

    /// AWS's error code, e.g. `LimitExceeded`; empty where AWS did not answer.
    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    /// Whether the call certainly had no effect.
    pub(crate) fn is_refused(&self) -> bool {
        self.effect == Effect::None
    }

    /// Whether a permission is missing.
    pub(crate) fn is_denied(&self) -> bool {
        self.meaning == Meaning::Denied
    }

    /// Whether AWS asked to slow down.
    pub(crate) fn is_throttled(&self) -> bool {
        self.meaning == Meaning::Throttled
    }

    /// What a person must do before the same call can succeed; `None` where it may succeed without.
    pub(crate) fn remedy(&self) -> Option<String> {
        match self.meaning {
            Meaning::Refused(remedy) => Some(remedy::filled(remedy, self.subject.as_deref())),
            _ => None,
        }
    }

    /// The failure with its remedy, where there is one.
    pub(crate) fn words(&self) -> String {
        self.remedy().map_or_else(|| self.to_string(), |remedy| format!("{self}. {remedy}"))
    }

    /// Whether it lasts until a person changes something.
    pub(crate) fn is_permanent(&self) -> bool {
        matches!(self.meaning, Meaning::Denied | Meaning::Refused(_))
    }

    /// Whether the credentials for the call could not be obtained, so that it was never sent.
    pub(crate) fn is_without_credentials(&self) -> bool {
        self.code.is_empty() && self.detail.starts_with(NO_CREDENTIALS)
    }

    /// Whether it was never sent for another reason: the proxy or the endpoint is not usable.
    pub(crate) fn is_stopped_on_the_way(&self) -> bool {
        self.code.is_empty() && self.effect == Effect::None && !self.is_without_credentials()
    }

    /// Whether RotateSecret takes up a rotation that had not ended, which it says by an error
    /// ([RotateSecret](https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html)).
    pub(crate) fn is_reattempt(&self) -> bool {
        self.code == "InvalidRequestException" && self.detail.contains("will be reattempted")
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
