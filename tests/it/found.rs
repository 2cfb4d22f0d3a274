//! What the searches found, each a story of its own: a failing seed or fault becomes a named test.

use std::time::Duration;

use simulator::{Fault, FaultKind, Options};

use crate::invariants::keys_in_no_version;
use crate::stage::{ACCOUNT, FUNCTION, Stage, TAG, USER, days, value_of};

/// Pairs of faults: the SDK's own retry of a stored value was denied, and the stored key was taken
/// back for one that was not stored.
#[tokio::test(start_paused = true)]
async fn a_put_that_is_stored_unanswered_and_then_denied_keeps_its_key() {
    let stage = Stage::new(Options { rotation_attempts: 2, ..Options::default() }, &[]);
    let (old, arn) = stage.adopted();
    stage.sim.add_fault(Fault::on("PutSecretValue", 1, FaultKind::ResponseLost));
    stage.sim.add_fault(Fault::on("PutSecretValue", 2, FaultKind::Denied));
    stage.rotated(&arn).await;
    assert_eq!(stage.keys(), [(old.access_key_id, true), (stage.working_key(&arn), true)]);
    assert_eq!(stage.calls("CreateAccessKey"), 1);
}

/// Interleavings: a second secret bound to the same user by mistake saw a list of keys that lagged,
/// was refused a third key, and on its retry took the first secret's fresh key for its own orphan.
#[tokio::test(start_paused = true)]
async fn a_second_secret_of_the_same_user_never_takes_the_firsts_fresh_key_for_an_orphan() {
    let options = Options { rotation_attempts: 3, retry_delay: Duration::from_secs(5), ..Options::default() };
    let stage = Stage::new(options, &[]);
    let (key, first) = stage.adopted();
    let second = stage.sim.create_secret("keys/by-mistake", Some(&value_of(&key)), &[TAG]);
    stage.sim.set_rotation(&second, FUNCTION);
    stage.rotated(&first).await;
    stage.sim.update(|options| options.iam_list_lag = Duration::from_secs(8));
    let error = stage.failed(&second).await;
    assert_eq!(error.error_type, "KeyLimit");
    stage.working_key(&first);
    assert!(keys_in_no_version(&stage, ACCOUNT, USER, &first).is_empty());
}

