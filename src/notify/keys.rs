//! A sweep's mail to a user: what will happen to the user's keys, and what has.

use std::time::Duration;

use askama::Template;
use jiff::Timestamp;

use super::address::recipient;
use super::alert::publish;
use super::contact::contact;
use super::email::recipient as address_of;
use super::place::Place;
use super::when::when;
use crate::aws::{Aws, Email, Iam, MailContent};
use crate::config::{Config, SweepConfig};
use crate::error::Result;
use crate::model::{AccessKeyId, NO_BREAK, Observation, Phrase, SecretState, UserRef, duration_text};
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
    contact: String,
}

struct Item {
    /// In the subject it follows a colon.
    headline: String,
    key: String,
    /// What happens, and what to do.
    text: String,
    /// Why it happens; empty: the text says it.
    why: String,
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
    config: &SweepConfig,
    view: &UserView,
    secret: &SecretState,
    notices: &[Notice],
    owner: Option<&str>,
) -> Result<bool> {
    let (shared, now) = (&config.shared, aws.clock.now());
    let Some(from) = shared.email.from.as_ref().filter(|_| !notices.is_empty()) else { return Ok(false) };
    let Some(to) = recipient(shared, &view.user.name, &secret.tags, &view.tags, owner) else {
        tracing::warn!(user = view.user.name.as_str(), "no address to mail to");
        return Ok(false);
    };
    let rotate_after = Some(config.rotate_after);
    let items = notices.iter().map(|notice| Item::of(notice, &view.user.name, rotate_after, now)).collect();
    let facts = Keys::new(shared, &view.user, secret, items);
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
    let item = Item::of(&notice, &seen.user.name, None, aws.clock.now());
    let facts = Keys::new(config, &seen.user, &seen.secret, vec![item]);
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
    fn new(config: &Config, user: &UserRef, secret: &SecretState, items: Vec<Item>) -> Self {
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
            contact: contact(config, &user.account),
        }
    }

    fn words(&self) -> askama::Result<MailContent> {
        Ok(MailContent::Simple {
            // Some programs show the space that does not break as a sign of its own.
            subject: Subject(self).render()?.trim().replace(NO_BREAK, " "),
            text: Text(self).render()?,
            html: Html(self).render()?,
        })
    }
}

impl Item {
    /// `rotate_after` is the age at which keys are replaced, where it is known.
    fn of(notice: &Notice, user: &str, rotate_after: Option<Duration>, now: Timestamp) -> Self {
        const SUPERSEDED: &str =
            "A newer key has replaced it in the secret, and the time in which both keys work";
        let (key, headline, text, why) = match notice {
            Notice::Coming(coming) => {
                let at = when(coming.at, now);
                let (headline, text, why) = match coming.event {
                    ComingEvent::Rotation => (
                        format!("rotation on {at}"),
                        "A new key will replace it in the secret. Programs that read the secret each time they need it are not affected. Renew each copy of the key that is kept elsewhere.",
                        replaced(rotate_after),
                    ),
                    ComingEvent::Deactivation => (
                        format!("deactivation on {at}"),
                        "Move every program that uses it to the key in the secret before then.",
                        format!("{SUPERSEDED} ends then."),
                    ),
                    ComingEvent::Deletion => (
                        format!("deletion on {at}"),
                        "It is inactive. Until then it can be activated again if a program turns out to need it. After that it cannot be restored.",
                        "A newer key has replaced it in the secret.".to_owned(),
                    ),
                };
                (&coming.key, headline, text.to_owned(), why)
            }
            Notice::Deactivated { key, deleted_at } => (
                key,
                "deactivated".to_owned(),
                format!(
                    "It no longer works. It is deleted on {}. If a program needs it, activate it again before then: iam-key-rotator reactivate {user} {key}, or aws iam update-access-key --user-name {user} --access-key-id {key} --status Active",
                    when(*deleted_at, now)
                ),
                format!("{SUPERSEDED} has ended."),
            ),
            Notice::Revoked { key, replaced } => {
                let (headline, why) = ("deactivated because it is exposed", "AWS reported that strangers may have this key.");
                (key, headline.to_owned(), after_revocation(*replaced), why.to_owned())
            }
            Notice::DeletedActive { key, evidence } => (
                key,
                "deleted while active".to_owned(),
                "It cannot be restored. Move every program that used it to the key in the secret.".to_owned(),
                format!(
                    "A user has two keys at most. This key was deleted to make room for the next one, although it was active: {}.",
                    evidence.for_people()
                ),
            ),
            Notice::Reactivated { key, again, evidence } => {
                let headline = if *again { "active again" } else { "still active" };
                (key, headline.to_owned(), format!("{}.", evidence.for_people()), String::new())
            }
            Notice::Deleted { key } => (
                key,
                "deleted".to_owned(),
                "It cannot be restored.".to_owned(),
                "A newer key has replaced it in the secret, and the time in which it could be activated again has ended.".to_owned(),
            ),
            Notice::StillInUse { key, evidence } => (
                key,
                "still in use".to_owned(),
                "Move every program that uses it to the key in the secret.".to_owned(),
                format!("It should be deactivated by now, but it is still used: {}.", evidence.for_people()),
            ),
        };
        Self { headline, key: key.to_string(), text, why }
    }
}

/// What the end of an exposed key means for its programs.
fn after_revocation(replaced: bool) -> String {
    let next = match replaced {
        true => {
            "The secret holds another key. Programs that read the secret each time they need it are not affected. Renew each copy of the key that is kept elsewhere."
        }
        false => {
            "No new key could be made yet, so programs that use this key have no access. Your administrator was notified."
        }
    };
    format!("It no longer works. Do not activate it again. {next}")
}

/// Why a key is replaced.
fn replaced(rotate_after: Option<Duration>) -> String {
    let age = rotate_after.map(duration_text);
    let age = age
        .map(|age| format!(" when they are {age} old, or earlier if their secret has a schedule of its own"));
    format!("Access keys are replaced{}. A leaked copy then stops working.", age.unwrap_or_default())
}
