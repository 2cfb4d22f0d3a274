//! Coming from a list of secrets, whatever state the keys of their users are in.

use serde_json::json;

use super::{Move, key_in_use, value_of};
use crate::stage::{ACCOUNT, days};

const FIELDS: [&str; 2] = ["AccessKeyId", "SecretAccessKey"];

/// The states that the old system promises to survive: the user's keys, oldest first, active or not; and which of
/// them the secret holds.
const STATES: [(&str, &[bool], Option<usize>); 11] = [
    ("two active, the older in the secret", &[true, true], Some(0)),
    ("two active, the younger in the secret", &[true, true], Some(1)),
    ("two inactive, the older in the secret", &[false, false], Some(0)),
    ("two inactive, the younger in the secret", &[false, false], Some(1)),
    ("active then inactive, the active in the secret", &[true, false], Some(0)),
    ("active then inactive, the inactive in the secret", &[true, false], Some(1)),
    ("inactive then active, the inactive in the secret", &[false, true], Some(0)),
    ("inactive then active, the active in the secret", &[false, true], Some(1)),
    ("one active", &[true], Some(0)),
    ("one inactive", &[false], Some(0)),
    ("none", &[], None),
];

/// A listed secret, tagged as the page says, and its user's keys in some state.
fn moved(active: &[bool], held: Option<usize>) -> (Move, String) {
    let moved = Move::from("list", &[("ROTATOR_SCOPE", "prod/app;")]);
    let arn = secret_of(&moved, "prod/app", "app", active, held);
    (moved, arn)
}

fn secret_of(moved: &Move, name: &str, user: &str, active: &[bool], held: Option<usize>) -> String {
    let sim = &moved.fleet.sim;
    sim.create_user(ACCOUNT, user);
    let keys: Vec<_> = (0..active.len()).map(|nth| moved.fleet.key(user, 20 - 5 * nth as u64)).collect();
    for (key, active) in keys.iter().zip(active) {
        sim.set_key_status(&key.access_key_id, *active);
    }
    let mut value = json!({"UserName": user, "host": "db.example.com"});
    if let Some(key) = held.map(|nth| &keys[nth]) {
        value["AccessKeyId"] = json!(key.access_key_id);
        value["SecretAccessKey"] = json!(key.secret_access_key);
    }
    sim.create_secret(name, Some(&value.to_string()), &[("iam-key-rotator:user", user)])
}

