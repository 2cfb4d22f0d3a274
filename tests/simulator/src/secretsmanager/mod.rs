//! Secrets Manager, strictly.
//!
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Operations.html>

mod checks;
mod create;
mod delete;
mod filter;
mod find;
mod listing;
mod policy;
mod read;
mod replicas;
mod rotate;
mod stages;
mod tags;
mod value;

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::front::door::Context;
use crate::front::params::Input;
use crate::front::protocol::{ApiError, Reply, Service};
use crate::front::routing::unknown_operation;
use crate::options::SecretLags;
use crate::world::secret::Secret;

pub(crate) use create::insert_secret;
pub(crate) use listing::listing;
pub(crate) use replicas::arn_in;
pub(crate) use rotate::begin;
pub(crate) use value::store_value;

/// What changes nothing but the day of the last access.
const READING: [&str; 6] = [
    "DescribeSecret",
    "GetSecretValue",
    "GetResourcePolicy",
    "ListSecretVersionIds",
    "ListSecrets",
    "ValidateResourcePolicy",
];

/// What sets LastChangedDate itself, or leaves it.
const DATED: [&str; 4] = ["CreateSecret", "PutSecretValue", "UpdateSecret", "UpdateSecretVersionStage"];

pub(crate) fn call(context: &mut Context<'_>, operation: &str, body: &Value) -> Result<Reply, ApiError> {
    let input = Input(body);
    let lags = context.state.options.secret_lags();
    context.state.world.settle_replicas(context.now, lags);
    context.note_state(input);
    let answer = match operation {
        "CreateSecret" => create::create_secret(context, input),
        "DescribeSecret" => read::describe_secret(context, input),
        "GetSecretValue" => read::get_secret_value(context, input),
        "PutSecretValue" => value::put_secret_value(context, input),
        "UpdateSecret" => value::update_secret(context, input),
        "UpdateSecretVersionStage" => stages::update_secret_version_stage(context, input),
        "ListSecretVersionIds" => listing::list_secret_version_ids(context, input),
        "ListSecrets" => listing::list_secrets(context, input),
        "TagResource" => tags::tag_resource(context, input),
        "UntagResource" => tags::untag_resource(context, input),
        "RotateSecret" => rotate::rotate_secret(context, input),
        "CancelRotateSecret" => rotate::cancel_rotate_secret(context, input),
        "DeleteSecret" => delete::delete_secret(context, input),
        "RestoreSecret" => delete::restore_secret(context, input),
        "PutResourcePolicy" => policy::put_resource_policy(context, input),
        "GetResourcePolicy" => policy::get_resource_policy(context, input),
        "DeleteResourcePolicy" => policy::delete_resource_policy(context, input),
        "ValidateResourcePolicy" => policy::validate_resource_policy(context, input),
        "ReplicateSecretToRegions" => replicas::replicate_secret_to_regions(context, input),
        "RemoveRegionsFromReplication" => replicas::remove_regions_from_replication(context, input),
        "StopReplicationToReplica" => replicas::stop_replication_to_replica(context, input),
        _ => Err(unknown_operation(Service::SecretsManager, operation)),
    }?;
    if READING.contains(&operation) {
        return Ok(Reply::Json(answer));
    }
    if let Some(arn) = context.note_change(input, !DATED.contains(&operation)) {
        let state = &mut *context.state;
        state.world.replicate(&arn, context.now, &state.options);
    }
    Ok(Reply::Json(answer))
}

/// Notes what readers who lag behind may still see; before a change only if nothing is noted yet.
pub(crate) fn note_state(secret: &mut Secret, now: SystemTime, before: bool, lags: SecretLags) {
    secret.note_past(now, before, lags.read);
    note_listing(secret, now, before, lags.list);
}

/// Notes the secret's ListSecrets entry.
fn note_listing(secret: &mut Secret, now: SystemTime, before: bool, lag: Duration) {
    if lag.is_zero() {
        secret.history.clear();
        return;
    }
    let entry = listing(secret);
    if !before {
        secret.history.push_back((now, entry));
        while secret.history.get(1).is_some_and(|(at, _)| *at + lag <= now) {
            secret.history.pop_front();
        }
    } else if secret.history.is_empty() {
        secret.history.push_back((SystemTime::UNIX_EPOCH, entry));
    }
}

fn not_found(message: impl Into<String>) -> ApiError {
    ApiError::new(400, "ResourceNotFoundException", message)
}

fn invalid_request(message: impl Into<String>) -> ApiError {
    ApiError::new(400, "InvalidRequestException", message)
}

fn invalid_parameter(message: impl Into<String>) -> ApiError {
    ApiError::new(400, "InvalidParameterException", message)
}

fn identity(secret: &Secret) -> Value {
    json!({"ARN": secret.arn, "Name": secret.name})
}
