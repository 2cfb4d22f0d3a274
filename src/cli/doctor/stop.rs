//! Whether a function is stopped: the stop switch is its reserved concurrency.

use super::super::{Session, stopped};
use super::checks::Checks;

pub(super) async fn check(report: &mut Checks, session: &Session, area: &'static str, function: &str) {
    match stopped::is_stopped(session, function).await {
        Ok(true) => report.error(
            area,
            stopped::finding(session, function),
            "lambda:GetFunctionConcurrency: ReservedConcurrentExecutions is 0",
            format!(
                "Find out who stopped it and why; then `{}`, or `put-function-concurrency` with the number it had.",
                stopped::start(session, function)
            ),
        ),
        Ok(false) => report.ok(area, "it is not stopped: its reserved concurrency is not 0"),
        Err(error) if error.is_denied() => report.note(
            area,
            "not checked: whether it is stopped; lambda:GetFunctionConcurrency is denied to these credentials",
        ),
        // That it does not exist is said elsewhere.
        Err(error) if error.is_not_found() => {}
        Err(error) => report.not_checked(area, &error),
    }
}
