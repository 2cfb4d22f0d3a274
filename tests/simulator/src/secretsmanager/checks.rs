//! Limits and character sets.
//!
//! <https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html>

use crate::front::params::Input;
use crate::front::protocol::ApiError;
use crate::secretsmanager::invalid_parameter;
use crate::world::World;
use crate::world::secret::{Secret, SecretValue};

const LONGEST_VALUE: usize = 65_536;
const LONGEST_LABEL: usize = 256;
/// "Labels attached across all versions of a secret".
pub(super) const MOST_LABELS: usize = 20;
/// "Versions of a secret": about 100.
pub(super) const MOST_VERSIONS: usize = 100;
const MOST_TAGS: usize = 50;

pub(super) fn limit_exceeded(message: impl Into<String>) -> ApiError {
    ApiError::new(400, "LimitExceededException", message)
}

fn constraint(name: &str, rule: &str) -> ApiError {
    ApiError::new(
        400,
        "ValidationException",
        format!("1 validation error detected: Value at '{name}' failed to satisfy constraint: {rule}"),
    )
}

/// SecretString or SecretBinary, not both.
pub(super) fn value(input: Input<'_>) -> Result<Option<SecretValue>, ApiError> {
    let text = input.text("SecretString")?;
    let binary = input.text("SecretBinary")?;
    let length = |name: &str, length: usize| {
        if (1..=LONGEST_VALUE).contains(&length) {
            Ok(())
        } else {
            Err(constraint(name, "Member must have length between 1 and 65536"))
        }
    };
    match (text, binary) {
        (Some(_), Some(_)) => Err(invalid_parameter(
            "You can't specify both a binary secret value and a string secret value in the same \
             secret.",
        )),
        (Some(text), None) => {
            length("secretString", text.len())?;
            Ok(Some(SecretValue::Text(text.to_owned())))
        }
        (None, Some(binary)) => {
            use base64::Engine;
            let bytes = base64::engine::general_purpose::STANDARD
                .decode(binary)
                .map_err(|_| invalid_parameter("SecretBinary is not base64."))?;
            length("secretBinary", bytes.len())?;
            Ok(Some(SecretValue::Binary(binary.to_owned())))
        }
        (None, None) => Ok(None),
    }
}

/// The ClientRequestToken, which becomes the version's id; made up if the client sent none.
pub(super) fn token(world: &mut World, input: Input<'_>) -> Result<String, ApiError> {
    match input.text("ClientRequestToken")? {
        None => Ok(world.ids.uuid("version-id")),
        Some(token) if (32..=64).contains(&token.len()) => Ok(token.to_owned()),
        Some(_) => Err(invalid_parameter("ClientRequestToken must be 32-64 characters long.")),
    }
}

/// The RotationToken: 36–256 characters.
pub(super) fn rotation_token(input: Input<'_>) -> Result<Option<String>, ApiError> {
    match input.text("RotationToken")? {
        Some(token) if !(36..=256).contains(&token.len()) => {
            Err(constraint("rotationToken", "Member must have length between 36 and 256"))
        }
        token => Ok(token.map(str::to_owned)),
    }
}

pub(super) fn label(label: &str) -> Result<(), ApiError> {
    if (1..=LONGEST_LABEL).contains(&label.chars().count()) {
        return Ok(());
    }
    Err(constraint("versionStage", "Member must have length between 1 and 256"))
}

/// Whether the secret may have these labels besides those it has.
pub(super) fn label_quota(secret: &Secret, labels: &[String]) -> Result<(), ApiError> {
    let new = labels.iter().filter(|label| secret.holder(label).is_none()).count();
    if secret.label_count() + new > MOST_LABELS {
        return Err(limit_exceeded(format!(
            "You can't attach more than {MOST_LABELS} staging labels to the versions of a secret."
        )));
    }
    Ok(())
}

/// Keys of 1–128 and values of 0–256 characters: letters, digits, space and `+-=._:/@`.
pub(super) fn tags(tags: &[(String, String)]) -> Result<(), ApiError> {
    if tags.len() > MOST_TAGS {
        return Err(limit_exceeded(format!("A secret can have at most {MOST_TAGS} tags.")));
    }
    let fits = |text: &str, most: usize| {
        text.chars().count() <= most
            && text.chars().all(|c| c.is_alphanumeric() || c == ' ' || "+-=._:/@".contains(c))
    };
    for (key, value) in tags {
        if key.is_empty() || !fits(key, 128) || !fits(value, 256) {
            return Err(invalid_parameter(format!(
                "The tag '{key}' has characters or a length that Secrets Manager does not take."
            )));
        }
        if key.to_lowercase().starts_with("aws:") {
            return Err(invalid_parameter("Tag keys can't start with aws:."));
        }
    }
    Ok(())
}

/// 1–512 characters: letters, digits and `/_+=.@-`.
pub(super) fn name(name: &str) -> Result<(), ApiError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "/_+=.@-".contains(c);
    if name.len() <= 512 && name.chars().all(allowed) {
        return Ok(());
    }
    Err(ApiError::new(
        400,
        "ValidationException",
        "Invalid name. Must be a valid name containing alphanumeric characters, or any of the \
         following: -/_+=.@!",
    ))
}
