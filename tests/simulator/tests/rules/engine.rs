//! The rotation engine.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use simulator::{Fault, FaultKind, FunctionError, FunctionErrorKind, Options, RotationEventKind, Simulator};

use crate::{ACCOUNT, FUNCTION, code, with_options, world};

const DAY: Duration = Duration::from_secs(86_400);

/// A function that rotates by hand, and fails at the steps named.
fn add_rotator(aws: &Simulator, failing: &'static [&'static str]) -> Arc<Mutex<Vec<Value>>> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (events, simulator) = (seen.clone(), aws.clone());
    let session = aws.role_session(ACCOUNT, "rotator");
    aws.add_function(FUNCTION, move |event, _| {
        events.lock().unwrap().push(event.clone());
        let (aws, session) = (simulator.clone(), session.clone());
        Box::pin(async move {
            let step = event["Step"].as_str().unwrap().to_owned();
            if failing.contains(&step.as_str()) {
                return Err(FunctionError::answered("Wanted", step));
            }
            let (id, token) = (&event["SecretId"], &event["ClientRequestToken"]);
            if step == "createSecret" {
                let put = json!({
                    "SecretId": id, "ClientRequestToken": token, "RotationToken": event["RotationToken"],
                    "SecretString": format!("value of {token}"), "VersionStages": ["AWSPENDING"],
                });
                aws.call_as(&session, "secretsmanager", "PutSecretValue", put).await.map_err(failed)?;
            }
            if step == "finishSecret" {
                let secret = aws.secret(id.as_str().unwrap());
                let mut promote =
                    json!({"SecretId": id, "VersionStage": "AWSCURRENT", "MoveToVersionId": token});
                if let Some(current) = secret.stage("AWSCURRENT") {
                    promote["RemoveFromVersionId"] = json!(current.id);
                }
                aws.call_as(&session, "secretsmanager", "UpdateSecretVersionStage", promote)
                    .await
                    .map_err(failed)?;
            }
            Ok(json!({"step": step}))
        })
    });
    seen
}

fn failed(error: impl std::fmt::Display) -> FunctionError {
    FunctionError::answered("CallFailed", error.to_string())
}

fn enrolled(aws: &Simulator, value: Option<&str>) -> String {
    let arn = aws.create_secret("s", value, &[]);
    aws.set_rotation(&arn, FUNCTION);
    arn
}

#[tokio::test(start_paused = true)]
async fn four_steps_run_in_order_with_one_token_and_the_new_version_becomes_current() {
    let (aws, _) = world();
    let seen = add_rotator(&aws, &[]);
    let arn = enrolled(&aws, Some("old"));
    let report = aws.rotate(&arn).await;
    assert!(report.succeeded, "{report:?}");
    assert_eq!(report.step_names(), ["createSecret", "setSecret", "testSecret", "finishSecret"]);
    let secret = aws.secret(&arn);
    assert_eq!(secret.stage("AWSCURRENT").unwrap().id, report.token);
    assert_eq!(secret.last_rotated, Some(report.ended));
    let seen = seen.lock().unwrap();
    assert!(seen.iter().all(|event| event["SecretId"] == json!(arn)
        && event["ClientRequestToken"] == json!(report.token)
        && event["RotationToken"] == seen[0]["RotationToken"]));
    let kinds: Vec<_> = aws.rotation_events(&arn).iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [RotationEventKind::Started, RotationEventKind::Succeeded]);
}

#[tokio::test(start_paused = true)]
async fn a_secret_without_any_value_can_be_rotated() {
    let (aws, _) = world();
    add_rotator(&aws, &[]);
    let arn = enrolled(&aws, None);
    assert!(aws.rotate(&arn).await.succeeded);
    assert!(aws.secret(&arn).stage("AWSPREVIOUS").is_none());
}

#[tokio::test(start_paused = true)]
async fn the_engine_stops_at_the_first_error_and_starts_over_with_the_same_token() {
    let (aws, _) = with_options(Options { rotation_attempts: 2, ..Options::default() });
    let seen = add_rotator(&aws, &["setSecret"]);
    let arn = enrolled(&aws, Some("old"));
    let report = aws.rotate(&arn).await;
    assert!(!report.succeeded);
    assert_eq!(report.step_names(), ["createSecret", "setSecret", "createSecret", "setSecret"]);
    assert_eq!(report.error().unwrap().error_type, "Wanted");
    assert!(report.ended.duration_since(report.started).unwrap() >= Duration::from_secs(60));
    let tokens: std::collections::BTreeSet<_> =
        seen.lock().unwrap().iter().map(|event| event["ClientRequestToken"].to_string()).collect();
    assert_eq!(tokens.len(), 1);
    assert_eq!(aws.secret(&arn).last_rotated, None);
}

#[tokio::test(start_paused = true)]
async fn the_next_rotation_is_refused_and_re_attempts_the_incomplete_one() {
    let (aws, root) = world();
    add_rotator(&aws, &["testSecret"]);
    let arn = enrolled(&aws, Some("old"));
    let first = aws.rotate(&arn).await;
    add_rotator(&aws, &[]);
    let rotate = aws.call_as(&root, "secretsmanager", "RotateSecret", json!({"SecretId": arn})).await;
    assert_eq!(code(rotate), "InvalidRequestException");
    aws.rotation_finished(&arn).await;
    let second = aws.rotation_reports(&arn).remove(1);
    assert_eq!(second.token, first.token);
    assert!(second.succeeded);
}

