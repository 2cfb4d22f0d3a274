//! Each error type: how it comes about, its alert, its log line, and that nothing was broken.

use std::time::Duration;

use serde_json::json;
use simulator::{Fault, FaultKind};

use crate::alerts::{alerting, assert_reported};
use crate::stage::{ACCOUNT, FUNCTION, TAG, USER, hours};

const TOKEN: &str = "00000000-0000-4000-8000-000000000001";

#[tokio::test(start_paused = true)]
async fn invalid_event_names_the_field() {
    let (stage, _, arn) = alerting(&[]);
    let error =
        stage.sim.invoke(FUNCTION, json!({"Step": "createSecret", "SecretId": arn})).await.unwrap_err();
    assert_reported(&stage, &error, "InvalidEvent", &["ClientRequestToken", "missing"]);
}

#[tokio::test(start_paused = true)]
async fn invalid_event_when_the_secret_does_not_exist() {
    let (stage, ..) = alerting(&[]);
    let error = stage.step("createSecret", "no-such-secret", TOKEN).await.unwrap_err();
    assert_reported(&stage, &error, "InvalidEvent", &["SecretId"]);
}

#[tokio::test(start_paused = true)]
async fn invalid_config_of_the_function_fails_every_invocation() {
    let (stage, _, arn) = alerting(&[]);
    stage.deploy(&[("ROTATOR_OVERLAPP", "1h")]);
    for step in ["createSecret", "testSecret"] {
        let error = stage.step(step, &arn, TOKEN).await.unwrap_err();
        assert_eq!(error.error_type, "InvalidConfig");
        assert!(error.message.contains("ROTATOR_OVERLAPP"), "{}", error.message);
    }
}

#[tokio::test(start_paused = true)]
async fn invalid_config_of_one_secrets_tag() {
    let (stage, key, _) = alerting(&[]);
    let tags = [TAG, ("iam-key-rotator:overlap", "a while")];
    let arn = stage.sim.create_secret("other", Some(&crate::stage::value_of(&key)), &tags);
    stage.sim.set_rotation(&arn, FUNCTION);
    let error = stage.failed(&arn).await;
    assert_reported(&stage, &error, "InvalidConfig", &["iam-key-rotator:overlap", "a while"]);
}

#[tokio::test(start_paused = true)]
async fn rotation_not_enabled() {
    let (stage, key, _) = alerting(&[]);
    let arn = stage.sim.create_secret("other", Some(&crate::stage::value_of(&key)), &[TAG]);
    let error = stage.step("createSecret", &arn, TOKEN).await.unwrap_err();
    assert_reported(&stage, &error, "RotationNotEnabled", &[&arn]);
}

