//! The end of a leaked key, once its successor is current.

use super::super::target::Target;
use super::super::{Exit, Failure, Terminal};
use crate::model::names::AWSPREVIOUS;
use crate::model::{AccessKeyId, KeyStatus};
use crate::plan::{Change, deletion};

/// Deactivates the key that was superseded, and deletes it on a typed yes. `known` is the key that
/// was current before, where a label told; otherwise the rotation has labelled it by now.
pub(super) async fn run(
    target: &mut Target<'_>,
    known: Option<AccessKeyId>,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    target.refresh().await?;
    let previous = target.secret.staged(AWSPREVIOUS).and_then(|version| version.key.clone());
    let Some(old) = known.or(previous) else {
        return Err(Failure::Failed(
            "the new key is current, but no label tells which key it superseded: deactivate that one by hand"
                .into(),
        ));
    };
    if target.user.is_none() {
        return Err(Failure::Failed(format!(
            "the new key is current, but nothing tells whose {old} is: deactivate it by hand"
        )));
    }
    check_not_current(target, &old)?;
    terminal.line("")?;
    match status(target, &old).await? {
        None => {
            terminal.line(format!("key {old} is gone already"))?;
            return Ok(Exit::Done);
        }
        Some(KeyStatus::Inactive) => terminal.line(format!("key {old} is inactive already"))?,
        Some(KeyStatus::Active) => {
            target.make(&Change::DeactivateKey { key: old.clone() }).await?;
            terminal.line(format!("deactivated key {old}: within seconds AWS refuses it everywhere"))?;
        }
    }
    if !terminal.agrees(&format!("Delete key {old} for good?"))? {
        terminal.line("It stays, inactive; the sweep deletes it when its recovery window is over.")?;
        return Ok(Exit::Done);
    }
    target.refresh().await?;
    check_not_current(target, &old)?;
    for planned in deletion(Some(&target.secret), &old, "revoked by hand") {
        target.make(&planned.action).await?;
        if matches!(planned.action, Change::DeleteKey { .. }) {
            terminal.line(format!("deleted key {old}"))?;
        }
    }
    terminal.line("Sessions that were made with it live on for as long as they were granted: see CloudTrail for what it did.")?;
    Ok(Exit::Done)
}

fn check_not_current(target: &Target<'_>, old: &AccessKeyId) -> Result<(), Failure> {
    let current = target.secret.current().and_then(|version| version.key.as_ref());
    match current {
        Some(current) if current != old => Ok(()),
        _ => Err(Failure::Failed(format!(
            "AWSCURRENT does not hold another key than {old}: nothing was revoked"
        ))),
    }
}

async fn status(target: &Target<'_>, key: &AccessKeyId) -> Result<Option<KeyStatus>, Failure> {
    let keys = target.keys().await?;
    Ok(keys.iter().find(|known| known.id == *key).map(|key| key.status))
}
