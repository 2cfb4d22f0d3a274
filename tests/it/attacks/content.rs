//! Whoever may put a secret's value, or tag an enrolled one.

use serde_json::json;
use simulator::Options;

use crate::fleet::Fleet;
use crate::stage::{ACCOUNT, FUNCTION, Stage, TAG, USER, days};

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

#[tokio::test(start_paused = true)]
async fn before_the_first_rotation_a_value_put_twice_binds_no_secret_either() {
    for value in ["name", "key"] {
        let fleet = Fleet::new(&[]);
        let (admin, key) = (fleet.user("admin", 10), fleet.user("ci", 90));
        let held = json!({"UserName": "ci", "AccessKeyId": key.access_key_id, "SecretAccessKey": key.secret_access_key});
        let arn = fleet.sim.create_secret("plain", Some(&held.to_string()), &[]);
        fleet.sim.set_rotation(&arn, FUNCTION);
        for put in 0..2 {
            let forged = match value {
                "name" => json!({"UserName": "admin", "n": put}).to_string(),
                _ => format!("{}{}", value_with(&admin), " ".repeat(put)),
            };
            fleet.sim.put_secret_value(&arn, &forged);
        }
        let report = fleet.sim.rotate(&arn).await;
        assert_eq!(report.error().unwrap().error_type, "UserMismatch", "{value}: {report:#?}");
        assert_eq!(fleet.keys("admin").len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn the_id_of_a_key_as_label_of_a_value_without_it_does_not_have_the_key_deleted() {
    for value in ["x", "its id"] {
        let fleet = Fleet::new(&[]);
        let (_, arn) = fleet.enrolled("ci", 90);
        assert!(fleet.sim.rotate(&arn).await.succeeded);
        fleet.sim.advance(days(2));
        fleet.sweep().await;
        fleet.sim.advance(days(8));
        fleet.sweep().await;
        let by_hand = fleet.key("ci", 0);
        let forged = match value {
            "x" => "x".to_owned(),
            _ => json!({"AccessKeyId": by_hand.access_key_id, "SecretAccessKey": "unknown"}).to_string(),
        };
        let put = json!({"SecretId": arn, "SecretString": forged, "VersionStages": [by_hand.access_key_id],
            "ClientRequestToken": "00000000-0000-4000-8000-000000000009"});
        fleet.sim.call_as(&fleet.sim.root(ACCOUNT), "secretsmanager", "PutSecretValue", put).await.unwrap();
        let report = fleet.sim.rotate(&arn).await;
        assert_eq!(report.error().unwrap().error_type, "KeyLimit", "{report:#?}");
        assert!(fleet.keys("ci").contains(&(by_hand.access_key_id, true)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_in_use_for_sts_alone_is_not_deactivated_on_a_forged_label() {
    let fleet = Fleet::new(&[]);
    let (_, arn) = fleet.enrolled("ci", 60);
    let by_hand = fleet.key("ci", 0);
    let put = json!({"SecretId": arn, "SecretString": "x", "VersionStages": [by_hand.access_key_id],
        "ClientRequestToken": "00000000-0000-4000-8000-000000000009"});
    fleet.sim.call_as(&fleet.sim.root(ACCOUNT), "secretsmanager", "PutSecretValue", put).await.unwrap();
    let mut found = 0;
    for _ in 0..20 {
        fleet.sim.use_key(&by_hand.access_key_id, "sts", "eu-west-1");
        fleet.sim.advance(crate::stage::hours(6));
        let answer = fleet.sweep().await;
        found += super::found(&answer, "StillInUse");
    }
    assert!(found > 0);
    assert!(fleet.keys("ci").contains(&(by_hand.access_key_id, true)));
}

#[tokio::test(start_paused = true)]
async fn an_enrolled_secret_of_somebody_else_that_is_tagged_with_the_user_stops_nothing_of_the_user() {
    let fleet = Fleet::new(&[]);
    let (old, _) = fleet.enrolled("ci", 89);
    let (_, theirs) = fleet.enrolled("mallory", 10);
    fleet.sim.tag_secret(&theirs, "iam-key-rotator:user", "ci");
    let answer = fleet.day().await;
    assert_eq!(super::found(&answer, "SecretConflict"), 1, "{answer}");
    assert_ne!(fleet.working_key("ci"), old.access_key_id, "it is rotated");
    for _ in 0..12 {
        fleet.day().await;
    }
    assert_eq!(fleet.keys("ci").len(), 1, "and what was superseded is retired");
    assert_eq!(fleet.keys("mallory").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_overlap_of_years_on_the_secret_is_a_finding() {
    let fleet = Fleet::new(&[]);
    let (_, arn) = fleet.enrolled("ci", 90);
    fleet.sim.tag_secret(&arn, "iam-key-rotator:overlap", "3650d");
    fleet.sweep().await;
    assert_eq!(super::found(&fleet.day().await, "NotRetired"), 1);
    assert!(fleet.sim.alerts().iter().any(|alert| alert.message.contains("iam-key-rotator:overlap")));
}

#[tokio::test(start_paused = true)]
async fn smtp_credentials_with_a_forged_label_are_not_promoted_and_take_no_key_away() {
    const CUTTING: [(&str, &str); 3] =
        [("ROTATOR_OVERLAP", "0"), ("ROTATOR_RECOVERY", "0"), ("ROTATOR_UNKNOWN_KEYS", "delete-oldest")];
    for value in [crate::stage::value_of, crate::stage::smtp_value_of] {
        let stage = Stage::new(Options::default(), &CUTTING);
        let key = stage.sim.create_access_key_at(ACCOUNT, USER, stage.sim.now() - days(100));
        let arn = stage.secret(&value(&key));
        let other = stage.sim.create_access_key(ACCOUNT, USER);
        let token = "11111111-2222-3333-4444-555555555555";
        let forged = json!({"smtp_server": "email-smtp.us-east-1.amazonaws.com",
            "smtp_username": other.access_key_id, "smtp_password": "forged"});
        stage.sim.stage_pending(&arn, token, None);
        let put = json!({"SecretId": arn, "ClientRequestToken": token, "SecretString": forged.to_string(),
            "VersionStages": ["AWSPENDING", other.access_key_id]});
        let root = stage.sim.root(ACCOUNT);
        stage.sim.call_as(&root, "secretsmanager", "PutSecretValue", put).await.unwrap();
        for step in ["createSecret", "testSecret", "finishSecret"] {
            let error = stage.step(step, &arn, token).await.unwrap_err();
            assert_eq!(error.error_type, "VersionNotStaged", "{step}: {}", error.message);
        }
        assert_eq!(stage.keys(), [(key.access_key_id, true), (other.access_key_id, true)]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_remains_before_its_first_rotation_the_tag_of_an_enrolled_secret_is_believed() {
    let stage = Stage::new(Options::default(), &[]);
    stage.sim.create_user(ACCOUNT, "admin");
    // Enrolled by hand for somebody else, and never rotated; its value names nobody.
    let arn = stage.sim.create_secret("other", Some("{}"), &[(TAG.0, USER)]);
    stage.sim.set_rotation(&arn, FUNCTION);
    stage.sim.tag_secret(&arn, TAG.0, "admin");
    stage.rotated(&arn).await;
    assert_eq!(stage.sim.keys(ACCOUNT, "admin").len(), 1);
}
