//! How the last rotation ended, from CloudTrail.

use serde_json::Value;

use super::super::Session;
use super::super::target::Target;
use super::report::Report;
use crate::aws::CallError;

const AREA: &str = "last rotation";

/// Looks it up.
pub(super) async fn check(report: &mut Report, session: &Session, target: &Target<'_>) {
    let event = session.aws.cloudtrail().last_rotation(&target.secret.arn).await;
    let Some(event) = report.answer(AREA, event) else { return };
    let Some(event) = event else {
        return report.note(AREA, "CloudTrail knows of none in the last 90 days");
    };
    let evidence = format!("cloudtrail:LookupEvents: {} {}", event.name, event.at);
    match event.name.as_str() {
        "RotationSucceeded" => report.ok(AREA, format!("it succeeded, {}", event.at)),
        "RotationAbandoned" => report.warning(
            AREA,
            "it was abandoned: somebody stored a version while it ran",
            evidence,
            "`iam-key-rotator rotate --wait`.",
        ),
        _ => report.error(
            AREA,
            "it failed",
            evidence,
            "The function's alert and log name the errorType; docs/runbook.md has each. Then `iam-key-rotator rotate --wait`.",
        ),
    }
}

/// Whether the rotation to this version has failed.
pub(super) async fn failure_of(
    session: &Session,
    target: &Target<'_>,
    version: &str,
) -> Result<Option<String>, CallError> {
    let event = session.aws.cloudtrail().last_rotation(&target.secret.arn).await?;
    Ok(event.filter(|event| event.name == "RotationFailed").and_then(|event| {
        let record: Value = serde_json::from_str(&event.record).unwrap_or_default();
        // The record's own words differ between services and years; the version's id is what counts.
        record.to_string().contains(version).then(|| format!("CloudTrail: RotationFailed {}", event.at))
    }))
}
