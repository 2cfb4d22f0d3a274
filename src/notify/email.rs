//! The mail of a success: which key is new, where to fetch it, until when the old one works.

use std::collections::BTreeMap;

use askama::Template;
use jiff::Timestamp;
use serde_json::json;

use super::address;
use super::alert::alert_mail_failure;
use super::contact::contact;
use super::place::Place;
use super::when::when;
use crate::aws::{Aws, Email, Iam, MailContent};
use crate::config::{Config, Mode};
use crate::error::CallError;
use crate::model::names::TAG_EMAIL;
use crate::model::{AccessKeyId, InUse, Observation, Policy, counted, mailbox, unbroken_minute};
use crate::plan::deactivation_time;

/// The facts of a mail. Subject, text and HTML are three templates of the same facts; what goes
/// into the HTML is escaped by the template.
struct Rotated {
    user: String,
    account: String,
    key: String,
    old_key: Option<String>,
    /// What becomes of the old key, in one sentence.
    old_key_fate: String,
    /// Why the key was replaced, in one sentence or two.
    why: String,
    /// Whom to ask.
    contact: String,
    secret_name: String,
    region: String,
    console_url: String,
    command: String,
    time: String,
}

#[derive(Template)]
#[template(path = "rotated.subject.txt", escape = "none")]
struct Subject<'a>(&'a Rotated);

#[derive(Template)]
#[template(path = "rotated.txt", escape = "none")]
struct Text<'a>(&'a Rotated);

#[derive(Template)]
#[template(path = "rotated.html")]
struct Html<'a>(&'a Rotated);

/// Mails the user that a new key is current. Never fails: what goes wrong is logged and alerted.
pub(crate) async fn tell_user(
    aws: &Aws,
    config: &Config,
    iam: &Iam,
    seen: &Observation,
    key: &AccessKeyId,
    superseded: Option<&AccessKeyId>,
) {
    let Some(from) = &config.email.from else { return };
    let policy = config.policy.with_tags(&seen.secret.tags).unwrap_or(config.policy);
    let Some(to) = recipient(config, iam, seen).await else {
        tracing::warn!(user = seen.user.name.as_str(), "no address to mail to");
        return;
    };
    let facts = Rotated::new(config, seen, &policy, aws.clock.now(), key, superseded);
    let words = match facts.words(config.email.template.as_deref()) {
        Ok(words) => words,
        Err(error) => {
            tracing::error!(error = %error, "mail could not be written");
            return;
        }
    };
    let email = Email { from: from.clone(), to, content: words };
    if let Err(error) = aws.ses().send(&email).await {
        tracing::error!(user = seen.user.name.as_str(), error = %error, "mail could not be sent");
        alert_mail_failure(aws, config, &seen.user.name, &seen.secret.arn, &reason(&error)).await;
    }
}

fn reason(error: &CallError) -> String {
    const CHECK: &str = "Check that the sender's identity is verified and SES is out of its sandbox.";
    format!("{error}. {}", error.remedy().as_deref().unwrap_or(CHECK))
}

/// The mailbox of the secret's tag needs no call. A user whose tags cannot be read is mailed all the
/// same, where else there is an address.
pub(super) async fn recipient(config: &Config, iam: &Iam, seen: &Observation) -> Option<String> {
    let name = &seen.user.name;
    let none = BTreeMap::new();
    let known = seen.secret.tags.get(TAG_EMAIL).is_some_and(|address| mailbox(address).is_some());
    let tags = if known { Ok(none.clone()) } else { iam.user_tags(name).await };
    let tags = tags.unwrap_or_else(|error| {
        tracing::warn!(user = name.as_str(), error = %error, "the user's address could not be read");
        none
    });
    address::recipient(config, name, &seen.secret.tags, &tags, None)
}