#[tokio::test(start_paused = true)]
async fn coming_from_list_after_a_run_only_the_new_key_is_active_whatever_there_was() {
    for (state, active, held) in STATES {
        let (moved, arn) = moved(active, held);
        let before: Vec<String> = moved.fleet.keys("app").into_iter().map(|(id, _)| id).collect();
        moved.fleet.sweep().await;
        let new = key_in_use(&moved.fleet.sim, &arn, FIELDS);
        assert!(!before.contains(&new), "{state}");
        let keys = moved.fleet.keys("app");
        let working: Vec<_> = keys.iter().filter(|(_, active)| *active).collect();
        assert_eq!(working, [&(new, true)], "{state}");
        let value = value_of(&moved.fleet.sim, &arn, "AWSCURRENT");
        assert_eq!(
            (&value["UserName"], &value["host"]),
            (&json!("app"), &json!("db.example.com")),
            "{state}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn coming_from_list_every_day_for_weeks_one_active_key_and_nothing_left_behind() {
    for (state, active, held) in STATES {
        let (moved, arn) = moved(active, held);
        let mut seen = std::collections::BTreeSet::new();
        while moved.today() < 20 {
            moved.sweep_to(moved.today() + 1).await;
            let new = key_in_use(&moved.fleet.sim, &arn, FIELDS);
            assert!(seen.insert(new.clone()), "{state}: no new key on day {}", moved.today());
            let keys = moved.fleet.keys("app");
            assert_eq!(keys.iter().filter(|(_, active)| *active).count(), 1, "{state}");
        }
        let labels = moved.fleet.sim.secret(&arn).versions.into_iter().flat_map(|version| version.stages);
        assert!(labels.filter(|label| label.starts_with("AKIA")).count() <= 2, "{state}");
        let failed = moved.told().into_iter().filter(|line| line.contains("failed")).collect::<Vec<_>>();
        assert_eq!(failed, Vec::<String>::new(), "{state}");
    }
}

#[tokio::test(start_paused = true)]
async fn coming_from_list_administrators_who_touch_keys_by_hand_are_overtaken_by_the_next_run() {
    let (moved, arn) = moved(&[true], Some(0));
    let sim = &moved.fleet.sim;
    for meddling in 0..8 {
        moved.sweep_to(moved.today() + 3).await;
        let current = key_in_use(sim, &arn, FIELDS);
        match meddling {
            0 | 4 => drop(moved.fleet.key("app", 0)),
            1 | 5 => sim.set_key_status(&current, false),
            2 | 6 => sim.delete_access_key(&current),
            _ => {
                let second = moved.fleet.key("app", 0);
                sim.set_key_status(&second.access_key_id, false);
            }
        }
        moved.sweep_to(moved.today() + 2).await;
        let new = key_in_use(sim, &arn, FIELDS);
        assert_ne!(new, current, "{meddling}");
        let keys = moved.fleet.keys("app");
        assert_eq!(keys.into_iter().filter(|(_, active)| *active).collect::<Vec<_>>(), [(new, true)]);
    }
}

#[tokio::test(start_paused = true)]
async fn coming_from_list_a_listed_secret_without_a_user_or_that_is_not_there_is_reported_until_the_list_is_right()
 {
    let moved = Move::from("list", &[]);
    let sim = &moved.fleet.sim;
    let key = moved.fleet.user("app", 20);
    let value = json!({"UserName": "app", "AccessKeyId": key.access_key_id,
        "SecretAccessKey": key.secret_access_key});
    let arn = sim.create_secret("prod/app", Some(&value.to_string()), &[]);
    secret_of(&moved, "prod/other", "other", &[true], Some(0));
    for _ in 0..2 {
        moved.sweep_to(moved.today() + 1).await;
        let alert = sim.alerts().pop().unwrap().message;
        assert!(alert.contains("\"prod/app\": nothing tells whose keys it holds"), "{alert}");
        assert!(alert.contains("\"prod/batch\": there is no such secret"), "{alert}");
        assert_eq!(value_of(sim, &arn, "AWSCURRENT"), value, "untouched");
    }
    assert_eq!(moved.fleet.keys("other").len(), 1, "and so is what is not listed");
    sim.tag_secret(&arn, "iam-key-rotator:user", "app");
    moved.sweep_to(4).await;
    assert_ne!(key_in_use(sim, &arn, FIELDS), key.access_key_id);
}

#[tokio::test(start_paused = true)]
async fn coming_from_list_a_tag_that_names_another_user_than_the_value_touches_neither() {
    let moved = Move::from("list", &[("ROTATOR_SCOPE", "prod/app;")]);
    let arn = secret_of(&moved, "prod/app", "app", &[true], Some(0));
    moved.fleet.user("other", 20);
    moved.fleet.sim.tag_secret(&arn, "iam-key-rotator:user", "other");
    let before = (moved.fleet.keys("app"), moved.fleet.keys("other"));
    moved.sweep_to(3).await;
    assert_eq!((moved.fleet.keys("app"), moved.fleet.keys("other")), before);
    let told = moved.told();
    assert!(
        told.contains(&"1 alert: Key rotation failed: UserMismatch in createSecret".to_owned()),
        "{told:#?}"
    );
}

#[tokio::test(start_paused = true)]
async fn coming_from_list_a_secret_named_by_the_template_needs_no_tag() {
    let moved = Move::from("list", &[("ROTATOR_SCOPE", "prod/app;"), ("ROTATOR_SECRET_NAME", "prod/{user}")]);
    let arn = secret_of(&moved, "prod/app", "app", &[true], Some(0));
    moved.fleet.sim.advance(days(1));
    let before = key_in_use(&moved.fleet.sim, &arn, FIELDS);
    moved.fleet.sweep().await;
    assert_ne!(key_in_use(&moved.fleet.sim, &arn, FIELDS), before);
}
