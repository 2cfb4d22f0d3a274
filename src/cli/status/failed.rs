//! Rotations that have failed. Secrets Manager shows them like those in progress; CloudTrail tells them apart.

use jiff::{SignedDuration, Timestamp};

use super::super::{Session, Terminal};
use super::row::{StatusRow, Urgency};
use crate::model::SecretState;
use crate::sweep::Visit;

/// How far back a failure is looked for; CloudTrail keeps 90 days.
const HISTORY: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Marks the rows of users whose rotation has failed since it last succeeded.
pub(super) async fn mark(
    rows: &mut [StatusRow],
    visits: &[Visit],
    session: &Session,
    terminal: &mut Terminal,
) -> std::io::Result<()> {
    // CloudTrail of another account or region is not asked: `doctor` says the same.
    let here =
        |secret: &&SecretState| secret.home().1 == session.aws.region() && secret.home().2 == session.home();
    let secrets = visits.iter().filter_map(|visit| visit.secret.as_ref()).filter(here);
    let unfinished: Vec<&SecretState> =
        secrets.filter(|secret| secret.pending().unfinished().is_some()).collect();
    if unfinished.is_empty() {
        return Ok(());
    }
    let since = session.aws.clock.now().saturating_sub(HISTORY).unwrap_or(Timestamp::UNIX_EPOCH);
    let failures = match session.aws.cloudtrail().failures(since).await {
        Ok(failures) => failures,
        Err(error) => {
            return terminal.note(format!("A failed rotation may show as in progress: {error}"));
        }
    };
    for secret in unfinished {
        let event = failures.get(&secret.arn);
        let Some(event) = event.filter(|event| secret.last_rotated.is_none_or(|ended| event.at > ended))
        else {
            continue;
        };
        let mine = |row: &&mut StatusRow| row.leads && row.secret.as_ref() == Some(&secret.name);
        if let Some(row) = rows.iter_mut().find(mine) {
            row.rotation = "failed";
            row.rotation_failed = Some(event.words());
            row.urgency = row.urgency.min(Urgency::Finding);
        }
    }
    Ok(())
}
