//! What the default deployment does: no setting but those that every stack has.

use std::fmt::Write as _;

use super::{Fleet, MAILS};
use crate::stage::{ACCOUNT, days, hours};

const PAGE: &str = include_str!("../../../docs/fleet.md");

/// Two hundred days of one user whose secret rotates by its own schedule, swept every hour.
///
/// A row for each change of the user's keys: the day and the hour, and each key with whether it is active.
async fn two_hundred_days(mode: &'static str) -> (Fleet, Vec<String>) {
    let fleet = Fleet::new(&[MAILS.as_slice(), &[("ROTATOR_MODE", mode)]].concat());
    let (_, arn) = fleet.enrolled("ci-bot", 0);
    // A key that somebody made beside it.
    let stranger = fleet.user("person", 300);
    fleet.sim.set_rotation_days(&arn, 90);
    let mut names: Vec<String> = Vec::new();
    let mut rows: Vec<String> = Vec::new();
    let mut last = String::new();
    for hour in 0..=200 * 24_u64 {
        fleet.sim.run_due_rotations().await;
        fleet.sweep().await;
        let mut keys = String::new();
        for (id, active) in fleet.keys("ci-bot") {
            let nth = names.iter().position(|name| *name == id).unwrap_or_else(|| {
                names.push(id.clone());
                names.len() - 1
            });
            let letter = char::from(b'A' + u8::try_from(nth).unwrap());
            let _ = write!(keys, "{}{letter} {}", if keys.is_empty() { "" } else { ", " }, status(active));
        }
        if keys != last {
            rows.push(format!("| {} | {} | {keys} |", hour / 24, hour % 24));
            last = keys;
        }
        fleet.working_key("ci-bot");
        fleet.sim.advance(hours(1));
        if hour % 24 == 0 {
            fleet.stage.log.clear();
            fleet.sim.clear_journal();
        }
    }
    assert_eq!(fleet.keys("person"), [(stranger.access_key_id, true)], "nobody else's key is touched");
    assert_eq!(fleet.sim.secret_arns(ACCOUNT, crate::stage::REGION).len(), 1, "nobody is enrolled");
    (fleet, rows)
}

fn status(active: bool) -> &'static str {
    if active { "active" } else { "inactive" }
}

#[tokio::test(start_paused = true)]
async fn the_default_retires_what_rotations_supersede_on_the_hour_that_the_mail_names() {
    let (fleet, rows) = two_hundred_days("retire").await;
    let table = rows.join("\n");
    assert!(PAGE.contains(&table), "docs/fleet.md lacks:\n{table}");
    let mails = fleet.mails("ci-bot@example.com");
    let count = |word: &str| mails.iter().filter(|subject| subject.contains(word)).count();
    // Two rotations, each with a warning, the new key, and the end of the old one.
    assert_eq!((count("rotation on"), count("New access key")), (2, 2), "{mails:#?}");
    assert_eq!((count("deactivated"), count("deleted")), (2, 2), "{mails:#?}");
    assert!(!fleet.alerts().iter().any(|alert| alert.contains("failed")), "{:?}", fleet.alerts());
}

#[tokio::test(start_paused = true)]
async fn an_audit_retires_nothing_says_so_once_and_reports_what_was_not_retired() {
    let (fleet, rows) = two_hundred_days("audit").await;
    assert_eq!(
        rows,
        ["| 0 | 0 | A active |", "| 90 | 0 | A active, B active |", "| 180 | 0 | B active, C active |"]
    );
    let digests = fleet.mails("admin@example.com");
    assert!((2..=20).contains(&digests.len()), "{} digests: {digests:#?}", digests.len());
    assert!(
        digests.iter().any(|subject| subject.contains("1 action would be done, 1 finding")),
        "{digests:#?}"
    );
    let told = fleet.mails("ci-bot@example.com");
    assert!(told.iter().any(|subject| subject.contains("deleted while active")), "{told:#?}");
}

