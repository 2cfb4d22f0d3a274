//! What a failed call means.
//!
//! The SDK's own errors hold the raw answer, and with it whatever it carried: the Debug output of
//! an unreadable CreateAccessKey answer would print the new secret. So they end here, and only a
//! code, a kind and AWS's message go on.

use std::error::Error as _;

use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// AWS refused it, so it had no effect.
    Refused,
    /// Whether it had an effect is not known.
    Unknown,
}

const DENIED: [&str; 5] = [
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "AuthorizationErrorException",
    "UnauthorizedOperation",
];
const THROTTLED: [&str; 9] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "Throttled",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "SlowDown",
];
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
        let (kind, code, detail) = match error {
            SdkError::ServiceError(context) => {
                let (code, message) = (context.err().code().unwrap_or("unknown"), context.err().message());
                let refused = context.raw().status().is_client_error();
                let message = match message {
                    Some(_) if QUOTES_THE_REQUEST.contains(&code) => String::new(),
                    Some(message) => {
                        format!(": {:?}", message.chars().take(MESSAGE_CHARS).collect::<String>())
                    }
                    None => String::new(),
                };
                let kind = if refused { Kind::Refused } else { Kind::Unknown };
                (kind, code, format!("{}{message}", code.escape_default()))
            }
            SdkError::ConstructionFailure(_) => (Kind::Refused, "", "the request could not be built".into()),
            SdkError::TimeoutError(_) => (Kind::Unknown, "", "no answer in time".into()),
            SdkError::DispatchFailure(failure) if failure.is_timeout() => {
                (Kind::Unknown, "", "no answer in time".into())
            }
            SdkError::DispatchFailure(failure) if failure.is_user() => (
                Kind::Refused,
                "",
                "the request could not be sent: endpoint or credentials are not usable".into(),
            ),
            SdkError::DispatchFailure(_) => (Kind::Unknown, "", "the connection failed".into()),
            SdkError::ResponseError(_) => (Kind::Unknown, "", "the answer could not be read".into()),
            _ => (Kind::Unknown, "", "it failed in a way the SDK does not tell".into()),
        };
        Self { action, kind, code: code.to_owned(), detail }
    }

    /// A successful answer that lacks what AWS always sends: its effect is not known.
    pub(super) fn incomplete(action: &'static str) -> Self {
        Self { action, kind: Kind::Unknown, code: String::new(), detail: "the answer was incomplete".into() }
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
        DENIED.contains(&self.code.as_str())
    }

    /// Whether AWS asked to slow down.
    pub fn is_throttled(&self) -> bool {
        THROTTLED.contains(&self.code.as_str())
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
