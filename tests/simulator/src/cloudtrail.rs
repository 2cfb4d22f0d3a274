//! CloudTrail's event history, as far as Secrets Manager's own events of rotations.
//!
//! <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html>,
//! <https://docs.aws.amazon.com/secretsmanager/latest/userguide/cloudtrail_log_entries.html>

use std::time::UNIX_EPOCH;

use serde_json::{Value, json};

use crate::clock::iso;
use crate::front::door::Context;
use crate::front::params::{Input, page};
use crate::front::protocol::{ApiError, Reply, Service};
use crate::front::routing::unknown_operation;
use crate::rotation::report::{RotationEvent, RotationEventKind};

/// "The number of events to return. Possible values are 1 through 50."
const LARGEST_PAGE: u64 = 50;

pub(crate) fn call(context: &mut Context<'_>, operation: &str, body: &Value) -> Result<Reply, ApiError> {
    match operation {
        "LookupEvents" => lookup_events(context, Input(body)).map(Reply::Json),
        _ => Err(unknown_operation(Service::CloudTrail, operation)),
    }
}

/// The newest event first. One attribute at most may be asked for.
fn lookup_events(context: &Context<'_>, input: Input<'_>) -> Result<Value, ApiError> {
    let none = Vec::new();
    let attributes = input.array("LookupAttributes")?.unwrap_or(&none);
    if attributes.len() > 1 {
        return Err(invalid("InvalidLookupAttributesException", "Only one lookup attribute is allowed."));
    }
    let limit = input.number("MaxResults")?.unwrap_or(LARGEST_PAGE);
    if !(1..=LARGEST_PAGE).contains(&limit) {
        return Err(invalid("InvalidMaxResultsException", "MaxResults must be between 1 and 50."));
    }
    let lag = context.state.options.trail_lag;
    let home = format!(":{}:{}:", context.region, context.caller.account);
    let events = context.state.world.events.iter().enumerate().rev();
    let mut shown = Vec::new();
    for (nth, event) in events.filter(|(_, event)| event.at + lag <= context.now) {
        let wanted = match attributes.first() {
            None => true,
            Some(attribute) => {
                let value = attribute["AttributeValue"].as_str().unwrap_or_default();
                match attribute["AttributeKey"].as_str() {
                    Some("ResourceName") => event.secret_arn == value,
                    Some("EventName") => name(event.kind) == value,
                    Some("EventSource") => value == "secretsmanager.amazonaws.com",
                    _ => return Err(invalid("InvalidLookupAttributesException", "It is not simulated.")),
                }
            }
        };
        if wanted && event.secret_arn.contains(&home) {
            shown.push((nth.to_string(), render(nth, event)));
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

fn render(nth: usize, event: &RotationEvent) -> Value {
    let at = event.at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let id = format!("{nth:08}-0000-4000-8000-000000000000");
    let record = json!({
        "eventVersion": "1.08",
        "eventSource": "secretsmanager.amazonaws.com",
        "eventType": "AwsServiceEvent",
        "eventName": name(event.kind),
        "eventTime": iso(event.at),
        "eventID": id,
        "additionalEventData": {"SecretId": event.secret_arn, "VersionId": event.token},
    });
    json!({
        "EventId": id,
        "EventName": name(event.kind),
        "EventSource": "secretsmanager.amazonaws.com",
        "EventTime": at,
        "ReadOnly": "false",
        "Resources": [{"ResourceType": "AWS::SecretsManager::Secret", "ResourceName": event.secret_arn}],
        "CloudTrailEvent": record.to_string(),
    })
}

fn invalid(code: &str, message: &str) -> ApiError {
    ApiError::new(400, code, message)
}
