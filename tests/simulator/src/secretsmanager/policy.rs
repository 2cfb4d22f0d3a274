//! Resource policies: stored, and checked for being JSON. They grant nothing here.

use serde_json::{Value, json};

use crate::front::door::Context;
use crate::front::params::Input;
use crate::front::protocol::ApiError;
use crate::secretsmanager::identity;

const LONGEST_POLICY: usize = 20_480;

pub(super) fn put_resource_policy(context: &mut Context<'_>, input: Input<'_>) -> Result<Value, ApiError> {
    let policy = input.required("ResourcePolicy")?;
    check(policy)?;
    let secret = context.live_secret(input)?;
    secret.policy = Some(policy.to_owned());
    Ok(identity(secret))
}

pub(super) fn get_resource_policy(context: &mut Context<'_>, input: Input<'_>) -> Result<Value, ApiError> {
    let secret = context.live_secret(input)?;
    let mut answer = identity(secret);
    if let Some(policy) = &secret.policy {
        answer["ResourcePolicy"] = json!(policy);
    }
    Ok(answer)
}

pub(super) fn delete_resource_policy(context: &mut Context<'_>, input: Input<'_>) -> Result<Value, ApiError> {
    let secret = context.live_secret(input)?;
    secret.policy = None;
    Ok(identity(secret))
}

pub(super) fn validate_resource_policy(input: Input<'_>) -> Result<Value, ApiError> {
    let passed = check(input.required("ResourcePolicy")?).is_ok();
    Ok(json!({"PolicyValidationPassed": passed, "ValidationErrors": []}))
}

fn check(policy: &str) -> Result<(), ApiError> {
    let is_object = serde_json::from_str::<Value>(policy).is_ok_and(|policy| policy.is_object());
    if is_object && policy.len() <= LONGEST_POLICY {
        return Ok(());
    }
    Err(ApiError::new(400, "MalformedPolicyDocumentException", "This resource policy contains invalid Json."))
}
