//! Whoever may put a secret's value, or tag an enrolled one.

use serde_json::json;

use crate::fleet::Fleet;
use crate::stage::{ACCOUNT, FUNCTION, days};

/// An enrolled secret that only its value binds, as a move from another system leaves it, rotated once.
async fn rotated(fleet: &Fleet) -> String {
    let key = fleet.user("ci", 90);
    let arn = fleet.holding_as("plain", "ci", &key);
    let root = fleet.sim.root(ACCOUNT);
    let request = json!({"SecretId": arn, "TagKeys": ["iam-key-rotator:user"]});
    fleet.sim.call_as(&root, "secretsmanager", "UntagResource", request).await.unwrap();
    assert!(fleet.sim.rotate(&arn).await.succeeded);
    fleet.sim.advance(days(3));
    arn
}

#[tokio::test(start_paused = true)]
async fn a_value_that_names_another_user_does_not_rebind_the_secret() {
    for puts in [1, 2, 3] {
        let fleet = Fleet::new(&[]);
        fleet.user("admin", 10);
        let arn = rotated(&fleet).await;
        for put in 0..puts {
            fleet.sim.put_secret_value(&arn, &json!({"UserName": "admin", "n": put}).to_string());
        }
        let report = fleet.sim.rotate(&arn).await;
        assert_eq!(report.error().unwrap().error_type, "UserMismatch", "{report:#?}");
        assert_eq!(fleet.keys("admin").len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn neither_a_tag_nor_a_value_rebinds_a_secret_whose_keys_are_all_gone() {
    for tag in [false, true] {
        let fleet = Fleet::new(&[]);
        fleet.user("admin", 10);
        let arn = rotated(&fleet).await;
        for (key, _) in fleet.keys("ci") {
            fleet.sim.delete_access_key(&key);
        }
        if tag {
            fleet.sim.tag_secret(&arn, "iam-key-rotator:user", "admin");
            fleet.sim.put_secret_value(&arn, "{}");
        } else {
            fleet.sim.put_secret_value(&arn, &json!({"UserName": "admin"}).to_string());
        }
        let report = fleet.sim.rotate(&arn).await;
        assert_eq!(report.error().unwrap().error_type, "UserMismatch", "tag {tag}: {report:#?}");
        assert_eq!(fleet.keys("admin").len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_secret_whose_keys_an_administrator_deleted_still_gets_its_own_users_next_key() {
    let fleet = Fleet::new(&[]);
    let (_, arn) = fleet.enrolled("ci", 90);
    assert!(fleet.sim.rotate(&arn).await.succeeded);
    for (key, _) in fleet.keys("ci") {
        fleet.sim.delete_access_key(&key);
    }
    assert!(fleet.sim.rotate(&arn).await.succeeded);
    fleet.working_key("ci");
}

#[tokio::test(start_paused = true)]
async fn a_tag_that_names_another_user_does_not_rebind_a_secret_that_was_never_rotated() {
    let fleet = Fleet::new(&[]);
    fleet.user("admin", 10);
    let key = fleet.user("ci", 90);
    let value = json!({"AccessKeyId": key.access_key_id, "SecretAccessKey": key.secret_access_key});
    let arn = fleet.sim.create_secret("plain", Some(&value.to_string()), &[("iam-key-rotator:user", "ci")]);
    fleet.sim.set_rotation(&arn, FUNCTION);
    fleet.sim.tag_secret(&arn, "iam-key-rotator:user", "admin");
    fleet.sim.put_secret_value(&arn, "{}");
    let report = fleet.sim.rotate(&arn).await;
    assert_eq!(report.error().unwrap().error_type, "UserMismatch", "{report:#?}");
    assert_eq!(fleet.keys("admin").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_renamed_user_goes_on_because_the_labelled_keys_tell_who_it_is() {
    let fleet = Fleet::new(&[]);
    let (_, arn) = fleet.enrolled("ci", 90);
    assert!(fleet.sim.rotate(&arn).await.succeeded);
    fleet.sim.advance(days(3));
    fleet.sweep().await;
    fleet.sim.advance(days(90));
    let request = json!({"UserName": "ci", "NewUserName": "ci-renamed"});
    fleet.sim.call_as(&fleet.sim.root(ACCOUNT), "iam", "UpdateUser", request).await.unwrap();
    let before = fleet.keys("ci-renamed");
    let report = fleet.sim.rotate(&arn).await;
    assert!(report.succeeded, "{report:#?}");
    let after = fleet.keys("ci-renamed");
    assert!(after.len() == 2 || after != before, "{after:?}");
    fleet.working_key("ci");
    // And the sweep retires the superseded key of the user under its new name.
    for _ in 0..10 {
        fleet.day().await;
    }
    assert_eq!(fleet.keys("ci-renamed").len(), 1);
    // Somebody who takes the old name gets nothing of it.
    fleet.user("ci", 1);
    let report = fleet.sim.rotate(&arn).await;
    assert_eq!(report.error().unwrap().error_type, "UserMismatch", "{report:#?}");
    assert_eq!(fleet.keys("ci").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_name_that_no_user_has_does_not_pass_for_a_renamed_user_by_a_key_that_is_only_written_down() {
    let fleet = Fleet::new(&[]);
    let admin = fleet.user("admin", 10);
    let arn = rotated(&fleet).await;
    let value =
        json!({"UserName": "nobody", "AccessKeyId": admin.access_key_id, "SecretAccessKey": "unknown"});
    fleet.sim.put_secret_value(&arn, &value.to_string());
    let report = fleet.sim.rotate(&arn).await;
    assert_eq!(report.error().unwrap().error_type, "UserMismatch", "{report:#?}");
    assert_eq!(fleet.keys("admin").len(), 1);
}

/// What somebody puts to have the secret hold a key of `admin`, whose key's id is known to everybody.
fn value_with(admin: &simulator::KeyPair) -> String {
    json!({"UserName": "admin", "AccessKeyId": admin.access_key_id, "SecretAccessKey": "unknown"}).to_string()
}

#[tokio::test(start_paused = true)]
async fn the_id_of_another_users_key_in_a_value_confirms_nothing_once_the_secrets_own_keys_are_gone() {
    let fleet = Fleet::new(&[]);
    let admin = fleet.user("admin", 10);
    let arn = rotated(&fleet).await;
    for (key, _) in fleet.keys("ci") {
        fleet.sim.delete_access_key(&key);
    }
    for _ in 0..2 {
        fleet.sim.put_secret_value(&arn, &value_with(&admin));
        let report = fleet.sim.rotate(&arn).await;
        assert_eq!(report.error().unwrap().error_type, "UserMismatch", "{report:#?}");
    }
    assert_eq!(fleet.keys("admin"), [(admin.access_key_id, true)]);
}

#[tokio::test(start_paused = true)]
async fn whoever_puts_values_and_moves_labels_cannot_bind_a_secret_that_no_tag_and_no_name_binds() {
    for forges_label in [false, true] {
        let fleet = Fleet::new(&[]);
        let admin = fleet.user("admin", 10);
        let arn = rotated(&fleet).await;
        fleet.sim.put_secret_value(&arn, &value_with(&admin));
        let put = fleet.sim.put_secret_value(&arn, &format!(" {}", value_with(&admin)));
        for version in fleet.sim.secret(&arn).versions {
            for label in version.stages.iter().filter(|label| label.starts_with("AKIA")) {
                fleet.sim.remove_label(&arn, &version.id, label);
            }
        }
        if forges_label {
            fleet.sim.set_label(&arn, &put, &admin.access_key_id);
        }
        let report = fleet.sim.rotate(&arn).await;
        assert_eq!(report.error().unwrap().error_type, "UserMismatch", "{report:#?}");
        assert_eq!(fleet.keys("admin"), [(admin.access_key_id, true)]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_only_its_value_binds_goes_on_as_long_as_its_key_works() {
    let fleet = Fleet::new(&[]);
    let arn = rotated(&fleet).await;
    fleet.sim.advance(days(90));
    assert!(fleet.sim.rotate(&arn).await.succeeded);
    fleet.working_key("plain");
}
