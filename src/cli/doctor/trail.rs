//! How the last rotation ended: CloudTrail records its failures, Secrets Manager its last success.

use jiff::{SignedDuration, Timestamp};

use super::super::Session;
use super::super::target::Target;
use super::checks::Checks;
use crate::error::CallError;

const AREA: &str = "last rotation";
/// How far back CloudTrail's event history goes.
const HISTORY: SignedDuration = SignedDuration::from_hours(90 * 24);
const LATE: &str = "CloudTrail is up to 15 minutes late";

/// Looks for a failure after the last success.
pub(super) async fn check(report: &mut Checks, session: &Session, target: &Target<'_>) {
    let (_, region, account) = target.secret.home();
    if account != session.home() || region != session.aws.region() {
        return report
            .note(AREA, format!("not checked: CloudTrail records it in account {account}, {region}"));
    }
    let oldest = session.aws.clock.now().saturating_sub(HISTORY).unwrap_or(Timestamp::UNIX_EPOCH);
    let success = target.secret.last_rotated;
    let since = success.map_or(oldest, |success| success.max(oldest));
    let names = ["RotationFailed", "RotationAbandoned"];
    let searched = session.aws.cloudtrail().latest_of(&target.secret.arn, &names, since).await;
    let Some(searched) = report.answer(AREA, searched) else { return };
    let event = searched.latest.filter(|event| success.is_none_or(|success| event.at > success));
    match (event, success) {
        (Some(event), _) if event.name == "RotationFailed" => report.error(
            AREA,
            format!("it failed; {LATE}, so a later rotation may not be shown yet"),
            format!("cloudtrail:LookupEvents: {}", event.words()),
            "The function's alert and log name the errorType; docs/runbook.md has each. Then `iam-key-rotator rotate --wait`.",
        ),
        (Some(event), _) => report.warning(
            AREA,
            "it was abandoned: another version was stored while it ran",
            format!("cloudtrail:LookupEvents: {}", event.words()),
            "`iam-key-rotator rotate --wait`.",
        ),
        (None, _) if !searched.is_whole => report.unknown(
            AREA,
            format!("not checked: CloudTrail lists too many rotations of other secrets since {since}"),
            format!(
                "`aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=RotationFailed --query \"Events[?contains(CloudTrailEvent, '{}')]\"`",
                target.secret.arn
            ),
        ),
        (None, Some(success)) => {
            report.ok(AREA, format!("it succeeded, {success}; {LATE}, and shows no failure since"));
        }
        (None, None) => {
            report.note(AREA, format!("none has succeeded yet; {LATE}, and shows no failure in 90 days"));
        }
    }
}

/// A failed rotation of the secret that was requested at this time or after it. Its record does not
/// name the version, so the time decides.
pub(super) async fn failure_since(
    session: &Session,
    target: &Target<'_>,
    since: Timestamp,
) -> Result<Option<String>, CallError> {
    let trail = session.aws.cloudtrail();
    let searched = trail.latest_of(&target.secret.arn, &["RotationFailed"], since).await?;
    Ok(searched.latest.map(|event| format!("CloudTrail: {}", event.words())))
}
