//! What `doctor` and `rotate --wait` learn of rotations from CloudTrail.

use std::time::Duration;

use simulator::{Fault, FaultKind, Options};

use super::Seat;
use super::doctor::{LINE, healthy};
use crate::stage::{FUNCTION, Stage, days, hours};

const LOOKUP: &str = "LookupEvents";
/// What AWS's lookups may lag by.
const LATEST: Duration = Duration::from_secs(15 * 60);

async fn fails(stage: &Stage, arn: &str) {
    stage.sim.add_fault(Fault::on("CreateAccessKey", 0, FaultKind::Denied));
    assert!(!stage.sim.rotate(arn).await.succeeded);
    stage.sim.clear_faults();
}

/// Rotations of other secrets that fail.
async fn others_fail(stage: &Stage, count: usize) {
    for nth in 0..count {
        let arn = stage.sim.create_secret(&format!("keys/ci-bot-{nth}"), Some("[]"), &[]);
        stage.sim.set_rotation(&arn, FUNCTION);
        assert!(!stage.sim.rotate(&arn).await.succeeded);
    }
}

/// No lookup was too fast for CloudTrail; answers how many there were.
fn lookups(stage: &Stage) -> usize {
    let calls: Vec<_> = stage.sim.journal().into_iter().filter(|call| call.operation == LOOKUP).collect();
    assert!(calls.iter().all(|call| format!("{:?}", call.outcome) == "Ok"), "{calls:?}");
    calls.len()
}

#[tokio::test(start_paused = true)]
async fn the_last_rotations_failure_is_found_in_cloudtrail_with_its_cause() {
    let (stage, arn) = healthy().await;
    fails(&stage, &arn).await;
    stage.sim.advance(hours(1));
    let ran = Seat::of(&stage.sim).run(LINE).await;
    ran.is_as("doctor_failed_rotation").ends(3);
    assert!(
        ran.out.contains("RotationFailed") && ran.out.contains("during createSecret step"),
        "{}",
        ran.out
    );
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_cloudtrail_does_not_show_yet_is_said_to_be_possible() {
    let (stage, arn) = healthy().await;
    stage.sim.update(|options| options.trail_lag = LATEST);
    fails(&stage, &arn).await;
    let early = Seat::of(&stage.sim).run(LINE).await;
    assert!(early.out.contains("up to 15 minutes late"), "{}", early.out);
    assert!(!early.out.contains("last rotation: it failed"), "{}", early.out);
    stage.sim.advance(LATEST);
    let late = Seat::of(&stage.sim).run(LINE).await;
    assert!(late.out.contains("last rotation: it failed"), "{}", late.out);
}

#[tokio::test(start_paused = true)]
async fn another_secrets_failures_are_not_this_ones_and_many_pages_are_read_slowly_enough() {
    let (stage, arn) = healthy().await;
    fails(&stage, &arn).await;
    others_fail(&stage, 9).await;
    stage.sim.advance(hours(1));
    stage.sim.clear_journal();
    let ran = Seat::of(&stage.sim).run(LINE).await;
    assert!(ran.out.contains("last rotation: it failed"), "{}", ran.out);
    assert!(lookups(&stage) >= 5);
}

#[tokio::test(start_paused = true)]
async fn a_history_too_long_to_read_is_unknown_and_never_right() {
    let (stage, arn) = healthy().await;
    fails(&stage, &arn).await;
    others_fail(&stage, 25).await;
    stage.sim.advance(hours(1));
    stage.sim.clear_journal();
    let ran = Seat::of(&stage.sim).run(LINE).await;
    ran.ends(3);
    assert!(ran.out.contains("unknown  last rotation: not checked"), "{}", ran.out);
    assert!(lookups(&stage) <= 20);
}

#[tokio::test(start_paused = true)]
async fn a_failure_before_the_last_success_is_history() {
    let (stage, arn) = healthy().await;
    fails(&stage, &arn).await;
    stage.sim.advance(hours(1));
    stage.rotated(&arn).await;
    stage.sim.advance(hours(1));
    let ran = Seat::of(&stage.sim).run(LINE).await;
    assert!(ran.out.contains("ok       last rotation: it succeeded"), "{}", ran.out);
    stage.sim.advance(days(1));
}

#[tokio::test(start_paused = true)]
async fn rotate_waits_long_enough_for_the_latest_news_and_tells_the_cause() {
    let stage = Stage::new(Options { trail_lag: LATEST, ..Options::default() }, &[]);
    let (old, arn) = stage.adopted();
    fails(&stage, &arn).await;
    stage.sim.advance(hours(1));
    stage.sim.add_fault(Fault::on("CreateAccessKey", 0, FaultKind::Denied));
    let ran = Seat::of(&stage.sim).run("rotate ci-bot --wait --yes").await;
    ran.ends(1);
    let failed =
        ran.out.lines().find(|line| line.contains("  failed ")).unwrap_or_else(|| panic!("{}", ran.out));
    assert!(failed.contains("during createSecret step"), "{failed}");
    // Not the failure of an hour before, which CloudTrail shows from the beginning.
    assert!(failed.trim_start().starts_with("15:"), "{failed}");
    assert!(ran.out.contains("up to 15 minutes late"), "{}", ran.out);
    assert_eq!(stage.working_key(&arn), old.access_key_id);
    lookups(&stage);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_clock_of_this_machine_is_corrected_by_awss_own_and_named_where_it_cannot_be() {
    let (stage, _) = healthy().await;
    for clock_off in [-1200, 1200] {
        Seat { clock_off, ..Seat::of(&stage.sim) }.run(LINE).await.ends(0);
    }
    let expired = "Signature expired: 20260101T000000Z is now earlier than 20260101T001000Z (20260101T001500Z - 5 min.)";
    let refusal = FaultKind::ErrorMessage("SignatureDoesNotMatch", 403, expired);
    stage.sim.add_fault(Fault::on("GetCallerIdentity", 0, refusal));
    let ran = Seat::of(&stage.sim).run(LINE).await;
    ran.ends(1);
    assert!(ran.err.contains("clock") && !ran.err.contains("are there any"), "{}", ran.err);
}

#[tokio::test(start_paused = true)]
async fn status_shows_a_failed_rotation_as_failed_and_one_in_progress_as_such() {
    let (stage, arn) = healthy().await;
    fails(&stage, &arn).await;
    let status = async || Seat::of(&stage.sim).run("status").await;
    let early = status().await;
    early.ends(0);
    assert!(!early.out.contains("rotation failed"), "CloudTrail is late: {}", early.out);
    stage.sim.advance(LATEST);
    status().await.is_as("status_failed_rotation").ends(0);
    Seat::of(&stage.sim).run("status --findings").await.ends(3);
    let rows = Seat::of(&stage.sim).run("status --json").await.json();
    assert_eq!((&rows[0]["rotation"], &rows[0]["urgency"]), (&"failed".into(), &"finding".into()));
    assert!(rows[0]["rotation_failed"].as_str().unwrap().starts_with("RotationFailed "), "{rows}");
    // Without the permission it is shown as in progress, and that is said.
    stage.sim.add_fault(Fault::on(LOOKUP, 0, FaultKind::Denied));
    let denied = status().await;
    assert!(denied.err.contains("A failed rotation may show as in progress"), "{}", denied.err);
    stage.sim.clear_faults();
    // One that has succeeded since is none.
    assert!(stage.sim.rotate(&arn).await.succeeded);
    stage.sim.advance(LATEST);
    let after = status().await;
    assert!(!after.out.contains("failed"), "{}", after.out);
}
