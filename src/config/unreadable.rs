//! Settings that cannot be read, and what can still be done about them: alert somebody.

use std::ops::Deref;

use super::shared::Config;
use crate::error::Error;

/// Why the settings cannot be read. The alert topic among them may be readable all the same, so that the
/// failed invocations are not silent.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{error}")]
pub struct Unreadable {
    error: Error,
    alert_topic_arn: Option<String>,
}

impl Unreadable {
    pub(super) fn new(error: Error, alert_topic_arn: Option<String>) -> Self {
        Self { error, alert_topic_arn }
    }

    /// The settings by which the failure is reported: the alert topic, and the standard for all others.
    pub(crate) fn reporting(&self) -> Config {
        Config { alert_topic_arn: self.alert_topic_arn.clone(), ..Config::default() }
    }
}

impl Deref for Unreadable {
    type Target = Error;

    fn deref(&self) -> &Error {
        &self.error
    }
}

impl From<Unreadable> for Error {
    fn from(unreadable: Unreadable) -> Self {
        unreadable.error
    }
}
