//! The three wire protocols: AWS Query (XML), JSON 1.1 and REST JSON.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::front::xml::Xml;
use crate::lambda::Invoke;

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
    /// What Organizations adds to an `InvalidInputException`.
    pub reason: Option<&'static str>,
}

impl ApiError {
    pub(crate) fn new(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into(), reason: None }
    }

    pub(crate) fn because(self, reason: &'static str) -> Self {
        Self { reason: Some(reason), ..self }
    }
}

/// A successful answer: the inside of `<XResult>`, or a JSON object.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Xml(Xml),
    Json(Value),
    /// As it is.
    Raw(RawReply),
    /// What this function will answer.
    Invoke(Invoke),
}

/// An answer in no protocol's clothes.
#[derive(Clone, Debug)]
pub(crate) struct RawReply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl RawReply {
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }
}

/// The services that are simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Iam,
    Sts,
    Organizations,
    SecretsManager,
    Lambda,
    Sns,
    Ses,
    Kms,
    CloudTrail,
    Logs,
}

/// How a service puts requests and answers on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Query {
        namespace: &'static str,
    },
    /// The operation is in the header `X-Amz-Target`, behind this prefix.
    Json11 {
        target: &'static str,
    },
    RestJson,
}

impl Service {
    /// The service a SigV4 credential scope names.
    pub(crate) fn from_scope(name: &str) -> Option<Self> {
        Some(match name {
            "iam" => Self::Iam,
            "sts" => Self::Sts,
            "organizations" => Self::Organizations,
            "secretsmanager" => Self::SecretsManager,
            "lambda" => Self::Lambda,
            "sns" => Self::Sns,
            "ses" => Self::Ses,
            "kms" => Self::Kms,
            "cloudtrail" => Self::CloudTrail,
            "logs" => Self::Logs,
            _ => return None,
        })
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Iam => "iam",
            Self::Sts => "sts",
            Self::Organizations => "organizations",
            Self::SecretsManager => "secretsmanager",
            Self::Lambda => "lambda",
            Self::Sns => "sns",
            Self::Ses => "ses",
            Self::Kms => "kms",
            Self::CloudTrail => "cloudtrail",
            Self::Logs => "logs",
        }
    }

    pub(crate) fn protocol(self) -> Protocol {
        match self {
            Self::Iam => Protocol::Query { namespace: "https://iam.amazonaws.com/doc/2010-05-08/" },
            Self::Sts => Protocol::Query { namespace: "https://sts.amazonaws.com/doc/2011-06-15/" },
            Self::Sns => Protocol::Query { namespace: "http://sns.amazonaws.com/doc/2010-03-31/" },
            Self::Organizations => Protocol::Json11 { target: "AWSOrganizationsV20161128." },
            Self::SecretsManager => Protocol::Json11 { target: "secretsmanager." },
            Self::Kms => Protocol::Json11 { target: "TrentService." },
            Self::CloudTrail => Protocol::Json11 { target: "CloudTrail_20131101." },
            Self::Logs => Protocol::Json11 { target: "Logs_20140328." },
            Self::Lambda | Self::Ses => Protocol::RestJson,
        }
    }

    /// What a caller without permission gets.
    pub(crate) fn denied(self, message: impl Into<String>) -> ApiError {
        match self {
            Self::Iam | Self::Sts => ApiError::new(403, "AccessDenied", message),
            Self::Organizations | Self::SecretsManager | Self::Kms | Self::CloudTrail | Self::Logs => {
                ApiError::new(400, "AccessDeniedException", message)
            }
            Self::Sns => ApiError::new(403, "AuthorizationError", message),
            Self::Lambda | Self::Ses => ApiError::new(403, "AccessDeniedException", message),
        }
    }

    /// What a caller that is too fast gets.
    pub(crate) fn throttled(self) -> ApiError {
        match self {
            Self::Iam | Self::Sts => ApiError::new(400, "Throttling", "Rate exceeded"),
            Self::Organizations => ApiError::new(400, "TooManyRequestsException", "Rate exceeded"),
            Self::SecretsManager | Self::Kms | Self::CloudTrail | Self::Logs => {
                ApiError::new(400, "ThrottlingException", "Rate exceeded")
            }
            Self::Sns => ApiError::new(429, "Throttled", "Rate exceeded"),
            Self::Lambda | Self::Ses => ApiError::new(429, "TooManyRequestsException", "Rate exceeded"),
        }
    }

    /// What a service with a bad day answers.
    pub(crate) fn failed(self) -> ApiError {
        let message = "An error occurred on the server side.";
        match self {
            Self::Iam => ApiError::new(500, "ServiceFailure", message),
            Self::Sts | Self::Sns | Self::CloudTrail => ApiError::new(500, "InternalFailure", message),
            Self::Kms => ApiError::new(500, "KMSInternalException", message),
            Self::Logs => ApiError::new(500, "ServiceUnavailableException", message),
            Self::Organizations | Self::Lambda => ApiError::new(500, "ServiceException", message),
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
            Self::Json11 { .. } | Self::RestJson => self.render_json(request_id, outcome),
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
            Ok(Reply::Raw(raw)) => {
                headers.extend(raw.headers.iter().cloned());
                return Response { status: raw.status, headers, body: raw.body.clone() };
            }
            Ok(Reply::Xml(_) | Reply::Invoke(_)) => (500, json!({"__type": "InternalFailure"})),
            Err(error) => {
                headers.push(("x-amzn-errortype", error.code.clone()));
                let key = if self == Self::RestJson { "message" } else { "Message" };
                let mut body = json!({"__type": error.code, key: error.message});
                if let Some(reason) = error.reason {
                    body["Reason"] = json!(reason);
                }
                (error.status, body)
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
                _ => "",
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