#[tokio::test(start_paused = true)]
async fn a_put_without_the_rotation_token_is_refused_while_the_engine_rotates() {
    let (aws, root) = world();
    let token = "11111111-1111-4111-8111-111111111111";
    let arn = aws.create_secret("s", Some("old"), &[]);
    let rotation_token = "r".repeat(36);
    aws.stage_pending(&arn, token, Some(&rotation_token));
    let put = |rotation_token: Option<&str>| {
        let mut params = json!({
            "SecretId": arn, "ClientRequestToken": token, "SecretString": "new",
            "VersionStages": ["AWSPENDING"],
        });
        if let Some(given) = rotation_token {
            params["RotationToken"] = json!(given);
        }
        aws.call_as(&root, "secretsmanager", "PutSecretValue", params)
    };
    assert_eq!(code(put(None).await), "InvalidRequestException");
    assert_eq!(code(put(Some(&"x".repeat(36))).await), "InvalidRequestException");
    assert_eq!(code(put(Some(&rotation_token)).await), "Ok");
}

#[tokio::test(start_paused = true)]
async fn a_version_put_by_somebody_else_makes_the_engine_abandon_the_rotation() {
    let (aws, _) = world();
    let seen = add_rotator(&aws, &[]);
    let arn = enrolled(&aws, Some("old"));
    let (intruder, target) = (aws.clone(), arn.clone());
    let done = Mutex::new(false);
    aws.on_call(move |call| {
        let mut done = done.lock().unwrap();
        if call.operation == "PutSecretValue" && !*done {
            *done = true;
            intruder.put_secret_value(&target, "by an administrator");
        }
        Box::pin(async {})
    });
    let report = aws.rotate(&arn).await;
    assert!(report.stopped && !report.succeeded);
    assert_eq!(seen.lock().unwrap().len(), 1);
    let secret = aws.secret(&arn);
    assert_eq!(secret.stage("AWSCURRENT").unwrap().text(), Some("by an administrator"));
    let events = aws.rotation_events(&arn);
    assert!(events.iter().any(|event| event.kind == RotationEventKind::Abandoned));
}

#[tokio::test(start_paused = true)]
async fn rotate_immediately_false_only_tests_the_existing_value_and_leaves_nothing_behind() {
    let (aws, root) = world();
    let seen = add_rotator(&aws, &[]);
    let arn = enrolled(&aws, Some("old"));
    let params = json!({"SecretId": arn, "RotateImmediately": false});
    aws.call_as(&root, "secretsmanager", "RotateSecret", params).await.unwrap();
    aws.rotation_finished(&arn).await;
    let report = aws.rotation_reports(&arn).remove(0);
    assert!(report.test_only && report.succeeded);
    assert_eq!(report.step_names(), ["testSecret"]);
    assert_eq!(seen.lock().unwrap().len(), 1);
    let secret = aws.secret(&arn);
    assert_eq!(secret.versions.len(), 1);
    assert_eq!(secret.last_rotated, None);
}

#[tokio::test(start_paused = true)]
async fn a_due_secret_rotates_when_the_clock_has_come_that_far() {
    let (aws, _) = world();
    add_rotator(&aws, &[]);
    let arn = enrolled(&aws, Some("old"));
    aws.set_rotation_days(&arn, 30);
    assert!(aws.run_due_rotations().await.is_empty());
    aws.advance(30 * DAY);
    assert!(aws.run_due_rotations().await[0].succeeded);
    assert!(aws.run_due_rotations().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn answers_without_a_promotion_are_no_success() {
    let (aws, _) = world();
    aws.add_function(FUNCTION, |_, _| Box::pin(async { Ok(Value::Null) }));
    let arn = enrolled(&aws, Some("old"));
    let report = aws.rotate(&arn).await;
    assert!(!report.succeeded && report.error().is_none());
}

#[tokio::test(start_paused = true)]
async fn an_invocation_ends_by_timeout_by_a_kill_and_by_a_panic() {
    let (aws, _) = world();
    aws.add_function(FUNCTION, |_, _| Box::pin(std::future::pending()));
    let error = aws.invoke(FUNCTION, json!({})).await.unwrap_err();
    assert_eq!(error.kind, FunctionErrorKind::TimedOut);
    for kind in [FaultKind::KillBefore, FaultKind::KillAfter] {
        add_rotator(&aws, &[]);
        let arn = aws.create_secret(&format!("{kind:?}"), Some("old"), &[]);
        aws.set_rotation(&arn, FUNCTION);
        aws.add_fault(Fault::on("PutSecretValue", 1, kind.clone()).by("rotator"));
        let report = aws.rotate(&arn).await;
        assert_eq!(report.error().unwrap().kind, FunctionErrorKind::Killed);
        let staged = aws.secret(&arn).version(&report.token).unwrap().value.is_some();
        assert_eq!(staged, kind == FaultKind::KillAfter);
    }
    aws.add_function(FUNCTION, |_, _| Box::pin(async { panic!("on purpose") }));
    let error = aws.invoke(FUNCTION, json!({})).await.unwrap_err();
    assert_eq!(error.error_type, "Runtime.Panic");
}