#[tokio::test(start_paused = true)]
async fn what_asks_for_a_new_key_is_refused_in_the_mode_that_starts_none() {
    let fleet = Fleet::new(&[("ROTATOR_MODE", "retire")]);
    fleet.enrolled("ci-bot", 100);
    for event in [
        serde_json::json!({"action": "create", "username": "ci-bot"}),
        serde_json::json!({"account": ACCOUNT, "ForceRotate": "ci-bot"}),
    ] {
        let error = fleet.send(event).await.unwrap_err();
        assert_eq!(error.error_type, "InvalidEvent");
        assert!(error.message.contains("ROTATOR_MODE=retire"), "{error}");
    }
    assert_eq!(fleet.keys("ci-bot").len(), 1);
    // The other steps of a life cycle work.
    let arn = fleet.secret("ci-bot").arn;
    assert!(fleet.sim.rotate(&arn).await.succeeded);
    fleet.sim.advance(days(2));
    for action in ["deactivate", "delete"] {
        let event = serde_json::json!({"action": action, "username": "ci-bot"});
        assert_eq!(fleet.send(event).await.unwrap()["outcome"], "done");
        fleet.sim.advance(days(8));
    }
    assert_eq!(fleet.keys("ci-bot").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn in_retire_a_key_in_no_version_and_a_listed_secret_of_another_function_are_left_alone() {
    let fleet = Fleet::new(&[("ROTATOR_MODE", "retire"), ("ROTATOR_SCOPE", "ci-bot;other;")]);
    fleet.enrolled("ci-bot", 10);
    let spare = fleet.key("ci-bot", 60);
    fleet.sim.set_key_status(&spare.access_key_id, false);
    let (old, other) = fleet.enrolled("other", 10);
    assert!(fleet.sim.rotate(&other).await.succeeded);
    fleet.sim.set_rotation(&other, "arn:aws:lambda:eu-west-1:111122223333:function:theirs");
    for _ in 0..30 {
        fleet.day().await;
    }
    assert!(fleet.keys("ci-bot").contains(&(spare.access_key_id, false)));
    assert!(fleet.sim.key_works(&old.access_key_id, &old.secret_access_key));
}

#[tokio::test(start_paused = true)]
async fn what_no_secret_remembers_is_alerted_when_it_changes_and_once_a_month() {
    let fleet = Fleet::new(&[("ROTATOR_SCOPE", "all")]);
    fleet.user("ci", 100);
    fleet.sim.create_secret("iam-key/ci", Some("{}"), &[]);
    for _ in 0..48 {
        fleet.sweep().await;
        fleet.sim.advance(hours(1));
    }
    assert_eq!(fleet.alerts().len(), 1, "{:?}", fleet.alerts());
    fleet.user("cd", 100);
    fleet.sim.create_secret("iam-key/cd", Some("{}"), &[]);
    for _ in 0..40 {
        fleet.day().await;
    }
    assert!((3..=4).contains(&fleet.alerts().len()), "{:?}", fleet.alerts());
}

#[tokio::test(start_paused = true)]
async fn a_rescued_key_is_not_deleted_by_a_rotation_that_needs_its_place() {
    for overlap in ["24h", "0"] {
        let fleet = Fleet::new(&[("ROTATOR_MODE", "retire"), ("ROTATOR_OVERLAP", overlap)]);
        let (old, arn) = fleet.enrolled("ci-bot", 90);
        assert!(fleet.sim.rotate(&arn).await.succeeded);
        for _ in 0..3 {
            fleet.day().await;
        }
        assert_eq!(fleet.keys("ci-bot")[0], (old.access_key_id.clone(), false));
        fleet.sim.set_key_status(&old.access_key_id, true);
        for seen_by_a_sweep in [false, true] {
            if seen_by_a_sweep {
                fleet.sim.advance(hours(5));
                fleet.sweep().await;
            }
            let report = fleet.sim.rotate(&arn).await;
            let error = report.error().unwrap();
            assert!(error.error_type == "KeyLimit" && error.message.contains("active again"), "{error}");
            assert!(fleet.sim.key_works(&old.access_key_id, &old.secret_access_key), "{overlap}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn two_stacks_in_one_account_report_nothing_of_each_other() {
    let fleet = Fleet::new(&[("ROTATOR_MODE", "retire")]);
    let (_, theirs) = fleet.enrolled("theirs", 10);
    fleet.sim.set_rotation(&theirs, "arn:aws:lambda:eu-west-1:111122223333:function:other-stack");
    let answer = fleet.sweep().await;
    assert_eq!((&answer["findings"], fleet.alerts().len()), (&serde_json::json!({}), 0), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn no_key_counts_as_overdue_while_its_successor_has_its_overlap() {
    let fleet = Fleet::new(&[("ROTATOR_MODE", "retire")]);
    let (_, arn) = fleet.enrolled("ci-bot", 0);
    fleet.sim.set_rotation_days(&arn, 90);
    fleet.sim.advance(days(90));
    fleet.sim.run_due_rotations().await;
    for hour in 0..48 {
        fleet.sim.advance(hours(1));
        assert_eq!(fleet.sweep().await["users"]["overdue"], 0, "{hour}");
    }
}
