//! Which operation of which service a request means, and whom it concerns.

use bytes::Bytes;
use serde_json::Value;

use crate::front::params::Form;
use crate::front::protocol::{ApiError, Protocol, Request, Service};

/// The parameters in the shape of the service's protocol.
#[derive(Clone, Debug)]
pub(crate) enum Params {
    Form(Form),
    Json(Value),
    /// An invocation of a function.
    Raw {
        name: String,
        kind: InvocationType,
        body: Bytes,
    },
}

/// The header `X-Amz-Invocation-Type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InvocationType {
    RequestResponse,
    Event,
    DryRun,
}

/// A request understood.
#[derive(Clone, Debug)]
pub(crate) struct Routed {
    pub service: Service,
    pub operation: String,
    pub params: Params,
}

pub(crate) fn route(service: Service, request: &Request) -> Result<Routed, ApiError> {
    let (operation, params) = match service.protocol() {
        Protocol::Query { .. } => {
            let form = Form::parse(&request.body);
            let operation = form.get("Action").unwrap_or_default().to_owned();
            (operation, Params::Form(form))
        }
        Protocol::Json11 { target: prefix } => {
            let target = request.header("x-amz-target").unwrap_or_default();
            // Some clients qualify it: `com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.…`.
            let target = target.find(prefix).map_or(target, |start| &target[start..]);
            let operation = target.strip_prefix(prefix).unwrap_or_default();
            (operation.to_owned(), Params::Json(json_body(request)?))
        }
        Protocol::RestJson => rest(service, request)?,
    };
    if operation.is_empty() {
        return Err(unknown_operation(service, "(none)"));
    }
    Ok(Routed { service, operation, params })
}

/// SESv2 and Lambda put the operation into method and path
/// (<https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Operations.html>,
/// <https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html>).
fn rest(service: Service, request: &Request) -> Result<(String, Params), ApiError> {
    let path = request.path.trim_end_matches('/');
    let segments: Vec<String> = path
        .split('/')
        .skip(1)
        .map(|segment| percent_encoding::percent_decode_str(segment).decode_utf8_lossy().into_owned())
        .collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    if service == Service::Lambda {
        return lambda(request, &segments);
    }
    let mut body = json_body(request)?;
    let (operation, name) = match (request.method.as_str(), segments.as_slice()) {
        ("POST", ["v2", "email", "outbound-emails"]) => ("SendEmail", None),
        ("GET", ["v2", "email", "account"]) => ("GetAccount", None),
        ("POST", ["v2", "email", "identities"]) => ("CreateEmailIdentity", None),
        ("GET", ["v2", "email", "identities", name]) => ("GetEmailIdentity", Some(("EmailIdentity", *name))),
        ("POST", ["v2", "email", "templates"]) => ("CreateEmailTemplate", None),
        ("GET", ["v2", "email", "templates", name]) => ("GetEmailTemplate", Some(("TemplateName", *name))),
        _ => return Err(unknown_operation(Service::Ses, &request.path)),
    };
    if let Some((field, value)) = name {
        body[field] = Value::from(value);
    }
    Ok((operation.to_owned(), Params::Json(body)))
}

/// `Invoke` carries a payload; the others name a function, those on tags by its ARN.
fn lambda(request: &Request, segments: &[&str]) -> Result<(String, Params), ApiError> {
    let (operation, field, name) = match (request.method.as_str(), segments) {
        ("GET", ["2015-03-31", "functions", name, "configuration"]) => {
            ("GetFunctionConfiguration", "FunctionName", *name)
        }
        ("GET", ["2015-03-31", "functions", name, "policy"]) => ("GetPolicy", "FunctionName", *name),
        ("GET", ["2019-09-30", "functions", name, "concurrency"]) => {
            ("GetFunctionConcurrency", "FunctionName", *name)
        }
        ("PUT", ["2017-10-31", "functions", name, "concurrency"]) => {
            ("PutFunctionConcurrency", "FunctionName", *name)
        }
        ("DELETE", ["2017-10-31", "functions", name, "concurrency"]) => {
            ("DeleteFunctionConcurrency", "FunctionName", *name)
        }
        ("GET", ["2017-03-31", "tags", arn]) => ("ListTags", "Resource", *arn),
        ("POST", ["2017-03-31", "tags", arn]) => ("TagResource", "Resource", *arn),
        ("DELETE", ["2017-03-31", "tags", arn]) => ("UntagResource", "Resource", *arn),
        _ => return invocation(request, segments),
    };
    let mut body = json_body(request)?;
    body[field] = Value::from(name);
    if operation == "UntagResource" {
        let query = form_urlencoded::parse(request.query.as_bytes());
        let keys = query.filter(|(name, _)| name == "tagKeys").map(|(_, key)| key.into_owned());
        body["TagKeys"] = keys.collect();
    }
    Ok((operation.to_owned(), Params::Json(body)))
}

fn invocation(request: &Request, segments: &[&str]) -> Result<(String, Params), ApiError> {
    let ("POST", ["2015-03-31", "functions", name, "invocations"]) = (request.method.as_str(), segments)
    else {
        return Err(unknown_operation(Service::Lambda, &request.path));
    };
    let kind = match request.header("x-amz-invocation-type") {
        None | Some("RequestResponse") => InvocationType::RequestResponse,
        Some("Event") => InvocationType::Event,
        Some("DryRun") => InvocationType::DryRun,
        Some(other) => {
            let message = format!("There is no invocation type {other}.");
            return Err(ApiError::new(400, "InvalidParameterValueException", message));
        }
    };
    let params = Params::Raw { name: (*name).to_owned(), kind, body: request.body.clone() };
    Ok(("Invoke".to_owned(), params))
}

fn json_body(request: &Request) -> Result<Value, ApiError> {
    if request.body.is_empty() {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    serde_json::from_slice(&request.body)
        .ok()
        .filter(Value::is_object)
        .ok_or_else(|| ApiError::new(400, "SerializationException", "The body is no JSON object."))
}

/// What the simulator answers for an operation it lacks: loud, never an empty success.
pub(crate) fn unknown_operation(service: Service, operation: &str) -> ApiError {
    let code = match service.protocol() {
        Protocol::Query { .. } => "InvalidAction",
        _ => "UnknownOperationException",
    };
    ApiError::new(400, code, format!("The simulator has no operation {operation} of {}.", service.name()))
}

/// The user, secret, topic, role, parent or function a call is about, as the caller named it.
pub(crate) fn named_target(params: &Params) -> Option<String> {
    match params {
        Params::Form(form) => {
            ["UserName", "AccessKeyId", "TopicArn", "RoleArn", "RoleName", "PolicySourceArn"]
                .iter()
                .find_map(|name| form.get(name))
                .map(str::to_owned)
        }
        Params::Raw { name, .. } => Some(name.clone()),
        Params::Json(body) => ["SecretId", "Name", "ParentId", "FunctionName", "Resource", "KeyId"]
            .iter()
            .find_map(|name| body.get(name)?.as_str())
            .map(str::to_owned),
    }
}
