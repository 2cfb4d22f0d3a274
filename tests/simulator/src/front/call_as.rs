//! A client of one's own: signs for real and comes in through the same door as everybody else.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::front::door::{Delivery, Transport};
use crate::front::protocol::{Protocol, Request, Response, Service};
use crate::front::sigv4;
use crate::{KeyPair, Simulator};

/// How a call through [`Simulator::call_as`] failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallError {
    /// The service answered with an error.
    Service {
        /// HTTP status.
        status: u16,
        /// AWS's error code.
        code: String,
        /// The whole body.
        body: String,
    },
    /// The connection broke (a fault).
    Lost,
    /// The service or operation is none that this client can speak.
    Unsupported,
}

impl CallError {
    /// AWS's error code, if the service answered.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Service { code, .. } => Some(code),
            _ => None,
        }
    }
}

impl std::fmt::Display for CallError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Service { status, code, body } => write!(f, "{code} (HTTP {status}): {body}"),
            Self::Lost => f.write_str("the connection broke"),
            Self::Unsupported => f.write_str("no such service or operation"),
        }
    }
}

impl std::error::Error for CallError {}

impl Simulator {
    /// Makes one signed call in the main region: JSON answers come back as they are, XML answers as
    /// a string. Parameters of Query services are flat strings (`{"UserName": "alice"}`). Lambda's
    /// `Invoke` takes `FunctionName`, `InvocationType` and `Payload`, and answers `StatusCode`,
    /// `FunctionError` and `Payload`.
    ///
    /// # Errors
    /// What the service answered, or what became of the connection.
    pub async fn call_as(
        &self,
        pair: &KeyPair,
        service: &str,
        operation: &str,
        params: Value,
    ) -> Result<Value, CallError> {
        let known = Service::from_scope(service).ok_or(CallError::Unsupported)?;
        let region = match known {
            Service::Iam | Service::Organizations => "us-east-1".to_owned(),
            _ => self.options().region,
        };
        let mut request = build(known, operation, &params).ok_or(CallError::Unsupported)?;
        let date = crate::clock::amz_date(self.now());
        sigv4::sign(&mut request, pair, service, &region, &date);
        match self.deliver(request, Transport::InProcess).await {
            Delivery::Answer(response) if operation == "Invoke" && response.status < 300 => {
                Ok(invocation(&response))
            }
            Delivery::Answer(response) => {
                let body = String::from_utf8_lossy(&response.body).into_owned();
                read(known, response.status, body)
            }
            Delivery::Lost => Err(CallError::Lost),
            Delivery::Never => std::future::pending().await,
        }
    }
}

fn build(service: Service, operation: &str, params: &Value) -> Option<Request> {
    let mut headers = Vec::new();
    let mut method = "POST";
    let mut query = String::new();
    let (path, body) = match service.protocol() {
        Protocol::RestJson if service == Service::Lambda => {
            let name = params["FunctionName"].as_str().or(params["Resource"].as_str())?;
            if let Some(kind) = params["InvocationType"].as_str() {
                headers.push(("x-amz-invocation-type".to_owned(), kind.to_owned()));
            }
            let name = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
            let payload = params.get("Payload").map(Value::to_string).unwrap_or_default();
            let keys = params["TagKeys"].as_array().into_iter().flatten().filter_map(Value::as_str);
            query = form_urlencoded::Serializer::new(String::new())
                .extend_pairs(keys.map(|key| ("tagKeys", key)))
                .finish();
            let (verb, path, body) = match operation {
                "Invoke" => ("POST", format!("/2015-03-31/functions/{name}/invocations"), payload),
                "GetFunctionConcurrency" => {
                    ("GET", format!("/2019-09-30/functions/{name}/concurrency"), String::new())
                }
                "PutFunctionConcurrency" => {
                    ("PUT", format!("/2017-10-31/functions/{name}/concurrency"), params.to_string())
                }
                "DeleteFunctionConcurrency" => {
                    ("DELETE", format!("/2017-10-31/functions/{name}/concurrency"), String::new())
                }
                "ListTags" => ("GET", format!("/2017-03-31/tags/{name}"), String::new()),
                "TagResource" => ("POST", format!("/2017-03-31/tags/{name}"), params.to_string()),
                "UntagResource" => ("DELETE", format!("/2017-03-31/tags/{name}"), String::new()),
                _ => return None,
            };
            method = verb;
            (path, body)
        }
        Protocol::Query { .. } => {
            let mut form = form_urlencoded::Serializer::new(String::new());
            form.append_pair("Action", operation);
            let empty = Map::new();
            for (name, value) in params.as_object().unwrap_or(&empty) {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                form.append_pair(name, &text);
            }
            ("/".to_owned(), form.finish())
        }
        Protocol::Json11 { target } => {
            let target = format!("{target}{operation}");
            headers.push(("x-amz-target".to_owned(), target));
            ("/".to_owned(), params.to_string())
        }
        Protocol::RestJson => {
            let path = match operation {
                "SendEmail" => "/v2/email/outbound-emails",
                "CreateEmailIdentity" => "/v2/email/identities",
                "CreateEmailTemplate" => "/v2/email/templates",
                _ => return None,
            };
            (path.to_owned(), params.to_string())
        }
    };
    Some(Request {
        method: method.to_owned(),
        path,
        query,
        authority: format!("{}.simulator.invalid", service.name()),
        headers,
        body: Bytes::from(body),
    })
}

fn invocation(response: &Response) -> Value {
    let mut answer = json!({"StatusCode": response.status});
    if let Some((_, error)) = response.headers.iter().find(|(name, _)| *name == "x-amz-function-error") {
        answer["FunctionError"] = json!(error);
    }
    if !response.body.is_empty() {
        answer["Payload"] = serde_json::from_slice(&response.body).unwrap_or(Value::Null);
    }
    answer
}

fn read(service: Service, status: u16, body: String) -> Result<Value, CallError> {
    let is_xml = matches!(service.protocol(), Protocol::Query { .. });
    if status < 300 {
        return Ok(if is_xml {
            Value::String(body)
        } else {
            serde_json::from_str(&body).unwrap_or(Value::Null)
        });
    }
    let code = if is_xml {
        between(&body, "<Code>", "</Code>").unwrap_or_default().to_owned()
    } else {
        let error: Value = serde_json::from_str(&body).unwrap_or(Value::Null);
        error["__type"].as_str().unwrap_or_default().to_owned()
    };
    Err(CallError::Service { status, code, body })
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(inner, _)| inner)
}
