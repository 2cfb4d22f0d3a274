//! What a report says, as data: the JSON form is this, and the other two are made from it.
//!
//! Key ids are shortened to their last four characters: enough to recognise a key by, and nothing
//! to search logs or code for. No secret is anywhere in reach.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::Phrase;

/// The shape of the JSON. A report of another shape is not read as an earlier one.
pub(crate) const SCHEMA: u32 = 1;

/// The keys of one account at one time, and what is on record of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub(crate) schema: u32,
    /// The version of this program.
    pub(crate) tool: String,
    /// The account, where it is known.
    pub(crate) account: Option<String>,
    /// When it was made, by AWS's clock.
    pub at: Timestamp,
    /// When the first report of the chain was made: before it, only what AWS keeps is known.
    pub since: Timestamp,
    /// What holds for users whose secret says nothing else.
    pub policy: Policy,
    /// How the account stands to each control.
    pub controls: Vec<ControlResult>,
    /// How it stood at each report of the chain, this one last.
    pub course: Vec<Point>,
    /// Every user with a key or a secret; those that need a person first.
    pub users: Vec<User>,
    /// How many users have neither.
    pub users_without_keys: usize,
    /// Secrets in scope that name no user.
    pub(crate) unbound: Vec<String>,
    /// Rows of the credential report that could not be read; the users whom they name are in this report.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) odd_rows: Vec<String>,
}

/// How long keys live.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The age at which a key is due, e.g. `90 days`.
    pub rotate_after: String,
    /// How long a superseded key stays active.
    pub overlap: String,
    /// How long it then stays inactive before it is deleted.
    pub(crate) recovery: String,
    /// Whether the secret's own tags say so, and not the settings.
    pub by_tags: bool,
}

/// One user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The name.
    pub name: String,
    /// The ARN.
    pub arn: String,
    /// Why the user is left alone.
    pub exemption: Option<String>,
    /// The policy applied; none where nothing rotates the user's keys.
    pub policy: Option<Policy>,
    /// The keys that IAM lists, oldest first.
    pub keys: Vec<Key>,
    /// The secret bound to the user.
    pub secret: Option<Secret>,
    /// Whether the secret's current key is one that works; nothing without a secret.
    pub validation: Option<Validation>,
    /// What needs a person.
    pub findings: Vec<Finding>,
    /// The questions of controls that the user's keys do not meet.
    pub unmet: Vec<String>,
    /// What is due, and what will happen when.
    pub next: Vec<Phrase>,
    /// What happened to the user's keys, oldest first.
    pub history: Vec<Event>,
    /// Why the user could not be read.
    pub failure: Option<String>,
}

/// One access key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// The last four characters of its id.
    pub suffix: String,
    /// When IAM made it.
    pub(crate) created: Timestamp,
    /// Its age in whole days.
    pub age_days: i64,
    /// Whether it is active.
    pub active: bool,
    /// What it is to the secret: `current`, `superseded`, `pending`, `abandoned`, `orphan`,
    /// `unknown`; without a secret `not enrolled`.
    pub role: String,
    /// Its last use; none: never, as far as IAM tells.
    pub last_used: Option<Use>,
    /// When the overlap of an active superseded key ends: the plan deactivates it then, if it is not used.
    #[serde(default)]
    pub(crate) overlap_ends: Option<Timestamp>,
}

/// One use of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    pub(crate) at: Timestamp,
    /// Which service was called.
    pub service: String,
    /// In which region.
    pub region: String,
}

/// A user's secret, without its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    pub(crate) name: String,
    /// The ARN.
    pub arn: String,
    /// The version that consumers read.
    pub(crate) version: Option<String>,
    /// When that version was stored.
    pub version_stored: Option<Timestamp>,
    /// When a rotation last ended.
    pub last_rotated: Option<Timestamp>,
    /// When the secret's own schedule has it rotated next.
    pub(crate) next_rotation: Option<Timestamp>,
    /// Whether rotation is turned on.
    pub(crate) rotation_enabled: bool,
}