#[tokio::test(start_paused = true)]
async fn version_not_staged() {
    let (stage, _, arn) = alerting(&[]);
    let error = stage.step("finishSecret", &arn, TOKEN).await.unwrap_err();
    assert_reported(&stage, &error, "VersionNotStaged", &[TOKEN]);
    assert_eq!(stage.calls("CreateAccessKey"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_version_that_has_lost_awspending_is_not_worked_on_and_its_key_not_promoted() {
    for step in ["createSecret", "testSecret", "finishSecret"] {
        let (stage, old, arn) = alerting(&[]);
        stage.sim.stage_pending(&arn, TOKEN, None);
        stage.step("createSecret", &arn, TOKEN).await.unwrap();
        stage.sim.remove_label(&arn, TOKEN, "AWSPENDING");
        let error = stage.step(step, &arn, TOKEN).await.unwrap_err();
        assert_reported(&stage, &error, "VersionNotStaged", &["cancelled or replaced"]);
        assert_eq!(stage.working_key(&arn), old.access_key_id);
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_out_of_turn_is_refused_and_nothing_is_promoted() {
    for step in ["testSecret", "finishSecret"] {
        let (stage, key, arn) = alerting(&[]);
        stage.sim.stage_pending(&arn, TOKEN, None);
        let error = stage.step(step, &arn, TOKEN).await.unwrap_err();
        assert_reported(&stage, &error, "VersionNotStaged", &["createSecret"]);
        assert_eq!(stage.working_key(&arn), key.access_key_id);
    }
}

#[tokio::test(start_paused = true)]
async fn secret_malformed_leaves_everything_as_it_is() {
    for value in [
        "plain text",
        r#"{"AccessKeyId":"A","SecretAccessKey":"hush","access_key_id":"B","secret_access_key":"hush"}"#,
    ] {
        let (stage, ..) = alerting(&[]);
        let arn = stage.sim.create_secret("other", Some(value), &[TAG]);
        stage.sim.set_rotation(&arn, FUNCTION);
        let error = stage.failed(&arn).await;
        assert_reported(&stage, &error, "SecretMalformed", &[&arn]);
        assert!(!error.message.contains("hush"));
        assert_eq!(stage.keys().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn user_unknown() {
    let (stage, ..) = alerting(&[]);
    let arn = stage.sim.create_secret("prod/db", Some(r#"{"note":"no user"}"#), &[]);
    stage.sim.set_rotation(&arn, FUNCTION);
    let error = stage.failed(&arn).await;
    assert_reported(&stage, &error, "UserUnknown", &["iam-key-rotator:user"]);
}

#[tokio::test(start_paused = true)]
async fn user_unknown_when_iam_does_not_know_the_user() {
    let (stage, ..) = alerting(&[]);
    let arn = stage.sim.create_secret("gone", Some("{}"), &[("iam-key-rotator:user", "nobody")]);
    stage.sim.set_rotation(&arn, FUNCTION);
    let error = stage.failed(&arn).await;
    assert_reported(&stage, &error, "UserUnknown", &["nobody"]);
}

#[tokio::test(start_paused = true)]
async fn user_mismatch_when_the_secret_holds_another_users_key() {
    let (stage, ..) = alerting(&[]);
    stage.sim.create_user(ACCOUNT, "victim");
    let key = stage.sim.create_access_key(ACCOUNT, "victim");
    let value =
        json!({"AccessKeyId": key.access_key_id, "SecretAccessKey": key.secret_access_key}).to_string();
    let arn = stage.sim.create_secret("victims", Some(&value), &[TAG]);
    stage.sim.set_rotation(&arn, FUNCTION);
    let error = stage.failed(&arn).await;
    assert_reported(&stage, &error, "UserMismatch", &["victim", USER, &key.access_key_id]);
    assert_eq!(stage.sim.keys(ACCOUNT, "victim").len(), 1);
    assert_eq!(stage.keys().len(), 1, "no key was made for the wrong user");
}

#[tokio::test(start_paused = true)]
async fn key_limit_names_the_key_its_age_and_its_last_use() {
    let (stage, key, arn) = alerting(&[]);
    let stranger = stage.sim.create_access_key(ACCOUNT, USER);
    stage.sim.advance(hours(2));
    let error = stage.failed(&arn).await;
    assert_reported(&stage, &error, "KeyLimit", &[&stranger.access_key_id, "active", "created 2026-01-01"]);
    assert_eq!(stage.working_key(&arn), key.access_key_id);
    assert!(stage.keys().contains(&(stranger.access_key_id, true)));
}

#[tokio::test(start_paused = true)]
async fn credential_rejected_when_the_new_key_was_deactivated() {
    let (stage, old, arn) = alerting(&[]);
    stage.sim.stage_pending(&arn, TOKEN, None);
    stage.step("createSecret", &arn, TOKEN).await.unwrap();
    let (new, _) = stage.keys().pop().unwrap();
    stage.sim.set_key_status(&new, false);
    let error = stage.step("finishSecret", &arn, TOKEN).await.unwrap_err();
    assert_reported(&stage, &error, "CredentialRejected", &[&new, "deactivated"]);
    assert_eq!(stage.working_key(&arn), old.access_key_id);
}

#[tokio::test(start_paused = true)]
async fn credential_rejected_when_the_secret_half_is_wrong_for_good() {
    let (stage, old, arn) = alerting(&[]);
    stage.sim.add_fault(Fault::on(
        "GetCallerIdentity",
        0,
        FaultKind::ErrorCode("SignatureDoesNotMatch", 403),
    ));
    let error = stage.failed(&arn).await;
    assert_reported(&stage, &error, "CredentialRejected", &["secret is another"]);
    stage.sim.clear_faults();
    assert_eq!(stage.working_key(&arn), old.access_key_id);
}

#[tokio::test(start_paused = true)]
async fn not_propagated_when_the_key_stays_unknown() {
    let (stage, old, arn) = alerting(&[("ROTATOR_PROPAGATION_TIMEOUT", "20s")]);
    stage.sim.update(|options| options.propagation = Duration::from_secs(3600));
    let error = stage.failed(&arn).await;
    assert_reported(&stage, &error, "NotPropagated", &["eu-west-1"]);
    assert_eq!(stage.working_key(&arn), old.access_key_id);
}

#[tokio::test(start_paused = true)]
async fn access_denied_names_the_action() {
    for (operation, action) in [
        ("DescribeSecret", "secretsmanager:DescribeSecret"),
        ("GetSecretValue", "secretsmanager:GetSecretValue"),
        ("ListAccessKeys", "iam:ListAccessKeys"),
        ("TagResource", "secretsmanager:TagResource"),
        ("CreateAccessKey", "iam:CreateAccessKey"),
        ("PutSecretValue", "secretsmanager:PutSecretValue"),
        ("UpdateSecretVersionStage", "secretsmanager:UpdateSecretVersionStage"),
    ] {
        let (stage, old, _) = alerting(&[]);
        // Labelled, so that the first UpdateSecretVersionStage is the promotion.
        let arn = stage.secret_labelled(&old);
        stage.sim.add_fault(Fault::on(operation, 0, FaultKind::Denied));
        let error = stage.failed(&arn).await;
        assert_reported(&stage, &error, "AccessDenied", &[action]);
        stage.sim.clear_faults();
        assert_eq!(stage.working_key(&arn), old.access_key_id);
        if operation == "PutSecretValue" {
            assert_eq!(stage.keys().len(), 1, "a key that could not be stored is deleted again");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn throttled_after_the_sdks_own_retries() {
    let (stage, _, arn) = alerting(&[]);
    stage.sim.clear_journal();
    stage.sim.add_fault(Fault::on("ListAccessKeys", 0, FaultKind::Throttle));
    let error = stage.failed(&arn).await;
    assert_reported(&stage, &error, "Throttled", &["iam:ListAccessKeys"]);
    assert_eq!(stage.calls("ListAccessKeys"), 3);
}

#[tokio::test(start_paused = true)]
async fn plan_changed_when_an_administrator_saves_the_secret_between_looking_and_promoting() {
    let (stage, old, _) = alerting(&[]);
    let arn = stage.secret_labelled(&old);
    let (sim, secret, value) = (stage.sim.clone(), arn.clone(), crate::stage::value_of(&old));
    stage.sim.on_call(move |call| {
        if call.operation == "UpdateSecretVersionStage" {
            sim.put_secret_value(&secret, &value);
        }
        Box::pin(async {})
    });
    let error = stage.failed(&arn).await;
    assert_reported(&stage, &error, "PlanChanged", &["safe to retry"]);
    assert_eq!(stage.working_key(&arn), old.access_key_id);
}

#[tokio::test(start_paused = true)]
async fn deadline_too_short_is_told_before_lambda_ends_the_invocation() {
    let (stage, old, arn) = alerting(&[]);
    stage.sim.update(|options| options.function_timeout = Duration::from_secs(2));
    let error = stage.failed(&arn).await;
    assert_reported(&stage, &error, "DeadlineTooShort", &["timeout"]);
    assert_eq!(stage.keys(), [(old.access_key_id, true)], "no key was begun");
}

#[tokio::test(start_paused = true)]
async fn deadline_too_short_when_aws_does_not_answer() {
    let (stage, old, arn) = alerting(&[]);
    stage.sim.update(|options| options.function_timeout = Duration::from_secs(10));
    stage.sim.add_fault(Fault::on("ListAccessKeys", 0, FaultKind::Hang));
    let error = stage.failed(&arn).await;
    assert_reported(&stage, &error, "DeadlineTooShort", &["createSecret"]);
    assert_eq!(stage.working_key(&arn), old.access_key_id);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_secret_is_told_as_such_even_when_the_time_for_its_proof_is_short() {
    let (stage, _, arn) = alerting(&[("ROTATOR_PROPAGATION_TIMEOUT", "2s")]);
    stage.sim.add_fault(Fault::on(
        "GetCallerIdentity",
        0,
        FaultKind::ErrorCode("SignatureDoesNotMatch", 403),
    ));
    let error = stage.failed(&arn).await;
    assert_reported(&stage, &error, "CredentialRejected", &["secret is another"]);
}

#[tokio::test(start_paused = true)]
async fn service_unavailable() {
    let (stage, old, arn) = alerting(&[]);
    stage.sim.add_fault(Fault::on("CreateAccessKey", 1, FaultKind::Error5xx));
    let error = stage.failed(&arn).await;
    assert_reported(&stage, &error, "ServiceUnavailable", &["iam:CreateAccessKey", "not known"]);
    assert_eq!(stage.calls("CreateAccessKey"), 1, "never sent twice");
    assert_eq!(stage.working_key(&arn), old.access_key_id);
}
