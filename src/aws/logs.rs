//! [CloudWatch Logs](https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/Welcome.html):
//! why an invocation failed, in the function's own words.

use aws_config::SdkConfig;
use aws_sdk_cloudwatchlogs::Client;
use aws_sdk_cloudwatchlogs::config::Builder;
use jiff::Timestamp;
use serde_json::Value;

use super::failure::failed;
use crate::error::CallError;

/// Pages that are read at most; a search may answer with many empty ones.
const MOST_PAGES: usize = 20;
/// Longest piece of a line's own words that is kept.
const MESSAGE_CHARS: usize = 600;

/// The call this product makes to CloudWatch Logs.
#[derive(Clone, Debug)]
pub(crate) struct Logs(Client);

/// A failed invocation, as the function logged it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LoggedError {
    pub(crate) error_type: String,
    /// The step that failed.
    pub(crate) step: String,
    /// What it said.
    pub(crate) message: String,
}

impl Logs {
    pub(super) fn new(sdk: &SdkConfig) -> Self {
        Self(Client::from_conf(Builder::from(sdk).build()))
    }

    /// The latest failure of one rotation.
    ///
    /// [FilterLogEvents](https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html).
    /// The token is a version's id, which is not secret and holds no character that a pattern gives
    /// a meaning.
    pub(crate) async fn last_error(
        &self,
        group: &str,
        token: &str,
        since: Timestamp,
    ) -> Result<Option<LoggedError>, CallError> {
        const ACTION: &str = "logs:FilterLogEvents";
        let plain = token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !plain {
            return Ok(None);
        }
        let pattern = format!("{{ $.errorType = \"*\" && $.token = \"{token}\" }}");
        let (mut latest, mut next) = (None, None);
        for _ in 0..MOST_PAGES {
            let request = self
                .0
                .filter_log_events()
                .log_group_name(group)
                .filter_pattern(&pattern)
                .start_time(since.as_millisecond())
                .set_next_token(next);
            let page = request.send().await.map_err(|e| failed(ACTION, &e))?;
            latest = page.events().iter().filter_map(|event| read(event.message()?)).next_back().or(latest);
            match page.next_token {
                Some(more) => next = Some(more),
                None => break,
            }
        }
        Ok(latest)
    }
}

/// Reads a line. The function logs no secret; what else got into its log is not passed on.
fn read(line: &str) -> Option<LoggedError> {
    let line: Value = serde_json::from_str(line.trim()).ok()?;
    let text = |field: &str| -> String {
        let text = line[field].as_str().unwrap_or_default();
        text.chars().take(MESSAGE_CHARS).flat_map(char::escape_debug).collect()
    };
    let error_type = text("errorType");
    let is_name = error_type.bytes().all(|b| b.is_ascii_alphanumeric());
    (is_name && !error_type.is_empty()).then(|| LoggedError {
        error_type,
        step: text("step"),
        message: text("error").replace("\\\"", "\"").replace("\\'", "'"),
    })
}
