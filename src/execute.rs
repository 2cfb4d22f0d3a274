//! Changes of keys and labels become calls of AWS. Every plan's changes are made here.
//!
//! It makes no decisions: who plans has looked, and looks again where it must.

use crate::aws::{Iam, SecretsManager};
use crate::error::CallError;
use crate::model::SecretState;
use crate::model::names::AWSPENDING;
use crate::plan::Change;

/// A secret and the user whose keys it holds.
#[derive(Debug)]
pub(crate) struct Target<'a> {
    pub(crate) secrets: &'a SecretsManager,
    /// The secret as it was seen.
    pub(crate) secret: &'a SecretState,
    /// IAM, where the user is.
    pub(crate) iam: &'a Iam,
    pub(crate) user: &'a str,
}

impl Target<'_> {
    /// Makes one change. Repeated, it finds nothing left to do: a key that is gone is deleted, a label that is
    /// gone is removed.
    pub(crate) async fn make(&self, change: &Change) -> Result<(), CallError> {
        let arn = self.secret.arn.as_str();
        match change {
            Change::LabelVersion { version, key } => {
                let from = self.secret.staged(key.as_str()).map(|holder| &holder.id);
                self.secrets.move_label(arn, key.as_str(), from, Some(version)).await
            }
            Change::RemoveLabel { version, key } => {
                self.secrets.remove_label(arn, key.as_str(), version).await
            }
            Change::RemovePending { version } => self.secrets.remove_label(arn, AWSPENDING, version).await,
            Change::DeactivateKey { key } => self.iam.deactivate(self.user, key).await,
            Change::DeleteKey { key } => self.iam.delete(self.user, key).await,
        }
    }
}
