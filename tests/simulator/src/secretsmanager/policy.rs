//! Resource policies.
//!
//! <https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_resource-policies.html>

use serde_json::{Value, json};

use crate::front::door::Context;
use crate::front::params::Input;
use crate::front::policy;
use crate::front::protocol::ApiError;
use crate::secretsmanager::{identity, invalid_parameter};
use crate::world::World;

const LONGEST_POLICY: usize = 20_480;

pub(super) fn put_resource_policy(context: &mut Context<'_>, input: Input<'_>) -> Result<Value, ApiError> {
    let text = input.required("ResourcePolicy")?;
    check_name(input)?;
    let block = input.flag("BlockPublicPolicy")?.unwrap_or(false);
    context.live_secret(input)?;
    let document = check(context, text)?;
    if block && policy::is_public(&document) {
        return Err(ApiError::new(
            400,
            "PublicPolicyException",
            "This resource policy grants broad access to the secret, which BlockPublicPolicy prevents.",
        ));
    }
    let secret = context.live_secret(input)?;
    secret.policy = Some(text.to_owned());
    Ok(identity(secret))
}

pub(super) fn get_resource_policy(context: &mut Context<'_>, input: Input<'_>) -> Result<Value, ApiError> {
    check_name(input)?;
    let secret = context.live_secret(input)?;
    let mut answer = identity(secret);
    if let Some(policy) = &secret.policy {
        answer["ResourcePolicy"] = json!(policy);
    }
    Ok(answer)
}

pub(super) fn delete_resource_policy(context: &mut Context<'_>, input: Input<'_>) -> Result<Value, ApiError> {
    check_name(input)?;
    let secret = context.live_secret(input)?;
    secret.policy = None;
    Ok(identity(secret))
}

/// Broad access and bad syntax are found here. That a policy locks its caller out is not.
pub(super) fn validate_resource_policy(
    context: &mut Context<'_>,
    input: Input<'_>,
) -> Result<Value, ApiError> {
    let text = input.required("ResourcePolicy")?;
    if input.field("SecretId").is_some() {
        context.live_secret(input)?;
    }
    let error = match check(context, text) {
        Err(error) => Some(("SYNTAX", error.message)),
        Ok(document) if policy::is_public(&document) => {
            Some(("PUBLIC_ACCESS", "The policy grants broad access to the secret.".to_owned()))
        }
        Ok(_) => None,
    };
    let errors: Vec<Value> =
        error.iter().map(|(name, message)| json!({"CheckName": name, "ErrorMessage": message})).collect();
    Ok(json!({"PolicyValidationPassed": errors.is_empty(), "ValidationErrors": errors}))
}

/// "You can only attach the default policy."
fn check_name(input: Input<'_>) -> Result<(), ApiError> {
    match input.text("PolicyName")? {
        None | Some("default") => Ok(()),
        Some(_) => Err(invalid_parameter("The PolicyName must be default.")),
    }
}

fn check(context: &Context<'_>, text: &str) -> Result<Value, ApiError> {
    let malformed = |message: &str| ApiError::new(400, "MalformedPolicyDocumentException", message);
    if text.len() > LONGEST_POLICY {
        return Err(malformed("The policy has more than 20480 characters."));
    }
    let document = policy::check(text).map_err(malformed)?;
    if context.state.options.policy_principals_exist {
        let unknown = policy::principals(&document)
            .into_iter()
            .find(|principal| !context.state.world.has_principal(principal));
        if let Some(unknown) = unknown {
            let message = "This resource policy contains an unsupported principal";
            return Err(malformed(&format!("{message} (the simulator knows no {unknown})")));
        }
    }
    Ok(document)
}

impl World {
    /// Whether a policy may name this principal. Any account is taken to exist.
    fn has_principal(&self, name: &str) -> bool {
        let is_account = |text: &str| text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        if name == "*" || is_account(name) {
            return true;
        }
        let parts: Vec<&str> = name.splitn(6, ':').collect();
        let ["arn", _, service, "", account, entity] = parts.as_slice() else {
            return false;
        };
        if !is_account(account) {
            return false;
        }
        let known = self.accounts.get(*account);
        match (*service, entity.split('/').collect::<Vec<_>>().as_slice()) {
            ("iam", ["root"]) => true,
            ("iam", ["role", .., role]) | ("sts", ["assumed-role", role, _]) => {
                known.is_some_and(|account| account.roles.contains_key(*role))
            }
            ("iam", ["user", ..]) => {
                known.is_some_and(|account| account.users.values().any(|user| user.arn == name))
            }
            _ => false,
        }
    }
}
