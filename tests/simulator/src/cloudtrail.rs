//! CloudTrail's event history, as far as Secrets Manager's own events of rotations.
//!
//! <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html>,
//! <https://docs.aws.amazon.com/secretsmanager/latest/userguide/cloudtrail_log_entries.html>

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::clock::iso;
use crate::front::door::Context;
use crate::front::params::{Input, page};
use crate::front::protocol::{ApiError, Reply, Service};
use crate::front::routing::unknown_operation;
use crate::rotation::report::{RotationEvent, RotationEventKind};

/// "The number of events to return. Possible values are 1 through 50."
const LARGEST_PAGE: u64 = 50;
/// "The rate of lookup requests is limited to two per second, per account, per Region. If this limit
/// is exceeded, a throttling error occurs."
const MOST_LOOKUPS: usize = 2;
const LOOKUPS_WINDOW: Duration = Duration::from_secs(1);
/// "You can look up events that occurred in a Region within the last 90 days."
const KEPT: Duration = Duration::from_secs(90 * 24 * 60 * 60);

pub(crate) fn call(context: &mut Context<'_>, operation: &str, body: &Value) -> Result<Reply, ApiError> {
    match operation {
        "LookupEvents" => lookup_events(context, Input(body)).map(Reply::Json),
        _ => Err(unknown_operation(Service::CloudTrail, operation)),
    }
}

/// The newest event first. One attribute at most may be asked for, besides a time range.
fn lookup_events(context: &mut Context<'_>, input: Input<'_>) -> Result<Value, ApiError> {
    throttle(context)?;
    let none = Vec::new();
    let attributes = input.array("LookupAttributes")?.unwrap_or(&none);
    if attributes.len() > 1 {
        return Err(invalid("InvalidLookupAttributesException", "Only one lookup attribute is allowed."));
    }
    let limit = input.number("MaxResults")?.unwrap_or(LARGEST_PAGE);
    if !(1..=LARGEST_PAGE).contains(&limit) {
        return Err(invalid("InvalidMaxResultsException", "MaxResults must be between 1 and 50."));
    }
    let (from, until) = (time(input, "StartTime"), time(input, "EndTime"));
    if from.zip(until).is_some_and(|(from, until)| from > until) {
        return Err(invalid("InvalidTimeRangeException", "The start time is after the end time."));
    }
    let (now, lag) = (context.now, context.state.options.trail_lag);
    let home = format!(":{}:{}:", context.region, context.caller.account);
    let mut shown = Vec::new();
    for event in context.state.world.events.iter().rev() {
        let at = whole_seconds(event.at);
        let in_time = event.at + lag <= now
            && event.at + KEPT >= now
            && from.is_none_or(|from| at >= from)
            && until.is_none_or(|until| at <= until);
        if wanted(attributes.first(), event)? && in_time && event.secret_arn.contains(&home) {
            shown.push((event.id.clone(), render(event, context.region, &context.caller.account)));
        }
    }
    let limit = usize::try_from(limit).unwrap_or(1).min(context.state.options.page_size);
    let (events, next) = page(shown, input.text("NextToken")?, limit)
        .ok_or_else(|| invalid("InvalidNextTokenException", "The NextToken is not valid."))?;
    let mut answer = json!({"Events": events});
    if let Some(next) = next {
        answer["NextToken"] = json!(next);
    }
    Ok(answer)
}

fn throttle(context: &mut Context<'_>) -> Result<(), ApiError> {
    let (home, now) = ((context.caller.account.clone(), context.region.to_owned()), context.now);
    let lookups = context.state.world.lookups.entry(home).or_default();
    lookups.retain(|at| *at + LOOKUPS_WINDOW > now);
    if lookups.len() >= MOST_LOOKUPS {
        return Err(Service::CloudTrail.throttled());
    }
    lookups.push(now);
    Ok(())
}

/// An event of a service names its resource in `additionalEventData` alone: its `resources` are empty,
/// so looking it up by a resource finds nothing.
fn wanted(attribute: Option<&Value>, event: &RotationEvent) -> Result<bool, ApiError> {
    let Some(attribute) = attribute else { return Ok(true) };
    let value = attribute["AttributeValue"].as_str().unwrap_or_default();
    Ok(match attribute["AttributeKey"].as_str() {
        Some("ResourceName" | "ResourceType" | "Username" | "AccessKeyId") => false,
        Some("EventName") => name(event.kind) == value,
        Some("EventId") => event.id == value,
        Some("EventSource") => value == "secretsmanager.amazonaws.com",
        Some("ReadOnly") => value == "false",
        _ => return Err(invalid("InvalidLookupAttributesException", "There is no such attribute.")),
    })
}

fn name(kind: RotationEventKind) -> &'static str {
    match kind {
        RotationEventKind::Started => "RotationStarted",
        RotationEventKind::Succeeded => "RotationSucceeded",
        RotationEventKind::Failed => "RotationFailed",
        RotationEventKind::Abandoned => "RotationAbandoned",
        RotationEventKind::TestStarted => "TestRotationStarted",
        RotationEventKind::TestSucceeded => "TestRotationSucceeded",
        RotationEventKind::TestFailed => "TestRotationFailed",
    }
}

/// A record as AWS shows one of a success
/// (<https://aws.amazon.com/blogs/database/multi-user-secrets-rotation-for-amazon-rds/>); captured
/// records of failures add `errorMessage`. A UUID follows the ARN in `requestID`: whether it is the
/// version's is not documented, so here it is not.
fn render(event: &RotationEvent, region: &str, account: &str) -> Value {
    let at = whole_seconds(event.at).duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let mut record = json!({
        "eventVersion": "1.08",
        "userIdentity": {"accountId": account, "invokedBy": "secretsmanager.amazonaws.com"},
        "eventTime": iso(event.at),
        "eventSource": "secretsmanager.amazonaws.com",
        "eventName": name(event.kind),
        "awsRegion": region,
        "sourceIPAddress": "secretsmanager.amazonaws.com",
        "userAgent": "secretsmanager.amazonaws.com",
        "requestParameters": null,
        "responseElements": null,
        "additionalEventData": {"SecretId": event.secret_arn},
        "requestID": format!("Rotation-{}-{}", event.secret_arn, event.id),
        "eventID": event.id,
        "readOnly": false,
        "eventType": "AwsServiceEvent",
        "managementEvent": true,
        "recipientAccountId": account,
        "eventCategory": "Management",
    });
    if let Some(error) = &event.error {
        record["errorMessage"] = json!(error);
    }
    json!({
        "EventId": event.id,
        "EventName": name(event.kind),
        "ReadOnly": "false",
        "EventTime": at,
        "EventSource": "secretsmanager.amazonaws.com",
        "Resources": [],
        "CloudTrailEvent": record.to_string(),
    })
}

/// CloudTrail dates to the second.
fn whole_seconds(at: SystemTime) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
}

fn time(input: Input<'_>, name: &str) -> Option<SystemTime> {
    let seconds = input.field(name)?.as_f64()?;
    Duration::try_from_secs_f64(seconds).ok().map(|since| UNIX_EPOCH + since)
}

fn invalid(code: &str, message: &str) -> ApiError {
    ApiError::new(400, code, message)
}