/// Whether the key that consumers read is one that works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validation {
    /// The current version says which key it holds.
    pub labelled: bool,
    /// IAM lists that key as the user's.
    pub listed: bool,
    /// It is active.
    pub active: bool,
}

impl Validation {
    /// Whether all of it is so.
    pub fn passes(&self) -> bool {
        self.labelled && self.listed && self.active
    }

    /// The result in words.
    pub(crate) fn words(&self) -> &'static str {
        match (self.labelled, self.listed, self.active) {
            (false, ..) => "not labelled: which key the current version holds is not known",
            (_, false, _) => "the current version's key is none of the user's",
            (_, _, false) => "the current version's key is inactive",
            (true, true, true) => "labelled, listed, active",
        }
    }
}

/// Something that needs a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Its kind.
    pub kind: String,
    /// The last four characters of the id of the key that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    pub(crate) evidence: Phrase,
    /// What to do about it.
    pub(crate) remedy: String,
    /// The questions of controls that it bears on.
    pub(crate) questions: Vec<String>,
    /// Those controls, each as `standard version number`.
    pub controls: Vec<String>,
}

/// Something that happened to a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// What.
    pub what: What,
    /// The last four characters of the key's id; empty where the version does not name it any more.
    pub key: String,
    /// When; where only bounds are known, the latest time it can have been.
    pub(crate) at: Timestamp,
    /// The earliest time it can have been, where only bounds are known.
    pub not_before: Option<Timestamp>,
    /// Who says so.
    pub source: Source,
}

/// What can happen to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// IAM made it.
    Created,
    /// A version was stored whose key is not there any more.
    Stored,
    /// Its version became current.
    Promoted,
    /// It was made inactive.
    Deactivated,
    /// It was made active again.
    Reactivated,
    /// It was deleted.
    Deleted,
}

impl What {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Stored => "stored",
            Self::Promoted => "promoted",
            Self::Deactivated => "deactivated",
            Self::Reactivated => "reactivated",
            Self::Deleted => "deleted",
        }
    }
}

/// Who says that something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// IAM's CreateDate.
    Iam,
    /// Secrets Manager's LastRotatedDate, or a version's CreatedDate.
    SecretsManager,
    /// The sweep's note on the secret.
    Sweep,
    /// An earlier report of the chain shows it otherwise.
    EarlierReport,
}

impl Source {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Iam => "IAM",
            Self::SecretsManager => "Secrets Manager",
            Self::Sweep => "the sweep's note",
            Self::EarlierReport => "compared with the earlier report",
        }
    }
}

/// How the account stands to one control.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlResult {
    pub(crate) standard: String,
    pub(crate) version: String,
    /// Its number.
    pub number: String,
    /// What it comes down to for access keys.
    pub(crate) question: String,
    /// The result in one word.
    #[serde(default)]
    pub verdict: Verdict,
    /// Users who meet it.
    pub met: usize,
    /// Users who do not.
    pub unmet: usize,
    /// Of those, users who are exempt.
    pub exempt: usize,
    /// Of those, users whose superseded key is still active after the end of its overlap.
    #[serde(default)]
    pub past_overlap: usize,
    /// Users who do not because a superseded key is within its overlap.
    pub in_overlap: usize,
    /// Where the mapping is from.
    pub(crate) source: String,
}

/// A control's result in one word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Every user it applies to meets it. A key within its overlap is a temporary exception.
    Pass,
    /// A user does not meet it, exempt or not.
    Fail,
    /// It applies to no user, or a user could not be read and no other user fails it.
    #[default]
    NotAssessed,
}

impl Verdict {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Pass => "Pass",
            Self::Fail => "Fail",
            Self::NotAssessed => "Not assessed",
        }
    }
}

/// How the account stood at one time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    pub(crate) at: Timestamp,
    /// Active keys.
    pub active_keys: usize,
    /// Of those, keys of at most 90 days.
    pub in_time: usize,
    /// Of those, keys used within 45 days, or not that old yet.
    pub(crate) in_use: usize,
    /// Users with an active key.
    pub(crate) users: usize,
    /// Of those, users with one.
    pub(crate) with_one_key: usize,
    pub(crate) findings: usize,
}
