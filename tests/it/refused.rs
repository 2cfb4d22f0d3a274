//! What AWS refuses until a person acts: named as such with the remedy, and never called passing.

use std::time::Duration;

use serde_json::json;
use simulator::{Fault, FaultKind, KeyState};

use crate::alerts::{alerting, assert_reported};
use crate::fleet::Fleet;
use crate::stage::{FUNCTION, Stage, TAG};

const TOKEN: &str = "00000000-0000-4000-8000-000000000001";
const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd";
const NOT_ENCRYPTED: FaultKind = FaultKind::ErrorCode("EncryptionFailure", 400);

#[track_caller]
fn assert_says_act_now(stage: &Stage, message: &str) {
    let alert = stage.sim.alerts().pop().unwrap().message;
    assert!(alert.contains("Act now") && alert.contains(r#""errorType": "Refused""#), "{alert}");
    for promise in ["by itself,", "tried again", "repeats", "Nothing yet"] {
        assert!(!message.contains(promise) && !alert.contains(promise), "{promise:?}: {alert}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_kms_key_that_cannot_be_used_is_refused_with_the_command_and_no_key_is_made() {
    for state in [KeyState::Disabled, KeyState::PendingDeletion] {
        let (stage, old, arn) = alerting(&[]);
        stage.sim.set_kms_key(&arn, Some(KEY));
        stage.sim.set_kms_key_state(KEY, state);
        let error = stage.failed(&arn).await;
        assert_reported(&stage, &error, "Refused", &["DecryptionFailure", "enable-key", &arn]);
        assert_says_act_now(&stage, &error.message);
        assert_eq!((stage.calls("CreateAccessKey"), stage.keys().len()), (0, 1));
        stage.sim.set_kms_key_state(KEY, KeyState::Enabled);
        stage.rotated(&arn).await;
        assert_ne!(stage.working_key(&arn), old.access_key_id);
    }
}

#[tokio::test(start_paused = true)]
async fn a_value_that_is_not_encrypted_makes_a_key_once_however_often_it_is_tried() {
    for code in ["EncryptionFailure", "DecryptionFailure", "LimitExceededException", "AccessDeniedException"]
    {
        let (stage, old, arn) = alerting(&[]);
        stage.sim.add_fault(Fault::on("PutSecretValue", 0, FaultKind::ErrorCode(code, 400)));
        let error = stage.failed(&arn).await;
        let error_type = if code.starts_with("Access") { "AccessDenied" } else { "Refused" };
        assert_reported(&stage, &error, error_type, &[code, "could not be stored and was deleted again"]);
        for _ in 0..5 {
            stage.sim.advance(Duration::from_secs(120));
            let error = stage.failed(&arn).await;
            assert!(
                error.error_type == error_type && error.message.contains("no key was created"),
                "{error:?}"
            );
        }
        assert_eq!(stage.calls("CreateAccessKey"), 1, "{code}");
        assert_eq!(stage.keys(), [(old.access_key_id.clone(), true)]);
        // At once after the cause is gone.
        stage.sim.clear_faults();
        stage.rotated(&arn).await;
        assert_ne!(stage.working_key(&arn), old.access_key_id);
        let tags = stage.sim.secret(&arn).tags;
        assert!(!tags.iter().any(|(key, _)| key == "iam-key-rotator:refused"), "{tags:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn where_nothing_is_stored_yet_the_refusal_stands_for_an_hour_and_names_the_way_around() {
    let (stage, ..) = alerting(&[]);
    let arn = stage.sim.create_secret("empty", None, &[TAG]);
    stage.sim.set_rotation(&arn, FUNCTION);
    stage.sim.add_fault(Fault::on("PutSecretValue", 0, NOT_ENCRYPTED));
    stage.failed(&arn).await;
    stage.sim.advance(Duration::from_secs(600));
    let error = stage.failed(&arn).await;
    assert!(error.message.contains("untag-resource") && error.message.contains("enable-key"), "{error:?}");
    assert_eq!(stage.calls("CreateAccessKey"), 1);
    stage.sim.clear_faults();
    stage.sim.advance(Duration::from_secs(3600));
    stage.rotated(&arn).await;
}

#[tokio::test(start_paused = true)]
async fn a_fault_of_the_network_leaves_nothing_that_stops_the_next_attempt() {
    let (stage, _, arn) = alerting(&[]);
    stage.sim.add_fault(Fault::on("PutSecretValue", 0, FaultKind::Error5xx));
    assert_eq!(stage.failed(&arn).await.error_type, "ServiceUnavailable");
    let tags = stage.sim.secret(&arn).tags;
    assert!(!tags.iter().any(|(key, _)| key == "iam-key-rotator:refused"), "{tags:?}");
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_is_to_be_deleted_is_refused_with_how_to_restore_it() {
    let (stage, old, arn) = alerting(&[]);
    stage.sim.stage_pending(&arn, TOKEN, None);
    let root = stage.sim.root(crate::stage::ACCOUNT);
    stage.sim.call_as(&root, "secretsmanager", "DeleteSecret", json!({"SecretId": arn})).await.unwrap();
    let error = stage.step("createSecret", &arn, TOKEN).await.unwrap_err();
    assert_reported(&stage, &error, "Refused", &["restore-secret", &arn]);
    assert_says_act_now(&stage, &error.message);
    assert_eq!(stage.keys(), [(old.access_key_id, true)]);
}

#[tokio::test(start_paused = true)]
async fn a_secret_with_all_its_labels_is_refused_before_a_key_is_made() {
    let (stage, _, arn) = alerting(&[]);
    let current = stage.sim.secret(&arn).stage("AWSCURRENT").unwrap().id.clone();
    for nth in 0..18 {
        stage.sim.set_label(&arn, &current, &format!("app-{nth}"));
    }
    let error = stage.failed(&arn).await;
    assert_reported(&stage, &error, "Refused", &["20 staging labels", "update-secret-version-stage"]);
    assert_eq!(stage.calls("CreateAccessKey"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_secret_with_all_its_tags_is_refused_before_a_key_is_made() {
    let (stage, _, arn) = alerting(&[]);
    for nth in 0..49 {
        stage.sim.tag_secret(&arn, &format!("app-{nth}"), "x");
    }
    let error = stage.failed(&arn).await;
    assert_reported(&stage, &error, "Refused", &["50 tags", "untag-resource", &arn]);
    assert_eq!(stage.calls("CreateAccessKey"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_value_that_would_be_too_long_is_refused_before_a_key_is_made() {
    let stage = Stage::plain();
    let arn = stage.secret(&format!(r#"{{"UserName":"ci-bot","pad":"{}"}}"#, "x".repeat(65_480)));
    let error = stage.failed(&arn).await;
    assert!(error.error_type == "Refused" && error.message.contains("65,536 bytes"), "{error:?}");
    assert_eq!(stage.calls("CreateAccessKey"), 0);
}

#[tokio::test(start_paused = true)]
async fn what_a_sweep_is_refused_is_told_with_its_remedy() {
    for (settings, fault, remedy) in [
        (&[("ROTATOR_REPLICA_REGIONS", "eu-west-1")][..], None, "ROTATOR_REPLICA_REGIONS"),
        (&[], Some(("CreateSecret", "EncryptionFailure")), "ROTATOR_KMS_KEY_ID"),
        (&[], Some(("CreateSecret", "LimitExceededException")), "quota"),
        (&[], Some(("PutResourcePolicy", "MalformedPolicyDocumentException")), "ROTATOR_ROTATION_ROLE_ARN"),
        (&[], Some(("RotateSecret", "InvalidParameterException")), "ROTATOR_ROTATION_FUNCTION_ARN"),
    ] {
        let all = [&[("ROTATOR_SCOPE", "all")], settings].concat();
        let fleet = Fleet::new(&all);
        fleet.user("ci", 100);
        if let Some((operation, code)) = fault {
            fleet.sim.add_fault(Fault::on(operation, 0, FaultKind::ErrorCode(code, 400)));
        }
        let answer = fleet.sweep().await;
        assert_eq!(answer["failures"], 1, "{fault:?} {answer}");
        let alert = fleet.sim.alerts().pop().unwrap().message;
        assert!(alert.contains("AWS refuses") && alert.contains(remedy), "{alert}");
        assert!(!alert.contains("tried again"), "{alert}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_sweep_that_is_refused_altogether_calls_for_action() {
    let fleet = Fleet::new(&[]);
    fleet.enrolled("ci", 100);
    fleet.sim.add_fault(Fault::on("ListSecrets", 0, FaultKind::ErrorCode("InvalidParameterException", 400)));
    let error = fleet.send(json!({})).await.unwrap_err();
    assert_eq!(error.error_type, "Refused");
    let alert = fleet.sim.alerts().pop().unwrap();
    assert_eq!(alert.subject.as_deref(), Some("Key sweep failed: Refused"));
    assert!(alert.message.contains("Act now"), "{}", alert.message);
}
