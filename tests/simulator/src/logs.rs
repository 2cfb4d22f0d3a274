//! CloudWatch Logs, as far as a search in one group.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html>,
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html>

use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::front::door::Context;
use crate::front::params::{Input, page};
use crate::front::protocol::{ApiError, Reply, Service};
use crate::front::routing::unknown_operation;

pub(crate) fn call(context: &mut Context<'_>, operation: &str, body: &Value) -> Result<Reply, ApiError> {
    match operation {
        "FilterLogEvents" => filter_log_events(context, body).map(Reply::Json),
        _ => Err(unknown_operation(Service::Logs, operation)),
    }
}

fn filter_log_events(context: &Context<'_>, body: &Value) -> Result<Value, ApiError> {
    let input = Input(body);
    let group = input.required("logGroupName")?;
    let key = (context.caller.account.clone(), context.region.to_owned(), group.to_owned());
    let lines = context.state.world.deployment.logs.get(&key).ok_or_else(|| {
        ApiError::new(400, "ResourceNotFoundException", "The specified log group does not exist.")
    })?;
    let wanted = pattern(input.text("filterPattern")?.unwrap_or_default())?;
    let since = UNIX_EPOCH + Duration::from_millis(input.number("startTime")?.unwrap_or_default());
    let found = lines.iter().enumerate().filter(|(_, (at, line))| {
        let line: Value = serde_json::from_str(line).unwrap_or_default();
        *at >= since && wanted.iter().all(|(field, value)| holds(&line[field], value))
    });
    let events = found.map(|(nth, (at, line))| {
        let at = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let at = u64::try_from(at).unwrap_or_default();
        (nth.to_string(), json!({"eventId": nth.to_string(), "message": line, "timestamp": at}))
    });
    let size = context.state.options.page_size;
    let (events, next) = page(events.collect(), input.text("nextToken")?, size)
        .ok_or_else(|| ApiError::new(400, "InvalidParameterException", "The nextToken is invalid."))?;
    let mut answer = json!({"events": events, "searchedLogStreams": []});
    if let Some(next) = next {
        answer["nextToken"] = json!(next);
    }
    Ok(answer)
}

/// `{ $.field = "value" && … }`; the value may be `*`. Other patterns are not simulated.
fn pattern(text: &str) -> Result<Vec<(String, String)>, ApiError> {
    let refused = || ApiError::new(400, "InvalidParameterException", "Invalid filter pattern.");
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let inside = text.trim().strip_prefix('{').and_then(|text| text.strip_suffix('}')).ok_or_else(refused)?;
    let test = |test: &str| {
        let (field, value) = test.split_once('=')?;
        let value = value.trim().strip_prefix('"')?.strip_suffix('"')?;
        Some((field.trim().strip_prefix("$.")?.to_owned(), value.to_owned()))
    };
    inside.split("&&").map(test).collect::<Option<_>>().ok_or_else(refused)
}

fn holds(field: &Value, wanted: &str) -> bool {
    field.as_str().is_some_and(|text| wanted == "*" || text == wanted)
}
