//! KMS, as far as whether a key works.
//!
//! <https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html>

use serde_json::{Value, json};

use crate::front::door::Context;
use crate::front::params::Input;
use crate::front::protocol::{ApiError, Reply, Service};
use crate::front::routing::unknown_operation;
use crate::world::deployment::KeyState;

pub(crate) fn call(context: &mut Context<'_>, operation: &str, body: &Value) -> Result<Reply, ApiError> {
    match operation {
        "DescribeKey" => describe_key(context, Input(body)).map(Reply::Json),
        _ => Err(unknown_operation(Service::Kms, operation)),
    }
}

/// A key id or an ARN as an ARN. Aliases are known by their ARN alone.
pub(crate) fn key_arn(key: &str, account: &str, region: &str) -> String {
    if key.starts_with("arn:") { key.to_owned() } else { format!("arn:aws:kms:{region}:{account}:key/{key}") }
}

fn describe_key(context: &Context<'_>, input: Input<'_>) -> Result<Value, ApiError> {
    let arn = key_arn(input.required("KeyId")?, &context.caller.account, context.region);
    let state = context.state.world.deployment.kms_keys.get(&arn);
    let state = state
        .ok_or_else(|| ApiError::new(400, "NotFoundException", format!("Key '{arn}' does not exist")))?;
    let name = match state {
        KeyState::Enabled => "Enabled",
        KeyState::Disabled => "Disabled",
        KeyState::PendingDeletion => "PendingDeletion",
    };
    Ok(json!({"KeyMetadata": {
        "Arn": arn,
        "KeyId": arn.rsplit('/').next(),
        "AWSAccountId": arn.split(':').nth(4),
        "Enabled": *state == KeyState::Enabled,
        "KeyState": name,
        "KeyUsage": "ENCRYPT_DECRYPT",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "KeyManager": "CUSTOMER",
        "Origin": "AWS_KMS",
    }}))
}
