//! [CloudTrail](https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/Welcome.html): how
//! rotations ended, which Secrets Manager reports nowhere else.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_cloudtrail::Client;
use aws_sdk_cloudtrail::config::Builder;
use aws_sdk_cloudtrail::primitives::DateTime;
use aws_sdk_cloudtrail::types::{Event, LookupAttribute, LookupAttributeKey};
use jiff::Timestamp;
use serde_json::Value;

use super::failure::failed;
use super::pace::Pace;
use crate::error::CallError;

/// Pages that are read at most for one name: 500 rotations of all secrets of the account.
const MOST_PAGES: usize = 10;
/// LookupEvents takes two requests a second, of the whole account.
const INTERVAL: Duration = Duration::from_millis(600);
/// Longest piece of a record's own words that is kept.
const CAUSE_CHARS: usize = 300;

/// The call this product makes to CloudTrail.
#[derive(Clone, Debug)]
pub(crate) struct CloudTrail {
    client: Client,
    pace: Pace,
}

/// An event of a rotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TrailEvent {
    /// E.g. `RotationFailed`.
    pub(crate) name: &'static str,
    /// When, to the second.
    pub(crate) at: Timestamp,
    /// Why, where the record says.
    pub(crate) cause: Option<String>,
}

/// What a search has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Searched {
    pub(crate) latest: Option<TrailEvent>,
    /// Whether the history was read to its end. If it was not, there may be a later or another event.
    pub(crate) is_whole: bool,
}

impl CloudTrail {
    pub(super) fn new(sdk: &SdkConfig) -> Self {
        Self { client: Client::from_conf(Builder::from(sdk).build()), pace: Pace::every(INTERVAL, 0) }
    }

    /// The latest of a secret's events that have one of these names, not before `since`.
    ///
    /// [LookupEvents](https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html)
    /// goes back 90 days and is up to 15 minutes late. A rotation is an event of the service, whose
    /// `resources` are empty, so it cannot be looked up by its secret: it is looked up by its name, and
    /// the secret is in the record ([log entries](https://docs.aws.amazon.com/secretsmanager/latest/userguide/cloudtrail_log_entries.html)).
    pub(crate) async fn latest_of(
        &self,
        secret_arn: &str,
        names: &[&'static str],
        since: Timestamp,
    ) -> Result<Searched, CallError> {
        let mut searched = Searched { latest: None, is_whole: true };
        for name in names {
            // Only a later event counts.
            let since = searched.latest.as_ref().map_or(since, |event| event.at);
            let (found, is_whole) = self.latest_named(secret_arn, name, since).await?;
            searched.latest = found.or(searched.latest);
            searched.is_whole &= is_whole;
        }
        Ok(searched)
    }

    async fn latest_named(
        &self,
        secret_arn: &str,
        name: &'static str,
        since: Timestamp,
    ) -> Result<(Option<TrailEvent>, bool), CallError> {
        const ACTION: &str = "cloudtrail:LookupEvents";
        let attribute = LookupAttribute::builder()
            .attribute_key(LookupAttributeKey::EventName)
            .attribute_value(name)
            .build()
            .map_err(|_| CallError::incomplete(ACTION))?;
        let mut next = None;
        for _ in 0..MOST_PAGES {
            self.pace.turn().await;
            let request = self
                .client
                .lookup_events()
                .lookup_attributes(attribute.clone())
                .start_time(DateTime::from_secs(since.as_second()))
                .set_next_token(next);
            let page = request.send().await.map_err(|e| failed(ACTION, &e))?;
            // The newest event is listed first.
            if let Some(found) = page.events().iter().find_map(|event| read(event, name, secret_arn)) {
                return Ok((Some(found), true));
            }
            match page.next_token {
                Some(more) => next = Some(more),
                None => return Ok((None, true)),
            }
        }
        Ok((None, false))
    }
}

/// Reads an event, if it is of this secret.
fn read(event: &Event, name: &'static str, secret_arn: &str) -> Option<TrailEvent> {
    let record: Value = serde_json::from_str(event.cloud_trail_event()?).ok()?;
    if record["additionalEventData"]["SecretId"].as_str() != Some(secret_arn) {
        return None;
    }
    let at = Timestamp::from_second(event.event_time()?.secs()).ok()?;
    let words = record["errorMessage"].as_str().filter(|words| !words.is_empty());
    let cause = words.map(|words| words.chars().take(CAUSE_CHARS).flat_map(char::escape_default).collect());
    Some(TrailEvent { name, at, cause })
}
