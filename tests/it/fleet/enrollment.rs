//! Users without a secret get one.

use serde_json::{Value, json};
use simulator::{Fault, FaultKind};

use super::{ENFORCE, Fleet, MAILS};
use crate::stage::{ACCOUNT, FUNCTION, days};

const ALL: (&str, &str) = ("ROTATOR_SCOPE", "all");
const ROLE: &str = "arn:aws:iam::111122223333:role/rotation-function";

#[tokio::test(start_paused = true)]
async fn a_due_user_gets_a_secret_that_only_the_user_and_the_rotator_read() {
    let fleet = Fleet::new(&[
        ALL,
        ("ROTATOR_SECRET_NAME", "/keys/{account}/{user}"),
        ("ROTATOR_SECRET_SHAPE", "AccessKey,SecretKey"),
        ("ROTATOR_KMS_KEY_ID", "arn:aws:kms:eu-west-1:111122223333:key/1"),
        ("ROTATOR_REPLICA_REGIONS", "us-east-1"),
        ("ROTATOR_ROTATION_ROLE_ARN", ROLE),
    ]);
    fleet.sim.create_role(ACCOUNT, "rotation-function", vec![], None);
    let old = fleet.user("ci", 90);
    fleet.sweep().await;
    let name = format!("/keys/{ACCOUNT}/ci");
    let secret = fleet.secret(&name);
    assert_eq!(secret.tags["iam-key-rotator:user"], "ci");
    assert_eq!(secret.kms_key_id.as_deref(), Some("arn:aws:kms:eu-west-1:111122223333:key/1"));
    assert_eq!(secret.replica_regions, ["us-east-1"]);
    assert_eq!(secret.rotation_function.as_deref(), Some(FUNCTION));
    assert_eq!(secret.rotation_rules.as_ref().unwrap()["AutomaticallyAfterDays"], 90);
    let policy: Value = serde_json::from_str(secret.policy.as_ref().unwrap()).unwrap();
    let statements = policy["Statement"].as_array().unwrap();
    let user = format!("arn:aws:iam::{ACCOUNT}:user/ci");
    let deny = statements.iter().find(|statement| statement["Effect"] == "Deny").unwrap();
    assert_eq!(deny["Condition"]["ArnNotEquals"]["aws:PrincipalArn"], json!([user, ROLE]));
    let value: Value = serde_json::from_str(secret.stage("AWSCURRENT").unwrap().text().unwrap()).unwrap();
    assert!(value["AccessKey"].as_str().unwrap().starts_with("AKIA") && value["SecretKey"].is_string());
    assert!(fleet.sim.key_works(&old.access_key_id, &old.secret_access_key), "it has its overlap");
    // What it was enrolled with is known, and retired in its time.
    for _ in 0..9 {
        fleet.day().await;
    }
    assert_eq!(fleet.keys("ci").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn with_no_overlap_the_key_a_user_was_enrolled_with_goes_inactive_with_the_promotion() {
    let fleet = Fleet::new(&[ALL, ("ROTATOR_OVERLAP", "0")]);
    let old = fleet.user("ci", 90);
    fleet.sweep().await;
    assert!(fleet.keys("ci").contains(&(old.access_key_id, false)));
    fleet.working_key("ci");
}

#[tokio::test(start_paused = true)]
async fn users_of_all_kinds_get_what_they_need_and_no_more() {
    let fleet = Fleet::new(&[ALL]);
    fleet.user("young", 10);
    fleet.sim.create_user(ACCOUNT, "no-key");
    let idle = fleet.user("idle", 200);
    fleet.sim.set_key_status(&idle.access_key_id, false);
    fleet.user("two", 100);
    fleet.key("two", 20);
    let half = fleet.user("one-and-one", 100);
    let spare = fleet.key("one-and-one", 50);
    fleet.sim.set_key_status(&spare.access_key_id, false);
    let answer = fleet.sweep().await;
    assert_eq!(answer["actions"], json!({"enroll": 1, "request-rotation": 1}), "{answer}");
    assert_eq!(answer["findings"]["TwoActiveKeys"], 1);
    assert_eq!(fleet.secrets().len(), 1);
    assert_ne!(fleet.working_key("one-and-one"), half.access_key_id);
    assert!(fleet.sim.key_works(&half.access_key_id, &half.secret_access_key));
    assert_eq!(fleet.keys("two").len(), 2);
    assert_eq!(fleet.keys("idle").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_has_the_name_is_not_taken_over() {
    let fleet = Fleet::new(&[ALL]);
    fleet.user("ci", 100);
    let arn = fleet.sim.create_secret("iam-key/ci", Some("something else"), &[]);
    let answer = fleet.sweep().await;
    assert_eq!((&answer["actions"], &answer["findings"]["NameTaken"]), (&json!({}), &json!(1)));
    assert_eq!(fleet.sim.secret(&arn).stage("AWSCURRENT").unwrap().text(), Some("something else"));
}

#[tokio::test(start_paused = true)]
async fn a_user_is_enrolled_when_the_first_warning_goes_out_and_rotated_when_the_key_is_due() {
    let fleet = Fleet::new(&[MAILS.as_slice(), &[ALL]].concat());
    let old = fleet.user("ci", 82);
    assert_eq!(fleet.sweep().await["actions"], json!({}));
    assert_eq!(fleet.day().await["actions"], json!({"enroll": 1}));
    assert_eq!(fleet.mails("ci@example.com").len(), 1);
    for _ in 0..6 {
        assert_eq!(fleet.day().await["actions"], json!({}));
        assert_eq!(fleet.keys("ci"), [(old.access_key_id.clone(), true)]);
    }
    assert_eq!(fleet.day().await["actions"], json!({"request-rotation": 1}));
    fleet.working_key("ci");
    assert_eq!(fleet.mails("ci@example.com").len(), 2, "{:?}", fleet.mails("ci@example.com"));
}

#[tokio::test(start_paused = true)]
async fn an_enrollment_that_dies_anywhere_is_finished_by_the_next_sweep() {
    let operations = ["CreateSecret", "PutResourcePolicy", "UpdateSecretVersionStage", "RotateSecret"];
    for operation in operations {
        for kind in [
            FaultKind::KillBefore,
            FaultKind::KillAfter,
            FaultKind::Error5xx,
            FaultKind::ResponseLost,
            FaultKind::Denied,
        ] {
            let fleet = Fleet::new(&[ALL]);
            let old = fleet.user("ci", 100);
            fleet.sim.add_fault(Fault::on(operation, 1, kind.clone()).by("sweep-function"));
            let _ = fleet.send(json!({})).await;
            fleet.sim.clear_faults();
            let said = format!("{operation} {kind:?}");
            for _ in 0..3 {
                fleet.day().await;
            }
            assert_eq!(fleet.secrets().len(), 1, "{said}");
            assert_ne!(fleet.working_key("ci"), old.access_key_id, "{said}");
            let secret = fleet.secret("ci");
            assert!(secret.policy.is_some() && secret.rotation_enabled, "{said}");
            assert!(
                fleet.keys("ci").iter().all(|(id, active)| *active != (*id == old.access_key_id)),
                "{said}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_later_sweep_with_another_scope_goes_on_with_those_who_are_enrolled() {
    let fleet = Fleet::new(&[ALL]);
    fleet.user("ci", 100);
    fleet.sweep().await;
    let first = fleet.working_key("ci");
    fleet.deploy(&ENFORCE);
    fleet.user("other", 100);
    fleet.sim.advance(days(90));
    fleet.sim.run_due_rotations().await;
    fleet.sweep().await;
    assert_ne!(fleet.working_key("ci"), first);
    assert_eq!(fleet.secrets().len(), 1);
}
