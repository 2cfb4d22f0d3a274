//! Coming from three EventBridge rules for each user, at 90, 104 and 118 days.

use std::time::Duration;

use serde_json::{Value, json};
use simulator::{Fault, FaultKind, KeyPair};

use super::{Move, key_in_use, label_versions, value_of, works};
use crate::stage::{ACCOUNT, days, hours};

const FIELDS: [&str; 2] = ["AccessKey", "SecretKey"];
const RULES: [(&str, u64); 3] = [("create", 90), ("deactivate", 104), ("delete", 118)];

/// An account as the old system leaves it, its secret enrolled as the page says.
async fn moved(user: &str) -> (Move, KeyPair, String) {
    let moved = Move::from("rules", &[]);
    let (key, arn) = user_of_the_old_system(&moved, user).await;
    (moved, key, arn)
}

/// A user of the old system: the secret has the user's name.
async fn user_of_the_old_system(moved: &Move, user: &str) -> (KeyPair, String) {
    let key = moved.fleet.user(user, 0);
    let value = json!({"AccessKey": key.access_key_id, "SecretKey": key.secret_access_key, "note": "keep"});
    let arn = moved.fleet.sim.create_secret(user, Some(&value.to_string()), &[]);
    // Beyond the rules' 90 days, so that the rules lead.
    moved.enroll(&arn, user, 120).await;
    (key, arn)
}

fn event(action: &str, user: &str) -> Value {
    json!({"action": action, "username": user})
}

/// A day goes by, and the fixed-rate rules that are due send their events.
async fn day_of_rules(moved: &Move, user: &str) -> Vec<Value> {
    moved.fleet.sim.advance(days(1));
    moved.fleet.sim.run_due_rotations().await;
    let mut answers = Vec::new();
    for (action, every) in RULES {
        if moved.today().is_multiple_of(every) {
            answers.push(moved.fleet.send(event(action, user)).await.unwrap());
        }
    }
    answers
}

#[tokio::test(start_paused = true)]
async fn coming_from_rules_the_three_rules_make_deactivate_and_delete_on_their_days() {
    let (moved, old, arn) = moved("app").await;
    let mut states = Vec::new();
    while moved.today() < 119 {
        day_of_rules(&moved, "app").await;
        let keys = moved.keys(ACCOUNT, "app");
        if states.last().is_none_or(|(_, last)| *last != keys) {
            states.push((moved.today(), keys));
        }
        key_in_use(&moved.fleet.sim, &arn, FIELDS);
    }
    let states: Vec<String> = states.iter().map(|(day, keys)| format!("{day}: {}", keys.join(" "))).collect();
    assert_eq!(states, ["1: 0+", "90: 0+ 90+", "104: 0- 90+", "118: 90+"]);
    assert_eq!(
        moved.told(),
        [
            "90 alert: Access key of app: a new key is on its way",
            "104 alert: Access key of app: the previous key was deactivated",
            "118 alert: Access key of app: the previous key was deleted",
        ]
    );
    let current = value_of(&moved.fleet.sim, &arn, "AWSCURRENT");
    assert_eq!(current["note"], "keep");
    assert_eq!(value_of(&moved.fleet.sim, &arn, "AWSPREVIOUS")["AccessKey"], old.access_key_id);
}

#[tokio::test(start_paused = true)]
async fn coming_from_rules_events_that_come_twice_do_nothing_the_second_time() {
    let (moved, _, arn) = moved("app").await;
    let (other, other_arn) = user_of_the_old_system(&moved, "other").await;
    for (action, day) in RULES {
        moved.fleet.sim.advance(days(day - moved.today()));
        assert_eq!(moved.fleet.send(event(action, "app")).await.unwrap()["outcome"], "done", "{action}");
        let keys = moved.keys(ACCOUNT, "app");
        // At once, within the hour, and as late as beside a schedule of Secrets Manager's own.
        for later in [Duration::from_secs(10), hours(1), hours(5)] {
            moved.fleet.sim.advance(later);
            let again = moved.fleet.send(event(action, "app")).await.unwrap();
            assert_eq!(again["outcome"], "nothing-to-do", "{action}: {again}");
            assert_eq!(moved.keys(ACCOUNT, "app"), keys);
        }
        key_in_use(&moved.fleet.sim, &arn, FIELDS);
    }
    assert_eq!(moved.told().len(), 3, "{:#?}", moved.told());
    // Nobody has sent events for the other user.
    assert_eq!(moved.keys(ACCOUNT, "other"), ["0+"]);
    assert!(works(&moved.fleet.sim, &other));
    assert_eq!(value_of(&moved.fleet.sim, &other_arn, "AWSCURRENT")["AccessKey"], other.access_key_id);
}

