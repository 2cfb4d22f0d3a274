//! Changes of keys and staging labels, which all plans share.

use std::fmt;

use super::{Planned, because};
use crate::model::{AccessKeyId, Phrase, Say, SecretState, VersionId, phrase};

/// A change of a key or of a staging label. Its `Display` is the line that a dry run prints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Attach a key's id as a staging label to the version that holds it.
    LabelVersion {
        /// The version.
        version: VersionId,
        /// The key.
        key: AccessKeyId,
    },
    /// Take a key's label off a version, which lets Secrets Manager drop the version.
    RemoveLabel {
        /// The version.
        version: VersionId,
        /// The key.
        key: AccessKeyId,
    },
    /// Take AWSPENDING off a version that no rotation makes any more.
    RemovePending {
        /// The version.
        version: VersionId,
    },
    /// Make a key inactive.
    DeactivateKey {
        /// The key.
        key: AccessKeyId,
    },
    /// Delete a key. Cannot be undone.
    DeleteKey {
        /// The key.
        key: AccessKeyId,
    },
}

impl Change {
    /// Whether it takes a key away, by which somebody's work can break.
    pub(crate) fn is_destructive(&self) -> bool {
        self.takes().is_some()
    }

    /// The key that it takes away.
    pub(crate) fn takes(&self) -> Option<&AccessKeyId> {
        match self {
            Self::DeactivateKey { key } | Self::DeleteKey { key } => Some(key),
            _ => None,
        }
    }

    /// Its name, as answers and summaries count it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::LabelVersion { .. } => "label",
            Self::RemoveLabel { .. } => "remove-label",
            Self::RemovePending { .. } => "remove-pending",
            Self::DeactivateKey { .. } => "deactivate",
            Self::DeleteKey { .. } => "delete",
        }
    }
}

/// Deletes a key, and takes its label off the version that holds it.
pub(crate) fn deletion(
    secret: Option<&SecretState>,
    key: &AccessKeyId,
    reason: impl Into<Phrase>,
) -> Vec<Planned<Change>> {
    let deletion = because(Change::DeleteKey { key: key.clone() }, reason);
    let holder = secret.and_then(|secret| secret.holder(key)).filter(|version| version.is_labelled());
    let label = holder.map(|version| {
        because(Change::RemoveLabel { version: version.id.clone(), key: key.clone() }, "its key is deleted")
    });
    [deletion].into_iter().chain(label).collect()
}

impl Say for &Change {
    fn say(self, phrase: &mut Phrase) {
        let said = match self {
            Change::LabelVersion { version, key } => {
                phrase!(format_args!("label version {version} with its key "), key)
            }
            Change::RemoveLabel { version, key } => {
                phrase!("take the label ", key, format_args!(" off version {version}"))
            }
            Change::RemovePending { version } => {
                phrase!(format_args!("take AWSPENDING off version {version}"))
            }
            Change::DeactivateKey { key } => phrase!("deactivate key ", key),
            Change::DeleteKey { key } => phrase!("delete key ", key),
        };
        said.say(phrase);
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        phrase!(self).fmt(f)
    }
}
