//! What was published and mailed, for tests to read.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde::Serialize;

/// A message published to an SNS topic.
#[derive(Clone, Debug, Serialize)]
pub struct Alert {
    /// When it was accepted.
    pub at: SystemTime,
    /// The topic's ARN.
    pub topic: String,
    /// The subject line.
    pub subject: Option<String>,
    /// The body.
    pub message: String,
    /// Message attributes by name (string values).
    pub attributes: BTreeMap<String, String>,
}

/// A mail accepted by SES.
#[derive(Clone, Debug, Serialize)]
pub struct Mail {
    /// When it was accepted.
    pub at: SystemTime,
    /// The account that sent it.
    pub account: String,
    /// The sender.
    pub from: String,
    /// Every recipient: to, cc and bcc.
    pub to: Vec<String>,
    /// Of a templated mail: rendered.
    pub subject: String,
    /// The text part.
    pub text: Option<String>,
    /// The HTML part.
    pub html: Option<String>,
    /// The SES template's name.
    pub template: Option<String>,
    /// The SES template's data, a JSON text.
    pub template_data: Option<String>,
}

/// An SES template.
#[derive(Clone, Debug, Default)]
pub(crate) struct Template {
    pub subject: String,
    pub text: Option<String>,
    pub html: Option<String>,
}
