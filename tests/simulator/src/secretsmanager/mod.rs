//! Secrets Manager, strictly.
//!
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Operations.html>

mod checks;
mod create;
mod delete;
mod listing;
mod policy;
mod read;
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
use crate::world::secret::Secret;

pub(crate) use create::insert_secret;
pub(crate) use listing::listing;
pub(crate) use rotate::begin;
pub(crate) use value::store_value;

pub(crate) fn call(context: &mut Context<'_>, operation: &str, body: &Value) -> Result<Reply, ApiError> {
    let input = Input(body);
    context.note_listing(input, true);
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
        "ValidateResourcePolicy" => policy::validate_resource_policy(input),
        _ => Err(unknown_operation(Service::SecretsManager, operation)),
    }?;
    context.note_listing(input, false);
    Ok(Reply::Json(answer))
}

impl Context<'_> {
    /// The secret a call names, deleted or not.
    fn any_secret(&mut self, input: Input<'_>) -> Result<&mut Secret, ApiError> {
        let id = input.required("SecretId")?;
        let home = crate::world::store::arn_home(id).filter(|_| id.starts_with("arn:"));
        if home.is_some_and(|(account, _)| account != self.caller.account) {
            return Err(Service::SecretsManager.denied(format!(
                "User: {} is not authorized to perform this operation on resource: {id} because no \
                 resource-based policy allows it",
                self.caller.arn
            )));
        }
        let missing = || not_found("Secrets Manager can't find the specified secret.");
        if home.is_some_and(|(_, region)| region != self.region) {
            return Err(missing());
        }
        let now = self.now;
        let store = self.state.world.store(&self.caller.account, self.region);
        let secret = store.find(id).ok_or_else(missing)?;
        secret.purge(now);
        Ok(secret)
    }

    /// The secret a call names, unless it is marked for deletion.
    fn live_secret(&mut self, input: Input<'_>) -> Result<&mut Secret, ApiError> {
        let secret = self.any_secret(input)?;
        if secret.deleted.is_some() {
            return Err(invalid_request(
                "You can't perform this operation on the secret because it was marked for \
                 deletion.",
            ));
        }
        Ok(secret)
    }

    /// Keeps what ListSecrets shows to readers that lag behind. Called before and after each change.
    fn note_listing(&mut self, input: Input<'_>, before: bool) {
        let lag = self.state.options.list_lag;
        let id = ["SecretId", "Name"].iter().find_map(|name| input.0[*name].as_str());
        let store = self.state.world.store(&self.caller.account, self.region);
        if let Some(secret) = id.and_then(|id| store.find(id)) {
            note_listing(secret, self.now, before, lag);
        }
    }
}

/// Notes the secret's ListSecrets entry; before a change only if there is none yet.
pub(crate) fn note_listing(secret: &mut Secret, now: SystemTime, before: bool, lag: Duration) {
    if lag.is_zero() {
        secret.history.clear();
        return;
    }
    let entry = listing(secret);
    if !before {
        secret.history.push_back((now, entry));
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
