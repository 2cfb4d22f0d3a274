//! Whoever may tag secrets, or create them.

use serde_json::json;

use super::{found, traits, value_of, victim};
use crate::fleet::Fleet;
use crate::stage::{ACCOUNT, FUNCTION, days};

const ALL: (&str, &str) = ("ROTATOR_SCOPE", "all");
const USER: &str = "iam-key-rotator:user";
const NOTICES: &str = "iam-key-rotator:notices";

#[tokio::test(start_paused = true)]
async fn a_tag_and_forged_notices_on_a_secret_of_others_change_nothing_of_it() {
    for settings in
        [vec![], vec![ALL], vec![ALL, ("ROTATOR_ROTATION_ROLE_ARN", "arn:aws:iam::111122223333:role/r")]]
    {
        let fleet = Fleet::new(&settings);
        let mallory = fleet.user("mallory", 100);
        let db = fleet.sim.create_secret("prod/db", Some(r#"{"password":"x"}"#), &[]);
        fleet.sim.put_policy(&db, r#"{"Version":"2012-10-17","Statement":[]}"#);
        fleet.sim.tag_secret(&db, USER, "mallory");
        fleet.sim.tag_secret(&db, NOTICES, &format!("{}:a", mallory.access_key_id));
        let before = traits(&fleet.sim.secret(&db));
        let answer = fleet.sweep().await;
        assert_eq!(traits(&fleet.sim.secret(&db)), before, "{answer}");
        assert_eq!((found(&answer, "NotEnrolled"), &answer["actions"]), (1, &json!({})), "{answer}");
        let alert = &fleet.sim.alerts()[0].message;
        assert!(alert.contains("prod/db") && alert.contains("enroll mallory --secret prod/db"), "{alert}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_somebody_made_and_tagged_gets_no_rotation_function_and_no_key() {
    for (name, age) in [("attackers", 100), ("iam-key/ci", 100), ("iam-key/ci", 85)] {
        let fleet = Fleet::new(&[ALL]);
        let key = victim(&fleet, "ci", age);
        let trap = fleet.sim.create_secret(name, Some(r#"{"UserName":"ci"}"#), &[(USER, "ci")]);
        for _ in 0..10 {
            fleet.day().await;
        }
        let secret = fleet.sim.secret(&trap);
        assert_eq!((secret.rotation_function, secret.policy), (None, None), "{name}");
        assert_eq!(fleet.keys("ci"), [(key.access_key_id, true)], "{name}");
        assert!(fleet.alerts().iter().all(|alert| alert.starts_with("Key sweep")), "{:?}", fleet.alerts());
        assert!(!fleet.alerts().is_empty(), "it is alerted");
    }
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_squats_on_the_name_is_alerted_although_nothing_can_be_remembered_on_it() {
    let fleet = Fleet::new(&[ALL]);
    victim(&fleet, "ci", 100);
    let trap = fleet.sim.create_secret("iam-key/ci", Some("{}"), &[]);
    let answer = fleet.sweep().await;
    assert_eq!((found(&answer, "NameTaken"), fleet.alerts().len()), (1, 1), "{answer}");
    assert_eq!(fleet.sim.secret(&trap).rotation_function, None);
}

#[tokio::test(start_paused = true)]
async fn forged_labels_on_a_secret_that_is_not_enrolled_take_no_key_away() {
    let fleet = Fleet::new(&[]);
    let (old, new) = (fleet.user("ci", 50), fleet.key("ci", 20));
    let trap = fleet.sim.create_secret("trap", Some("{}"), &[(USER, "ci")]);
    let first = fleet.sim.secret(&trap).stage("AWSCURRENT").unwrap().id.clone();
    let second = fleet.sim.put_secret_value(&trap, "{ }");
    fleet.sim.set_label(&trap, &first, &old.access_key_id);
    fleet.sim.set_label(&trap, &second, &new.access_key_id);
    fleet.sim.set_rotation(&trap, "arn:aws:lambda:eu-west-1:111122223333:function:attackers");
    for _ in 0..60 {
        fleet.day().await;
    }
    assert_eq!(fleet.keys("ci"), [(old.access_key_id, true), (new.access_key_id, true)]);
}

#[tokio::test(start_paused = true)]
async fn a_tag_on_another_secret_stops_neither_the_rotation_nor_anything_but_the_retirement_of_an_enrolled_user()
 {
    let fleet = Fleet::new(&[]);
    let (old, arn) = fleet.enrolled("ci", 89);
    fleet.sim.use_key(&old.access_key_id, "s3", "eu-west-1");
    fleet.sim.create_secret("trap", Some("{}"), &[(USER, "ci")]);
    assert_eq!(found(&fleet.day().await, "NotEnrolled"), 1);
    let new = fleet.working_key("ci");
    assert_ne!(new, old.access_key_id, "it is rotated all the same");
    let mut answer = json!({});
    for _ in 0..3 {
        answer = fleet.day().await;
    }
    assert_eq!(found(&answer, "SecretConflict"), 1, "what may hold the old key keeps it: {answer}");
    assert_eq!(fleet.keys("ci").len(), 2);
    assert!(fleet.sim.alerts().iter().any(|alert| alert.message.contains("secret:trap")));
    // Once the old key has been out of use for 35 days, it goes all the same, and the next rotation finds room.
    for _ in 0..60 {
        fleet.day().await;
    }
    assert_eq!(fleet.keys("ci").len(), 1);
    assert!(fleet.sim.rotate(&arn).await.succeeded);
}

#[tokio::test(start_paused = true)]
async fn a_user_whose_own_tag_names_another_secret_gets_no_key_here() {
    for (names, passes) in [("prod/other", false), ("ci", true)] {
        let fleet = Fleet::new(&[]);
        let (key, arn) = fleet.enrolled("ci", 90);
        let secret = fleet.sim.secret(&arn).name;
        let named = if passes { secret.as_str() } else { names };
        fleet.sim.tag_user(ACCOUNT, "ci", "iam-key-rotator:secret", named);
        let report = fleet.sim.rotate(&arn).await;
        assert_eq!(report.succeeded, passes, "{report:#?}");
        if !passes {
            let error = report.error().unwrap();
            assert_eq!(error.error_type, "UserMismatch");
            assert!(error.message.contains("prod/other"), "{error}");
            assert_eq!(fleet.keys("ci"), [(key.access_key_id, true)]);
        }
    }
    let fleet = Fleet::new(&[]);
    let (_, arn) = fleet.enrolled("ci", 90);
    fleet.sim.tag_user(ACCOUNT, "ci", "iam-key-rotator:secret", &arn);
    assert!(fleet.sim.rotate(&arn).await.succeeded, "its ARN names it as well");
}

#[tokio::test(start_paused = true)]
async fn a_secret_of_a_third_account_gets_no_key_of_a_members_user() {
    const MEMBER: &str = "444455556666";
    const OTHER: &str = "777788889999";
    let stage =
        crate::stage::Stage::new(simulator::Options::default(), &[("ROTATOR_MEMBER_ROLE", "key-rotation")]);
    let sim = &stage.sim;
    sim.create_user(MEMBER, "app");
    let key = sim.create_access_key(MEMBER, "app");
    sim.create_role(MEMBER, "key-rotation", vec![ACCOUNT.to_owned()], None);
    sim.create_role(OTHER, "key-rotation", vec![ACCOUNT.to_owned()], None);
    let tag = [(USER, "arn:aws:iam::444455556666:user/app")];
    let trap = sim.create_secret_in(OTHER, "eu-west-1", "trap", Some("{}"), &tag);
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT},
        "Action": "secretsmanager:*", "Resource": "*"}]});
    sim.put_policy(&trap, &policy.to_string());
    sim.set_kms_key(&trap, Some("arn:aws:kms:eu-west-1:777788889999:key/1"));
    sim.set_rotation(&trap, FUNCTION);
    let token = "00000000-0000-4000-8000-000000000001";
    sim.stage_pending(&trap, token, None);
    let error = stage.step("createSecret", &trap, token).await.unwrap_err();
    assert_eq!(error.error_type, "UserMismatch", "{error}");
    assert!(error.message.contains(OTHER), "{error}");
    assert_eq!(sim.keys(MEMBER, "app").len(), 1);
    assert!(sim.key_works(&key.access_key_id, &key.secret_access_key));
    assert!(!sim.journal().iter().any(|call| call.operation == "AssumeRole"), "no role was assumed for it");
}

#[tokio::test(start_paused = true)]
async fn an_exempt_user_gets_no_key_and_that_is_alerted_once_until_the_exemption_ends() {
    for how in ["tag", "list", "group"] {
        let listed = if how == "list" { "ci" } else { "" };
        let fleet = Fleet::new(&[("ROTATOR_EXEMPT_USERS", listed)]);
        let (key, arn) = fleet.enrolled("ci", 10);
        fleet.sim.set_rotation_days(&arn, 30);
        match how {
            "tag" => fleet.sim.tag_user(ACCOUNT, "ci", "iam-key-rotator:exempt", "appliance"),
            "group" => {
                fleet.sim.create_group(ACCOUNT, "IAMKeyRotationExemptionGroup");
                fleet.sim.add_to_group(ACCOUNT, "IAMKeyRotationExemptionGroup", "ci");
            }
            _ => {}
        }
        for _ in 0..4 {
            let report = fleet.sim.rotate(&arn).await;
            assert_eq!(report.error().unwrap().error_type, "UserExempt", "{how}");
            fleet.sim.advance(days(30));
        }
        assert_eq!(fleet.keys("ci"), [(key.access_key_id.clone(), true)], "{how}");
        let alerts = fleet.sim.alerts();
        assert_eq!(alerts.len(), 1, "{how}: {alerts:#?}");
        assert!(alerts[0].message.contains("cancel-rotate-secret"), "{}", alerts[0].message);
        if how == "group" {
            fleet.sim.remove_from_group(ACCOUNT, "IAMKeyRotationExemptionGroup", "ci");
            assert!(fleet.sim.rotate(&arn).await.succeeded);
            assert!(!fleet.sim.secret(&arn).tags.contains_key("iam-key-rotator:refused"), "it is forgotten");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_remains_whoever_may_rotate_with_the_function_gets_a_key_unless_the_users_tag_names_another_secret()
 {
    for tagged in [false, true] {
        let fleet = Fleet::new(&[]);
        let victim = victim(&fleet, "ci", 10);
        if tagged {
            fleet.sim.tag_user(ACCOUNT, "ci", "iam-key-rotator:secret", "iam-key/ci");
        }
        let own = value_of("ci", &victim).to_string().replace(&victim.secret_access_key, "unknown");
        let trap = fleet.sim.create_secret("trap", Some(&own), &[(USER, "ci")]);
        fleet.sim.set_rotation(&trap, FUNCTION);
        assert_eq!(fleet.sim.rotate(&trap).await.succeeded, !tagged);
    }
}
