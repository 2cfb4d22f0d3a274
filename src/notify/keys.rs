//! A sweep's mail to a user: what will happen to the user's keys, and what has.

use askama::Template;

use super::address::recipient;
use super::alert::publish;
use super::email::recipient as address_of;
use super::place::Place;
use crate::aws::{Aws, Email, Iam, MailContent};
use crate::config::Config;
use crate::error::Result;
use crate::model::{AccessKeyId, Observation, Phrase, SecretState, UserRef, minute};
use crate::plan::sweep::{ComingEvent, Notice, UserView};

/// The facts of a mail; text and HTML are two templates of them.
struct Keys {
    user: String,
    account: String,
    subject: String,
    items: Vec<Item>,
    secret_name: String,
    region: String,
    console_url: String,
    command: String,
}

struct Item {
    /// In the subject it follows a colon.
    headline: String,
    key: String,
    text: String,
}

impl Item {
    /// The headline where it stands by itself.
    fn title(&self) -> String {
        let mut letters = self.headline.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
    }
}

#[derive(Template)]
#[template(path = "keys.subject.txt", escape = "none")]
struct Subject<'a>(&'a Keys);

#[derive(Template)]
#[template(path = "keys.txt", escape = "none")]
struct Text<'a>(&'a Keys);

#[derive(Template)]
#[template(path = "keys.html")]
struct Html<'a>(&'a Keys);

/// Sends a user all there is to say in one mail; answers whether one was sent. A user without an
/// address is the owner's affair.
pub(crate) async fn tell_of_keys(
    aws: &Aws,
    config: &Config,
    view: &UserView,
    secret: &SecretState,
    notices: &[Notice],
    owner: Option<&str>,
) -> Result<bool> {
    let Some(from) = config.email.from.as_ref().filter(|_| !notices.is_empty()) else { return Ok(false) };
    let Some(to) = recipient(config, &view.user.name, &secret.tags, &view.tags, owner) else {
        tracing::warn!(user = view.user.name.as_str(), "no address to mail to");
        return Ok(false);
    };
    let facts = Keys::new(&view.user, secret, notices);
    let words = match facts.words() {
        Ok(words) => words,
        Err(error) => {
            tracing::error!(error = %error, "mail could not be written");
            return Ok(false);
        }
    };
    aws.ses().send(&Email { from: from.clone(), to, content: words }).await?;
    Ok(true)
}

/// Tells a user that a rotation deleted a key that was active; the alert topic, where there is no mail. Never
/// fails: what goes wrong is logged.
pub(crate) async fn tell_of_deletion(
    aws: &Aws,
    config: &Config,
    iam: &Iam,
    seen: &Observation,
    key: &AccessKeyId,
    evidence: &Phrase,
) {
    let notice = Notice::DeletedActive { key: key.clone(), evidence: evidence.clone() };
    let facts = Keys::new(&seen.user, &seen.secret, &[notice]);
    let address = if config.email.from.is_some() { address_of(config, iam, seen).await } else { None };
    let sent = match (config.email.from.clone(), address, facts.words()) {
        (Some(from), Some(to), Ok(content)) => {
            aws.ses().send(&Email { from, to, content }).await.map_err(|error| error.words())
        }
        (_, _, Err(error)) => Err(error.to_string()),
        _ => {
            let subject = format!("Access key of {}: {}", facts.user, facts.subject);
            publish(aws, config, &subject, Text(&facts).render()).await;
            return;
        }
    };
    if let Err(error) = sent {
        tracing::error!(user = facts.user, error, "mail of a deletion could not be sent");
    }
}

impl Keys {
    fn new(user: &UserRef, secret: &SecretState, notices: &[Notice]) -> Self {
        let items: Vec<Item> = notices.iter().map(|notice| Item::of(notice, &user.name)).collect();
        let place = Place::of(secret);
        let first = items.first().map(|item| item.headline.clone()).unwrap_or_default();
        let subject = match items.len() {
            0 | 1 => first,
            several => format!("{first}, and {} more", several - 1),
        };
        Self {
            user: user.name.to_string(),
            account: user.account.clone(),
            subject,
            items,
            secret_name: secret.name.clone(),
            region: place.region,
            console_url: place.console_url,
            command: place.command,
        }
    }

    fn words(&self) -> askama::Result<MailContent> {
        Ok(MailContent::Simple {
            subject: Subject(self).render()?.trim().to_owned(),
            text: Text(self).render()?,
            html: Html(self).render()?,
        })
    }
}

impl Item {
    fn of(notice: &Notice, user: &str) -> Self {
        let (key, headline, text) = match notice {
            Notice::Coming(coming) => {
                let at = minute(coming.at);
                let (headline, text) = match coming.event {
                    ComingEvent::Rotation => (
                        format!("rotation on {at}"),
                        "A new key will take its place in the secret. Programs that read the secret each time they need it have nothing to do; a copy of the key kept elsewhere must be renewed.",
                    ),
                    ComingEvent::Deactivation => (
                        format!("deactivation on {at}"),
                        "It has been superseded. What uses it must move to the key in the secret before then.",
                    ),
                    ComingEvent::Deletion => (
                        format!("deletion on {at}"),
                        "It is inactive. Until then it can be activated again if something turns out to need it; after that it is gone for good.",
                    ),
                };
                (&coming.key, headline, text.to_owned())
            }
            Notice::Deactivated { key, deleted_at } => (
                key,
                "deactivated".to_owned(),
                format!(
                    "It no longer works. If something needs it, activate it again before {}, when it is deleted: iam-key-rotator reactivate {user} {key}, or aws iam update-access-key --user-name {user} --access-key-id {key} --status Active",
                    minute(*deleted_at)
                ),
            ),
            Notice::Revoked { key, replaced } => {
                let next = match replaced {
                    true => {
                        "The secret holds a new key. Programs that read the secret each time they need it have nothing to do; a copy of the key kept elsewhere must be renewed."
                    }
                    false => {
                        "No new key could be made yet, so what uses this key has no access. Your administrator was notified."
                    }
                };
                let why = "AWS reported that strangers may have this key, so it was deactivated at once. Do not activate it again.";
                (key, "deactivated because it is exposed".to_owned(), format!("{why} {next}"))
            }
            Notice::DeletedActive { key, evidence } => (
                key,
                "deleted while active".to_owned(),
                format!(
                    "A user has two keys at most, and this one was deleted to make room for the next one, although it was active: {}. It is gone for good.",
                    evidence.for_people()
                ),
            ),
            Notice::Reactivated { key, again, evidence } => {
                let headline = if *again { "active again" } else { "still active" };
                (key, headline.to_owned(), format!("{}.", evidence.for_people()))
            }
            Notice::Deleted { key } => (key, "deleted".to_owned(), "It is gone for good.".to_owned()),
            Notice::StillInUse { key, evidence } => (
                key,
                "still in use".to_owned(),
                format!(
                    "It was to be deactivated by now: {}. Move what uses it to the key in the secret.",
                    evidence.for_people()
                ),
            ),
        };
        Self { headline, key: key.to_string(), text }
    }
}