#[tokio::test(start_paused = true)]
async fn coming_from_rules_rules_that_drift_apart_neither_shorten_nor_lengthen_what_is_configured() {
    let (moved, _, arn) = moved("app").await;
    let mut lives: std::collections::BTreeMap<u64, [u64; 3]> = std::collections::BTreeMap::new();
    let mut in_use = String::new();
    while moved.today() < 3 * 365 {
        day_of_rules(&moved, "app").await;
        moved.fleet.sweep().await;
        let now = key_in_use(&moved.fleet.sim, &arn, FIELDS);
        for key in moved.fleet.sim.keys(ACCOUNT, "app") {
            let life = lives.entry(moved.day_of(key.created)).or_default();
            life[0] += u64::from(key.id == now);
            life[1] += u64::from(key.id != now && key.active);
            life[2] += u64::from(!key.active);
        }
        in_use = now;
    }
    assert!(!in_use.is_empty());
    let ended = lives.len() - 2;
    assert_eq!(ended, 11, "{lives:?}");
    for (made, [current, overlap, recovery]) in lives.into_iter().take(ended) {
        assert!((89..=90).contains(&current), "key of day {made} was current for {current} days");
        assert_eq!((overlap, recovery), (14, 14), "key of day {made}");
    }
    let told = moved.told();
    assert!(!told.iter().any(|line| line.contains("person")), "{told:#?}");
}

#[tokio::test(start_paused = true)]
async fn coming_from_rules_a_key_that_is_used_or_whose_use_cannot_be_read_is_not_deactivated() {
    let (moved, old, _) = moved("app").await;
    moved.fleet.sim.advance(days(90));
    moved.fleet.send(event("create", "app")).await.unwrap();
    moved.fleet.sim.advance(days(14));
    for kind in [FaultKind::Throttle, FaultKind::Denied] {
        moved.fleet.sim.add_fault(Fault::on("GetAccessKeyLastUsed", 0, kind));
        let error = moved.fleet.send(event("deactivate", "app")).await.unwrap_err();
        assert!(["Throttled", "AccessDenied"].contains(&error.error_type.as_str()), "{error:?}");
        moved.fleet.sim.clear_faults();
    }
    moved.fleet.sim.use_key(&old.access_key_id, "s3", "eu-west-1");
    moved.fleet.sim.advance(hours(5));
    let answer = moved.fleet.send(event("deactivate", "app")).await.unwrap();
    assert!(answer["reason"].as_str().unwrap().contains("s3 in eu-west-1"), "{answer}");
    assert!(works(&moved.fleet.sim, &old));
    // A key that is still active is not deleted either.
    moved.fleet.sim.advance(days(14));
    assert_eq!(moved.fleet.send(event("delete", "app")).await.unwrap()["outcome"], "nothing-to-do");
    assert!(works(&moved.fleet.sim, &old));
    assert_eq!(moved.told().iter().filter(|line| line.contains("a person is needed")).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn coming_from_rules_a_round_that_the_old_system_has_begun_is_ended_on_its_days_once_the_versions_are_labelled()
 {
    let moved = Move::from("rules", &[]);
    let sim = &moved.fleet.sim;
    // Five days after the old system's `create`.
    let old = moved.fleet.user("app", 95);
    let current = moved.fleet.key("app", 5);
    let value = |key: &KeyPair| json!({"AccessKey": key.access_key_id, "SecretKey": key.secret_access_key});
    let arn = sim.create_secret("app", Some(&value(&old).to_string()), &[]);
    sim.put_secret_value(&arn, &value(&current).to_string());
    label_versions(sim, &arn, FIELDS[0]);
    moved.enroll(&arn, "app", 90).await;
    while moved.today() < 120 {
        moved.sweep_to(moved.today() + 1).await;
        key_in_use(sim, &arn, FIELDS);
        let keys = sim.keys(ACCOUNT, "app");
        let old = keys.iter().find(|key| key.id == old.access_key_id).map(|key| key.active);
        let expected = match moved.today() {
            ..9 => Some(true),
            9..23 => Some(false),
            _ => None,
        };
        assert_eq!(old, expected, "day {}", moved.today());
    }
    assert_eq!(moved.keys(ACCOUNT, "app"), ["85+"]);
    let told = moved.told();
    assert!(!told.iter().any(|line| line.contains("failed") || line.contains("person")), "{told:#?}");
}

#[tokio::test(start_paused = true)]
async fn coming_from_rules_an_audit_says_what_an_event_would_do_and_does_nothing() {
    let moved = Move::from("rules", &[("ROTATOR_MODE", "audit")]);
    let (key, arn) = user_of_the_old_system(&moved, "app").await;
    moved.fleet.sim.advance(days(90));
    let answer = moved.fleet.send(event("create", "app")).await.unwrap();
    assert_eq!((&answer["mode"], answer["actions"].as_array().unwrap().len()), (&json!("audit"), 1));
    assert_eq!(key_in_use(&moved.fleet.sim, &arn, FIELDS), key.access_key_id);
    assert_eq!(moved.told(), ["90 alert: Access key of app: what would be done"]);
}

#[tokio::test(start_paused = true)]
async fn coming_from_rules_a_secret_that_nobody_has_tagged_is_left_alone_and_reported() {
    let moved = Move::from("rules", &[]);
    let key = moved.fleet.user("app", 90);
    let value = json!({"AccessKey": key.access_key_id, "SecretKey": key.secret_access_key});
    let arn = moved.fleet.sim.create_secret("app", Some(&value.to_string()), &[]);
    let answer = moved.fleet.send(event("create", "app")).await.unwrap();
    assert_eq!(answer["outcome"], "nothing-to-do", "{answer}");
    assert_eq!(value_of(&moved.fleet.sim, &arn, "AWSCURRENT"), value);
    assert_eq!(moved.fleet.keys("app").len(), 1);
}
