//! What a sweep reported that no secret can remember, as hashes in the sweep function's own tags.
//!
//! An audit may change no secret, and a user without a secret has none to write on. Without this an hourly
//! sweep would report the same every hour.

use sha2::{Digest as _, Sha256};

use crate::aws::Aws;

/// A function has at most 50 tags
/// ([quotas](https://docs.aws.amazon.com/lambda/latest/dg/configuration-tags.html)); the accounts of an
/// organization share these.
const BUCKETS: u64 = 40;
/// A tag's value has at most 256 characters; an account takes 29 of them.
const MOST_ACCOUNTS: usize = 8;

/// Reports of one account, as the function's tags remember them.
#[derive(Debug)]
pub(super) struct Recall<'a> {
    pub(crate) aws: &'a Aws,
    /// The sweep function, whose tags they are.
    pub(crate) function_arn: &'a str,
    pub(crate) account: &'a str,
}

/// What was remembered, and what it is written over.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    hash: Option<String>,
    others: Vec<String>,
}

impl Remembered {
    /// Whether the same was reported last time.
    pub(crate) fn is(&self, hash: &str) -> bool {
        self.hash.as_deref() == Some(hash)
    }
}

/// A hash of everything that a report says.
pub(super) fn hash_of(lines: &[String]) -> String {
    let digest = Sha256::digest(lines.join("\n"));
    digest.iter().take(8).fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

impl Recall<'_> {
    fn key(&self) -> String {
        format!("iam-key-rotator:digests-{}", self.account.parse::<u64>().unwrap_or_default() % BUCKETS)
    }

    /// Reads it. Where it cannot be read, everything is reported: too much is better than nothing.
    pub(crate) async fn read(&self) -> Remembered {
        let tags = match self.aws.lambda().tags(self.function_arn).await {
            Ok(tags) => tags,
            Err(error) => {
                tracing::warn!(error = %error, "what was reported before cannot be read");
                return Remembered::default();
            }
        };
        let mut remembered = Remembered::default();
        for word in tags.get(&self.key()).map_or("", String::as_str).split(' ') {
            match word.split_once(':') {
                Some((account, hash)) if account == self.account => remembered.hash = Some(hash.to_owned()),
                Some(_) => remembered.others.push(word.to_owned()),
                None => {}
            }
        }
        remembered
    }

    /// Writes it. A crash before it repeats the report; so does another account's sweep that writes at the
    /// same time.
    pub(crate) async fn write(&self, hash: &str, before: &Remembered) {
        let own = format!("{}:{hash}", self.account);
        let others = before.others.iter().take(MOST_ACCOUNTS - 1);
        let value: Vec<&str> = std::iter::once(own.as_str()).chain(others.map(String::as_str)).collect();
        if let Err(error) = self.aws.lambda().tag(self.function_arn, &self.key(), &value.join(" ")).await {
            tracing::warn!(error = %error, "what was reported cannot be remembered");
        }
    }
}
