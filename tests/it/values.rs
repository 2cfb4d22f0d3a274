//! Values as people store them, through whole rotations: public bug reports as tests.

use serde_json::json;
use simulator::{KeyPair, Options};

use crate::alerts::{alerting, assert_reported};
use crate::invariants::broken_current;
use crate::stage::{ACCOUNT, FUNCTION, Stage, TAG, TOPIC, USER, hours, smtp_value_of};

/// The settings that the migration page gives D: the second rotation deletes what the first superseded.
const DELETING: [(&str, &str); 4] = [
    ("ROTATOR_OVERLAP", "0"),
    ("ROTATOR_RECOVERY", "0"),
    ("ROTATOR_UNKNOWN_KEYS", "delete-oldest"),
    ("ROTATOR_ALERT_TOPIC_ARN", TOPIC),
];

fn with_value(settings: &[(&str, &str)], value: impl Fn(&KeyPair) -> String) -> (Stage, KeyPair, String) {
    let stage = Stage::new(Options::default(), settings);
    let key = stage.sim.create_access_key_at(ACCOUNT, USER, stage.sim.now() - hours(24 * 100));
    let arn = stage.sim.create_secret("keys/ci-bot", Some(&value(&key)), &[TAG]);
    stage.sim.set_rotation(&arn, FUNCTION);
    (stage, key, arn)
}

