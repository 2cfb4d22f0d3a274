//! `rotate`: asked for, followed, explained; and the end of a leaked key.

use simulator::{Fault, FaultKind, Options};

use super::{Seat, town};
use crate::stage::{ACCOUNT, Stage, USER, days};

#[tokio::test(start_paused = true)]
async fn rotate_follows_the_steps_until_the_new_key_is_current_and_active() {
    let stage =
        Stage::new(Options { latency: std::time::Duration::from_millis(300), ..Options::default() }, &[]);
    let (old, arn) = stage.adopted();
    let ran = Seat::of(&stage.sim).types("yes\n").run("rotate keys/ci-bot --wait").await;
    ran.is_as("rotate_wait").ends(0);
    assert_ne!(stage.working_key(&arn), old.access_key_id);
    assert!(stage.sim.key_works(&old.access_key_id, &old.secret_access_key), "it stays for its overlap");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_rotated_without_a_typed_yes() {
    let stage = Stage::plain();
    let (old, arn) = stage.adopted();
    for typed in ["", "no\n", "y\n", "YES\n"] {
        Seat::of(&stage.sim).types(typed).run("rotate ci-bot --wait").await.ends(1);
    }
    assert_eq!((stage.working_key(&arn), stage.keys().len()), (old.access_key_id, 1));
    assert_eq!(stage.calls("RotateSecret"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_rotation_that_fails_is_explained_and_the_old_key_works_on() {
    let stage = Stage::plain();
    let (old, arn) = stage.adopted();
    stage.sim.add_fault(Fault::on("CreateAccessKey", 0, FaultKind::Denied));
    let ran = Seat::of(&stage.sim).run("rotate ci-bot --wait --yes").await;
    ran.is_as("rotate_failed").ends(1);
    assert_eq!(stage.working_key(&arn), old.access_key_id);
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_told_with_the_functions_own_error_type() {
    let stage = Stage::plain();
    let (old, arn) = stage.adopted();
    stage.sim.create_access_key(ACCOUNT, USER);
    let (sim, log) = (stage.sim.clone(), stage.log.clone());
    // What the function has written by then is in its log group.
    stage.sim.on_call(move |call| {
        if call.operation == "FilterLogEvents" {
            let failed = log
                .text()
                .lines()
                .filter(|line| line.contains("errorType"))
                .map(str::to_owned)
                .collect::<Vec<_>>();
            sim.set_log("/aws/lambda/rotation", failed);
        }
        Box::pin(async {})
    });
    let ran = Seat::of(&stage.sim).run("rotate ci-bot --wait --yes").await;
    ran.is_as("rotate_key_limit").ends(1);
    assert!(ran.out.contains("createSecret, KeyLimit: "), "{}", ran.out);
    assert_eq!(stage.working_key(&arn), old.access_key_id);
}

#[tokio::test(start_paused = true)]
async fn a_rotation_that_had_not_ended_is_taken_up_again_and_followed() {
    let stage = Stage::plain();
    let (old, arn) = stage.adopted();
    stage.sim.add_fault(Fault::on("CreateAccessKey", 1, FaultKind::Denied));
    stage.failed(&arn).await;
    let ran = Seat::of(&stage.sim).run("rotate ci-bot --wait --yes").await;
    ran.ends(0);
    assert!(ran.out.contains("takes it up again"), "{}", ran.out);
    assert_ne!(stage.working_key(&arn), old.access_key_id);
}

#[tokio::test(start_paused = true)]
async fn a_rotation_cancelled_meanwhile_is_told_as_abandoned() {
    let stage = Stage::plain();
    let (old, arn) = stage.adopted();
    stage.sim.add_fault(Fault::on("CreateAccessKey", 0, FaultKind::Denied));
    let (sim, watched) = (stage.sim.clone(), arn.clone());
    let looks = std::sync::atomic::AtomicU32::new(0);
    stage.sim.on_call(move |call| {
        if call.operation == "DescribeSecret" && call.caller.contains("operator") {
            let seen = looks.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let pending = sim.secret(&watched).stage("AWSPENDING").map(|version| version.id.clone());
            if let Some(pending) = pending.filter(|_| seen == 4) {
                sim.remove_label(&watched, &pending, "AWSPENDING");
            }
        }
        Box::pin(async {})
    });
    let ran = Seat::of(&stage.sim).run("rotate ci-bot --wait --yes").await;
    ran.ends(1);
    assert!(ran.out.contains("abandoned"), "{}", ran.out);
    assert_eq!(stage.working_key(&arn), old.access_key_id);
}

#[tokio::test(start_paused = true)]
async fn a_leaked_key_ends_once_its_successor_is_current_and_is_deleted_only_on_another_yes() {
    for (typed, kept) in [("yes\nno\n", true), ("yes\nyes\n", false), ("yes\n", true)] {
        let stage = Stage::plain();
        let (old, arn) = stage.adopted();
        let ran = Seat::of(&stage.sim).types(typed).run("rotate ci-bot --revoke-now").await;
        ran.ends(0);
        assert_ne!(stage.working_key(&arn), old.access_key_id);
        assert!(!stage.sim.key_works(&old.access_key_id, &old.secret_access_key));
        assert_eq!(stage.keys().iter().any(|(key, _)| *key == old.access_key_id), kept, "{typed:?}");
        if !kept {
            ran.is_as("rotate_revoke");
        }
        stage.sim.advance(days(10));
        stage.rotated(&arn).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_meant_must_be_clear() {
    let stage = Stage::plain();
    let (key, _) = stage.adopted();
    let nobody = Seat::of(&stage.sim).run("rotate nobody --yes").await;
    nobody.ends(1);
    stage.secret_labelled(&key);
    let two = Seat::of(&stage.sim).run("rotate ci-bot --yes").await;
    two.ends(2);
    assert!(two.err.contains("give the ARN"), "{}", two.err);
    assert_eq!(stage.calls("RotateSecret"), 0);
}

#[tokio::test(start_paused = true)]
async fn without_wait_it_asks_and_ends() {
    let town = town();
    Seat::of(&town.sim).run("rotate young --yes").await.ends(0);
    town.settle().await;
    assert_eq!(town.keys("young").len(), 2);
}
