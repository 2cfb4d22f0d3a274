//! The stop switch: a function whose reserved concurrency is 0 is started for nobody.

use super::Session;
use crate::error::CallError;
use crate::model::Arn;

/// Whether a function is stopped.
pub(super) async fn is_stopped(session: &Session, function: &str) -> Result<bool, CallError> {
    Ok(session.aws.lambda().concurrency(function).await? == Some(0))
}

/// The rotation function and the sweep function, as far as they are known.
pub(super) fn functions(session: &Session) -> impl Iterator<Item = &str> {
    let known = [&session.config.rotation_function, &session.global.function];
    known.into_iter().flatten().map(String::as_str)
}

/// The lines of the functions that are stopped. What cannot be read is no line: `doctor` says so.
pub(super) async fn lines(session: &Session) -> Vec<String> {
    let mut lines = Vec::new();
    for function in functions(session) {
        if let Ok(true) = is_stopped(session, function).await {
            lines.push(format!(
                "{}. Start it again: `{}`.",
                finding(session, function),
                start(session, function)
            ));
        }
    }
    lines
}

/// What a stopped function means.
pub(super) fn finding(session: &Session, function: &str) -> String {
    let name = name(session, function);
    format!("STOPPED: function {name} has reserved concurrency 0, so it changes nothing")
}

/// The command that starts it again.
pub(super) fn start(session: &Session, function: &str) -> String {
    format!("aws lambda delete-function-concurrency --function-name {}", name(session, function))
}

/// A function's name; its ARN where it is another account's.
fn name<'f>(session: &Session, function: &'f str) -> &'f str {
    let own = Arn::parse(function).filter(|arn| arn.account == session.home());
    let name = own.and_then(|arn| arn.resource.strip_prefix("function:"));
    name.map_or(function, |name| name.split(':').next().unwrap_or(name))
}
