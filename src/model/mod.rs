//! The nouns. No async, no SDK, no clock, no environment, no randomness: time and policy come in
//! as arguments, so that every decision built on them can be tested as a table.

mod arn;
mod claims;
mod credential;
mod credential_report;
mod document;
mod finding;
mod ids;
mod intent;
mod keyring;
mod keys;
mod ledger;
mod mailbox;
mod observation;
mod phrase;
mod policy;
mod progress;
mod refusal;
mod secret;
mod setup;
mod smtp;
mod text;
mod time;
mod user;

pub(crate) use arn::{Arn, account_of, is_account_id, region_of};
pub use claims::{Claims, OtherSecret};
pub use credential::{Credential, RotationToken, Sensitive};
pub use credential_report::{CredentialReport, OddRow, ReportError, ReportedKey, ReportedUser, read_report};
pub use document::{DocumentError, FieldNames, SecretDocument};
pub(crate) use finding::filled;
pub use finding::{Finding, FindingKind};
pub use ids::{AccessKeyId, SecretId, VersionId};
pub use intent::{ISSUE_WINDOW, Intent, LIST_LAG};
pub(crate) use keyring::Keyring;
pub use keys::{AccessKey, KeyRole, KeyStatus, LastUse};
pub use ledger::{Entry, Ledger, Note};
pub(crate) use mailbox::{is_address, mailbox};
pub(crate) use observation::Observation;
pub(crate) use phrase::phrase;
pub(crate) use phrase::{Phrase, Say};
pub use policy::{InUse, Policy, UnknownKeys, duration_text, parse_duration};
pub(crate) use progress::{Counts, Progress};
pub(crate) use refusal::Refusal;
pub use secret::{Pending, SecretState, Version};
pub(crate) use setup::{MemberRole, RotationSetup};
pub use smtp::{is_ses_smtp_password, ses_smtp_password};
pub(crate) use text::{csv_cell, fits_a_secret_name, fits_a_tag};
pub(crate) use time::{NO_BREAK, counted, minute, unbroken_minute, unbroken_pieces};
pub use user::{UserName, UserRef, UserRefError};

/// Staging labels and tags that Secrets Manager or this product give a meaning.
pub(crate) mod names {
    /// Label of the version that consumers read.
    pub(crate) const AWSCURRENT: &str = "AWSCURRENT";
    /// Label of the version that a rotation is making.
    pub(crate) const AWSPENDING: &str = "AWSPENDING";
    /// Label of the version that was current before.
    pub(crate) const AWSPREVIOUS: &str = "AWSPREVIOUS";
    /// Secret tag: the IAM user (name, or ARN) the secret is bound to.
    pub(crate) const TAG_USER: &str = "iam-key-rotator:user";
    /// Secret tag: this secret's own overlap.
    pub(crate) const TAG_OVERLAP: &str = "iam-key-rotator:overlap";
    /// Secret tag: this secret's own recovery window.
    pub(crate) const TAG_RECOVERY: &str = "iam-key-rotator:recovery";
    /// Secret tag: who gets this secret's mails.
    pub(crate) const TAG_EMAIL: &str = "iam-key-rotator:email";
    /// Secret tag: the regions whose STS must accept this secret's new key.
    pub(crate) const TAG_TEST_REGIONS: &str = "iam-key-rotator:test-regions";
    /// Secret tag: the names of the two fields that hold the key, where they are unusual.
    pub(crate) const TAG_FIELDS: &str = "iam-key-rotator:fields";
    /// Secret tag: the record written before CreateAccessKey; see [`Intent`](super::Intent).
    pub(crate) const TAG_INTENT: &str = "iam-key-rotator:intent";
    /// Secret tag: which lasting refusal was reported, and when; see
    /// [`Refusal`](super::Refusal).
    pub(crate) const TAG_REFUSED: &str = "iam-key-rotator:refused";
    /// IAM user tag: the one secret (name, or ARN) that may get this user's keys.
    pub(crate) const TAG_SECRET: &str = "iam-key-rotator:secret";
    /// Secret tag: what the sweep remembers from one day to the next; see
    /// [`Ledger`](super::Ledger).
    pub(crate) const TAG_NOTICES: &str = "iam-key-rotator:notices";
}
