//! The entry guard of Secrets Manager's contract: may this token be worked on at all?

use crate::error::{Error, Result};
use crate::model::names::{AWSCURRENT, AWSPENDING};
use crate::model::{SecretState, VersionId};

/// Where a rotation's version stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It is being made.
    Pending,
    /// It has been promoted; only what comes after a promotion may still be missing.
    Current,
}

/// Tells where the version stands, or why the step must not run.
pub(crate) fn stage(secret: &SecretState, token: &VersionId) -> Result<Stage> {
    if !secret.rotation_enabled {
        return Err(Error::RotationNotEnabled { secret: secret.arn.clone() });
    }
    let not_staged =
        |problem| Error::VersionNotStaged { secret: secret.arn.clone(), token: token.to_string(), problem };
    let version = secret.version(token).ok_or_else(|| not_staged("is not a version of the secret"))?;
    if version.has(AWSCURRENT) {
        Ok(Stage::Current)
    } else if version.has(AWSPENDING) {
        Ok(Stage::Pending)
    } else {
        Err(not_staged("is not labelled AWSPENDING: this rotation was cancelled or replaced"))
    }
}
