//! One user, two secrets: neither loses a key to the other.

use crate::fleet::Fleet;
use crate::stage::{ACCOUNT, FUNCTION, days};
use serde_json::json;

use super::{found, value_of};

const AT_ONCE: [(&str, &str); 2] = [("ROTATOR_OVERLAP", "0"), ("ROTATOR_RECOVERY", "0")];

#[tokio::test(start_paused = true)]
async fn with_no_overlap_the_key_that_another_secret_may_hold_is_kept_and_that_is_alerted() {
    for other_is_enrolled in [true, false] {
        let fleet = Fleet::new(&AT_ONCE);
        let (key, first) = fleet.enrolled("ci", 90);
        fleet.sim.use_key(&key.access_key_id, "s3", "eu-west-1");
        let second = match other_is_enrolled {
            true => fleet.holding_as("copy", "ci", &key),
            false => {
                let tag = [("iam-key-rotator:user", "ci")];
                fleet.sim.create_secret("copy", Some(&value_of("ci", &key).to_string()), &tag)
            }
        };
        fleet.sim.advance(days(1));
        let report = fleet.sim.rotate(&first).await;
        assert!(report.succeeded, "{report:#?}");
        assert!(fleet.sim.key_works(&key.access_key_id, &key.secret_access_key), "the other secret's key");
        let alert = fleet.sim.alerts().pop().unwrap();
        assert!(alert.subject.unwrap().contains("SecretConflict"));
        assert!(alert.message.contains(&second) && alert.message.contains(&key.access_key_id));
        let answer = fleet.sweep().await;
        assert_eq!(found(&answer, "SecretConflict"), 1, "{answer}");
        assert!(fleet.sim.key_works(&key.access_key_id, &key.secret_access_key));
        // The user's limit is full, and the next rotation must not empty it at the other's cost.
        let next = fleet.sim.rotate(&first).await;
        assert_eq!(next.error().unwrap().error_type, "SecretConflict");
        assert!(fleet.sim.key_works(&key.access_key_id, &key.secret_access_key));
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_only_another_secrets_label_names_is_not_retired_by_the_sweep() {
    let fleet = Fleet::new(&[]);
    let (old, _) = fleet.enrolled("ci", 90);
    fleet.sim.use_key(&old.access_key_id, "s3", "eu-west-1");
    fleet.sim.advance(days(1));
    // It carries no tag of ours, and rotates with nothing.
    let copy = fleet.sim.create_secret("copy", Some(&value_of("ci", &old).to_string()), &[]);
    let version = fleet.sim.secret(&copy).stage("AWSCURRENT").unwrap().id.clone();
    fleet.sim.set_label(&copy, &version, &old.access_key_id);
    fleet.sweep().await;
    let mut conflicts = 0;
    for _ in 0..20 {
        conflicts += found(&fleet.day().await, "SecretConflict");
    }
    assert!(conflicts > 0);
    assert!(fleet.sim.key_works(&old.access_key_id, &old.secret_access_key));
}

#[tokio::test(start_paused = true)]
async fn delete_oldest_does_not_delete_the_key_of_the_users_other_secret() {
    let fleet = Fleet::new(&[("ROTATOR_UNKNOWN_KEYS", "delete-oldest"), ("ROTATOR_OVERLAP", "0")]);
    let (_, first) = fleet.enrolled("ci", 60);
    let other = fleet.key("ci", 80);
    let tag = [("iam-key-rotator:user", "ci")];
    let second = fleet.sim.create_secret("second", Some(&value_of("ci", &other).to_string()), &tag);
    fleet.sim.set_rotation(&second, FUNCTION);
    let report = fleet.sim.rotate(&first).await;
    assert_eq!(report.error().unwrap().error_type, "SecretConflict", "{report:#?}");
    assert!(fleet.sim.key_works(&other.access_key_id, &other.secret_access_key));
}

#[tokio::test(start_paused = true)]
async fn a_user_whose_key_a_secret_already_holds_is_not_enrolled_a_second_time() {
    let fleet = Fleet::new(&[("ROTATOR_SCOPE", "all")]);
    let (_, arn) = fleet.enrolled("ci", 90);
    assert!(fleet.sim.rotate(&arn).await.succeeded);
    fleet.sim.advance(days(89));
    let request = json!({"UserName": "ci", "NewUserName": "ci-renamed"});
    fleet.sim.call_as(&fleet.sim.root(ACCOUNT), "iam", "UpdateUser", request).await.unwrap();
    for _ in 0..5 {
        fleet.day().await;
    }
    assert_eq!(fleet.secrets().len(), 1, "the renamed user has its secret");
}