#[tokio::test(start_paused = true)]
async fn a_value_whose_key_is_not_understood_is_refused_and_its_key_keeps_working() {
    let shapes: [fn(&KeyPair) -> serde_json::Value; 5] = [
        |key| json!({"public": key.access_key_id, "private": key.secret_access_key}),
        |key| json!({"aws": {"accessKeyId": key.access_key_id, "secretAccessKey": key.secret_access_key}}),
        |key| json!([{"AccessKeyId": key.access_key_id, "SecretAccessKey": key.secret_access_key}]),
        |key| json!({"username": key.access_key_id, "password": key.secret_access_key}),
        |key| json!({"file": format!("[default]\naws_access_key_id={}\n", key.access_key_id)}),
    ];
    for shape in shapes {
        let (stage, key, arn) = with_value(&DELETING, |key| shape(key).to_string());
        let before = stage.sim.secret(&arn).stage("AWSCURRENT").unwrap().text().unwrap().to_owned();
        let error = stage.failed(&arn).await;
        assert_reported(&stage, &error, "SecretMalformed", &[&arn]);
        assert!(!error.message.contains(&key.secret_access_key), "{}", error.message);
        assert_eq!(stage.keys(), [(key.access_key_id.clone(), true)]);
        assert_eq!(stage.sim.secret(&arn).stage("AWSCURRENT").unwrap().text().unwrap(), before);
        assert_eq!(stage.calls("CreateAccessKey"), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_tag_names_unusual_fields_and_one_that_cannot_be_read_is_named() {
    let value = |key: &KeyPair| json!({"public": key.access_key_id, "private": key.secret_access_key});
    let (stage, key, arn) = with_value(&DELETING, |key| value(key).to_string());
    stage.sim.tag_secret(&arn, "iam-key-rotator:fields", "public");
    let error = stage.failed(&arn).await;
    assert_reported(&stage, &error, "InvalidConfig", &["iam-key-rotator:fields", "ID-FIELD:SECRET-FIELD"]);
    stage.sim.tag_secret(&arn, "iam-key-rotator:fields", "public:private");
    stage.rotated(&arn).await;
    let now = stage.current(&arn);
    assert_ne!(now["public"], key.access_key_id);
    assert!(stage.sim.key_works(now["public"].as_str().unwrap(), now["private"].as_str().unwrap()));
    assert_eq!(now.as_object().unwrap().len(), 2, "{now}");
    assert_eq!(stage.keys().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_control_character_in_the_key_is_refused_and_ends_no_process() {
    let value = |key: &KeyPair, end: &str| json!({"AccessKeyId": format!("{}{end}", key.access_key_id), "SecretAccessKey": key.secret_access_key});
    let (stage, _, arn) = with_value(&DELETING, |key| value(key, "\u{0}").to_string());
    assert!(!stage.tested(&arn).await.succeeded);
    let report = stage.sim.rotation_reports(&arn).pop().unwrap();
    assert_reported(&stage, report.error().unwrap(), "SecretMalformed", &["`AccessKeyId`", &arn]);
    // A pasted line end is no fault.
    let (stage, _, arn) = with_value(&DELETING, |key| value(key, "\r\n").to_string());
    let report = stage.tested(&arn).await;
    assert!(report.succeeded, "{report:#?}");
    stage.rotated(&arn).await;
    stage.working_key(&arn);
}

#[tokio::test(start_paused = true)]
async fn smtp_credentials_are_proved_before_they_are_stored_and_the_raw_secret_is_not_stored() {
    let (stage, key, arn) = with_value(&[("ROTATOR_ALERT_TOPIC_ARN", TOPIC)], smtp_value_of);
    assert!(stage.tested(&arn).await.succeeded, "the present credentials can be tested");
    stage.sim.clear_journal();
    stage.rotated(&arn).await;
    assert_eq!(broken_current(&stage.sim, &arn), None);
    let now = stage.current(&arn);
    assert_ne!(now["smtp_username"], key.access_key_id);
    let fields: Vec<_> = now.as_object().unwrap().keys().cloned().collect();
    assert_eq!(fields, ["smtp_server", "smtp_username", "smtp_password"]);
    let calls = stage.operations();
    let first = |operation: &str| calls.iter().position(|call| call == operation).unwrap();
    assert!(first("GetCallerIdentity") < first("PutSecretValue"), "{calls:?}");
    let secrets: Vec<_> = stage.sim.keys(ACCOUNT, USER).into_iter().map(|key| key.secret).collect();
    for version in stage.sim.secret(&arn).versions {
        let text = version.text().unwrap_or_default().to_owned();
        assert!(secrets.iter().all(|secret| !text.contains(secret)), "the raw secret is stored");
    }
    // And again, from what the rotation stored.
    stage.sim.advance(hours(24 * 90));
    stage.rotated(&arn).await;
    assert_eq!(broken_current(&stage.sim, &arn), None);
}

#[tokio::test(start_paused = true)]
async fn smtp_credentials_whose_key_sts_does_not_accept_are_not_stored_and_their_key_is_deleted() {
    let settings = [("ROTATOR_ALERT_TOPIC_ARN", TOPIC), ("ROTATOR_PROPAGATION_TIMEOUT", "20s")];
    let (stage, key, arn) = with_value(&settings, smtp_value_of);
    stage.sim.update(|options| options.propagation = hours(1));
    let error = stage.failed(&arn).await;
    assert_reported(&stage, &error, "NotPropagated", &["deleted again", "nothing was stored"]);
    assert_eq!(stage.keys(), [(key.access_key_id.clone(), true)]);
    assert_eq!(stage.calls("PutSecretValue"), 0);
    stage.sim.update(|options| options.propagation = std::time::Duration::ZERO);
    stage.rotated(&arn).await;
    assert_eq!(broken_current(&stage.sim, &arn), None);
}

#[tokio::test(start_paused = true)]
async fn smtp_credentials_that_somebody_put_into_the_pending_version_are_not_promoted() {
    let (stage, key, arn) = with_value(&[("ROTATOR_ALERT_TOPIC_ARN", TOPIC)], smtp_value_of);
    let token = "11111111-2222-3333-4444-555555555555";
    let forged = json!({"smtp_server": "email-smtp.us-east-1.amazonaws.com",
        "smtp_username": key.access_key_id, "smtp_password": "forged"});
    stage.sim.stage_pending(&arn, token, None);
    let put = json!({"SecretId": arn, "ClientRequestToken": token, "SecretString": forged.to_string(),
        "VersionStages": ["AWSPENDING"]});
    let root = stage.sim.root(ACCOUNT);
    stage.sim.call_as(&root, "secretsmanager", "PutSecretValue", put).await.unwrap();
    for step in ["createSecret", "testSecret", "finishSecret"] {
        let error = stage.step(step, &arn, token).await.unwrap_err();
        assert_eq!(error.error_type, "VersionNotStaged", "{step}: {}", error.message);
    }
    assert_eq!(broken_current(&stage.sim, &arn), None);
}

#[tokio::test(start_paused = true)]
async fn a_second_key_of_the_user_in_the_same_value_is_not_taken_for_a_key_that_nobody_needs() {
    let (stage, key, arn) = with_value(&DELETING, crate::stage::value_of);
    let other = stage.sim.create_access_key(ACCOUNT, USER);
    let both = json!({"UserName": USER, "AccessKeyId": key.access_key_id,
        "SecretAccessKey": key.secret_access_key, "SES_ID": other.access_key_id, "SES_PASS": "x"});
    stage.sim.put_secret_value(&arn, &both.to_string());
    let error = stage.failed(&arn).await;
    assert_reported(&stage, &error, "SecretMalformed", &["`SES_ID`", &other.access_key_id]);
    assert_eq!(stage.keys().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_smtp_password_for_an_unknown_region_is_refused_before_a_key_is_made() {
    let value = |key: &KeyPair| json!({"smtp_username": key.access_key_id, "smtp_password": "x", "smtp_server": "mail.example.com"});
    let (stage, _, arn) = with_value(&DELETING, |key| value(key).to_string());
    let error = stage.failed(&arn).await;
    assert_reported(&stage, &error, "SecretMalformed", &["region", "smtp_region"]);
    assert_eq!(stage.calls("CreateAccessKey"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_one_log_record_one_alert_and_an_error_and_the_next_attempt_goes_on() {
    let (stage, old, arn) = alerting(&[]);
    stage.sim.stage_pending(&arn, "11111111-2222-3333-4444-555555555555", None);
    stage.sim.on_call(|call| match call.operation.as_str() {
        "CreateAccessKey" => panic!("forced, to see what becomes of it"),
        _ => Box::pin(async {}),
    });
    let error = stage.step("createSecret", &arn, "11111111-2222-3333-4444-555555555555").await.unwrap_err();
    assert_reported(&stage, &error, "Internal", &["defect", "resumes"]);
    assert!(!error.message.contains("forced"), "{}", error.message);
    stage.sim.clear_hooks();
    assert_eq!(stage.working_key(&arn), old.access_key_id);
    stage.rotated(&arn).await;
}

#[tokio::test(start_paused = true)]
async fn under_delete_oldest_a_first_rotation_leaves_the_new_key_alone_active() {
    for (value, recovery) in [
        (r#"{"UserName":"ci-bot"}"#, "0"),
        (r#"{"UserName":"ci-bot"}"#, "7d"),
        (r#"{"AccessKeyId":"changeme","SecretAccessKey":"changeme"}"#, "0"),
    ] {
        let mails =
            [("ROTATOR_EMAIL_FROM", "keys@example.com"), ("ROTATOR_ADMIN_EMAIL", "admin@example.com")];
        let settings = [&DELETING[..], &[("ROTATOR_RECOVERY", recovery)], &mails].concat();
        let (stage, _, arn) = with_value(&settings, |_| value.into());
        stage.rotated(&arn).await;
        let new = stage.working_key(&arn);
        let keys = stage.keys();
        // It can be made active again until the next rotation needs its place.
        assert_eq!(keys.len(), 2, "{value}: {keys:?}");
        let mail = format!("{:?}", stage.sim.mails().pop().unwrap());
        assert!(mail.contains("has been deactivated") && !mail.contains("has been deleted"), "{mail}");
        let active: Vec<_> = keys.into_iter().filter(|(_, active)| *active).collect();
        assert_eq!(active, [(new, true)], "{value}");
    }
    // Nobody asked for that under the default, nor of a key that somebody made since.
    let (stage, old, arn) = with_value(&[("ROTATOR_OVERLAP", "0")], |_| r#"{"UserName":"ci-bot"}"#.into());
    stage.rotated(&arn).await;
    assert!(stage.keys().contains(&(old.access_key_id, true)));
}

#[tokio::test(start_paused = true)]
async fn smtp_credentials_whose_intent_was_removed_are_given_up_and_the_next_rotation_ends_well() {
    let (stage, key, arn) = with_value(&[("ROTATOR_ALERT_TOPIC_ARN", TOPIC)], smtp_value_of);
    let token = "11111111-2222-3333-4444-555555555555";
    stage.sim.stage_pending(&arn, token, None);
    stage.step("createSecret", &arn, token).await.unwrap();
    let root = stage.sim.root(ACCOUNT);
    let untag = json!({"SecretId": arn, "TagKeys": ["iam-key-rotator:intent"]});
    stage.sim.call_as(&root, "secretsmanager", "UntagResource", untag).await.unwrap();
    stage.sim.advance(hours(1));
    let error = stage.step("createSecret", &arn, token).await.unwrap_err();
    assert_reported(&stage, &error, "VersionNotStaged", &["nobody has proved", "rotate-secret"]);
    assert!(stage.sim.secret(&arn).stage("AWSPENDING").is_none(), "it no longer blocks RotateSecret");
    assert_eq!(stage.current(&arn)["smtp_username"], key.access_key_id);
    // The key that was given up goes once it is a day old and unused.
    stage.sim.advance(hours(25));
    stage.rotated(&arn).await;
    assert_eq!(broken_current(&stage.sim, &arn), None);
    assert_eq!(stage.keys().len(), 2);
}
