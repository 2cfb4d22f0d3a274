//! The changes that all plans share become calls of AWS: a key deactivated or deleted, a label moved or removed.
//!
//! It makes no decisions: its callers have read the state before, and read it again where they must.

use crate::aws::{Iam, SecretsManager};
use crate::error::CallError;
use crate::model::SecretState;
use crate::model::names::AWSPENDING;
use crate::plan::Change;

/// A secret and the user whose keys it holds.
#[derive(Debug)]
pub(crate) struct SecretAndUser<'a> {
    pub(crate) secrets: &'a SecretsManager,
    /// The secret as it was seen, if the user has one.
    pub(crate) secret: Option<&'a SecretState>,
    /// IAM, where the user is.
    pub(crate) iam: &'a Iam,
    pub(crate) user: &'a str,
}

impl SecretAndUser<'_> {
    /// Makes one change. Repeated, it finds nothing left to do: a key that is gone is deleted, a label that is
    /// gone is removed.
    pub(crate) async fn make(&self, change: &Change) -> Result<(), CallError> {
        match change {
            Change::LabelVersion { version, key } => {
                let secret = self.secret()?;
                let from = secret.staged(key.as_str()).map(|holder| &holder.id);
                self.secrets.move_label(&secret.arn, key.as_str(), from, Some(version)).await
            }
            Change::RemoveLabel { version, key } => {
                self.secrets.remove_label(&self.secret()?.arn, key.as_str(), version).await
            }
            Change::RemovePending { version } => {
                self.secrets.remove_label(&self.secret()?.arn, AWSPENDING, version).await
            }
            Change::DeactivateKey { key } => self.iam.deactivate(self.user, key).await,
            Change::DeleteKey { key } => self.iam.delete(self.user, key).await,
        }
    }

    fn secret(&self) -> Result<&SecretState, CallError> {
        let none = || {
            let (call, code) = ("secretsmanager:UpdateSecretVersionStage", "ResourceNotFoundException");
            CallError::foreseen(call, self.user, code, "the user has no secret")
        };
        self.secret.ok_or_else(none)
    }
}
