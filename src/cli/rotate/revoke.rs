//! The end of a leaked key, once its successor is current.

use super::super::target::Target;
use super::super::{Exit, Failure, Terminal};
use crate::config::Exposed;
use crate::model::names::AWSPREVIOUS;
use crate::model::{AccessKeyId, Claims, Keyring};
use crate::plan::exposed::{Exposure, Measure, Successor, measure};
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
    let next = next(target, &old).await?;
    terminal.line("")?;
    match next {
        Next::Gone => {
            terminal.line(format!("key {old} is gone already"))?;
            return Ok(Exit::Done);
        }
        Next::Inactive => terminal.line(format!("key {old} is inactive already"))?,
        Next::Deactivate(change) => {
            target.make(&change).await?;
            terminal.line(format!("deactivated key {old}: within seconds AWS refuses it everywhere"))?;
        }
    }
    if !terminal.agrees(&format!("Delete key {old} for good?"))? {
        terminal.line("It stays, inactive; the sweep deletes it when its recovery window is over.")?;
        return Ok(Exit::Done);
    }
    target.refresh().await?;
    self::next(target, &old).await?;
    for planned in deletion(Some(&target.secret), &old, "revoked by hand") {
        target.make(&planned.action).await?;
        if matches!(planned.action, Change::DeleteKey { .. }) {
            terminal.line(format!("deleted key {old}"))?;
        }
    }
    terminal.line("Sessions that were made with it live on for as long as they were granted: see CloudTrail for what it did.")?;
    Ok(Exit::Done)
}

enum Next {
    Deactivate(Change),
    Inactive,
    Gone,
}

/// What is left to do about the key. The operator decides whose access ends, so no other secret protects it; without
/// another current key nothing is done.
async fn next(target: &Target<'_>, old: &AccessKeyId) -> Result<Next, Failure> {
    let (keys, claims) = (target.keys().await?, Claims::default());
    let now = target.account.now();
    let seen = Keyring::of_lists(Some(&target.secret), &keys, now);
    let no_other = format!("AWSCURRENT does not hold another key than {old}");
    let successor = Successor::Missing(no_other.into());
    let exposure = Exposure { key: old, seen, claims: &claims, hands_off: None, successor, in_the_way: None };
    match measure(&exposure, Exposed::Rotate) {
        Measure::Deactivate { planned, .. } => Ok(Next::Deactivate(planned.action)),
        Measure::Over(_) if seen.find(old).is_none() => Ok(Next::Gone),
        Measure::Over(_) => Ok(Next::Inactive),
        Measure::Report(why) | Measure::Blocked(why) => {
            Err(Failure::Failed(format!("{why}: nothing was revoked")))
        }
        Measure::Request(_) | Measure::Await => {
            Err(Failure::Failed("the rotation has not ended: nothing was revoked".into()))
        }
    }
}
