//! The JSON of an invocation becomes an event, or an `InvalidEvent` that names the field.

mod exposed;
mod invocation;
mod rotation;
mod sweep;

use std::ops::RangeInclusive;

use serde_json::Value;

use crate::error::Error;

pub use exposed::{ExposedEvent, Report};
pub use invocation::Invocation;
pub use rotation::{RotationEvent, Step};
pub use sweep::{AccountEvent, Lifecycle, Resume, SweepEvent};

/// What somebody who sent the rotation function something else should do.
pub(crate) const INVOKED_BY_SECRETS_MANAGER: &str =
    "Invoke this function through Secrets Manager (`aws secretsmanager rotate-secret`).";

/// A field's text, or what is wrong with it. The text itself is never quoted: an event that is not
/// ours may hold anything.
fn text(value: &Value, length: RangeInclusive<usize>) -> Result<&str, String> {
    let text = value.as_str().ok_or("is not a string")?;
    if !length.contains(&text.chars().count()) {
        return Err(format!("is not {} to {} characters long", length.start(), length.end()));
    }
    if text.chars().any(char::is_control) {
        return Err("holds control characters".into());
    }
    Ok(text)
}

/// Whether IAM can know a user of this name.
fn is_user_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+=,.@_-".contains(&b))
}

fn invalid_for(remedy: &'static str, field: &'static str, problem: impl Into<String>) -> Error {
    Error::InvalidEvent { field: field.into(), problem: problem.into(), remedy }
}
