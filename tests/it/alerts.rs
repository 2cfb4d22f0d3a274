//! How an error is told: in the answer, an alert, a log record and a metric, all of which agree.

use std::time::Duration;

use serde_json::Value;
use simulator::{Fault, FaultKind, FunctionError, KeyPair, Options};

use crate::stage::{FUNCTION, Stage, TOPIC};

/// A stage whose function alerts, with an adopted secret.
pub fn alerting(settings: &[(&str, &str)]) -> (Stage, KeyPair, String) {
    let mut all = vec![("ROTATOR_ALERT_TOPIC_ARN", TOPIC)];
    all.extend_from_slice(settings);
    let stage = Stage::new(Options::default(), &all);
    let (key, arn) = stage.adopted();
    (stage, key, arn)
}

/// One alert, one log record and one metric say the same as the invocation's error.
pub fn assert_reported(stage: &Stage, error: &FunctionError, error_type: &str, facts: &[&str]) {
    assert_eq!(error.error_type, error_type, "{}", error.message);
    for fact in facts {
        assert!(error.message.contains(fact), "{fact:?} in {:?}", error.message);
    }
    let alerts = stage.sim.alerts();
    let [alert] = &alerts[..] else { panic!("{alerts:?}") };
    let subject = alert.subject.clone().unwrap();
    assert!(subject.contains(error_type) && subject.is_ascii() && subject.len() <= 100, "{subject}");
    let (person, facts) = alert.message.split_at(alert.message.find("\n{\n").unwrap());
    let body: Value = serde_json::from_str(facts).unwrap();
    assert_eq!(body["errorType"], error_type);
    assert!(error.message.starts_with(body["reason"].as_str().unwrap()));
    for field in ["step", "secretArn", "user", "keyId", "nextSteps", "requestId"] {
        assert!(body.get(field).is_some(), "{field}");
    }
    assert!(person.contains(body["reason"].as_str().unwrap()), "for a person first: {person}");

    let own = |line: &Value| {
        line["level"] == "ERROR" && line["target"].as_str().unwrap().starts_with("iam_key_rotator")
    };
    let records: Vec<Value> = stage.log.json().into_iter().filter(own).collect();
    let [record] = &records[..] else { panic!("{records:#?}") };
    assert_eq!(record["errorType"], error_type);
    assert_eq!(record["error"], error.message);
    assert!(record["requestId"].is_string());
    let failed: Vec<Value> =
        stage.metrics.json().into_iter().filter(|line| line.get("RotationFailed").is_some()).collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["errorType"], error_type);
    assert_eq!(failed[0]["_aws"]["CloudWatchMetrics"][0]["Namespace"], "IamKeyRotator");
}

#[tokio::test(start_paused = true)]
async fn an_alert_that_hangs_does_not_keep_the_error_from_being_answered() {
    let (stage, _, arn) = alerting(&[]);
    stage.sim.update(|options| options.function_timeout = Duration::from_secs(10));
    stage.sim.add_fault(Fault::on("DescribeSecret", 0, FaultKind::Hang));
    stage.sim.add_fault(Fault::on("Publish", 0, FaultKind::Hang));
    let error = stage.failed(&arn).await;
    assert_eq!(error.error_type, "DeadlineTooShort");
    assert!(stage.log.text().contains("alert could not be sent"));
}

#[tokio::test(start_paused = true)]
async fn a_failing_alert_changes_nothing_about_the_error() {
    let (stage, _, arn) = alerting(&[]);
    stage.sim.add_fault(Fault::on("Publish", 0, FaultKind::Denied));
    stage.sim.add_fault(Fault::on("ListAccessKeys", 0, FaultKind::Denied));
    let error = stage.failed(&arn).await;
    assert_eq!(error.error_type, "AccessDenied");
    assert!(error.message.contains("iam:ListAccessKeys"), "{}", error.message);
    assert!(stage.log.text().contains("alert could not be sent"));
}

#[tokio::test(start_paused = true)]
async fn settings_that_cannot_be_read_are_alerted_at_each_failed_invocation_if_the_topic_can_be() {
    let (stage, _, arn) = alerting(&[]);
    for settings in [
        vec![("ROTATOR_OVERLAPS", "1h"), ("ROTATOR_ALERT_TOPIC_ARN", TOPIC)],
        vec![("ROTATOR_ALERT_TOPIC_ARN", TOPIC), ("ROTATOR_RECOVERY", "soon")],
    ] {
        stage.deploy(&settings);
        let before = stage.sim.alerts().len();
        for nth in 1..=2 {
            let error = stage.failed(&arn).await;
            assert_eq!(error.error_type, "InvalidConfig");
            let alerts = stage.sim.alerts();
            assert_eq!(alerts.len(), before + nth, "{alerts:?}");
            let alert = &alerts[before + nth - 1];
            assert!(alert.subject.as_ref().unwrap().contains("InvalidConfig"), "{alert:?}");
            assert!(settings.iter().any(|(name, _)| alert.message.contains(name)), "{alert:?}");
        }
    }
    assert!(stage.metrics.text().contains("RotationFailed"));
}

#[tokio::test(start_paused = true)]
async fn a_rotation_does_not_stop_for_a_setting_of_the_sweep_that_cannot_be_read_and_logs_it() {
    let (stage, key, arn) = alerting(&[]);
    stage.deploy(&[
        ("ROTATOR_SCOPE", "everybody"),
        ("ROTATOR_ROTATE_AFTER", "soon"),
        ("ROTATOR_MODE", "enforce"),
    ]);
    stage.rotated(&arn).await;
    assert_eq!(stage.sim.keys(crate::stage::ACCOUNT, crate::stage::USER).len(), 2, "{key:?}");
    let warned: Vec<Value> = stage.log.json().into_iter().filter(|line| line["level"] == "WARN").collect();
    for name in ["ROTATOR_SCOPE", "ROTATOR_ROTATE_AFTER"] {
        let says = |line: &Value| line.to_string().contains(name);
        assert_eq!(warned.iter().filter(|line| says(line)).count(), 1, "{warned:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_fifo_topic_gets_every_alert() {
    let (stage, _, arn) = alerting(&[]);
    let topic = stage.sim.create_topic("alerts.fifo");
    stage.deploy(&[("ROTATOR_ALERT_TOPIC_ARN", &topic)]);
    stage.sim.add_fault(Fault::on("ListAccessKeys", 0, FaultKind::Denied));
    for nth in 1..=2 {
        assert_eq!(stage.failed(&arn).await.error_type, "AccessDenied");
        let alerts = stage.sim.alerts();
        assert_eq!(alerts.len(), nth, "{}", stage.log.text());
        assert_eq!(alerts[nth - 1].topic, topic);
    }
}

#[tokio::test(start_paused = true)]
async fn what_others_named_is_escaped_in_log_and_alert() {
    let (stage, ..) = alerting(&[]);
    let arn =
        stage.sim.create_secret("evil", Some(r#"{"UserName":"x\n{\"level\":\"INFO\"}\u001b[31m<b>"}"#), &[]);
    stage.sim.set_rotation(&arn, FUNCTION);
    let error = stage.failed(&arn).await;
    assert_reported(&stage, &error, "UserUnknown", &[]);
    let alert = &stage.sim.alerts()[0].message;
    for text in [&error.message, alert, &stage.log.text()] {
        assert!(!text.contains('\u{1b}'));
    }
    assert!(!error.message.contains('\n'));
}
