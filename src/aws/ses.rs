//! [SES](https://docs.aws.amazon.com/ses/latest/APIReference-V2/Welcome.html), API version 2.

use aws_config::SdkConfig;
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::config::Builder;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, Template};

use super::failure::failed;
use crate::error::CallError;

/// The calls this product makes to SES.
#[derive(Clone, Debug)]
pub(crate) struct Ses(Client);

/// A mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Email {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) content: MailContent,
}

/// The words of a mail: ours, or a template's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MailContent {
    /// Built in.
    Simple { subject: String, text: String, html: String },
    /// An SES template of the user's own.
    Template {
        name: String,
        /// What it may fill in, as a JSON object.
        data: String,
    },
}

/// What an account may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SesAccount {
    /// Whether it may write to anybody, and not only to verified addresses.
    pub(crate) production: bool,
    /// Whether AWS lets it send at all.
    pub(crate) sending: bool,
}

impl Ses {
    pub(super) fn new(sdk: &SdkConfig) -> Self {
        Self(Client::from_conf(Builder::from(sdk).build()))
    }

    /// [SendEmail](https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html).
    pub(crate) async fn send(&self, email: &Email) -> Result<(), CallError> {
        const ACTION: &str = "ses:SendEmail";
        let content = email.content.build().ok_or_else(|| CallError::incomplete(ACTION))?;
        self.0
            .send_email()
            .from_email_address(&email.from)
            .destination(Destination::builder().to_addresses(&email.to).build())
            .content(content)
            .send()
            .await
            .map(drop)
            .map_err(|e| failed(ACTION, &e))
    }

    /// [GetAccount](https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetAccount.html).
    pub(crate) async fn account(&self) -> Result<SesAccount, CallError> {
        let answer = self.0.get_account().send().await.map_err(|e| failed("ses:GetAccount", &e))?;
        Ok(SesAccount { production: answer.production_access_enabled(), sending: answer.sending_enabled() })
    }

    /// Whether an address or domain may send; `None` where it is no identity of the account.
    ///
    /// [GetEmailIdentity](https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetEmailIdentity.html).
    pub(crate) async fn is_verified(&self, identity: &str) -> Result<Option<bool>, CallError> {
        match self.0.get_email_identity().email_identity(identity).send().await {
            Ok(answer) => Ok(Some(answer.verified_for_sending_status())),
            Err(error) => {
                let error = failed("ses:GetEmailIdentity", &error);
                if error.is_not_found() { Ok(None) } else { Err(error) }
            }
        }
    }
}

impl MailContent {
    fn build(&self) -> Option<EmailContent> {
        let utf8 = |text: &str| Content::builder().charset("UTF-8").data(text).build().ok();
        let content = EmailContent::builder();
        Some(match self {
            Self::Simple { subject, text, html } => {
                let body = Body::builder().text(utf8(text)?).html(utf8(html)?).build();
                content.simple(Message::builder().subject(utf8(subject)?).body(body).build()).build()
            }
            Self::Template { name, data } => {
                content.template(Template::builder().template_name(name).template_data(data).build()).build()
            }
        })
    }
}
