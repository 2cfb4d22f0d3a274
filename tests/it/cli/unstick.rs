//! `unstick`: every stuck state ends clean, and the key that worked works on.

use std::time::Duration;

use serde_json::json;
use simulator::{Fault, FaultKind, Options};

use super::Seat;
use crate::page::expect_page;
use crate::stage::{ACCOUNT, Stage, USER, days, hours};

/// The ways to get stuck.
const STATES: [&str; 14] = [
    "a version without a value",
    "createSecret was denied",
    "testSecret never succeeded",
    "finishSecret was denied",
    "the new key was deleted by hand",
    "the new key was deactivated by hand",
    "rotation was cancelled half-way",
    "the function died after CreateAccessKey, whose key nobody holds",
    "the function died after PutSecretValue",
    "an unknown inactive key fills the limit",
    "the label of a deleted key",
    "AWSPENDING stayed on the promoted version, which was then rolled back",
    "AWSPENDING stayed on the promoted version",
    "a made key that is inactive, and rotation cancelled",
];

async fn fail(stage: &Stage, arn: &str, operation: &'static str, kind: FaultKind) {
    stage.sim.add_fault(Fault::on(operation, 0, kind));
    let report = stage.sim.rotate(arn).await;
    assert!(!report.succeeded, "{report:#?}");
    stage.sim.clear_faults();
}

/// A rotation as functions leave it that do not take AWSPENDING off the promoted version.
async fn leave_pending(stage: &Stage, arn: &str) {
    let promoted = stage.rotated(arn).await.token;
    stage.sim.set_label(arn, &promoted, "AWSPENDING");
}

fn made(stage: &Stage, old: &str) -> String {
    stage.keys().into_iter().map(|(key, _)| key).find(|key| key != old).unwrap()
}

async fn cancel(stage: &Stage, arn: &str) {
    let root = stage.sim.root(ACCOUNT);
    let request = json!({"SecretId": arn});
    stage.sim.call_as(&root, "secretsmanager", "CancelRotateSecret", request).await.unwrap();
}

/// Brings a secret into the state; answers with the key that works.
async fn get_stuck(state: &str, stage: &Stage) -> (String, String) {
    let (old, arn) = stage.adopted();
    let current = stage.sim.secret(&arn).stage("AWSCURRENT").unwrap().id.clone();
    let old = old.access_key_id;
    stage.sim.set_label(&arn, &current, &old);
    match state {
        "a version without a value" => {
            stage.sim.stage_pending(&arn, "11111111-2222-3333-4444-555555555555", None)
        }
        "createSecret was denied" => fail(stage, &arn, "CreateAccessKey", FaultKind::Denied).await,
        "testSecret never succeeded" => fail(stage, &arn, "GetCallerIdentity", FaultKind::Denied).await,
        "finishSecret was denied" => fail(stage, &arn, "UpdateSecretVersionStage", FaultKind::Denied).await,
        "the new key was deleted by hand" => {
            fail(stage, &arn, "GetCallerIdentity", FaultKind::Denied).await;
            stage.sim.delete_access_key(&made(stage, &old));
        }
        "the new key was deactivated by hand" => {
            fail(stage, &arn, "GetCallerIdentity", FaultKind::Denied).await;
            stage.sim.set_key_status(&made(stage, &old), false);
        }
        "rotation was cancelled half-way" => {
            fail(stage, &arn, "GetCallerIdentity", FaultKind::Denied).await;
            cancel(stage, &arn).await;
        }
        "the function died after CreateAccessKey, whose key nobody holds" => {
            fail(stage, &arn, "CreateAccessKey", FaultKind::KillAfter).await;
            assert_eq!(stage.keys().len(), 2);
        }
        "the function died after PutSecretValue" => {
            fail(stage, &arn, "PutSecretValue", FaultKind::KillAfter).await
        }
        "an unknown inactive key fills the limit" => {
            let stranger = stage.sim.create_access_key(ACCOUNT, USER);
            stage.sim.set_key_status(&stranger.access_key_id, false);
            stage.sim.stage_pending(&arn, "11111111-2222-3333-4444-555555555555", None);
        }
        "the label of a deleted key" => {
            stage.rotated(&arn).await;
            stage.sim.delete_access_key(&old);
        }
        "AWSPENDING stayed on the promoted version, which was then rolled back" => {
            leave_pending(stage, &arn).await;
            stage.sim.set_label(&arn, &current, "AWSCURRENT");
        }
        "AWSPENDING stayed on the promoted version" => leave_pending(stage, &arn).await,
        "a made key that is inactive, and rotation cancelled" => {
            fail(stage, &arn, "GetCallerIdentity", FaultKind::Denied).await;
            stage.sim.set_key_status(&made(stage, &old), false);
            cancel(stage, &arn).await;
        }
        other => panic!("{other}"),
    }
    stage.sim.advance(hours(5));
    (stage.working_key(&arn), arn)
}

