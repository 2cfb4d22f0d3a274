//! When a secret is due.
//!
//! <https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html>

use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::front::params::Input;
use crate::front::protocol::ApiError;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);
/// "You can rotate a secret as often as every four hours."
const SHORTEST_RATE: Duration = Duration::from_secs(4 * 3600);

/// Refuses rules that AWS refuses.
pub(crate) fn check(rules: &Value) -> Result<(), ApiError> {
    let invalid = |message: &str| ApiError::new(400, "InvalidParameterException", message);
    let input = Input(rules);
    let days = input.number("AutomaticallyAfterDays")?;
    let expression = input.text("ScheduleExpression")?;
    if days.is_some() && expression.is_some() {
        return Err(invalid("You can't specify both AutomaticallyAfterDays and ScheduleExpression."));
    }
    if days.is_some_and(|days| !(1..=1000).contains(&days)) {
        return Err(invalid("AutomaticallyAfterDays must be between 1 and 1000."));
    }
    let Some(expression) = expression else {
        return Ok(());
    };
    if expression.starts_with("cron(") && expression.ends_with(')') {
        return Ok(());
    }
    match rate(expression) {
        Some(rate) if rate >= SHORTEST_RATE => Ok(()),
        Some(_) => Err(invalid("You can rotate a secret every four hours at most.")),
        None => Err(invalid("The ScheduleExpression is invalid.")),
    }
}

/// The next due time after the last rotation. `cron()` is stored, not computed: such a secret is
/// never due by itself here.
pub(crate) fn next(rules: Option<&Value>, last: SystemTime, now: SystemTime) -> Option<SystemTime> {
    let rules = rules?;
    let every = match rules["AutomaticallyAfterDays"].as_u64() {
        Some(days) => DAY * u32::try_from(days).ok()?,
        None => rate(rules["ScheduleExpression"].as_str()?)?,
    };
    Some((last + every).max(now))
}

fn rate(expression: &str) -> Option<Duration> {
    let inner = expression.strip_prefix("rate(")?.strip_suffix(')')?;
    let (number, unit) = inner.split_once(' ')?;
    let number: u32 = number.parse().ok()?;
    match unit {
        "hour" | "hours" => Some(HOUR * number),
        "day" | "days" => Some(DAY * number),
        _ => None,
    }
}