/// Thought of, not found: an administrator who makes a key in the seconds of a rotation that goes
/// well. The window of the intent explains that key; the count of its attempts does not.
#[tokio::test(start_paused = true)]
async fn a_key_made_by_hand_in_the_seconds_of_a_rotation_that_goes_well_is_nobodys_orphan() {
    let stage = Stage::plain();
    let arn = stage.secret(r#"{"UserName":"ci-bot"}"#);
    let sim = stage.sim.clone();
    stage.sim.on_call(move |call| {
        if call.operation == "PutSecretValue" && sim.keys(ACCOUNT, USER).len() < 2 {
            sim.create_access_key(ACCOUNT, USER);
        }
        Box::pin(async {})
    });
    stage.rotated(&arn).await;
    stage.sim.clear_hooks();
    assert_eq!(stage.keys().len(), 2, "the key made by hand is there still");
    assert_eq!(stage.failed(&arn).await.error_type, "KeyLimit");
    assert_eq!(stage.keys().iter().filter(|(_, active)| *active).count(), 2);
}

/// Singles: a death between the deletion of a key and that of its label left the label for good.
#[tokio::test(start_paused = true)]
async fn a_death_between_deleting_a_key_and_its_label_leaves_no_label() {
    let settings = [("ROTATOR_OVERLAP", "0"), ("ROTATOR_RECOVERY", "0")];
    let stage = Stage::new(Options { rotation_attempts: 2, ..Options::default() }, &settings);
    let (old, arn) = stage.adopted();
    stage.sim.add_fault(Fault::on("DeleteAccessKey", 1, FaultKind::KillAfter));
    stage.rotated(&arn).await;
    assert!(stage.sim.secret(&arn).stage(&old.access_key_id).is_none());
}

/// Mutants: nothing noticed when an earlier attempt was forgotten.
#[tokio::test(start_paused = true)]
async fn an_orphan_that_the_list_showed_only_after_the_retry_had_made_another_key_is_deleted_at_the_end() {
    let options = Options {
        rotation_attempts: 2,
        retry_delay: Duration::from_secs(2),
        iam_list_lag: Duration::from_secs(10),
        ..Options::default()
    };
    let stage = Stage::new(options, &[]);
    let arn = stage.secret(r#"{"UserName":"ci-bot"}"#);
    stage.sim.add_fault(Fault::on("CreateAccessKey", 1, FaultKind::ResponseLost));
    stage.rotated(&arn).await;
    assert_eq!(stage.calls("CreateAccessKey"), 2);
    assert_eq!(stage.keys(), [(stage.working_key(&arn), true)]);
}

/// Mutants: nothing noticed when labels of keys that are gone were left to finishSecret, by when
/// the twenty labels of a secret may be used up.
#[tokio::test(start_paused = true)]
async fn labels_of_keys_that_are_gone_make_room_before_a_new_one_is_attached() {
    let stage = Stage::plain();
    let (key, arn) = stage.adopted();
    for nth in 0..18 {
        let version = stage.sim.put_secret_value(&arn, &format!(r#"{{"UserName":"ci-bot","nth":{nth}}}"#));
        stage.sim.set_label(&arn, &version, &format!("AKIAGONEGONEGONEGO{nth:02}"));
    }
    stage.sim.put_secret_value(&arn, &value_of(&key));
    stage.rotated(&arn).await;
    stage.working_key(&arn);
    let labels: usize = stage.sim.secret(&arn).versions.iter().map(|version| version.stages.len()).sum();
    assert!(labels <= 5, "{labels} labels");
}

/// Mutants: nothing noticed when an orphan that goes was still counted.
#[tokio::test(start_paused = true)]
async fn an_orphan_beside_a_strangers_key_makes_room_and_the_stranger_stays() {
    let stage = Stage::new(Options { rotation_attempts: 2, ..Options::default() }, &[]);
    let stranger = stage.sim.create_access_key_at(ACCOUNT, USER, stage.sim.now() - crate::stage::days(9));
    let arn = stage.secret(r#"{"UserName":"ci-bot"}"#);
    stage.sim.add_fault(Fault::on("CreateAccessKey", 1, FaultKind::ResponseLost));
    stage.rotated(&arn).await;
    assert_eq!(stage.keys(), [(stranger.access_key_id, true), (stage.working_key(&arn), true)]);
}

/// Mutants: nothing noticed when the executor no longer looked again before it took a key away.
#[tokio::test(start_paused = true)]
async fn a_key_that_becomes_current_again_before_it_is_deactivated_stays_active() {
    let stage = Stage::new(Options::default(), &[("ROTATOR_OVERLAP", "0")]);
    let (old, arn) = stage.adopted();
    let first = stage.sim.secret(&arn).stage("AWSCURRENT").unwrap().id.clone();
    let (sim, secret) = (stage.sim.clone(), arn.clone());
    stage.sim.on_call(move |call| {
        // Looking again after the promotion: an administrator has moved AWSCURRENT back by then.
        let promoted = sim.secret(&secret).stage("AWSPREVIOUS").is_some_and(|previous| previous.id == first);
        if call.operation == "DescribeSecret" && promoted {
            sim.set_label(&secret, &first, "AWSCURRENT");
        }
        Box::pin(async {})
    });
    let error = stage.failed(&arn).await;
    stage.sim.clear_hooks();
    assert_eq!(error.error_type, "PlanChanged");
    assert_eq!(stage.working_key(&arn), old.access_key_id);
}

/// Mutants: nothing noticed when a superseded key that somebody had deactivated kept its overlap.
#[tokio::test(start_paused = true)]
async fn a_superseded_key_that_was_deactivated_by_hand_makes_room_within_its_overlap() {
    let stage = Stage::plain();
    let (old, arn) = stage.adopted();
    stage.rotated(&arn).await;
    stage.sim.set_key_status(&old.access_key_id, false);
    stage.rotated(&arn).await;
    assert!(!stage.keys().iter().any(|(id, _)| *id == old.access_key_id));
}

/// Settings that change in mid-life: each attempt asked STS whether the secret holds the key of a rotation that was
/// given up, which IAM showed as a use, so that the next attempt took it for a key that somebody uses, for good.
#[tokio::test(start_paused = true)]
async fn attempts_that_are_refused_do_not_make_a_key_that_was_given_up_look_used() {
    let stage = Stage::plain();
    let (old, arn) = stage.adopted();
    let mut rotation = stage.sim.rotation(&arn);
    assert!(stage.sim.step(&mut rotation).await);
    let given_up = stage.sim.finish(rotation).token;
    stage.sim.remove_label(&arn, &given_up, "AWSPENDING");
    stage.sim.tag_user(ACCOUNT, USER, "iam-key-rotator:exempt", "for some days");
    for _ in 0..3 {
        stage.sim.advance(days(1));
        assert_eq!(stage.failed(&arn).await.error_type, "UserExempt");
    }
    stage.sim.untag_user(ACCOUNT, USER, "iam-key-rotator:exempt");
    stage.rotated(&arn).await;
    assert_eq!(stage.keys(), [(old.access_key_id, true), (stage.working_key(&arn), true)]);
}

/// The same where the proof was made and the deletion then denied: what may have been the proof counts as a use for
/// 35 days.
#[tokio::test(start_paused = true)]
async fn a_key_that_was_given_up_and_proved_goes_once_nobody_has_used_it_for_35_days() {
    let stage = Stage::plain();
    let (old, arn) = stage.adopted();
    let mut rotation = stage.sim.rotation(&arn);
    assert!(stage.sim.step(&mut rotation).await);
    let given_up = stage.sim.finish(rotation).token;
    stage.sim.remove_label(&arn, &given_up, "AWSPENDING");
    stage.sim.advance(days(1));
    stage.sim.add_fault(Fault::on("DeleteAccessKey", 0, FaultKind::Denied));
    assert_eq!(stage.failed(&arn).await.error_type, "AccessDenied");
    stage.sim.clear_faults();
    stage.sim.advance(days(1));
    assert_eq!(stage.failed(&arn).await.error_type, "KeyLimit");
    stage.sim.advance(days(35));
    stage.rotated(&arn).await;
    assert_eq!(stage.keys(), [(old.access_key_id, true), (stage.working_key(&arn), true)]);
}

/// Settings that change in mid-life: with an overlap of 0, finishSecret took the superseded key away from a user who
/// had been exempted after createSecret.
#[tokio::test(start_paused = true)]
async fn a_user_who_is_exempted_after_create_secret_keeps_the_superseded_key_also_without_an_overlap() {
    for recovery in ["0", "7d"] {
        let stage =
            Stage::new(Options::default(), &[("ROTATOR_OVERLAP", "0"), ("ROTATOR_RECOVERY", recovery)]);
        let (old, arn) = stage.adopted();
        let mut rotation = stage.sim.rotation(&arn);
        assert!(stage.sim.step(&mut rotation).await);
        stage.sim.tag_user(ACCOUNT, USER, "iam-key-rotator:exempt", "a freeze");
        while stage.sim.step(&mut rotation).await {}
        assert!(stage.sim.finish(rotation).succeeded, "{}", stage.log.text());
        assert_eq!(stage.keys(), [(old.access_key_id, true), (stage.working_key(&arn), true)]);
    }
}

/// Settings that change in mid-life: an audit notes nothing, so that a superseded key which was made active again after
/// the last sweep that acted counted as made active just now, at every rotation.
#[tokio::test(start_paused = true)]
async fn a_rescued_key_that_no_sweep_has_noted_does_not_block_rotations_for_good() {
    let fleet = crate::fleet::Fleet::new(&[("ROTATOR_MODE", "retire")]);
    let (old, arn) = fleet.enrolled("ci-bot", 90);
    assert!(fleet.sim.rotate(&arn).await.succeeded);
    for _ in 0..3 {
        fleet.day().await;
    }
    assert_eq!(fleet.keys("ci-bot")[0], (old.access_key_id.clone(), false));
    fleet.deploy(&[("ROTATOR_MODE", "audit")]);
    fleet.sim.set_key_status(&old.access_key_id, true);
    for _ in 0..40 {
        fleet.day().await;
    }
    assert_eq!(fleet.sim.rotate(&arn).await.error().unwrap().error_type, "KeyLimit");
    for _ in 0..4 {
        fleet.day().await;
    }
    assert!(fleet.sim.rotate(&arn).await.succeeded);
    assert!(!fleet.keys("ci-bot").iter().any(|(id, _)| *id == old.access_key_id));
}

/// LocalStack's stack, updated: after a change of the overlap from 24 hours to 0, the sweep said of a key that nobody had
/// deactivated that it was active again.
#[tokio::test(start_paused = true)]
async fn an_overlap_that_is_taken_away_is_not_reported_as_a_key_that_was_made_active_again() {
    let fleet = crate::fleet::Fleet::new(&[("ROTATOR_MODE", "retire")]);
    let (old, arn) = fleet.enrolled("ci-bot", 90);
    assert!(fleet.sim.rotate(&arn).await.succeeded);
    fleet.sweep().await;
    fleet.deploy(&[("ROTATOR_MODE", "retire"), ("ROTATOR_OVERLAP", "0")]);
    let found = fleet.sweep().await["found"].to_string();
    assert!(found.contains("or the overlap was longer when it was superseded"), "{found}");
    assert!(!found.contains("it was deactivated"), "{found}");
    fleet.day().await;
    fleet.day().await;
    assert_eq!(fleet.keys("ci-bot")[0], (old.access_key_id, false));
}

/// Mutants: a death after the promotion, once AWSPENDING was off, lost the mail of every rotation but the first, since
/// the intent of a current version is not believed before AWS has noted the end of its rotation.
#[tokio::test(start_paused = true)]
async fn a_death_at_any_move_of_a_label_loses_no_mail_of_a_later_rotation() {
    let settings = [("ROTATOR_EMAIL_FROM", "keys@example.com"), ("ROTATOR_ADMIN_EMAIL", "admin@example.com")];
    let mut died = 0;
    for (nth, promotion_keeps_pending) in (1..=4).flat_map(|nth| [(nth, true), (nth, false)]) {
        let options = Options { rotation_attempts: 3, promotion_keeps_pending, ..Options::default() };
        let stage = Stage::new(options, &settings);
        let (_, arn) = stage.adopted();
        stage.rotated(&arn).await;
        stage.sim.advance(days(90));
        // That an old key was deleted to make room is another mail.
        let mails =
            || stage.sim.mails().iter().filter(|mail| mail.subject.contains("New access key")).count();
        let before = mails();
        stage.sim.add_fault(Fault::on("UpdateSecretVersionStage", nth, FaultKind::KillAfter));
        let report = stage.rotated(&arn).await;
        died += usize::from(report.steps.last().is_some_and(|step| step.attempt > 1));
        assert_eq!(mails() - before, 1, "a death at move {nth}, {promotion_keeps_pending}");
    }
    assert!(died >= 2, "{died} deaths");
}
