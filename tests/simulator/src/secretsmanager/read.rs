//! DescribeSecret and GetSecretValue.

use serde_json::{Map, Value, json};

use crate::clock::{day, epoch};
use crate::front::door::Context;
use crate::front::params::Input;
use crate::front::protocol::ApiError;
use crate::secretsmanager::listing::common;
use crate::secretsmanager::{invalid_request, not_found, replicas};
use crate::world::secret::{CURRENT, Secret, SecretValue};

/// Lists every version that has a label, the value-less AWSPENDING one included.
pub(super) fn describe_secret(context: &mut Context<'_>, input: Input<'_>) -> Result<Value, ApiError> {
    let arn = context.any_secret(input)?.arn.clone();
    let secret = context.seen_secret(&arn)?;
    let mut answer = common(&secret);
    answer.insert("VersionIdsToStages".to_owned(), versions_to_stages(&secret));
    let world = &context.state.world;
    if let Some(secret) = world.secret_ref(&arn).filter(|secret| !secret.replicas.is_empty()) {
        answer.insert("ReplicationStatus".to_owned(), replicas::status(world, secret, &[]));
    }
    Ok(Value::Object(answer))
}

pub(super) fn versions_to_stages(secret: &Secret) -> Value {
    let versions: Map<String, Value> = secret
        .versions
        .iter()
        .filter(|version| !version.stages.is_empty())
        .map(|version| (version.id.clone(), json!(version.stages)))
        .collect();
    Value::Object(versions)
}

pub(super) fn get_secret_value(context: &mut Context<'_>, input: Input<'_>) -> Result<Value, ApiError> {
    let id = input.text("VersionId")?;
    let stage = input.text("VersionStage")?;
    let today = day(context.now);
    let arn = context.readable_secret(input)?.arn.clone();
    let secret = context.seen_secret(&arn)?;
    let missing =
        |what: String| not_found(format!("Secrets Manager can't find the specified secret value for {what}"));
    let label = stage.unwrap_or(CURRENT);
    let (version_id, described) = match id {
        Some(id) => (secret.version(id).map(|v| v.id.clone()), format!("VersionId: {id}")),
        None => (secret.holder_id(label), format!("staging label: {label}")),
    };
    let version = version_id.and_then(|id| secret.version(&id)).ok_or_else(|| missing(described.clone()))?;
    if stage.is_some_and(|stage| !version.stages.contains(stage)) {
        return Err(invalid_request(
            "You provided a VersionStage that is not associated to the provided VersionId.",
        ));
    }
    let value = version.value.clone().ok_or_else(|| missing(described))?;
    let mut answer = json!({
        "ARN": arn,
        "Name": secret.name,
        "VersionId": version.id,
        "VersionStages": version.stages,
        "CreatedDate": epoch(version.created),
    });
    match value {
        SecretValue::Text(text) => answer["SecretString"] = json!(text),
        SecretValue::Binary(binary) => answer["SecretBinary"] = json!(binary),
    }
    if let Some(live) = context.state.world.secret(&arn) {
        live.accessed = Some(today);
        if let Some(version) = live.version_mut(&version.id) {
            version.accessed = Some(today);
        }
    }
    Ok(answer)
}
