//! Lambda, as far as `Invoke`.
//!
//! <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>

use serde_json::{Value, json};

use crate::front::access::principal_arn;
use crate::front::door::Context;
use crate::front::protocol::{ApiError, RawReply, Reply, Service};
use crate::front::routing::{InvocationType, Params, Routed, unknown_operation};
use crate::rotation::functions::FunctionError;
use crate::world::Effect;

/// "For synchronous invocations, the maximum payload size is 6 MB. For asynchronous invocations, the
/// maximum payload size is 1 MB."
const LONGEST_PAYLOAD: usize = 6 * 1024 * 1024;
const LONGEST_EVENT: usize = 1024 * 1024;

/// An invocation whose answer is awaited.
#[derive(Clone, Debug)]
pub(crate) struct Invoke {
    pub function_arn: String,
    pub event: Value,
    /// Which invocation of its chain it is, from 1.
    pub chain: u32,
}

/// `chain`: which invocation of its chain the caller itself is; 0 if it is none.
pub(crate) fn call(context: &mut Context<'_>, routed: &Routed, chain: u32) -> Result<Reply, ApiError> {
    let Params::Raw { name, kind, body } = &routed.params else {
        return Err(unknown_operation(Service::Lambda, &routed.operation));
    };
    let function_arn = function_arn(name, &context.caller.account, context.region);
    check_permission(context, &function_arn)?;
    if !context.state.functions.contains_key(&function_arn) {
        let message = format!("Function not found: {function_arn}");
        return Err(ApiError::new(404, "ResourceNotFoundException", message));
    }
    let longest = if *kind == InvocationType::Event { LONGEST_EVENT } else { LONGEST_PAYLOAD };
    if body.len() > longest {
        let message = format!("Request must be smaller than {longest} bytes for the Invoke operation");
        return Err(ApiError::new(413, "RequestTooLargeException", message));
    }
    let event = if body.is_empty() { Ok(json!({})) } else { serde_json::from_slice(body) };
    let event = event.map_err(|error| {
        let message = format!("Could not parse request body into json: {error}");
        ApiError::new(400, "InvalidRequestContentException", message)
    })?;
    // An event waits in Lambda's queue while its function is throttled.
    if *kind == InvocationType::RequestResponse && context.state.world.deployment.is_throttled(&function_arn)
    {
        return Err(throttled());
    }
    let too_long = chain >= context.state.options.longest_chain;
    let invoke = Invoke { function_arn, event, chain: chain + 1 };
    match kind {
        InvocationType::DryRun => Ok(Reply::Raw(RawReply::empty(204))),
        // What a loop sends last is accepted, and goes nowhere.
        InvocationType::Event => {
            context.state.begin_event();
            context.state.world.outbox.push(Effect::Invoke { invoke, dropped: too_long });
            Ok(Reply::Raw(RawReply::empty(202)))
        }
        InvocationType::RequestResponse if too_long => Err(ApiError::new(
            400,
            "RecursiveInvocationException",
            "Lambda has detected your function being invoked in a recursive loop and stopped its invocation.",
        )),
        InvocationType::RequestResponse => Ok(Reply::Invoke(invoke)),
    }
}

/// A function whose reserved concurrency is 0 runs for nobody: "To throttle a function, set the reserved
/// concurrency to zero" (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html>).
fn throttled() -> ApiError {
    ApiError::new(429, "TooManyRequestsException", "Rate Exceeded.")
        .because("ReservedFunctionConcurrentInvocationLimitExceeded")
}

/// A name, a partial ARN or an ARN, each with or without a version or alias, as the ARN of the
/// function itself.
pub(crate) fn function_arn(name: &str, account: &str, region: &str) -> String {
    let (account, region, name) = match name.split(':').collect::<Vec<_>>().as_slice() {
        ["arn", _, "lambda", region, account, "function", name, ..] => (*account, *region, *name),
        [account, "function", name, ..] => (*account, region, *name),
        ["function", name, ..] | [name, ..] => (account, region, *name),
        [] => (account, region, name),
    };
    format!("arn:aws:lambda:{region}:{account}:function:{name}")
}

/// Another account needs a permission of the function
/// (<https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html>).
fn check_permission(context: &Context<'_>, function_arn: &str) -> Result<(), ApiError> {
    let caller = context.caller;
    if function_arn.split(':').nth(4) == Some(&caller.account) {
        return Ok(());
    }
    let root = format!("arn:aws:iam::{}:root", caller.account);
    let names = ["*".to_owned(), caller.account.clone(), root, principal_arn(caller)];
    let permissions = &context.state.world.function_permissions;
    if names.into_iter().any(|name| permissions.contains(&(function_arn.to_owned(), name))) {
        return Ok(());
    }
    Err(Service::Lambda.denied(format!(
        "User: {} is not authorized to perform: lambda:InvokeFunction on resource: {function_arn} because \
         no resource-based policy allows the lambda:InvokeFunction action",
        caller.arn
    )))
}

/// What a synchronous invocation answers: a failed function is a success of `Invoke`, with the header
/// `X-Amz-Function-Error`.
pub(crate) fn answer(result: Result<Value, FunctionError>) -> RawReply {
    let mut headers = vec![("x-amz-executed-version", "$LATEST".to_owned())];
    let payload = result.unwrap_or_else(|error| {
        headers.push(("x-amz-function-error", "Unhandled".to_owned()));
        json!({"errorType": error.error_type, "errorMessage": error.message})
    });
    RawReply { status: 200, headers, body: payload.to_string().into_bytes() }
}
