//! The SNS message of a failure: first for a person, then the same facts as JSON.

use askama::Template;
use serde_json::json;

use crate::aws::Aws;
use crate::config::Config;
use crate::error::Error;
use crate::event::RotationEvent;

/// SNS's own limit: fewer than 100 printable ASCII characters
/// ([Publish](https://docs.aws.amazon.com/sns/latest/api/API_Publish.html)).
const SUBJECT_CHARS: usize = 99;

#[derive(Template)]
#[template(path = "failure.txt", escape = "none")]
struct Failure<'a> {
    headline: &'a str,
    reason: &'a str,
    next_steps: &'a str,
    secret: &'a str,
    step: &'a str,
    request_id: &'a str,
    facts: &'a str,
}

/// Tells the alert topic, where there is one, that an invocation failed; answers whether it was told.
pub(crate) async fn alert_failure(
    aws: &Aws,
    config: &Config,
    error: &Error,
    event: Option<&RotationEvent>,
    request_id: &str,
) -> bool {
    let step = event.map(|event| event.step.as_str());
    let secret = event.map(|event| &event.secret_id);
    let reason = error.to_string();
    let facts = json!({
        "errorType": error.error_type(),
        "step": step,
        "secretArn": secret.and_then(|secret| secret.arn()),
        "secretName": secret.and_then(|secret| secret.name()),
        "user": error.user().map(|user| user.name.as_str()),
        "keyId": error.key(),
        "reason": reason,
        "nextSteps": error.next_steps(),
        "requestId": request_id,
    });
    let subject = format!("Key rotation failed: {} in {}", error.error_type(), step.unwrap_or("an event"));
    let message = Failure {
        headline: &subject,
        reason: &reason,
        next_steps: error.next_steps(),
        secret: secret.map_or("unknown", |secret| secret.as_str()),
        step: step.unwrap_or("unknown"),
        request_id,
        facts: &format!("{facts:#}"),
    };
    publish(aws, config, &subject, message.render()).await
}

#[derive(Template)]
#[template(path = "mail_failure.txt", escape = "none")]
struct MailFailure<'a> {
    user: &'a str,
    secret: &'a str,
    reason: &'a str,
    facts: &'a str,
}

/// Tells the alert topic that a mail of a success did not go out.
pub(super) async fn alert_mail_failure(aws: &Aws, config: &Config, user: &str, secret: &str, reason: &str) {
    let facts = json!({"errorType": "MailNotSent", "secretArn": secret, "user": user, "reason": reason});
    let message = MailFailure { user, secret, reason, facts: &format!("{facts:#}") };
    publish(aws, config, "Key rotated, but the mail could not be sent", message.render()).await;
}

#[derive(Template)]
#[template(path = "sweep_failure.txt", escape = "none")]
struct SweepFailure<'a> {
    headline: &'a str,
    reason: &'a str,
    next_steps: &'a str,
    request_id: &'a str,
    facts: &'a str,
}

/// Tells the alert topic that a sweep could not be made.
pub(crate) async fn alert_sweep_failure(aws: &Aws, config: &Config, error: &Error, request_id: &str) {
    const CORRECT_IT: &str = "Correct the setting or the event that the reason names. No user is swept until then, and no key is rotated by the sweep.";
    const NEXT_STEPS: &str = "No user was touched by what failed, and the next sweep begins by looking at what is there. Act if this alert comes back.";
    const ACT_NOW: &str = "Act now: this does not pass by itself. No user was touched by what failed. Do what the reason says, then sweep again.";
    let next_steps = match error {
        Error::InvalidConfig { .. } | Error::InvalidEvent { .. } => CORRECT_IT,
        Error::Refused { .. } | Error::AccessDenied { .. } => ACT_NOW,
        _ => NEXT_STEPS,
    };
    let reason = error.to_string();
    let facts = json!({"errorType": error.error_type(), "reason": reason, "requestId": request_id});
    let subject = format!("Key sweep failed: {}", error.error_type());
    let message = SweepFailure {
        headline: &subject,
        reason: &reason,
        next_steps,
        request_id,
        facts: &format!("{facts:#}"),
    };
    publish(aws, config, &subject, message.render()).await;
}

/// Answers whether the topic, if there is one, was told.
pub(super) async fn publish(
    aws: &Aws,
    config: &Config,
    subject: &str,
    message: askama::Result<String>,
) -> bool {
    let Some(topic) = &config.alert_topic_arn else { return true };
    let subject: String = subject.chars().filter(|c| (' '..='~').contains(c)).take(SUBJECT_CHARS).collect();
    let sent = match message {
        Ok(message) => aws.sns().publish(topic, &subject, &message).await.map_err(|error| error.words()),
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = &sent {
        tracing::error!(topicArn = topic.as_str(), error, "alert could not be sent");
    }
    sent.is_ok()
}
