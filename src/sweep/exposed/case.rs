//! What came of an exposed key, and what is still to be said and noted of it.

use jiff::Timestamp;
use serde::Serialize;

use crate::config::{Exposed, Mode};
use crate::error::Error;
use crate::model::{AccessKeyId, KeyStatus, Keyring, Ledger, Note, Phrase, UserName, phrase};
use crate::plan::exposed::Measure;
use crate::plan::sweep::{FleetAction, UserView, Wait};
use crate::plan::{Planned, because};

/// What came of an event.
#[derive(Debug, Serialize)]
pub(crate) struct ExposedAnswer {
    pub(crate) account: Option<String>,
    pub(crate) mode: Mode,
    /// What is done about such keys, as `ROTATOR_EXPOSED`, the mode and the event say together.
    pub(crate) exposed: Exposed,
    /// `done`, `continues` or `nothing-to-do`.
    pub(crate) outcome: &'static str,
    pub(crate) keys: Vec<Case>,
    /// What the event names beside users' keys.
    pub(crate) others: Vec<String>,
    /// Whether it only says what would be done.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) dryrun: bool,
}

/// What came of one key.
#[derive(Debug, Serialize)]
pub(crate) struct Case {
    pub(crate) key: AccessKeyId,
    pub(crate) user: Option<UserName>,
    /// The name of the secret that holds it.
    pub(crate) secret: Option<String>,
    /// What it was to the secret: `current`, `superseded`, `pending`, …
    pub(crate) role: Option<&'static str>,
    /// What was done, in order; in a dry run what would be done first.
    pub(crate) actions: Vec<String>,
    pub(crate) end: End,
    /// Why.
    pub(crate) reason: Phrase,
    /// Whose access ended with it.
    #[serde(rename = "cutOff", skip_serializing_if = "Option::is_none")]
    pub(crate) cut_off: Option<Phrase>,
    #[serde(skip)]
    pub(crate) failure: Option<Error>,
    /// Why the user could not be mailed.
    #[serde(skip)]
    pub(super) not_mailed: Option<String>,
    /// What was done, for those who read the secret and the keys again.
    #[serde(skip)]
    pub(super) done: Vec<Planned<FleetAction>>,
    /// Whether people were told of the exposure before.
    #[serde(skip)]
    pub(super) told: bool,
    /// When it was deactivated while the secret held another key.
    #[serde(skip)]
    pub(super) off_since: Option<Timestamp>,
    /// The secret on which it is noted, and what was noted there.
    #[serde(skip)]
    pub(super) owed: Option<(String, Ledger)>,
    /// Since when its successor is waited for.
    #[serde(skip)]
    pub(super) since: Option<Timestamp>,
    /// How far the request for it has come.
    #[serde(skip)]
    pub(super) wait: Wait,
    /// Whether this response deactivated it.
    #[serde(skip)]
    pub(super) deactivated: bool,
    /// Whether AWSCURRENT holds another key that works, after that.
    #[serde(skip)]
    pub(super) replaced: bool,
    /// The key that leaves no room for a successor.
    #[serde(skip)]
    pub(super) in_the_way: Option<AccessKeyId>,
}

/// How a key is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum End {
    /// It does not work any more.
    Over,
    /// It works, and a person is needed.
    Works,
    /// Its successor is waited for in another invocation.
    Waits,
}

impl Case {
    pub(super) fn new(key: &AccessKeyId, since: Option<Timestamp>) -> Self {
        Self {
            key: key.clone(),
            user: None,
            secret: None,
            role: None,
            actions: Vec::new(),
            end: End::Works,
            reason: Phrase::default(),
            cut_off: None,
            failure: None,
            not_mailed: None,
            done: Vec::new(),
            told: false,
            off_since: None,
            owed: None,
            since,
            wait: if since.is_some() { Wait::Asked } else { Wait::NotAsked },
            deactivated: false,
            replaced: false,
            in_the_way: None,
        }
    }

    pub(super) fn out_of_reach(key: &AccessKeyId, error: &Error) -> Self {
        Self { reason: error.chain().into(), ..Self::new(key, None) }
    }

