//! Lambda's functions, looked at rather than invoked.
//!
//! <https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html>,
//! <https://docs.aws.amazon.com/lambda/latest/api/API_GetPolicy.html>

use serde_json::{Value, json};

use crate::front::door::Context;
use crate::front::params::Input;
use crate::front::protocol::{ApiError, Reply, Service};
use crate::front::routing::unknown_operation;
use crate::lambda::function_arn;
use crate::world::deployment::FunctionSetup;

pub(crate) fn call(context: &mut Context<'_>, operation: &str, body: &Value) -> Result<Reply, ApiError> {
    let name = Input(body).required("FunctionName")?;
    let arn = function_arn(name, &context.caller.account, context.region);
    let home = arn.split(':').nth(4).unwrap_or_default();
    if home != context.caller.account {
        let who = &context.caller.arn;
        let message =
            format!("User: {who} is not authorized to perform: lambda:{operation} on resource: {arn}");
        return Err(Service::Lambda.denied(message));
    }
    if !context.state.functions.contains_key(&arn) {
        let message = format!("Function not found: {arn}");
        return Err(ApiError::new(404, "ResourceNotFoundException", message));
    }
    let answer = match operation {
        "GetFunctionConfiguration" => Ok(configuration(context, &arn)),
        "GetPolicy" => policy(context, &arn),
        _ => Err(unknown_operation(Service::Lambda, operation)),
    }?;
    Ok(Reply::Json(answer))
}

fn configuration(context: &Context<'_>, arn: &str) -> Value {
    let world = &context.state.world;
    let default =
        || FunctionSetup::of_role(format!("arn:aws:iam::{}:role/function-role", context.caller.account));
    let setup = world.deployment.functions.get(arn).cloned().unwrap_or_else(default);
    let timeout = setup.timeout.unwrap_or(context.state.options.function_timeout.as_secs());
    let mut answer = json!({
        "FunctionName": arn.rsplit(':').next(),
        "FunctionArn": arn,
        "Runtime": "provided.al2023",
        "Handler": "bootstrap",
        "Role": setup.role,
        "Timeout": timeout,
        "MemorySize": 128,
        "PackageType": "Zip",
        "State": setup.state,
        "LastUpdateStatus": "Successful",
    });
    if let Some(reason) = setup.reason {
        answer["StateReason"] = json!(reason);
    }
    if !setup.variables.is_empty() {
        answer["Environment"] = json!({"Variables": setup.variables});
    }
    if let Some(vpc) = setup.vpc {
        answer["VpcConfig"] = json!({"VpcId": vpc, "SubnetIds": [], "SecurityGroupIds": []});
    }
    answer
}

fn policy(context: &Context<'_>, arn: &str) -> Result<Value, ApiError> {
    let policy = context.state.world.deployment.policies.get(arn);
    let policy = policy.ok_or_else(|| {
        let message = "The resource you requested does not exist.";
        ApiError::new(404, "ResourceNotFoundException", message)
    })?;
    Ok(json!({"Policy": policy, "RevisionId": "00000000-0000-4000-8000-000000000000"}))
}
