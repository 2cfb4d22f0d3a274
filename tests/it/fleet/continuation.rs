//! A sweep that runs out of time.

use std::time::Duration;

use serde_json::json;
use simulator::{Fault, FaultKind};

use super::{Fleet, SWEEP};
use crate::stage::ACCOUNT;

/// A hundred due users, and so little time that not all of them fit.
fn hurried() -> Fleet {
    let fleet = Fleet::new(&[]);
    for nth in 0..100 {
        fleet.enrolled(&format!("user-{nth:03}"), 100);
    }
    fleet.sim.update(|options| {
        options.latency = Duration::from_millis(200);
        options.function_timeout = Duration::from_secs(8);
    });
    fleet
}

#[tokio::test(start_paused = true)]
async fn it_stops_cleanly_and_goes_on_in_another_invocation_of_itself() {
    let fleet = hurried();
    let answer = fleet.sim.invoke(SWEEP, json!({})).await.unwrap();
    assert_eq!(answer["outcome"], "continues");
    assert!(answer["marker"].as_str().unwrap().contains("user-"), "{answer}");
    fleet.sim.events_finished().await;
    let reports = fleet.sim.event_reports();
    assert!(reports.len() >= 2, "{}", reports.len());
    let last = reports.last().unwrap().result.as_ref().unwrap();
    assert_eq!(last["outcome"], "done");
    assert_eq!((&last["actions"]["request-rotation"], &last["users"]["visited"]), (&json!(100), &json!(100)));
    fleet.sim.update(|options| options.latency = Duration::ZERO);
    fleet.settle().await;
    let rotations = fleet.sweep_calls()["RotateSecret"];
    assert_eq!(rotations, 100, "each user once");
}

#[tokio::test(start_paused = true)]
async fn for_a_caller_with_a_marker_it_leaves_going_on_to_the_caller() {
    let fleet = hurried();
    let mut marker = json!(null);
    let mut parts = 0;
    loop {
        let answer = fleet.sim.invoke(SWEEP, json!({"account": ACCOUNT, "marker": marker})).await.unwrap();
        parts += 1;
        marker = answer["marker"].clone();
        if marker.is_null() {
            assert_eq!(answer["outcome"], "done");
            assert_eq!(answer["actions"], json!({"request-rotation": 100}), "of all parts together");
            break;
        }
    }
    assert!(parts > 1 && fleet.sim.event_reports().is_empty());
    assert_eq!(fleet.sweep_calls()["RotateSecret"], 100);
}

#[tokio::test(start_paused = true)]
async fn a_sweep_that_is_late_from_the_start_still_comes_further_with_each_invocation() {
    let fleet = hurried();
    fleet.sim.update(|options| {
        options.report_takes = Duration::from_secs(9);
        options.function_timeout = Duration::from_secs(14);
    });
    fleet.sim.invoke(SWEEP, json!({})).await.unwrap();
    fleet.sim.events_finished().await;
    assert!(fleet.sim.event_reports().iter().all(|report| report.result.is_ok()));
}

#[tokio::test(start_paused = true)]
async fn a_user_who_was_left_out_early_is_still_counted_in_the_end() {
    let fleet = hurried();
    fleet.sim.add_fault(Fault::on("ListUserTags", 0, FaultKind::Denied).about("user-003"));
    let mut marker = json!(null);
    let mut failures = Vec::new();
    loop {
        let answer = fleet.sim.invoke(SWEEP, json!({"account": ACCOUNT, "marker": marker})).await.unwrap();
        failures.push(answer["failures"].clone());
        marker = answer["marker"].clone();
        if marker.is_null() {
            break;
        }
    }
    assert!(failures.len() > 1 && failures.iter().all(|failures| *failures == json!(1)), "{failures:?}");
}
