//! Lambda's functions: configuration, policy, reserved concurrency and tags.
//!
//! <https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html>,
//! <https://docs.aws.amazon.com/lambda/latest/api/API_GetPolicy.html>,
//! <https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionConcurrency.html>,
//! <https://docs.aws.amazon.com/lambda/latest/api/API_TagResource.html>

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::front::door::Context;
use crate::front::params::Input;
use crate::front::protocol::{ApiError, RawReply, Reply, Service};
use crate::front::routing::unknown_operation;
use crate::lambda::function_arn;
use crate::world::deployment::FunctionSetup;

/// "Maximum number of tags per resource—50", "Maximum key length—128 Unicode characters in UTF-8",
/// "Maximum value length—256 Unicode characters in UTF-8"
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-tags.html>).
const MOST_TAGS: usize = 50;
const LONGEST_KEY: usize = 128;
const LONGEST_VALUE: usize = 256;
/// An account's concurrency in a region, and what must stay unreserved
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html>).
const CONCURRENCY: u64 = 1000;
const UNRESERVED: u64 = 100;

pub(crate) fn call(context: &mut Context<'_>, operation: &str, body: &Value) -> Result<Reply, ApiError> {
    let by_arn = matches!(operation, "ListTags" | "TagResource" | "UntagResource");
    let name = Input(body).required(if by_arn { "Resource" } else { "FunctionName" })?;
    if by_arn && (!name.starts_with("arn:") || name.split(':').count() != 7) {
        // Tags belong to a function, not to its versions and aliases.
        return Err(refused(format!("{name} is not the ARN of a function.")));
    }
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
        "GetFunctionConcurrency" => Ok(concurrency(context, &arn)),
        "PutFunctionConcurrency" => put_concurrency(context, &arn, body),
        "DeleteFunctionConcurrency" => {
            context.state.world.deployment.concurrency.remove(&arn);
            return Ok(Reply::Raw(RawReply::empty(204)));
        }
        "ListTags" => {
            let tags = context.state.world.deployment.function_tags.get(&arn);
            Ok(json!({"Tags": tags.cloned().unwrap_or_default()}))
        }
        "TagResource" => return tag(context, &arn, body),
        "UntagResource" => return untag(context, &arn, body),
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

fn concurrency(context: &Context<'_>, arn: &str) -> Value {
    match context.state.world.deployment.concurrency.get(arn) {
        Some(reserved) => json!({"ReservedConcurrentExecutions": reserved}),
        None => json!({}),
    }
}

fn put_concurrency(context: &mut Context<'_>, arn: &str, body: &Value) -> Result<Value, ApiError> {
    let reserved = Input(body).number("ReservedConcurrentExecutions")?;
    let reserved =
        reserved.ok_or_else(|| refused("ReservedConcurrentExecutions must not be empty.".into()))?;
    let known = &mut context.state.world.deployment.concurrency;
    let home = |arn: &str| arn.split(':').skip(3).take(2).map(str::to_owned).collect::<Vec<_>>();
    let others = known.iter().filter(|(other, _)| *other != arn && home(other) == home(arn));
    let others: u64 = others.map(|(_, reserved)| reserved).sum();
    if reserved > 0 && others.saturating_add(reserved) > CONCURRENCY - UNRESERVED {
        return Err(refused(format!(
            "Specified ReservedConcurrentExecutions for function decreases account's \
             UnreservedConcurrentExecution below its minimum value of [{UNRESERVED}]."
        )));
    }
    known.insert(arn.to_owned(), reserved);
    Ok(concurrency(context, arn))
}

fn tag(context: &mut Context<'_>, arn: &str, body: &Value) -> Result<Reply, ApiError> {
    let given: BTreeMap<String, String> =
        serde_json::from_value(body["Tags"].clone()).map_err(|error| refused(error.to_string()))?;
    let fits = |text: &str, longest: usize| {
        text.chars().count() <= longest
            && text.chars().all(|c| c.is_alphanumeric() || c == ' ' || "+-=._:/@".contains(c))
    };
    for (key, value) in &given {
        if key.is_empty() || !fits(key, LONGEST_KEY) || !fits(value, LONGEST_VALUE) {
            return Err(refused(format!("The tag '{key}' has a length or characters that are not valid.")));
        }
        if key.to_lowercase().starts_with("aws:") {
            return Err(refused("Tag keys can't start with aws:.".into()));
        }
    }
    let tags = context.state.world.deployment.function_tags.entry(arn.to_owned()).or_default();
    let mut after = tags.clone();
    after.extend(given);
    if after.len() > MOST_TAGS {
        return Err(refused(format!("A function can have at most {MOST_TAGS} tags.")));
    }
    *tags = after;
    Ok(Reply::Raw(RawReply::empty(204)))
}

fn untag(context: &mut Context<'_>, arn: &str, body: &Value) -> Result<Reply, ApiError> {
    let keys = Input(body).texts("TagKeys")?.filter(|keys| !keys.is_empty());
    let keys = keys.ok_or_else(|| refused("The parameter TagKeys must not be empty.".into()))?;
    if let Some(tags) = context.state.world.deployment.function_tags.get_mut(arn) {
        tags.retain(|key, _| !keys.contains(key));
    }
    Ok(Reply::Raw(RawReply::empty(204)))
}

fn refused(message: String) -> ApiError {
    ApiError::new(400, "InvalidParameterValueException", message)
}
