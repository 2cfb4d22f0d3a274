//! Coming from a Secrets Manager rotation function, every ninety days.

use serde_json::json;
use simulator::{Fault, FaultKind, KeyPair};

use super::{Move, key_in_use, page, value_of, works};
use crate::stage::{ACCOUNT, FUNCTION, days};

const FIELDS: [&str; 2] = ["access_key_id", "secret_access_key"];
const MAIL: &str = "app@example.com";

/// A secret as the old function leaves it, which rotates with the new function now.
fn user_of_the_old_system(moved: &Move) -> (KeyPair, String) {
    let key = moved.fleet.user("app", 0);
    let value = json!({"access_key_id": key.access_key_id, "secret_access_key": key.secret_access_key,
        "bucket": "reports"});
    let arn = moved.fleet.sim.create_secret("/access-key/app", Some(&value.to_string()), &[]);
    moved.fleet.sim.set_rotation(&arn, FUNCTION);
    moved.fleet.sim.set_rotation_days(&arn, 90);
    (key, arn)
}

/// A day on which Secrets Manager's schedule is all that runs.
async fn day_of_schedule(moved: &Move) {
    moved.fleet.sim.advance(days(1));
    moved.fleet.sim.run_due_rotations().await;
}

#[tokio::test(start_paused = true)]
async fn coming_from_function_every_ninety_days_four_steps_one_mail_and_the_old_key_is_gone() {
    let moved = Move::from("function", &[]);
    let (first, arn) = user_of_the_old_system(&moved);
    while moved.today() < 400 {
        day_of_schedule(&moved).await;
        let made = moved.today() / 90 * 90;
        assert_eq!(moved.keys(ACCOUNT, "app"), [format!("{made}+")], "day {}", moved.today());
        key_in_use(&moved.fleet.sim, &arn, FIELDS);
    }
    assert!(!works(&moved.fleet.sim, &first));
    let reports = moved.fleet.sim.rotation_reports(&arn);
    assert_eq!(reports.len(), 4);
    for report in reports {
        assert_eq!(report.step_names(), ["createSecret", "setSecret", "testSecret", "finishSecret"]);
    }
    let mails: Vec<String> =
        [90, 180, 270, 360].iter().map(|day| format!("{day} {MAIL}: New access key for app: KEY")).collect();
    assert_eq!(moved.told(), mails);
    let value = value_of(&moved.fleet.sim, &arn, "AWSCURRENT");
    assert_eq!(value["bucket"], "reports");
    assert_eq!(value.as_object().unwrap().len(), 3, "{value}");
}

#[tokio::test(start_paused = true)]
async fn coming_from_function_a_failure_is_alerted_leaves_the_old_key_and_mends_itself() {
    for operation in ["CreateAccessKey", "PutSecretValue", "GetCallerIdentity", "UpdateSecretVersionStage"] {
        let moved = Move::from("function", &[]);
        let (old, arn) = user_of_the_old_system(&moved);
        while moved.today() < 89 {
            day_of_schedule(&moved).await;
        }
        moved.fleet.sim.add_fault(Fault::on(operation, 0, FaultKind::Denied));
        day_of_schedule(&moved).await;
        assert_eq!(key_in_use(&moved.fleet.sim, &arn, FIELDS), old.access_key_id, "{operation}");
        let told = moved.told();
        assert_eq!(told.len(), 1, "{operation}: {told:#?}");
        assert!(told[0].starts_with("90 alert: Key rotation failed: "), "{told:#?}");
        moved.fleet.sim.clear_faults();
        day_of_schedule(&moved).await;
        assert_ne!(key_in_use(&moved.fleet.sim, &arn, FIELDS), old.access_key_id, "{operation}");
        assert_eq!(moved.fleet.keys("app").len(), 1, "{operation}");
        assert_eq!(moved.told()[1..], [format!("91 {MAIL}: New access key for app: KEY")], "{operation}");
    }
}

#[tokio::test(start_paused = true)]
async fn coming_from_function_a_crash_after_the_key_was_made_leaves_no_orphan() {
    for kind in [FaultKind::KillAfter, FaultKind::ResponseLost] {
        for operation in ["CreateAccessKey", "PutSecretValue"] {
            let moved = Move::from("function", &[]);
            let (_, arn) = user_of_the_old_system(&moved);
            moved.fleet.sim.add_fault(Fault::on(operation, 1, kind.clone()));
            while moved.today() < 92 {
                day_of_schedule(&moved).await;
            }
            let current = key_in_use(&moved.fleet.sim, &arn, FIELDS);
            assert_eq!(moved.fleet.keys("app"), [(current, true)], "{operation} {kind:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn coming_from_function_a_mail_that_cannot_be_sent_after_the_deletion_does_not_fail_the_rotation() {
    let moved = Move::from("function", &[]);
    let (_, arn) = user_of_the_old_system(&moved);
    moved.fleet.sim.add_fault(Fault::on("SendEmail", 0, FaultKind::Denied));
    while moved.today() < 90 {
        day_of_schedule(&moved).await;
    }
    assert!(moved.fleet.sim.rotation_reports(&arn)[0].succeeded);
    assert_eq!(moved.told(), ["90 alert: Key rotated, but the mail could not be sent"]);
    assert_eq!(moved.keys(ACCOUNT, "app"), ["90+"]);
}

#[tokio::test(start_paused = true)]
async fn coming_from_function_with_the_recommended_settings_the_old_key_has_an_overlap_and_the_user_is_told_ahead()
 {
    let moved = Move::with(&page::blocks("function")[1]);
    let (_, arn) = user_of_the_old_system(&moved);
    let mut states = Vec::new();
    while moved.today() < 200 {
        moved.sweep_to(moved.today() + 1).await;
        key_in_use(&moved.fleet.sim, &arn, FIELDS);
        let keys = moved.keys(ACCOUNT, "app").join(" ");
        if states.last().is_none_or(|(_, last)| *last != keys) {
            states.push((moved.today(), keys));
        }
    }
    let states: Vec<String> = states.into_iter().map(|(day, keys)| format!("{day}: {keys}")).collect();
    assert_eq!(
        states,
        ["1: 0+", "90: 0+ 90+", "91: 0- 90+", "98: 90+", "180: 90+ 180+", "181: 90- 180+", "188: 180+"]
    );
    let mut told = moved.told();
    told.retain(|line| line.contains(MAIL));
    assert_eq!(
        told[..4],
        [
            "83 app@example.com: Access key of app: rotation on day 90 (in 7 days)",
            "90 app@example.com: New access key for app: KEY",
            "91 app@example.com: Access key of app: deactivated",
            "98 app@example.com: Access key of app: deleted",
        ]
    );
    assert_eq!(told.len(), 8, "{told:#?}");
}
