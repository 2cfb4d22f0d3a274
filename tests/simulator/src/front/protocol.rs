//! The three wire protocols: AWS Query (XML), JSON 1.1 and REST JSON.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::front::xml::Xml;

/// A request as it arrived, by whichever door.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub method: String,
    pub path: String,
    pub query: String,
    /// Of the URI, for clients that send no `Host` header (the in-process connector).
    pub authority: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// An answer, before either door turns it into its own type.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

/// An error that AWS would answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub status: u16,
    pub code: String,
    pub message: String,
}

impl ApiError {
    pub(crate) fn new(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into() }
    }
}

/// A successful answer: the inside of `<XResult>`, or a JSON object.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Xml(Xml),
    Json(Value),
}

/// The services that are simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Iam,
    Sts,
    SecretsManager,
    Sns,
    Ses,
}

/// How a service puts requests and answers on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Query { namespace: &'static str },
    Json11,
    RestJson,
}

impl Service {
    /// The service a SigV4 credential scope names.
    pub(crate) fn from_scope(name: &str) -> Option<Self> {
        Some(match name {
            "iam" => Self::Iam,
            "sts" => Self::Sts,
            "secretsmanager" => Self::SecretsManager,
            "sns" => Self::Sns,
            "ses" => Self::Ses,
            _ => return None,
        })
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Iam => "iam",
            Self::Sts => "sts",
            Self::SecretsManager => "secretsmanager",
            Self::Sns => "sns",
            Self::Ses => "ses",
        }
    }

    pub(crate) fn protocol(self) -> Protocol {
        match self {
            Self::Iam => Protocol::Query { namespace: "https://iam.amazonaws.com/doc/2010-05-08/" },
            Self::Sts => Protocol::Query { namespace: "https://sts.amazonaws.com/doc/2011-06-15/" },
            Self::Sns => Protocol::Query { namespace: "http://sns.amazonaws.com/doc/2010-03-31/" },
            Self::SecretsManager => Protocol::Json11,
            Self::Ses => Protocol::RestJson,
        }
    }

    /// What a caller without permission gets.
    pub(crate) fn denied(self, message: impl Into<String>) -> ApiError {
        match self {
            Self::Iam | Self::Sts => ApiError::new(403, "AccessDenied", message),
            Self::SecretsManager => ApiError::new(400, "AccessDeniedException", message),
            Self::Sns => ApiError::new(403, "AuthorizationError", message),
            Self::Ses => ApiError::new(403, "AccessDeniedException", message),
        }
    }

    /// What a caller that is too fast gets.
    pub(crate) fn throttled(self) -> ApiError {
        match self {
            Self::Iam | Self::Sts => ApiError::new(400, "Throttling", "Rate exceeded"),
            Self::SecretsManager => ApiError::new(400, "ThrottlingException", "Rate exceeded"),
            Self::Sns => ApiError::new(429, "Throttled", "Rate exceeded"),
            Self::Ses => ApiError::new(429, "TooManyRequestsException", "Rate exceeded"),
        }
    }

    /// What a service with a bad day answers.
    pub(crate) fn failed(self) -> ApiError {
        let message = "An error occurred on the server side.";
        match self {
            Self::Iam => ApiError::new(500, "ServiceFailure", message),
            Self::Sts | Self::Sns => ApiError::new(500, "InternalFailure", message),
            Self::SecretsManager => ApiError::new(500, "InternalServiceError", message),
            Self::Ses => ApiError::new(500, "InternalServiceErrorException", message),
        }
    }
}

impl Protocol {
    /// Puts an outcome on the wire.
    pub(crate) fn render(
        self,
        operation: &str,
        request_id: &str,
        outcome: &Result<Reply, ApiError>,
    ) -> Response {
        match self {
            Self::Query { namespace } => render_query(namespace, operation, request_id, outcome),
            Self::Json11 | Self::RestJson => self.render_json(request_id, outcome),
        }
    }

    fn render_json(self, request_id: &str, outcome: &Result<Reply, ApiError>) -> Response {
        let content_type = match self {
            Self::RestJson => "application/json",
            _ => "application/x-amz-json-1.1",
        };
        let mut headers =
            vec![("content-type", content_type.to_owned()), ("x-amzn-requestid", request_id.to_owned())];
        let (status, body) = match outcome {
            Ok(Reply::Json(value)) => (200, value.clone()),
            Ok(Reply::Xml(_)) => (500, json!({"__type": "InternalFailure"})),
            Err(error) => {
                headers.push(("x-amzn-errortype", error.code.clone()));
                let key = if self == Self::RestJson { "message" } else { "Message" };
                (error.status, json!({"__type": error.code, key: error.message}))
            }
        };
        Response { status, headers, body: body.to_string().into_bytes() }
    }
}

fn render_query(
    namespace: &str,
    operation: &str,
    request_id: &str,
    outcome: &Result<Reply, ApiError>,
) -> Response {
    let (status, body) = match outcome {
        Ok(reply) => {
            let result = match reply {
                Reply::Xml(xml) => xml.as_str(),
                Reply::Json(_) => "",
            };
            let body = format!(
                "<{operation}Response xmlns=\"{namespace}\"><{operation}Result>{result}\
                 </{operation}Result><ResponseMetadata><RequestId>{request_id}</RequestId>\
                 </ResponseMetadata></{operation}Response>"
            );
            (200, body)
        }
        Err(error) => {
            let kind = if error.status >= 500 { "Receiver" } else { "Sender" };
            let inner =
                Xml::new().text("Type", kind).text("Code", &error.code).text("Message", &error.message);
            let body = format!(
                "<ErrorResponse xmlns=\"{namespace}\"><Error>{}</Error>\
                 <RequestId>{request_id}</RequestId></ErrorResponse>",
                inner.as_str()
            );
            (error.status, body)
        }
    };
    Response {
        status,
        headers: vec![("content-type", "text/xml".to_owned()), ("x-amzn-requestid", request_id.to_owned())],
        body: body.into_bytes(),
    }
}
