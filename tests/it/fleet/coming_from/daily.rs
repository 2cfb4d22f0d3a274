//! Coming from a daily check of every user of an account.

use std::time::Duration;

use serde_json::{Value, json};
use simulator::{Fault, FaultKind};

use super::{Move, key_in_use, value_of, works};
use crate::stage::{ACCOUNT, REGION, days};

const FIELDS: [&str; 2] = ["AccessKeyId", "SecretAccessKey"];

fn secret_of(moved: &Move, user: &str) -> String {
    moved.fleet.secret(&format!("{user}_credentials")).arn
}

/// Daily sweeps to this day, and how the user's keys changed meanwhile.
async fn story(moved: &Move, user: &str, to: u64) -> Vec<String> {
    let (mut told, mut last) = (Vec::new(), Vec::new());
    while moved.today() < to {
        for (key, _) in moved.fleet.keys(user).iter().filter(|(_, active)| *active) {
            moved.fleet.sim.use_key(key, "s3", REGION);
        }
        moved.sweep_to(moved.today() + 1).await;
        let keys = moved.keys(ACCOUNT, user);
        if keys != last {
            told.push(format!("{}: {}", moved.today(), keys.join(" ")));
            last = keys;
        }
    }
    told
}

#[tokio::test(start_paused = true)]
async fn coming_from_daily_a_key_rotates_at_ninety_days_and_goes_fifteen_days_after_it_was_deactivated() {
    let moved = Move::from("daily", &[]);
    // The sweep follows the schedule at once here, and would deactivate again what a late list shows.
    moved.fleet.sim.update(|options| options.iam_list_lag = Duration::ZERO);
    moved.fleet.user("app", 0);
    let story = story(&moved, "app", 300).await;
    assert_eq!(
        story,
        ["1: 0+", "90: 0- 90+", "106: 90+", "180: 90- 180+", "195: 180+", "270: 180- 270+", "285: 270+"]
    );
    key_in_use(&moved.fleet.sim, &secret_of(&moved, "app"), FIELDS);
    // Who was rotated is told, whether the sweep has asked for it or the secret's own schedule.
    let digest = |day: u64, said: &str| format!("{day} alert: Key sweep of account {ACCOUNT}: {said}");
    assert_eq!(
        moved.told(),
        [
            digest(90, "2 actions, 0 findings"),
            digest(91, "1 rotated, 0 actions, 0 findings"),
            digest(106, "2 actions, 0 findings"),
            digest(180, "1 rotated, 0 actions, 0 findings"),
            digest(195, "2 actions, 0 findings"),
            digest(270, "1 rotated, 0 actions, 0 findings"),
            digest(285, "2 actions, 0 findings"),
        ]
    );
    let alerts = moved.fleet.sim.alerts();
    for (nth, said) in [(0, "rotate the secret now"), (1, "superseded and deactivated"), (2, "delete key")] {
        let mut lines = alerts[nth].message.lines();
        assert!(lines.any(|line| line.starts_with("  app: ") && line.contains(said)), "{said}: {alerts:#?}");
    }
    assert!(!alerts.iter().any(|alert| alert.message.contains("Needs a person")), "{alerts:#?}");
}

