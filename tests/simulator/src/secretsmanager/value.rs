//! PutSecretValue and UpdateSecret: the rules of tokens and values.
//!
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html>

use std::time::SystemTime;

use serde_json::{Value, json};

use crate::front::door::Context;
use crate::front::params::Input;
use crate::front::protocol::ApiError;
use crate::rotation::report::RotationEventKind;
use crate::secretsmanager::{checks, identity, invalid_parameter, invalid_request};
use crate::world::secret::{CURRENT, PENDING, Secret, SecretValue};

/// What storing a value did.
pub(crate) struct Stored {
    /// The labels that the version has now.
    pub stages: Vec<String>,
    /// The token of the rotation that this made Secrets Manager abandon.
    pub abandoned: Option<String>,
}

pub(super) fn put_secret_value(context: &mut Context<'_>, input: Input<'_>) -> Result<Value, ApiError> {
    let value = checks::value(input)?
        .ok_or_else(|| invalid_request("You must provide either SecretString or SecretBinary."))?;
    let token = checks::token(&mut context.state.world, input)?;
    let stages = input.texts("VersionStages")?;
    if let Some(stages) = &stages {
        if stages.is_empty() || stages.len() > checks::MOST_LABELS {
            return Err(invalid_parameter("VersionStages must have 1-20 entries."));
        }
        stages.iter().try_for_each(|stage| checks::label(stage))?;
    }
    let rotation_token = checks::rotation_token(input)?;
    let demanded = context.state.options.demand_rotation_token;
    let now = context.now;
    let secret = context.readable_secret(input)?;
    check_rotation_token(secret, &token, rotation_token.as_deref(), demanded)?;
    let stored = store_value(secret, &token, value, stages, now)?;
    let mut answer = identity(secret);
    answer["VersionId"] = json!(token);
    answer["VersionStages"] = json!(stored.stages);
    let arn = secret.arn.clone();
    context.state.world.note_abandoned(&arn, stored.abandoned, now);
    Ok(answer)
}

pub(super) fn update_secret(context: &mut Context<'_>, input: Input<'_>) -> Result<Value, ApiError> {
    let value = checks::value(input)?;
    let token = checks::token(&mut context.state.world, input)?;
    let now = context.now;
    let secret =
        if value.is_some() { context.readable_secret(input)? } else { context.live_secret(input)? };
    let mut answer = identity(secret);
    let arn = secret.arn.clone();
    let mut abandoned = None;
    if let Some(value) = value {
        abandoned = store_value(secret, &token, value, None, now)?.abandoned;
        answer["VersionId"] = json!(token);
    }
    if let Some(description) = input.text("Description")? {
        secret.description = Some(description.to_owned());
    }
    if let Some(key) = input.text("KmsKeyId")? {
        secret.kms_key_id = Some(key.to_owned());
    }
    secret.changed = now;
    context.state.world.note_abandoned(&arn, abandoned, now);
    Ok(answer)
}

/// While the engine rotates with a RotationToken, filling that version takes the same one. AWS
/// documents that it validates the token, not the error: `InvalidRequestException` is our choice.
fn check_rotation_token(
    secret: &Secret,
    token: &str,
    given: Option<&str>,
    demanded: bool,
) -> Result<(), ApiError> {
    let expected = secret
        .ongoing
        .as_ref()
        .filter(|ongoing| ongoing.token == token)
        .and_then(|ongoing| ongoing.rotation_token.as_deref());
    match (expected, given) {
        (Some(expected), Some(given)) if expected == given => Ok(()),
        (Some(_), Some(_)) => Err(invalid_request("The RotationToken is not valid.")),
        (Some(_), None) if demanded => {
            Err(invalid_request("PutSecretValue during this rotation must carry the RotationToken."))
        }
        _ => Ok(()),
    }
}

/// Stores a value under a token:
/// - a token that has the same content already: nothing happens, labels included;
/// - a token that has other content: ResourceExistsException;
/// - a value-less version (staged by the engine): filled;
/// - a new token: a new version, and a rotation in progress is abandoned.
pub(crate) fn store_value(
    secret: &mut Secret,
    token: &str,
    value: SecretValue,
    stages: Option<Vec<String>>,
    now: SystemTime,
) -> Result<Stored, ApiError> {
    let mut labels = stages.unwrap_or_else(|| vec![CURRENT.to_owned()]);
    let mut abandoned = None;
    match secret.version(token).map(|version| version.value.clone()) {
        Some(Some(existing)) if existing == value => return Ok(stored(secret, token, None)),
        Some(Some(_)) => {
            return Err(ApiError::new(
                400,
                "ResourceExistsException",
                "A resource with the ID you requested already exists.",
            ));
        }
        Some(None) => checks::label_quota(secret, &labels)?,
        None => {
            if secret.versions.len() >= checks::MOST_VERSIONS {
                return Err(checks::limit_exceeded("You have exceeded the number of versions of a secret."));
            }
            // "If this operation creates the first version for the secret, Secrets Manager
            // automatically attaches AWSCURRENT": the value-less version of a rotation counts as one.
            if secret.versions.is_empty() && !labels.iter().any(|label| label == CURRENT) {
                labels.push(CURRENT.to_owned());
            }
            checks::label_quota(secret, &labels)?;
            secret.add_version(token, None, now);
            abandoned = abandon(secret, token, now);
        }
    }
    if let Some(version) = secret.version_mut(token) {
        version.value = Some(value);
    }
    for label in &labels {
        secret.attach(label, token, now);
    }
    secret.changed = now;
    Ok(stored(secret, token, abandoned))
}

fn stored(secret: &Secret, token: &str, abandoned: Option<String>) -> Stored {
    let stages =
        secret.version(token).map(|version| version.stages.iter().cloned().collect()).unwrap_or_default();
    Stored { stages, abandoned }
}

/// "RotationAbandoned: Secrets Manager removes the AWSPENDING label from an existing version of a
/// secret. Secrets Manager abandons rotation when you create a new version of a secret during
/// rotation" (<https://docs.aws.amazon.com/secretsmanager/latest/userguide/cloudtrail_log_entries.html>).
fn abandon(secret: &mut Secret, new_version: &str, now: SystemTime) -> Option<String> {
    let ongoing = secret.ongoing.as_ref()?;
    let token = ongoing.token.clone();
    let over = !ongoing.running && secret.has_label(&token, CURRENT);
    if ongoing.test_only || over || token == new_version || !secret.has_label(&token, PENDING) {
        return None;
    }
    secret.detach(PENDING, now);
    if let Some(ongoing) = secret.ongoing.as_mut().filter(|ongoing| ongoing.running) {
        ongoing.stopped = true;
    } else {
        secret.ongoing = None;
    }
    Some(token)
}

impl crate::world::World {
    pub(crate) fn note_abandoned(&mut self, arn: &str, token: Option<String>, now: SystemTime) {
        if let Some(token) = token {
            self.note_event(arn, &token, RotationEventKind::Abandoned, now);
        }
    }
}