#[tokio::test(start_paused = true)]
async fn each_stuck_state_ends_clean_with_the_same_key_still_working() {
    let mut told = String::new();
    for state in STATES {
        // With no time between a key's proof and its promotion, the proof would pass for a use.
        let latency = Duration::from_millis(1500);
        let stage = Stage::new(Options { latency, ..Options::default() }, &[]);
        let (working, arn) = get_stuck(state, &stage).await;
        let ran = Seat::of(&stage.sim).types("yes\n").run("unstick keys/ci-bot").await;
        ran.ends(0);
        told.push_str(&format!("### {state}\n{}\n", ran.out));
        let secret = stage.sim.secret(&arn);
        assert!(secret.stage("AWSPENDING").is_none(), "{state}\n{}", ran.out);
        assert_eq!(stage.working_key(&arn), working, "{state}");
        let keys = stage.keys();
        let labels = secret.versions.iter().flat_map(|version| &version.stages);
        let stale =
            labels.filter(|label| label.starts_with("AKIA") && !keys.iter().any(|(key, _)| key == *label));
        assert_eq!(stale.count(), 0, "{state}");
        let again = Seat::of(&stage.sim).run("unstick keys/ci-bot").await;
        again.ends(0);
        assert!(again.out.contains("Nothing is stuck"), "{state}\n{}", again.out);
        // A superseded key within its overlap is what another rotation waits for.
        stage.sim.advance(days(2));
        let next = Seat::of(&stage.sim).run("rotate keys/ci-bot --wait --yes").await;
        assert_eq!(next.code, 0, "{state}\n{}", next.out);
        assert_ne!(stage.working_key(&arn), working, "{state}");
    }
    expect_page("tests/it/cli/snapshots/unstick.txt", &told);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_active_key_stays_whatever_it_blocks() {
    let stage = Stage::plain();
    let (working, arn) = get_stuck("a version without a value", &stage).await;
    let stranger = stage.sim.create_access_key(ACCOUNT, USER);
    let ran = Seat::of(&stage.sim).run("unstick keys/ci-bot --yes").await;
    ran.ends(0);
    assert!(ran.out.contains("fills the limit") && ran.out.contains(&stranger.access_key_id), "{}", ran.out);
    assert!(stage.sim.key_works(&stranger.access_key_id, &stranger.secret_access_key));
    assert_eq!(stage.working_key(&arn), working);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_done_without_a_yes_nor_while_a_rotation_may_be_at_work() {
    let stage = Stage::plain();
    let (_, arn) = get_stuck("testSecret never succeeded", &stage).await;
    let before = stage.sim.secret(&arn);
    Seat::of(&stage.sim).types("no\n").run("unstick keys/ci-bot").await.ends(3);
    assert_eq!(stage.sim.secret(&arn), before);
    let stage = Stage::plain();
    let (_, arn) = stage.adopted();
    stage.sim.stage_pending(&arn, "11111111-2222-3333-4444-555555555555", None);
    let before = stage.sim.secret(&arn);
    let ran = Seat::of(&stage.sim).run("unstick keys/ci-bot --yes").await;
    ran.ends(3);
    assert!(ran.out.contains("may be at work"), "{}", ran.out);
    assert_eq!(stage.sim.secret(&arn), before);
}

#[tokio::test(start_paused = true)]
async fn what_came_since_the_plan_was_shown_needs_another_yes() {
    let stage = Stage::plain();
    let (working, arn) = get_stuck("testSecret never succeeded", &stage).await;
    let (sim, watched, made) = (stage.sim.clone(), arn.clone(), made(&stage, &working));
    // Somebody promotes the made key by hand, between the plan and its execution.
    stage.sim.on_call(move |call| {
        if call.operation == "UpdateSecretVersionStage" && call.caller.contains("operator") {
            let secret = sim.secret(&watched);
            if let Some(version) =
                secret.stage(&made).filter(|version| !version.stages.contains("AWSCURRENT"))
            {
                sim.set_label(&watched, &version.id, "AWSCURRENT");
            }
        }
        Box::pin(async {})
    });
    Seat::of(&stage.sim).run("unstick keys/ci-bot --yes").await;
    stage.sim.clear_hooks();
    let now = stage.working_key(&arn);
    assert_ne!(now, working, "the promoted key was not deleted");
}
