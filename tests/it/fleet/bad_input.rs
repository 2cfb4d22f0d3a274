//! Events and answers that are not what they should be.

use serde_json::json;
use simulator::{Fault, FaultKind};

use super::Fleet;

#[tokio::test(start_paused = true)]
async fn an_event_that_is_none_of_ours_is_refused_by_its_field_and_nothing_is_called() {
    let fleet = Fleet::new(&[]);
    fleet.enrolled("ci", 100);
    fleet.sim.clear_journal();
    for event in [json!(null), json!({"Step": "createSecret"}), json!({"account": "1"}), json!({"action": 3})]
    {
        let error = fleet.send(event).await.unwrap_err();
        assert_eq!(error.error_type, "InvalidEvent");
    }
    let calls = fleet.sweep_calls();
    assert_eq!(calls.keys().collect::<Vec<_>>(), ["Publish"], "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn settings_that_cannot_be_read_fail_every_invocation_with_the_name() {
    let fleet = Fleet::new(&[("ROTATOR_WARN_BEFORE", "a week")]);
    let error = fleet.send(json!({})).await.unwrap_err();
    assert_eq!(error.error_type, "InvalidConfig");
    assert!(error.message.contains("ROTATOR_WARN_BEFORE"), "{error:?}");
    let alerts = fleet.sim.alerts();
    assert!(matches!(&alerts[..], [alert] if alert.message.contains("ROTATOR_WARN_BEFORE")), "{alerts:?}");
    // The rotation function does not use it.
    let (_, arn) = fleet.enrolled("ci", 100);
    fleet.stage.rotated(&arn).await;
    assert_eq!(fleet.keys("ci").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_cannot_be_read_ends_the_sweep_and_no_user_is_touched() {
    for operation in ["GenerateCredentialReport", "GetCredentialReport", "ListSecrets"] {
        for kind in [FaultKind::Denied, FaultKind::Error5xx, FaultKind::Throttle] {
            let fleet = Fleet::new(&[]);
            fleet.enrolled("ci", 100);
            fleet.sim.add_fault(Fault::on(operation, 0, kind.clone()));
            fleet.send(json!({})).await.unwrap_err();
            assert_eq!(fleet.keys("ci").len(), 1, "{operation} {kind:?}");
            assert_eq!(fleet.alerts().len(), 1);
            assert!(fleet.metrics.text().contains("SweepFailed"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn forcing_a_user_that_is_not_there_names_the_field() {
    let fleet = Fleet::new(&[]);
    let error =
        fleet.send(json!({"account": crate::stage::ACCOUNT, "ForceRotate": "nobody"})).await.unwrap_err();
    assert!(error.error_type == "InvalidEvent" && error.message.contains("ForceRotate"), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_secret_of_the_list_that_is_not_there_is_reported_and_the_others_are_done() {
    let fleet = Fleet::new(&[("ROTATOR_SCOPE", "ci;gone;")]);
    fleet.enrolled("ci", 100);
    let answer = fleet.sweep().await;
    assert_eq!(answer["actions"], json!({"request-rotation": 1}));
    assert!(fleet.sim.alerts().pop().unwrap().message.contains("gone"));
}

#[tokio::test(start_paused = true)]
async fn a_secrets_tag_that_cannot_be_read_leaves_its_user_alone() {
    let fleet = Fleet::new(&[]);
    let (_, arn) = fleet.enrolled("ci", 100);
    fleet.sim.tag_secret(&arn, "iam-key-rotator:overlap", "a while");
    let answer = fleet.sweep().await;
    assert_eq!((&answer["actions"], &answer["findings"]["UnreadableSetting"]), (&json!({}), &json!(1)));
}
