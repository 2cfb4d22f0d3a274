//! [CloudTrail](https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/Welcome.html): how
//! rotations ended, which Secrets Manager reports nowhere else.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
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

impl TrailEvent {
    /// What it says: name, time and cause.
    pub(crate) fn words(&self) -> String {
        let cause = self.cause.as_ref().map(|cause| format!(": {cause}")).unwrap_or_default();
        format!("{} {}{cause}", self.name, self.at)
    }
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

    /// The latest failed rotation of each secret that had one since then, as far as the newest 500 show.
    pub(crate) async fn failures(&self, since: Timestamp) -> Result<BTreeMap<String, TrailEvent>, CallError> {
        let mut latest = BTreeMap::new();
        self.read_named("RotationFailed", since, |event| {
            if let Some((secret, event)) = read(event, "RotationFailed") {
                latest.entry(secret).or_insert(event);
            }
            ControlFlow::<()>::Continue(())
        })
        .await?;
        Ok(latest)
    }

    async fn latest_named(
        &self,
        secret_arn: &str,
        name: &'static str,
        since: Timestamp,
    ) -> Result<(Option<TrailEvent>, bool), CallError> {
        let read = self.read_named(name, since, |event| match read(event, name) {
            Some((secret, event)) if secret == secret_arn => ControlFlow::Break(event),
            _ => ControlFlow::Continue(()),
        });
        let (found, is_whole) = read.await?;
        let is_whole = is_whole || found.is_some();
        Ok((found, is_whole))
    }

    /// Reads events of a name, the newest first, until `read` has found what it looks for; and whether all were read.
    async fn read_named<T>(
        &self,
        name: &'static str,
        since: Timestamp,
        mut read: impl FnMut(&Event) -> ControlFlow<T>,
    ) -> Result<(Option<T>, bool), CallError> {
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
            if let ControlFlow::Break(found) = page.events().iter().try_for_each(&mut read) {
                return Ok((Some(found), false));
            }
            match page.next_token {
                Some(more) => next = Some(more),
                None => return Ok((None, true)),
            }
        }
        Ok((None, false))
    }
}

/// Reads an event, and of which secret it is.
fn read(event: &Event, name: &'static str) -> Option<(String, TrailEvent)> {
    let record: Value = serde_json::from_str(event.cloud_trail_event()?).ok()?;
    let secret = record["additionalEventData"]["SecretId"].as_str()?.to_owned();
    let at = Timestamp::from_second(event.event_time()?.secs()).ok()?;
    let words = record["errorMessage"].as_str().filter(|words| !words.is_empty());
    let cause = words.map(|words| words.chars().take(CAUSE_CHARS).flat_map(char::escape_default).collect());
    Some((secret, TrailEvent { name, at, cause }))
}
