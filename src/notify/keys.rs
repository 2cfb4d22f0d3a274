//! A sweep's mail to a user: what will happen to the user's keys, and what has.

use askama::Template;

use super::address::recipient;
use super::place::Place;
use crate::aws::{Aws, Email, Words};
use crate::config::Config;
use crate::error::Result;
use crate::model::{SecretState, minute, readable};
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
pub async fn tell_of_keys(
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
    let facts = Keys::new(view, secret, notices);
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

impl Keys {
    fn new(view: &UserView, secret: &SecretState, notices: &[Notice]) -> Self {
        let items: Vec<Item> = notices.iter().map(Item::of).collect();
        let place = Place::of(secret);
        let first = items.first().map(|item| item.headline.clone()).unwrap_or_default();
        let subject = match items.len() {
            0 | 1 => first,
            several => format!("{first}, and {} more", several - 1),
        };
        Self {
            user: view.user.name.clone(),
            account: view.user.account.clone(),
            subject,
            items,
            secret_name: secret.name.clone(),
            region: place.region,
            console_url: place.console_url,
            command: place.command,
        }
    }

    fn words(&self) -> askama::Result<Words> {
        Ok(Words::Own {
            subject: Subject(self).render()?.trim().to_owned(),
            text: Text(self).render()?,
            html: Html(self).render()?,
        })
    }
}

impl Item {
    fn of(notice: &Notice) -> Self {
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
                        "It has been superseded. What still uses it must move to the key in the secret before then.",
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
                    "It no longer works. If something turns out to need it, it can be activated again until {}, when it is deleted.",
                    minute(*deleted_at)
                ),
            ),
            Notice::Deleted { key } => (key, "deleted".to_owned(), "It is gone for good.".to_owned()),
            Notice::StillInUse { key, evidence } => (
                key,
                "still in use".to_owned(),
                format!(
                    "It was to be deactivated by now: {}. Move what uses it to the key in the secret.",
                    readable(evidence)
                ),
            ),
        };
        Self { headline, key: key.to_string(), text }
    }
}
