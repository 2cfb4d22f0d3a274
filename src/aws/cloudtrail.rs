//! [CloudTrail](https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/Welcome.html): what
//! became of rotations, which Secrets Manager tells nowhere else.

use aws_config::SdkConfig;
use aws_sdk_cloudtrail::Client;
use aws_sdk_cloudtrail::config::Builder;
use aws_sdk_cloudtrail::types::{LookupAttribute, LookupAttributeKey};
use jiff::Timestamp;

use super::CallError;

/// Pages that are read at most: a secret's latest rotation is on the first, unless it is read often.
const MOST_PAGES: usize = 10;

/// The call this product makes to CloudTrail.
#[derive(Clone, Debug)]
pub struct CloudTrail(Client);

/// How a rotation went on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailEvent {
    /// E.g. `RotationFailed`.
    pub name: String,
    /// When.
    pub at: Timestamp,
    /// The record itself, as JSON.
    pub record: String,
}

impl CloudTrail {
    pub(super) fn new(sdk: &SdkConfig) -> Self {
        Self(Client::from_conf(Builder::from(sdk).build()))
    }

    /// The latest end of a rotation of a secret: its success, failure or abandonment.
    ///
    /// [LookupEvents](https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html),
    /// which goes back 90 days and is some minutes late.
    pub async fn last_rotation(&self, secret_arn: &str) -> Result<Option<TrailEvent>, CallError> {
        const ACTION: &str = "cloudtrail:LookupEvents";
        const ENDS: [&str; 3] = ["RotationSucceeded", "RotationFailed", "RotationAbandoned"];
        let attribute = LookupAttribute::builder()
            .attribute_key(LookupAttributeKey::ResourceName)
            .attribute_value(secret_arn)
            .build()
            .map_err(|_| CallError::incomplete(ACTION))?;
        let mut next = None;
        for _ in 0..MOST_PAGES {
            let request = self.0.lookup_events().lookup_attributes(attribute.clone()).set_next_token(next);
            let page = request.send().await.map_err(|e| CallError::new(ACTION, &e))?;
            for event in page.events() {
                let name = event.event_name().unwrap_or_default();
                let at = event.event_time().and_then(|at| Timestamp::from_second(at.secs()).ok());
                if let Some(at) = at.filter(|_| ENDS.contains(&name)) {
                    let record = event.cloud_trail_event().unwrap_or_default().to_owned();
                    return Ok(Some(TrailEvent { name: name.to_owned(), at, record }));
                }
            }
            match page.next_token {
                Some(more) => next = Some(more),
                None => return Ok(None),
            }
        }
        Ok(None)
    }
}
