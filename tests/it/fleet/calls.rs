//! What a sweep costs, from the simulator's journal.

use super::{Fleet, SWEEP};
use crate::stage::{ACCOUNT, FUNCTION, days};
use serde_json::json;

/// An account of so many enrolled users, whose keys are this many days old.
fn account_of(users: usize, age: u64) -> Fleet {
    let fleet = Fleet::new(&[]);
    for nth in 0..users {
        fleet.enrolled(&format!("user-{nth:04}"), age);
    }
    fleet.sim.clear_journal();
    fleet
}

#[tokio::test(start_paused = true)]
async fn five_thousand_enrolled_users_with_nothing_due_cost_pages_and_no_user_a_call() {
    let fleet = account_of(5000, 30);
    let answer = fleet.sweep().await;
    let calls = fleet.sweep_calls();
    assert_eq!(answer["users"], json!({"total": 5000, "in_scope": 5000, "visited": 0, "overdue": 0}));
    assert_eq!(calls["ListSecrets"], 50);
    assert_eq!((calls["GetCredentialReport"], calls["GetGroup"]), (1, 1));
    assert!(calls["GenerateCredentialReport"] <= 2, "{calls:?}");
    assert!(calls.values().sum::<usize>() <= 54, "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn two_hundred_users_who_are_all_due_cost_five_calls_each() {
    let fleet = account_of(200, 90);
    let answer = fleet.sweep().await;
    let calls = fleet.sweep_calls();
    assert_eq!(answer["actions"], json!({"request-rotation": 200}), "{answer}");
    for operation in
        ["DescribeSecret", "ListAccessKeys", "ListUserTags", "GetAccessKeyLastUsed", "RotateSecret"]
    {
        assert_eq!(calls[operation], 200, "{operation}: {calls:?}");
    }
    let lists = calls["ListSecrets"] + calls["GetGroup"] + calls["GenerateCredentialReport"] + 1;
    // One alert or digest for the administrator.
    assert_eq!(calls.values().sum::<usize>(), 5 * 200 + lists + 1, "{calls:?}");
    for nth in 0..200 {
        fleet.working_key(&format!("user-{nth:04}"));
    }
}

#[tokio::test(start_paused = true)]
async fn calls_to_iam_keep_a_pace_that_leaves_the_account_usable() {
    let fleet = account_of(200, 90);
    let begin = fleet.sim.now();
    fleet.sim.invoke(SWEEP, json!({})).await.unwrap();
    let iam: Vec<_> = fleet
        .sim
        .journal()
        .into_iter()
        .filter(|call| call.service == "iam" && call.caller.contains("sweep-function"))
        .collect();
    for window in iam.windows(61) {
        let span = window[60].at.duration_since(window[0].at).unwrap();
        assert!(span >= std::time::Duration::from_secs(1), "61 calls within {span:?}");
    }
    assert!(fleet.sim.now().duration_since(begin).unwrap() < days(1) / 1000);
}

#[tokio::test(start_paused = true)]
async fn a_new_account_of_users_without_secrets_is_enrolled_at_eight_calls_each() {
    let fleet = Fleet::new(&[("ROTATOR_SCOPE", "all"), ("ROTATOR_ROTATION_FUNCTION_ARN", FUNCTION)]);
    for nth in 0..20 {
        fleet.user(&format!("user-{nth:02}"), 95);
    }
    fleet.sim.clear_journal();
    fleet.sweep().await;
    let calls = fleet.sweep_calls();
    assert_eq!((calls["CreateSecret"], calls["PutResourcePolicy"], calls["RotateSecret"]), (20, 20, 20));
    // It is looked at before the secret is made, and again before the rotation.
    assert_eq!((calls["DescribeSecret"], calls["ListAccessKeys"]), (40, 40), "{calls:?}");
    for nth in 0..20 {
        fleet.working_key(&format!("user-{nth:02}"));
        assert_eq!(fleet.sim.keys(ACCOUNT, &format!("user-{nth:02}")).len(), 2);
    }
}
