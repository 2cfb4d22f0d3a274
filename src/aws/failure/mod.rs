//! The SDK's errors become [`CallError`]s.
//!
//! The SDK's own errors hold the raw answer, and with it whatever it carried: the Debug output of
//! an unreadable CreateAccessKey answer would print the new secret. So they end here.

mod provider;

use std::error::Error as _;

use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::http::proxy;
use crate::error::{CallError, Effect, Meaning, UNKNOWN_HOST, remedy};

/// What a call of an action failed with.
pub(super) fn failed<E: ProvideErrorMetadata + std::error::Error + 'static>(
    action: &'static str,
    error: &SdkError<E, HttpResponse>,
) -> CallError {
    if let Some(refusal) = refused_role(error) {
        return failed("sts:AssumeRole", refusal);
    }
    if let Some(failure) = provider::failure(error) {
        return failure.of(action);
    }
    if let Some(failure) = proxy::failure(error) {
        let meaning = failure.meaning();
        // A connection that breaks may break after the request went through.
        let effect = if meaning == Meaning::Passing { Effect::Unknown } else { Effect::None };
        return CallError::without_answer(action, effect, failure.to_string(), meaning);
    }
    let passing = Meaning::Passing;
    let (effect, detail, meaning) = match error {
        SdkError::ServiceError(context) => {
            let (error, status) = (context.err(), context.raw().status().as_u16());
            return CallError::answered(action, error.code(), error.message(), status);
        }
        SdkError::ConstructionFailure(_) => {
            (Effect::None, "the request could not be built", Meaning::Refused(remedy::UNBUILT))
        }
        SdkError::TimeoutError(_) => (Effect::Unknown, "no answer in time", passing),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => {
            (Effect::Unknown, "no answer in time", passing)
        }
        SdkError::DispatchFailure(failure) if failure.is_user() => (
            Effect::None,
            "the request could not be sent: endpoint or credentials are not usable",
            Meaning::Refused(remedy::ENDPOINT),
        ),
        SdkError::DispatchFailure(_) => (Effect::Unknown, connection_failure(error), passing),
        SdkError::ResponseError(_) => (Effect::Unknown, "the answer could not be read", passing),
        _ => (Effect::Unknown, "it failed in a way the SDK does not tell", passing),
    };
    CallError::without_answer(action, effect, detail, meaning)
}

/// Why a connection failed, in our own words: those of the libraries below may quote what was sent.
fn connection_failure<E: std::error::Error + 'static>(error: &SdkError<E, HttpResponse>) -> &'static str {
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string().to_ascii_lowercase();
        // The resolver's failure has no type that could be asked for.
        if said.contains("dns error") || said.contains("failed to lookup address") {
            return UNKNOWN_HOST;
        }
        if said.contains("certificate") {
            return "the connection failed: the server's TLS certificate is not trusted";
        }
        if let Some(error) = error.downcast_ref::<std::io::Error>()
            && error.kind() == std::io::ErrorKind::ConnectionRefused
        {
            return "the connection failed: it was refused";
        }
        cause = error.source();
    }
    "the connection failed"
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
