//! `enroll`: a secret made, or taken over as it is.

use std::path::Path;

use serde_json::{Value, json};

use super::{Seat, town};
use crate::fleet::Fleet;
use crate::stage::{ACCOUNT, FUNCTION};

fn value(fleet: &Fleet, secret: &str) -> Value {
    serde_json::from_str(fleet.secret(secret).stage("AWSCURRENT").unwrap().text().unwrap()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_user_gets_a_secret_a_new_key_and_what_its_consumers_must_change() {
    let fleet = Fleet::new(&[]);
    let old = fleet.user("ci", 40);
    let ran = Seat::of(&fleet.sim).types("yes\n").run("enroll ci").await;
    ran.is_as("enroll").ends(0);
    let secret = fleet.secret("ci");
    assert_eq!(secret.tags["iam-key-rotator:user"], "ci");
    assert_eq!(secret.rotation_rules, Some(json!({"AutomaticallyAfterDays": 90})));
    assert!(secret.policy.unwrap().contains("user/ci"));
    assert_ne!(fleet.working_key("ci"), old.access_key_id);
    assert!(fleet.sim.key_works(&old.access_key_id, &old.secret_access_key));
    let again = Seat::of(&fleet.sim).run("enroll ci").await;
    again.ends(0);
    assert!(again.out.contains("nothing to do") && again.out.contains("credential_process"), "{}", again.out);
}

#[tokio::test(start_paused = true)]
async fn an_existing_secret_is_taken_over_and_keeps_its_shape() {
    let fleet = Fleet::new(&[]);
    let old = fleet.user("ci", 40);
    let own = json!({"access_key_id": old.access_key_id, "secret_access_key": old.secret_access_key,
        "bucket": "logs", "limits": {"a": 1}});
    let arn = fleet.sim.create_secret("/legacy/ci", Some(&own.to_string()), &[("team", "build")]);
    fleet.sim.put_policy(&arn, r#"{"Version":"2012-10-17","Statement":[]}"#);
    let ran = Seat::of(&fleet.sim).types("yes\n").run("enroll ci --secret /legacy/ci").await;
    ran.is_as("enroll_adopt").ends(0);
    let value = value(&fleet, "/legacy/ci");
    assert_eq!((&value["bucket"], &value["limits"]), (&json!("logs"), &json!({"a": 1})));
    assert_ne!(value["access_key_id"], own["access_key_id"]);
    let secret = fleet.secret("/legacy/ci");
    assert_eq!((secret.tags["team"].as_str(), secret.tags["iam-key-rotator:user"].as_str()), ("build", "ci"));
    assert_eq!(
        secret.policy.as_deref(),
        Some(r#"{"Version":"2012-10-17","Statement":[]}"#),
        "its policy stays"
    );
    assert_eq!(secret.rotation_function.as_deref(), Some(FUNCTION));
}

#[tokio::test(start_paused = true)]
async fn nobody_is_enrolled_without_a_yes() {
    let fleet = Fleet::new(&[]);
    fleet.user("ci", 40);
    Seat::of(&fleet.sim).types("no\n").run("enroll ci").await.ends(1);
    assert!(fleet.secrets().is_empty());
    let mut seat = Seat::of(&fleet.sim);
    seat.settings.clear();
    seat.run("enroll ci --yes").await.ends(2);
}

#[tokio::test(start_paused = true)]
async fn who_cannot_be_enrolled_is_named_with_the_reason_and_stops_nobody_else() {
    let town = town();
    town.user("two", 40);
    town.key("two", 10);
    town.sim.create_user(ACCOUNT, "keyless");
    let taken = town.user("taken", 40);
    town.sim.create_secret("taken", Some("{}"), &[("iam-key-rotator:user", "due")]);
    let ran = Seat::of(&town.sim).run("enroll exempt two keyless taken nobody no-secret --yes").await;
    ran.is_as("enroll_refused").ends(1);
    assert_eq!(town.keys("two").len(), 2);
    assert_eq!(town.keys("taken")[0].0, taken.access_key_id);
    town.working_key("no-secret");
}

#[tokio::test(start_paused = true)]
async fn a_file_names_users_and_their_secrets() {
    let fleet = Fleet::new(&[]);
    for name in ["a", "b"] {
        fleet.user(name, 40);
    }
    fleet.sim.create_secret("/old/b", Some(r#"{"username":"b"}"#), &[]);
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("enroll.csv");
    std::fs::write(&file, "user,secret\na,\nb,/old/b\n").unwrap();
    Seat::of(&fleet.sim).run(&format!("enroll --from-csv {} --yes", file.display())).await.ends(0);
    fleet.working_key("a");
    assert_ne!(value(&fleet, "/old/b")["AccessKeyId"], Value::Null);
    std::fs::write(&file, "name\na\n").unwrap();
    Seat::of(&fleet.sim).run(&format!("enroll --from-csv {} --yes", file.display())).await.ends(2);
}

#[tokio::test(start_paused = true)]
async fn all_means_every_user_with_an_active_key_and_no_secret() {
    let town = town();
    town.sim.create_user(ACCOUNT, "keyless");
    let ran = Seat::of(&town.sim).run("enroll --all --yes").await;
    ran.ends(0);
    town.working_key("no-secret");
    assert_eq!(town.keys("due").len(), 1, "who has a secret is left alone");
    assert!(!ran.out.contains("keyless"), "{}", ran.out);
}

#[tokio::test(start_paused = true)]
async fn a_secret_can_be_made_without_a_rotation() {
    let fleet = Fleet::new(&[]);
    let old = fleet.user("ci", 40);
    Seat::of(&fleet.sim).run("enroll ci --no-rotation --yes").await.ends(0);
    assert_eq!(fleet.keys("ci"), [(old.access_key_id, true)]);
    assert!(fleet.secret("ci").last_rotated.is_none());
}
