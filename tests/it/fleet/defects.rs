//! A panic in a sweep.

use serde_json::{Value, json};

use super::Fleet;

/// Has the sweep panic when it makes this call, for this user if one is given.
fn panic_at(fleet: &Fleet, operation: &'static str, user: Option<&'static str>) {
    fleet.sim.on_call(move |call| {
        let hit = call.operation == operation
            && call.caller.contains("sweep-function")
            && user.is_none_or(|user| format!("{call:?}").contains(user));
        assert!(!hit, "forced, to see what becomes of it");
        Box::pin(async {})
    });
}

fn records(fleet: &Fleet) -> Vec<Value> {
    let lines = fleet.stage.log.json().into_iter();
    lines.filter(|line| line["level"] == "ERROR" && line["errorType"] == "Internal").collect()
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_list_is_one_log_record_one_alert_and_an_error() {
    let fleet = Fleet::new(&[]);
    fleet.enrolled("ci", 10);
    panic_at(&fleet, "GetCredentialReport", None);
    let error = fleet.send(json!({})).await.unwrap_err();
    assert_eq!(error.error_type, "Internal");
    assert!(error.message.contains("defect") && !error.message.contains("forced"), "{}", error.message);
    assert_eq!(fleet.alerts(), ["Key sweep failed: Internal"]);
    assert_eq!(records(&fleet).len(), 1, "{:#?}", records(&fleet));
    assert!(fleet.metrics.text().contains("SweepFailed"));
}

#[tokio::test(start_paused = true)]
async fn a_panic_over_one_user_leaves_that_user_out_and_the_others_are_visited() {
    let fleet = Fleet::new(&[]);
    fleet.enrolled("first", 100);
    fleet.enrolled("second", 100);
    fleet.enrolled("third", 100);
    panic_at(&fleet, "ListUserTags", Some("second"));
    let answer = fleet.sweep().await;
    assert_eq!(answer["failures"], 1, "{answer:#}");
    for (user, keys) in [("first", 2), ("second", 1), ("third", 2)] {
        assert_eq!(fleet.keys(user).len(), keys, "{user}");
    }
    assert_eq!(records(&fleet).len(), 1, "{:#?}", records(&fleet));
    let alert = fleet.sim.alerts().pop().unwrap();
    assert!(alert.message.contains("second") && alert.message.contains("defect"), "{}", alert.message);
}
