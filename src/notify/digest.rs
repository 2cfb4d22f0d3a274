//! A report to the administrator, as a mail or as a message of the alert topic.

use askama::Template;
use serde_json::Value;

use super::alert::publish;
use super::section::Section;
use crate::aws::{Aws, Email, MailContent};
use crate::config::SweepConfig;

/// An SNS message has at most 256 KiB
/// ([Publish](https://docs.aws.amazon.com/sns/latest/api/API_Publish.html)).
const MOST_BYTES: usize = 250_000;

/// A report to the administrator: sections of rows.
#[derive(Debug)]
pub(crate) struct Digest {
    /// The subject.
    pub(crate) headline: String,
    /// What stands above the sections.
    pub(crate) summary: String,
    /// The sections that are not empty.
    pub(crate) sections: Vec<Section>,
    /// By which the log is found.
    pub(crate) request_id: String,
}

#[derive(Template)]
#[template(path = "digest.txt", escape = "none")]
struct Text<'a>(&'a Digest);

#[derive(Template)]
#[template(path = "digest.html")]
struct Html<'a>(&'a Digest);

impl Digest {
    /// By mail to the administrator, or to the topic where there is no mail.
    pub(crate) async fn announce(&self, aws: &Aws, config: &SweepConfig, facts: &Value) -> bool {
        match config.shared.email.admin.as_ref().zip(config.shared.email.from.as_ref()) {
            Some((to, from)) => self.mail(aws, from, to).await,
            None => self.send(aws, config, facts).await,
        }
    }

    /// Mails it; answers whether it was sent.
    pub(crate) async fn mail(&self, aws: &Aws, from: &str, to: &str) -> bool {
        let words = Text(self).render().and_then(|text| {
            Ok(MailContent::Simple { subject: self.headline.clone(), text, html: Html(self).render()? })
        });
        let words = match words {
            Ok(words) => words,
            Err(error) => {
                tracing::error!(error = %error, "digest could not be written");
                return false;
            }
        };
        let sent = aws.ses().send(&Email { from: from.to_owned(), to: to.to_owned(), content: words }).await;
        if let Err(error) = &sent {
            tracing::error!(error = %error, "digest could not be mailed");
        }
        sent.is_ok()
    }

    /// Publishes it to the alert topic, with its facts as JSON; answers whether it was sent.
    pub(crate) async fn send(&self, aws: &Aws, config: &SweepConfig, facts: &Value) -> bool {
        let text = Text(self).render().map(|mut text| {
            let most = (0..=MOST_BYTES.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
            text.truncate(most.unwrap_or_default());
            format!("{text}\n{facts:#}\n")
        });
        publish(aws, &config.shared, &self.headline, text).await
    }
}
