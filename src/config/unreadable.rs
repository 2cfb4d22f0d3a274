//! Settings that cannot be read, and what can still be done about them: alert somebody.

use std::ops::Deref;

use super::{Config, SETTINGS, UsedBy, read};
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
    pub(super) fn new(error: Error, variables: &[(String, String)]) -> Self {
        const TOPIC: &str = "ROTATOR_ALERT_TOPIC_ARN";
        let topic: Vec<_> = variables.iter().filter(|(name, _)| name == TOPIC).cloned().collect();
        // One that cannot be read is the error itself.
        let alert_topic_arn =
            read(&topic, UsedBy::Both).ok().and_then(|config| config.shared.alert_topic_arn);
        Self { error, alert_topic_arn }
    }

    /// The settings by which the failure is reported: the alert topic, and the standard for all others.
    pub fn reporting(&self) -> Config {
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

/// A name that is no setting.
pub(super) fn unknown(name: &str) -> Error {
    let names: Vec<&str> = SETTINGS.iter().map(|setting| setting.name).collect();
    Error::InvalidConfig {
        name: name.escape_default().to_string(),
        problem: "is not a setting of the rotation function or the sweep".into(),
        expected: format!("one of {}", names.join(", ")).into(),
    }
}

/// The line about a setting that only the other function uses, and cannot read.
pub(super) fn ignored(error: &Error, used_by: UsedBy) -> String {
    let (user, reader) = match used_by {
        UsedBy::Rotation => ("the rotation function", "The sweep"),
        UsedBy::Sweep | UsedBy::Both => ("the sweep", "The rotation function"),
    };
    match error {
        Error::InvalidConfig { name, problem, expected } => {
            format!(
                "`{name}` {problem}, which {user} cannot read (expected: {expected}). {reader} does not use it."
            )
        }
        other => other.to_string(),
    }
}

/// The variables that are ours, without the space around their values.
pub(super) fn own(variables: impl IntoIterator<Item = (String, String)>) -> Vec<(String, String)> {
    let ours = variables.into_iter().filter(|(name, _)| name.starts_with("ROTATOR_"));
    ours.map(|(name, value)| (name, value.trim().to_owned())).collect()
}