    /// What was first seen counts: it is what the event found.
    pub(super) fn see(&mut self, view: &UserView, is_ours: bool, remembers: bool) {
        if self.role.is_some() {
            return;
        }
        let seen = Keyring::of_lists(view.secret.as_ref(), &view.keys, view.now);
        self.role = Some(seen.find(&self.key).map_or("gone", |key| seen.role(key).name()));
        let Some(secret) = view.secret.as_ref().filter(|_| is_ours) else { return };
        self.secret = Some(secret.name.clone());
        self.told = remembers && view.ledger.has(&self.key, Note::ExposureTold);
        // A key that is gone is forgotten by the next sweep.
        if remembers && seen.find(&self.key).is_some() {
            let mut ledger = view.ledger.clone();
            // The tag is short, and what it says of keys that are gone must not push this key out of it.
            ledger.keep(|key| view.keys.iter().any(|known| known.id == *key));
            self.owed = Some((secret.arn.clone(), ledger));
        }
    }

    /// How it is left, as it was seen last.
    pub(super) fn close(&mut self, view: &UserView, why: Phrase) {
        self.end = End::Over;
        if !self.deactivated {
            self.reason = why;
            return;
        }
        let seen = Keyring::of_lists(view.secret.as_ref(), &view.keys, view.now);
        let current = seen.current();
        let works = current.filter(|key| key.id != self.key && key.status == KeyStatus::Active);
        self.replaced = works.is_some();
        if let Some(current) = works {
            let shared = seen.find(&self.key).and_then(|key| view.claims.holder_elsewhere(key, view.now));
            self.cut_off = self.cut_off.take().filter(|_| shared.is_some());
            self.reason = phrase!("it was exposed, and AWSCURRENT holds ", &current.id);
            self.off_since = Some(view.now);
        } else if current.is_some_and(|key| key.id == self.key) && self.cut_off.is_none() {
            // A rotation promoted it between the look and the deactivation.
            self.cut_off = Some(phrase!("it became current meanwhile: ", &why));
        }
    }

    pub(super) fn did(&mut self, planned: Planned<FleetAction>) {
        self.actions.push(planned.to_string());
        self.done.push(planned);
    }

    /// What would be done first.
    pub(super) fn foresee(&mut self, next: Measure) {
        match next {
            Measure::Request(setup) => {
                let planned = because(FleetAction::RequestRotation { setup }, "its key is exposed");
                self.actions.push(planned.to_string());
                self.reason = "once its successor is current, it is deactivated".into();
            }
            Measure::Await => {
                self.reason = "once the rotation that is under way has ended, it is deactivated".into()
            }
            Measure::Deactivate { planned, cut_off } => {
                self.actions.push(planned.to_string());
                (self.reason, self.cut_off) = (planned.reason, cut_off);
            }
            Measure::Report(why) | Measure::Blocked(why) => self.reason = why,
            Measure::Over(why) => (self.end, self.reason) = (End::Over, why),
        }
    }

    /// The ARN of the secret on which it is noted that people were told. What failed is repeated, and told of again.
    pub(super) fn owes(&self) -> Option<&str> {
        let settled = self.end != End::Waits && self.failure.is_none();
        self.owed.as_ref().filter(|_| settled).map(|(arn, _)| arn.as_str())
    }

    /// What is noted then, beside what is on the secret already.
    pub(super) fn add_to(&self, ledger: &mut Ledger) {
        ledger.note(&self.key, Note::Exposed);
        ledger.note(&self.key, Note::ExposureTold);
        if let Some(at) = self.off_since {
            ledger.note_status(&self.key, true, at);
        }
    }

    /// Whether people are to be told of it: not where they were, the key does not work, and nothing has happened since.
    /// Whoever may write the secret's tag can say that people were told.
    pub(super) fn is_news(&self) -> bool {
        let works = self.end == End::Works;
        self.end != End::Waits && (!self.told || works || !self.actions.is_empty() || self.failure.is_some())
    }
}