#[tokio::test(start_paused = true)]
async fn coming_from_daily_a_secret_that_the_sweep_makes_lets_the_user_read_it_and_one_of_the_old_system_is_kept()
 {
    let moved = Move::from("daily", &[]);
    moved.fleet.user("new", 90);
    // What the old system's last rotation left. It would have deleted this by now.
    let left = moved.fleet.user("old", 150);
    moved.fleet.sim.set_key_status(&left.access_key_id, false);
    let old = moved.fleet.key("old", 60);
    let value = json!({"AccessKeyId": old.access_key_id, "SecretAccessKey": old.secret_access_key,
        "region": "eu-west-1"});
    let arn = moved.fleet.sim.create_secret("old_credentials", Some(&value.to_string()), &[]);
    moved.enroll(&arn, "old", 90).await;
    moved.sweep_to(46).await;
    let policy: Value = serde_json::from_str(&moved.fleet.secret("new_credentials").policy.unwrap()).unwrap();
    let user = format!("arn:aws:iam::{ACCOUNT}:user/new");
    assert_eq!(policy["Statement"][0]["Principal"], json!({"AWS": user}));
    let readers = [user.as_str(), "arn:aws:iam::111122223333:role/rotation-function"];
    assert_eq!(policy["Statement"][2]["Effect"], "Deny");
    assert_eq!(policy["Statement"][2]["Condition"]["ArnNotEquals"]["aws:PrincipalArn"], json!(readers));
    let new = key_in_use(&moved.fleet.sim, &arn, FIELDS);
    assert_ne!(new, old.access_key_id);
    assert_eq!(moved.fleet.keys("old"), [(new, true)]);
    assert_eq!(value_of(&moved.fleet.sim, &arn, "AWSCURRENT")["region"], "eu-west-1");
    assert_eq!(moved.fleet.secrets().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn coming_from_daily_users_of_every_kind_end_as_documented() {
    let moved = Move::from("daily", &[]);
    let fleet = &moved.fleet;
    fleet.user("two", 100);
    let younger = fleet.key("two", 20);
    fleet.user("spare", 95);
    let spare = fleet.key("spare", 40);
    fleet.sim.set_key_status(&spare.access_key_id, false);
    let idle = fleet.user("idle", 200);
    fleet.sim.set_key_status(&idle.access_key_id, false);
    fleet.sim.create_user(ACCOUNT, "bare");
    let exempt: Vec<_> = ["break-glass", "vendor-x"].iter().map(|name| fleet.user(name, 200)).collect();
    moved.sweep_to(30).await;
    // Of two active keys the oldest went, and the younger was superseded.
    let two = key_in_use(&fleet.sim, &secret_of(&moved, "two"), FIELDS);
    assert_ne!(two, younger.access_key_id);
    assert_eq!(fleet.keys("two"), [(two, true)]);
    let spare = key_in_use(&fleet.sim, &secret_of(&moved, "spare"), FIELDS);
    assert_eq!(fleet.keys("spare"), [(spare, true)]);
    assert_eq!(fleet.keys("idle"), [(idle.access_key_id, false)], "skipped");
    assert!(fleet.keys("bare").is_empty(), "it stays without");
    assert!(exempt.iter().all(|key| works(&fleet.sim, key)));
    assert_eq!(fleet.secrets().len(), 2, "one for each who was rotated");
}

#[tokio::test(start_paused = true)]
async fn coming_from_daily_an_error_with_one_user_leaves_the_others_their_rotation() {
    let moved = Move::from("daily", &[]);
    // More than a page of each list.
    for nth in 0..5 {
        moved.fleet.user(&format!("user-{nth}"), 90);
    }
    moved.fleet.sim.add_fault(Fault::on("ListAccessKeys", 1, FaultKind::Denied).by("sweep-function"));
    let answer = moved.fleet.sweep().await;
    assert_eq!(answer["failures"], 1, "{answer}");
    assert_eq!(moved.fleet.secrets().len(), 4);
    moved.sweep_to(1).await;
    assert_eq!(moved.fleet.secrets().len(), 5);
    for nth in 0..5 {
        key_in_use(&moved.fleet.sim, &secret_of(&moved, &format!("user-{nth}")), FIELDS);
    }
}

#[tokio::test(start_paused = true)]
async fn coming_from_daily_what_cannot_be_read_is_neither_never_used_nor_not_exempt() {
    let moved = Move::from("daily", &[]);
    let key = moved.fleet.user("app", 90);
    for (operation, kind) in [
        ("GetGroup", FaultKind::Denied),
        ("GetCredentialReport", FaultKind::Denied),
        ("GetAccessKeyLastUsed", FaultKind::Denied),
        ("ListUserTags", FaultKind::Denied),
        ("ListSecrets", FaultKind::Denied),
    ] {
        moved.fleet.sim.add_fault(Fault::on(operation, 0, kind));
        let answer = moved.fleet.send(json!({})).await;
        assert!(answer.is_err() || answer.unwrap()["failures"] == 1, "{operation}");
        moved.fleet.sim.clear_faults();
        assert_eq!(moved.fleet.keys("app"), [(key.access_key_id.clone(), true)], "{operation}");
        moved.fleet.sim.advance(days(1));
    }
    moved.fleet.sweep().await;
    assert_eq!(moved.fleet.keys("app").len(), 2);
}