impl Rotated {
    fn new(
        config: &Config,
        seen: &Observation,
        policy: &Policy,
        now: Timestamp,
        key: &AccessKeyId,
        old: Option<&AccessKeyId>,
    ) -> Self {
        let (place, mode) = (Place::of(&seen.secret), config.sweep_mode);
        let fate = match old {
            None => "There was no key before this one.".to_owned(),
            Some(old) if stays(seen, policy, old) => format!(
                "The old key {old} keeps working, because another secret may hold it. The administrator was notified. Move to the new key."
            ),
            Some(old) if seen.secret.holder(old).is_none() => {
                fate(old, &policy.of_a_key_in_no_version(), mode, now)
            }
            Some(old) => fate(old, policy, mode, now),
        };
        Self {
            user: seen.user.name.to_string(),
            account: seen.user.account.clone(),
            key: key.to_string(),
            old_key: old.map(ToString::to_string),
            old_key_fate: fate,
            why: why(seen, old, now),
            contact: contact(config, &seen.user.account),
            secret_name: seen.secret.name.clone(),
            region: place.region,
            console_url: place.console_url,
            command: place.command,
            time: unbroken_minute(now),
        }
    }

    fn words(&self, template: Option<&str>) -> askama::Result<MailContent> {
        if let Some(name) = template {
            let data = json!({
                "user": self.user, "account": self.account, "keyId": self.key, "oldKeyId": self.old_key,
                "oldKeyFate": self.old_key_fate, "why": self.why, "contact": self.contact, "secretName": self.secret_name, "region": self.region,
                "consoleUrl": self.console_url, "command": self.command, "time": self.time,
            });
            return Ok(MailContent::Template { name: name.to_owned(), data: data.to_string() });
        }
        Ok(MailContent::Simple {
            subject: Subject(self).render()?.trim().to_owned(),
            text: Text(self).render()?,
            html: Html(self).render()?,
        })
    }
}

/// Why the key was replaced.
fn why(seen: &Observation, old: Option<&AccessKeyId>, now: Timestamp) -> String {
    let old = old.and_then(|old| seen.keys.iter().find(|key| key.id == *old));
    match old.map(|old| now.duration_since(old.created).as_hours() / 24) {
        Some(days) => format!(
            "The old key was {} old. Access keys are replaced regularly, so that a leaked copy soon stops working.",
            counted(days, "day")
        ),
        None => "The secret had no working key to replace, so it got its first one.".to_owned(),
    }
}

/// What becomes of the superseded key: when it stops working, what happens if it is still used then, and when
/// it is deleted. True only where a sweep retires keys, and where none does that is said.
fn fate(old: &AccessKeyId, policy: &Policy, mode: Option<Mode>, now: Timestamp) -> String {
    if policy.overlap.is_zero() {
        return match policy.recovery.is_zero() {
            true => format!("The old key {old} has been deleted."),
            false => format!("The old key {old} has been deactivated and no longer works."),
        };
    }
    if !mode.is_some_and(Mode::acts) {
        let why = match mode {
            Some(_) => "the sweep only audits (ROTATOR_MODE=audit)",
            None => "no sweep is deployed",
        };
        return format!(
            "The old key {old} keeps working: {why}, so it is not deactivated automatically. The next rotation deletes it if its overlap has ended and it is no longer used. Move to the new key, then deactivate the old one."
        );
    }
    let at = deactivation_time(now, policy);
    let used = match policy.in_use {
        InUse::Wait => {
            "if it is still used then, it stays active and you get a mail that says where it is used"
        }
        InUse::Deactivate => "it is deactivated even if it is still used",
    };
    let deleted = unbroken_minute(at.saturating_add(policy.recovery).unwrap_or(Timestamp::MAX));
    format!(
        "The old key {old} keeps working until {}. It is then deactivated; {used}. It is deleted on {deleted} at the earliest. Move to the new key before it is deactivated.",
        when(at, now)
    )
}

/// Whether the old key was left active although the overlap is 0: another secret may hold it.
fn stays(seen: &Observation, policy: &Policy, old: &AccessKeyId) -> bool {
    let key = seen.keys.iter().find(|key| key.id == *old);
    policy.overlap.is_zero() && key.is_some_and(|key| seen.claims.holder_elsewhere(key, seen.now).is_some())
}
