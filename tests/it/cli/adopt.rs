//! `enroll --secret`: an existing secret is adopted as it is, when it is named and never otherwise.

use serde_json::{Value, json};
use simulator::{Fault, FaultKind};

use super::enroll::tag;
use super::{Ran, Seat};
use crate::fleet::Fleet;
use crate::stage::{ACCOUNT, FUNCTION};

const CHANGES: [&str; 5] =
    ["RotateSecret", "PutResourcePolicy", "TagResource", "UpdateSecretVersionStage", "TagUser"];

fn value(fleet: &Fleet, secret: &str) -> Value {
    serde_json::from_str(fleet.secret(secret).stage("AWSCURRENT").unwrap().text().unwrap()).unwrap()
}

/// Nothing was changed, and the reason says how the secret is adopted if it is meant.
fn refused(fleet: &Fleet, ran: &Ran, command: &str) {
    assert!(ran.out.contains(command), "{}", ran.out);
    let changed: Vec<String> = fleet.sim.journal().into_iter().map(|call| call.operation).collect();
    assert!(!changed.iter().any(|call| CHANGES.contains(&call.as_str())), "{changed:?}");
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_is_named_is_adopted_and_keeps_its_shape() {
    let fleet = Fleet::new(&[]);
    let old = fleet.user("ci", 40);
    let own = json!({"access_key_id": old.access_key_id, "secret_access_key": old.secret_access_key,
        "bucket": "logs", "limits": {"a": 1}});
    let arn = fleet.sim.create_secret("/legacy/ci", Some(&own.to_string()), &[("team", "build")]);
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:role/reader"},"Action":"secretsmanager:GetSecretValue","Resource":"*"}]}"#;
    fleet.sim.put_policy(&arn, policy);
    let ran = Seat::of(&fleet.sim).types("yes\n").run("enroll ci --secret /legacy/ci").await;
    ran.is_as("enroll_adopt").ends(0);
    let value = value(&fleet, "/legacy/ci");
    assert_eq!((&value["bucket"], &value["limits"]), (&json!("logs"), &json!({"a": 1})));
    assert_ne!(value["access_key_id"], own["access_key_id"]);
    let secret = fleet.secret("/legacy/ci");
    assert_eq!((secret.tags["team"].as_str(), secret.tags["iam-key-rotator:user"].as_str()), ("build", "ci"));
    assert_eq!(secret.policy.as_deref(), Some(policy), "its policy stays");
    assert_eq!(secret.rotation_function.as_deref(), Some(FUNCTION));
    assert_eq!(tag(&fleet, "ci").as_deref(), Some("/legacy/ci"));
}

#[tokio::test(start_paused = true)]
async fn a_secret_made_beforehand_under_the_users_name_is_never_adopted_by_its_name() {
    let fleet = Fleet::new(&[]);
    fleet.user("ci", 100);
    fleet.sim.create_secret("iam-key/ci", Some(r#"{"UserName":"ci"}"#), &[]);
    for line in ["enroll ci --yes", "enroll ci", "enroll --all --yes"] {
        let ran = Seat::of(&fleet.sim).types("yes\n").run(line).await;
        ran.ends(u8::from(!line.contains("--all")));
        refused(&fleet, &ran, "`iam-key-rotator enroll ci --secret iam-key/ci`");
    }
    Seat::of(&fleet.sim).types("yes\n").run("enroll ci --secret iam-key/ci").await.ends(0);
    fleet.working_key("iam-key/ci");
}

#[tokio::test(start_paused = true)]
async fn a_tag_alone_enrolls_nothing() {
    let fleet = Fleet::new(&[]);
    fleet.user("ci", 100);
    fleet.sim.create_secret("prod/db", Some("{}"), &[("iam-key-rotator:user", "ci")]);
    let ran = Seat::of(&fleet.sim).run("enroll ci --yes").await;
    ran.ends(1);
    refused(&fleet, &ran, "`iam-key-rotator enroll ci --secret prod/db`");
    // Nor does it stand in the way of the secret that is meant.
    fleet.sim.create_secret("/legacy/ci", Some(r#"{"UserName":"ci"}"#), &[]);
    Seat::of(&fleet.sim).run("enroll ci --secret /legacy/ci --yes").await.ends(0);
    fleet.working_key("/legacy/ci");
    assert_eq!(fleet.secret("prod/db").rotation_function, None);
}

#[tokio::test(start_paused = true)]
async fn an_adopted_secret_rotates_with_our_function_whatever_rotated_it_before() {
    let fleet = Fleet::new(&[]);
    let old = fleet.user("ci", 40);
    let own = json!({"access_key_id": old.access_key_id, "secret_access_key": old.secret_access_key});
    let arn = fleet.sim.create_secret("/legacy/ci", Some(&own.to_string()), &[]);
    fleet.sim.set_rotation(&arn, "arn:aws:lambda:eu-west-1:111122223333:function:former");
    fleet.sim.set_rotation_days(&arn, 30);
    let ran = Seat::of(&fleet.sim).types("yes\n").run("enroll ci --secret /legacy/ci --no-rotation").await;
    ran.is_as("enroll_without_rotation").ends(0);
    fleet.settle().await;
    let secret = fleet.secret("/legacy/ci");
    assert_eq!(secret.rotation_function.as_deref(), Some(FUNCTION));
    assert_eq!(secret.rotation_rules, Some(json!({"AutomaticallyAfterDays": 30})), "its schedule stays");
    assert_eq!(fleet.keys("ci"), [(old.access_key_id, true)]);
    let again = Seat::of(&fleet.sim).run("enroll ci --secret /legacy/ci").await;
    again.ends(0);
    assert!(again.out.contains("nothing to do"), "{}", again.out);
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_is_another_users_or_a_user_of_another_secret_is_refused() {
    let fleet = Fleet::new(&[]);
    fleet.enrolled("alice", 10);
    fleet.user("bob", 40);
    fleet.sim.create_secret("/legacy/bob", Some("{}"), &[]);
    fleet.sim.tag_user(ACCOUNT, "bob", "iam-key-rotator:secret", "iam-key/meant");
    for (line, why) in [
        ("enroll bob --secret alice --yes", "tagged as another user's"),
        ("enroll alice --secret /legacy/bob --yes", "enrolled with another secret"),
        ("enroll bob --secret /legacy/bob --yes", "aws iam untag-user"),
        ("enroll bob --yes", "--secret iam-key/meant"),
        ("enroll bob --secret /nowhere --yes", "there is no secret"),
    ] {
        let ran = Seat::of(&fleet.sim).run(line).await;
        ran.ends(1);
        refused(&fleet, &ran, why);
    }
    let foreign = "arn:aws:secretsmanager:eu-west-1:444455556666:secret:theirs-AbCdEf";
    let ran = Seat::of(&fleet.sim).run(&format!("enroll bob --secret {foreign} --yes")).await;
    ran.ends(2);
    assert!(ran.err.contains("account 444455556666"), "{}", ran.err);
    Seat::of(&fleet.sim).run("enroll alice bob --secret /legacy/bob --yes").await.ends(2);
}

#[tokio::test(start_paused = true)]
async fn a_rotation_that_is_turned_off_is_turned_on_again() {
    let fleet = Fleet::new(&[]);
    let (_, arn) = fleet.enrolled("ci", 40);
    fleet.sim.disable_rotation(&arn);
    let ran = Seat::of(&fleet.sim).types("yes\n").run("enroll ci").await;
    ran.ends(0);
    assert!(ran.out.contains("turned off"), "{}", ran.out);
    fleet.settle().await;
    assert_eq!(fleet.keys("ci").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_adoption_that_broke_off_is_finished_by_the_same_command() {
    let fleet = Fleet::new(&[]);
    fleet.user("ci", 40);
    fleet.sim.create_secret("/legacy/ci", Some(r#"{"UserName":"ci"}"#), &[]);
    for call in ["PutResourcePolicy", "RotateSecret"] {
        fleet.sim.add_fault(Fault::on(call, 0, FaultKind::Denied));
        let ran = Seat::of(&fleet.sim).run("enroll ci --secret /legacy/ci --yes").await;
        ran.ends(1);
        assert!(ran.out.contains("failed:"), "{}", ran.out);
        fleet.sim.clear_faults();
    }
    Seat::of(&fleet.sim).run("enroll ci --secret /legacy/ci --yes").await.ends(0);
    fleet.working_key("/legacy/ci");
    assert_eq!(tag(&fleet, "ci").as_deref(), Some("/legacy/ci"));
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_is_not_enrolled_is_neither_rotated_nor_unstuck() {
    let fleet = Fleet::new(&[]);
    let key = fleet.user("ci", 100);
    // Whoever made this secret wrote the tag and the label.
    let tags = [("iam-key-rotator:user", "ci")];
    let arn = fleet.sim.create_secret("theirs", Some("{}"), &tags);
    let version = fleet.sim.secret(&arn).stage("AWSCURRENT").unwrap().id.clone();
    fleet.sim.set_label(&arn, &version, &key.access_key_id);
    for line in
        ["rotate ci --yes", "rotate ci --revoke-now --yes", "unstick ci --yes", "unstick theirs --yes"]
    {
        let ran = Seat::of(&fleet.sim).run(line).await;
        ran.ends(1);
        assert!(ran.err.contains("`iam-key-rotator enroll ci --secret theirs`"), "{line}: {}", ran.err);
    }
    assert_eq!(fleet.keys("ci"), [(key.access_key_id, true)]);
    assert_eq!(fleet.secret("theirs").rotation_function, None);
}

#[tokio::test(start_paused = true)]
async fn a_creation_that_broke_off_is_finished_wherever_it_did() {
    for call in ["PutResourcePolicy", "UpdateSecretVersionStage", "TagUser", "RotateSecret"] {
        let fleet = Fleet::new(&[]);
        fleet.user("ci", 40);
        fleet.sim.add_fault(Fault::on(call, 0, FaultKind::Denied));
        Seat::of(&fleet.sim).run("enroll ci --yes").await;
        fleet.sim.clear_faults();
        Seat::of(&fleet.sim).run("enroll ci --yes").await.ends(0);
        fleet.working_key("iam-key/ci");
        assert_eq!(fleet.secrets().len(), 1, "{call}");
        assert_eq!(fleet.keys("ci").len(), 2, "{call}: the first rotation supersedes the user's key");
    }
}

#[tokio::test(start_paused = true)]
async fn a_creation_that_somebody_gave_another_policy_is_not_finished() {
    let fleet = Fleet::new(&[]);
    fleet.user("ci", 40);
    fleet.sim.add_fault(Fault::on("PutResourcePolicy", 0, FaultKind::Denied));
    Seat::of(&fleet.sim).run("enroll ci --yes").await.ends(1);
    fleet.sim.clear_faults();
    fleet.sim.put_policy(&fleet.secret("iam-key/ci").arn, r#"{"Version":"2012-10-17","Statement":[]}"#);
    fleet.sim.clear_journal();
    let ran = Seat::of(&fleet.sim).run("enroll ci --yes").await;
    ran.ends(1);
    refused(&fleet, &ran, "`iam-key-rotator enroll ci --secret iam-key/ci`");
}
