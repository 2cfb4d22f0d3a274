//! What becomes of the key that a rotation supersedes, and when.

use std::time::Duration;

use simulator::Options;

use crate::stage::{ACCOUNT, FUNCTION, Stage, USER, days, hours, value_of};

#[tokio::test(start_paused = true)]
async fn with_overlap_and_recovery_zero_the_old_key_is_deactivated_then_deleted_at_once() {
    let stage = Stage::new(Options::default(), &[("ROTATOR_OVERLAP", "0"), ("ROTATOR_RECOVERY", "0")]);
    let (old, arn) = stage.adopted();
    stage.sim.update(|options| options.latency = Duration::from_millis(1));
    stage.rotated(&arn).await;
    assert_eq!(stage.keys(), [(stage.working_key(&arn), true)]);
    let order: Vec<_> = stage
        .operations()
        .into_iter()
        .filter(|operation| operation.contains("AccessKey") && !operation.starts_with("List"))
        .collect();
    assert_eq!(order, ["CreateAccessKey", "UpdateAccessKey", "DeleteAccessKey"]);
    assert_eq!(stage.staged(&arn, &old.access_key_id), None, "the label goes with the key");
}

#[tokio::test(start_paused = true)]
async fn with_overlap_zero_and_a_recovery_window_the_old_key_is_deactivated_and_the_next_rotation_deletes_it()
{
    let stage = Stage::new(Options::default(), &[("ROTATOR_OVERLAP", "0")]);
    let (first, arn) = stage.adopted();
    stage.rotated(&arn).await;
    let second = stage.working_key(&arn);
    assert_eq!(stage.keys(), [(first.access_key_id, false), (second.clone(), true)]);
    stage.rotated(&arn).await;
    assert_eq!(stage.keys(), [(second, false), (stage.working_key(&arn), true)]);
}

#[tokio::test(start_paused = true)]
async fn a_secrets_own_tags_override_the_functions_overlap() {
    let stage = Stage::plain();
    let key = stage.sim.create_access_key(ACCOUNT, USER);
    let tags = [crate::stage::TAG, ("iam-key-rotator:overlap", "0"), ("iam-key-rotator:recovery", "0")];
    let arn = stage.sim.create_secret("keys/ci-bot", Some(&value_of(&key)), &tags);
    stage.sim.set_rotation(&arn, FUNCTION);
    stage.rotated(&arn).await;
    assert_eq!(stage.keys(), [(stage.working_key(&arn), true)]);
}

#[tokio::test(start_paused = true)]
async fn a_second_rotation_within_the_overlap_is_refused_and_breaks_nothing() {
    let stage = Stage::plain();
    let (old, arn) = stage.adopted();
    stage.rotated(&arn).await;
    stage.sim.advance(hours(23));
    let error = stage.failed(&arn).await;
    assert_eq!(error.error_type, "KeyLimit");
    assert!(error.message.contains(&old.access_key_id), "{}", error.message);
    stage.working_key(&arn);
    assert_eq!(stage.keys().iter().filter(|(_, active)| *active).count(), 2);
}

#[tokio::test(start_paused = true)]
async fn ninety_days_later_the_superseded_key_makes_room_unless_it_is_still_used() {
    let stage = Stage::plain();
    let (first, arn) = stage.adopted();
    stage.rotated(&arn).await;
    let second = stage.working_key(&arn);
    stage.sim.advance(days(90));
    stage.rotated(&arn).await;
    assert_eq!(stage.keys(), [(second.clone(), true), (stage.working_key(&arn), true)]);
    assert!(!stage.keys().iter().any(|(id, _)| *id == first.access_key_id));

    stage.sim.advance(days(80));
    stage.sim.use_key(&second, "s3", "eu-central-1");
    stage.sim.advance(days(10));
    let error = stage.failed(&arn).await;
    assert_eq!(error.error_type, "KeyLimit");
    for fact in [second.as_str(), "s3", "eu-central-1"] {
        assert!(error.message.contains(fact), "{}", error.message);
    }
    stage.deploy(&[("ROTATOR_IN_USE", "deactivate")]);
    stage.rotated(&arn).await;
    assert!(!stage.keys().iter().any(|(id, _)| *id == second));
}

#[tokio::test(start_paused = true)]
async fn retiring_at_once_follows_iams_list_however_late_it_shows_our_own_change() {
    let stage = Stage::new(Options::default(), &[("ROTATOR_OVERLAP", "0"), ("ROTATOR_RECOVERY", "0")]);
    let (_, arn) = stage.adopted();
    stage.sim.update(|options| options.iam_list_lag = Duration::from_secs(5));
    stage.rotated(&arn).await;
    assert_eq!(stage.keys(), [(stage.working_key(&arn), true)]);
}

/// The sweep and a rotation may take off the same label.
#[tokio::test(start_paused = true)]
async fn a_label_that_somebody_else_has_just_taken_off_is_off() {
    let stage = Stage::new(Options::default(), &[("ROTATOR_OVERLAP", "0"), ("ROTATOR_RECOVERY", "0")]);
    let (old, arn) = stage.adopted();
    let (sim, secret, label) = (stage.sim.clone(), arn.clone(), old.access_key_id.clone());
    stage.sim.on_call(move |call| {
        let key_is_gone = sim.keys(ACCOUNT, USER).iter().all(|key| key.id != label);
        if call.operation == "UpdateSecretVersionStage" && key_is_gone {
            let holder = sim.secret(&secret).stage(&label).map(|version| version.id.clone());
            if let Some(holder) = holder {
                sim.remove_label(&secret, &holder, &label);
            }
        }
        Box::pin(async {})
    });
    stage.rotated(&arn).await;
    assert_eq!(stage.keys(), [(stage.working_key(&arn), true)]);
}
