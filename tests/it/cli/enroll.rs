//! `enroll`: a secret made for a user.

use std::path::Path;

use serde_json::json;
use simulator::{Fault, FaultKind};

use super::{Seat, town};
use crate::fleet::Fleet;
use crate::stage::{ACCOUNT, FUNCTION};

/// What an IAM user is tagged with.
pub fn tag(fleet: &Fleet, user: &str) -> Option<String> {
    fleet.sim.user_tags(ACCOUNT, user).get("iam-key-rotator:secret").cloned()
}

#[tokio::test(start_paused = true)]
async fn a_user_gets_a_secret_a_new_key_and_what_its_consumers_must_change() {
    let fleet = Fleet::new(&[]);
    let old = fleet.user("ci", 40);
    let ran = Seat::of(&fleet.sim).types("yes\n").run("enroll ci").await;
    ran.is_as("enroll").ends(0);
    let secret = fleet.secret("iam-key/ci");
    assert_eq!(secret.tags["iam-key-rotator:user"], "ci");
    assert_eq!(secret.rotation_rules, Some(json!({"AutomaticallyAfterDays": 90})));
    assert!(secret.policy.unwrap().contains("user/ci"));
    assert_eq!(tag(&fleet, "ci").as_deref(), Some("iam-key/ci"));
    assert_ne!(fleet.working_key("iam-key/ci"), old.access_key_id);
    assert!(fleet.sim.key_works(&old.access_key_id, &old.secret_access_key));
    let again = Seat::of(&fleet.sim).run("enroll ci").await;
    again.ends(0);
    assert!(again.out.contains("nothing to do") && again.out.contains("credential_process"), "{}", again.out);
}

#[tokio::test(start_paused = true)]
async fn a_user_that_may_not_be_tagged_is_enrolled_all_the_same() {
    let fleet = Fleet::new(&[]);
    fleet.user("ci", 40);
    fleet.sim.add_fault(Fault::on("TagUser", 0, FaultKind::Denied));
    let ran = Seat::of(&fleet.sim).run("enroll ci --yes").await;
    ran.ends(0);
    assert!(ran.out.contains("note: the IAM user was not tagged"), "{}", ran.out);
    assert_eq!(tag(&fleet, "ci"), None);
    fleet.working_key("iam-key/ci");
}

#[tokio::test(start_paused = true)]
async fn no_user_is_enrolled_without_a_confirmation() {
    let fleet = Fleet::new(&[]);
    fleet.user("ci", 40);
    Seat::of(&fleet.sim).types("no\n").run("enroll ci").await.ends(1);
    let all = Seat::of(&fleet.sim).types("yes\n").run("enroll --all").await;
    all.ends(1);
    assert!(all.err.contains("number (111122223333)"), "a whole account takes more than a yes: {}", all.err);
    assert!(fleet.secrets().is_empty());
    let mut seat = Seat::of(&fleet.sim);
    seat.settings.clear();
    seat.run("enroll ci --yes").await.ends(2);
}

#[tokio::test(start_paused = true)]
async fn who_cannot_be_enrolled_is_named_with_the_reason_and_stops_no_other() {
    let town = town();
    town.user("two", 40);
    town.key("two", 10);
    town.sim.create_user(ACCOUNT, "keyless");
    let taken = town.user("taken", 40);
    town.sim.create_secret("iam-key/taken", Some("{}"), &[("iam-key-rotator:user", "due")]);
    let ran = Seat::of(&town.sim).run("enroll exempt two keyless taken nobody no-secret --yes").await;
    ran.is_as("enroll_refused").ends(1);
    assert_eq!(town.keys("two").len(), 2);
    assert_eq!(town.keys("taken")[0].0, taken.access_key_id);
    town.working_key("iam-key/no-secret");
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
    fleet.working_key("iam-key/a");
    fleet.working_key("/old/b");
    for wrong in ["name\na\n", "user,secret\na,/x\nb,/x\n", "user\na\nA\n"] {
        std::fs::write(&file, wrong).unwrap();
        Seat::of(&fleet.sim).run(&format!("enroll --from-csv {} --yes", file.display())).await.ends(2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_moves_many_secrets_with_one_confirmation_and_no_rotation() {
    let fleet = Fleet::new(&[]);
    let mut rows = "user,secret\n".to_owned();
    let mut keys = Vec::new();
    for nth in 0..40 {
        let (user, secret) = (format!("app-{nth}"), format!("/legacy/app-{nth}"));
        let key = fleet.user(&user, 40);
        let value = json!({"access_key_id": key.access_key_id, "secret_access_key": key.secret_access_key});
        fleet.sim.create_secret(&secret, Some(&value.to_string()), &[]);
        rows += &format!("{user},{secret}\n");
        keys.push((user, key));
    }
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("enroll-many.csv");
    std::fs::write(&file, rows).unwrap();
    let line = format!("enroll --from-csv {} --no-rotation", file.display());
    let ran = Seat::of(&fleet.sim).types("yes\n").run(&line).await;
    ran.ends(0);
    assert!(ran.err.contains("Enroll 40 users?"), "{}", ran.err);
    fleet.settle().await;
    for (user, key) in keys {
        let secret = format!("/legacy/{user}");
        assert_eq!(fleet.secret(&secret).rotation_function.as_deref(), Some(FUNCTION));
        assert_eq!(tag(&fleet, &user), Some(secret));
        assert_eq!(fleet.keys(&user), [(key.access_key_id, true)], "its key stays");
    }
    let again = Seat::of(&fleet.sim).run(&line).await;
    again.ends(0);
    assert!(again.out.contains("There is nothing to do."), "{}", again.out);
}

#[tokio::test(start_paused = true)]
async fn all_means_every_user_with_an_active_key_and_no_secret() {
    let town = town();
    town.sim.create_user(ACCOUNT, "keyless");
    let ran = Seat::of(&town.sim).run("enroll --all --yes").await;
    ran.ends(0);
    town.working_key("iam-key/no-secret");
    assert_eq!(town.keys("due").len(), 1, "who has a secret is left alone");
    assert!(!ran.out.contains("keyless"), "{}", ran.out);
}

#[tokio::test(start_paused = true)]
async fn a_secret_can_be_made_without_a_rotation() {
    let fleet = Fleet::new(&[]);
    let old = fleet.user("ci", 40);
    Seat::of(&fleet.sim).run("enroll ci --no-rotation --yes").await.ends(0);
    fleet.settle().await;
    assert_eq!(fleet.keys("ci"), [(old.access_key_id, true)]);
    let secret = fleet.secret("iam-key/ci");
    assert_eq!((secret.last_rotated, secret.rotation_function.as_deref()), (None, Some(FUNCTION)));
}
