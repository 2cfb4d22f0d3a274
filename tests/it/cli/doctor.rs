//! `doctor`: finds what is broken, and nothing on a healthy set-up.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};
use simulator::{Fault, FaultKind, FunctionSetup, KeyState, Options};

use super::Seat;
use crate::page::expect_page;
use crate::stage::{ACCOUNT, FUNCTION, Stage, TOPIC, USER, days, hours, value_of};

const ROLE: &str = "arn:aws:iam::111122223333:role/rotation-function";
const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555";
pub const LINE: &str = "doctor keys/ci-bot";

fn variables(more: &[(&str, &str)]) -> BTreeMap<String, String> {
    let own = [("ROTATOR_ALERT_TOPIC_ARN", TOPIC), ("ROTATOR_EMAIL_FROM", "Keys <keys@example.com>")];
    own.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn setup(more: &[(&str, &str)]) -> FunctionSetup {
    FunctionSetup { variables: variables(more), ..FunctionSetup::of_role(ROLE) }
}

fn permission(condition: Value) -> String {
    json!({"Version": "2012-10-17", "Statement": [{"Sid": "SecretsManager", "Effect": "Allow",
        "Principal": {"Service": "secretsmanager.amazonaws.com"}, "Action": "lambda:InvokeFunction",
        "Resource": FUNCTION, "Condition": condition}]})
    .to_string()
}

/// A secret that was rotated yesterday, and all that it needs.
pub async fn healthy() -> (Stage, String) {
    let stage = Stage::new(Options::default(), &[]);
    let (old, arn) = stage.adopted();
    stage.sim.set_rotation_days(&arn, 90);
    stage.sim.set_up_function(FUNCTION, setup(&[]));
    let condition = json!({"StringEquals": {"AWS:SourceAccount": ACCOUNT}});
    stage.sim.set_function_policy(FUNCTION, Some(&permission(condition)));
    stage.sim.subscribe(TOPIC, "email", "ops@example.com", true);
    stage.sim.set_kms_key(&arn, Some(KEY));
    stage.sim.set_kms_key_state(KEY, KeyState::Enabled);
    stage.rotated(&arn).await;
    stage.sim.advance(days(1));
    stage.sim.delete_access_key(&old.access_key_id);
    let holder = stage.sim.secret(&arn).stage(&old.access_key_id).unwrap().id.clone();
    stage.sim.remove_label(&arn, &holder, &old.access_key_id);
    (stage, arn)
}

#[tokio::test(start_paused = true)]
async fn on_a_healthy_set_up_it_finds_nothing() {
    let (stage, arn) = healthy().await;
    let before = stage.sim.secret(&arn);
    stage.sim.clear_journal();
    Seat::of(&stage.sim).run(LINE).await.is_as("doctor_healthy").ends(0);
    assert_eq!(stage.calls("GetSecretValue"), 0, "it reads no value");
    Seat::of(&stage.sim).run("doctor keys/ci-bot --read-value").await.ends(0);
    Seat::of(&stage.sim).run("doctor").await.ends(0);
    assert_eq!(stage.sim.secret(&arn), before);
    let checks = Seat::of(&stage.sim).run("doctor ci-bot --json").await.json();
    assert!(
        checks
            .as_array()
            .unwrap()
            .iter()
            .all(|check| check["severity"] == "ok" || check["severity"] == "note")
    );
}

type Break = fn(&Stage, &str);

/// What is broken, what is asked, and how it is broken.
const BROKEN: [(&str, &str, Break); 40] = [
    ("there is no such secret", "doctor keys/nobody", |_, _| ()),
    ("the secret is scheduled for deletion", LINE, |stage, arn| stage.sim.delete_secret(arn)),
    ("rotation is turned off", LINE, |stage, arn| stage.sim.disable_rotation(arn)),
    ("nothing rotates the secret", "doctor bare", |stage, _| {
        stage.sim.create_secret("bare", Some("{}"), &[("iam-key-rotator:user", "somebody")]);
        stage.sim.create_user(ACCOUNT, "somebody");
    }),
    ("no tag, and no user of its name", "doctor unbound", |stage, _| {
        let arn = stage.sim.create_secret("unbound", Some("{}"), &[]);
        stage.sim.set_rotation(&arn, FUNCTION);
    }),
    ("the tag names no user", LINE, |stage, arn| {
        stage.sim.tag_secret(arn, "iam-key-rotator:user", "not a user");
    }),
    ("the tag names a user who is gone", LINE, |stage, arn| {
        stage.sim.tag_secret(arn, "iam-key-rotator:user", "gone");
    }),
    ("its own overlap cannot be read", LINE, |stage, arn| {
        stage.sim.tag_secret(arn, "iam-key-rotator:overlap", "long");
    }),
    ("its own recovery window cannot be read", LINE, |stage, arn| {
        stage.sim.tag_secret(arn, "iam-key-rotator:recovery", "7");
    }),
    ("a rotation is stuck", LINE, |stage, arn| {
        stage.sim.stage_pending(arn, "11111111-2222-3333-4444-555555555555", None);
        stage.sim.advance(hours(1));
    }),
    ("twenty labels are taken", LINE, |stage, arn| {
        let current = stage.sim.secret(arn).stage("AWSCURRENT").unwrap().id.clone();
        for nth in 0..16 {
            stage.sim.set_label(arn, &current, &format!("label-{nth}"));
        }
    }),
    ("its schedule missed it", LINE, |stage, _| stage.sim.advance(days(95))),
    ("two secrets name the user", LINE, |stage, _| {
        stage.sim.create_secret("other", Some("{}"), &[("iam-key-rotator:user", USER)]);
    }),
    ("the current key was deleted by hand", LINE, |stage, _| {
        let key = stage.keys()[0].0.clone();
        stage.sim.delete_access_key(&key);
    }),
    ("the current key was deactivated by hand", LINE, |stage, _| {
        let key = stage.keys()[0].0.clone();
        stage.sim.set_key_status(&key, false);
    }),
    ("a stranger's active key fills the limit", LINE, |stage, _| {
        stage.sim.create_access_key(ACCOUNT, USER);
    }),
    ("an inactive key may not go", LINE, |stage, _| {
        let stranger = stage.sim.create_access_key(ACCOUNT, USER);
        stage.sim.set_key_status(&stranger.access_key_id, false);
        stage.sim.set_up_function(FUNCTION, setup(&[("ROTATOR_UNKNOWN_KEYS", "refuse")]));
    }),
    ("the function was deleted", LINE, |stage, _| stage.sim.remove_function(FUNCTION)),
    ("the function has failed", LINE, |stage, _| {
        let reason = Some("The image or archive cannot be read".to_owned());
        stage.sim.set_up_function(FUNCTION, FunctionSetup { state: "Failed".into(), reason, ..setup(&[]) });
    }),
    ("the function is still being made", LINE, |stage, _| {
        stage.sim.set_up_function(FUNCTION, FunctionSetup { state: "Pending".into(), ..setup(&[]) });
    }),
    ("a setting of the function is misspelt", LINE, |stage, _| {
        stage.sim.set_up_function(FUNCTION, setup(&[("ROTATOR_OVERLAPS", "1h")]));
    }),
    ("a setting of the function cannot be read", LINE, |stage, _| {
        stage.sim.set_up_function(FUNCTION, setup(&[("ROTATOR_OVERLAP", "a day")]));
    }),
    ("the function's timeout is Lambda's default", LINE, |stage, _| {
        stage.sim.set_up_function(FUNCTION, FunctionSetup { timeout: Some(3), ..setup(&[]) });
    }),
    ("Secrets Manager may not invoke the function", LINE, |stage, _| {
        stage.sim.set_function_policy(FUNCTION, None);
    }),
    ("Secrets Manager may invoke it for anybody", LINE, |stage, _| {
        stage.sim.set_function_policy(FUNCTION, Some(&permission(json!({}))));
    }),
    ("Secrets Manager may invoke it for another account", LINE, |stage, _| {
        let condition = json!({"StringEquals": {"AWS:SourceAccount": "444455556666"}});
        stage.sim.set_function_policy(FUNCTION, Some(&permission(condition)));
    }),
    ("the role may not create keys", LINE, |stage, _| {
        let all = json!({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"},
            {"Effect": "Deny", "Action": "iam:CreateAccessKey", "Resource": "*"}]});
        stage.sim.set_role_policies(ROLE, vec![all]);
    }),
    ("the role may not use the KMS key", LINE, |stage, _| {
        let some = json!({"Statement": {"Effect": "Allow", "Action": ["secretsmanager:*", "iam:*", "sns:*"], "Resource": "*"}});
        stage.sim.set_role_policies(ROLE, vec![some]);
    }),
    ("the KMS key is disabled", LINE, |stage, _| stage.sim.set_kms_key_state(KEY, KeyState::Disabled)),
    ("the KMS key will be deleted", LINE, |stage, _| {
        stage.sim.set_kms_key_state(KEY, KeyState::PendingDeletion);
    }),
    ("the KMS key is gone", LINE, |stage, arn| {
        stage.sim.set_kms_key(arn, Some("arn:aws:kms:eu-west-1:111122223333:key/gone"));
    }),
    ("no topic for alerts", LINE, |stage, _| {
        let mut variables = variables(&[]);
        variables.remove("ROTATOR_ALERT_TOPIC_ARN");
        stage.sim.set_up_function(FUNCTION, FunctionSetup { variables, ..setup(&[]) });
    }),
    ("the topic is gone", LINE, |stage, _| {
        let gone = "arn:aws:sns:eu-west-1:111122223333:gone";
        stage.sim.set_up_function(FUNCTION, setup(&[("ROTATOR_ALERT_TOPIC_ARN", gone)]));
    }),
    ("nobody has confirmed the subscription", LINE, |stage, _| {
        let other = stage.sim.create_topic("other");
        stage.sim.subscribe(&other, "email", "ops@example.com", false);
        stage.sim.set_up_function(FUNCTION, setup(&[("ROTATOR_ALERT_TOPIC_ARN", &other)]));
    }),
    ("one of two has not confirmed", LINE, |stage, _| {
        stage.sim.subscribe(TOPIC, "email", "late@example.com", false);
    }),
    ("the sender is no identity", LINE, |stage, _| {
        stage.sim.set_up_function(FUNCTION, setup(&[("ROTATOR_EMAIL_FROM", "keys@example.org")]));
    }),
    ("the sender waits for its verification", LINE, |stage, _| {
        stage.sim.add_unverified_identity("keys@example.org");
        stage.sim.set_up_function(FUNCTION, setup(&[("ROTATOR_EMAIL_FROM", "keys@example.org")]));
    }),
    ("SES is in the sandbox", LINE, |stage, _| stage.sim.update(|options| options.ses_sandbox = true)),
    ("SES has paused sending", LINE, |stage, _| stage.sim.update(|options| options.ses_paused = true)),
    ("a value that is no object", "doctor keys/ci-bot --read-value", |stage, arn| {
        stage.sim.put_secret_value(arn, "secret");
    }),
];

/// The severities, areas and findings of a report that are no good news.
fn bad_news(out: &str) -> String {
    let bad = |line: &&str| ["error ", "warning ", "unknown "].iter().any(|word| line.starts_with(word));
    out.lines().filter(bad).fold(String::new(), |text, line| text + "  " + line + "\n")
}

#[tokio::test(start_paused = true)]
async fn each_of_forty_broken_set_ups_is_found() {
    let mut told = String::new();
    for (what, line, breaks) in BROKEN {
        let (stage, arn) = healthy().await;
        breaks(&stage, &arn);
        let ran = Seat::of(&stage.sim).run(line).await;
        assert_eq!(ran.code, 3, "{what}\n{}\n{}", ran.out, ran.err);
        let found = ["  error ", "  warning "].iter().any(|word| bad_news(&ran.out).contains(word));
        assert!(found, "{what}\n{}", ran.out);
        let _ = writeln!(told, "{what}\n{}", bad_news(&ran.out));
    }
    expect_page("tests/it/cli/snapshots/doctor_broken.txt", &told);
}

#[tokio::test(start_paused = true)]
async fn a_value_that_does_not_fit_is_found_and_never_shown() {
    let (stage, arn) = healthy().await;
    stage.sim.create_user(ACCOUNT, "bob");
    let bobs = stage.sim.create_access_key(ACCOUNT, "bob");
    let two = json!({"AccessKeyId": bobs.access_key_id, "SecretAccessKey": "x", "AccessKey": "a", "SecretKey": "b"});
    for (value, expected) in [
        (two.to_string(), "not clear which of"),
        (json!({"UserName": "bob"}).to_string(), "UserMismatch"),
        (value_of(&bobs), "none of the user's"),
    ] {
        stage.sim.put_secret_value(&arn, &value);
        let ran = Seat::of(&stage.sim).run("doctor keys/ci-bot --read-value").await;
        ran.ends(3);
        assert!(
            ran.out.contains(expected) || ran.out.contains("does not fit its user"),
            "{expected}\n{}",
            ran.out
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_denied_is_not_checked_and_never_right() {
    for operation in [
        "DescribeKey",
        "GetFunctionConfiguration",
        "GetPolicy",
        "SimulatePrincipalPolicy",
        "ListSubscriptionsByTopic",
        "GetEmailIdentity",
        "GetAccount",
        "LookupEvents",
        "ListAccessKeys",
        "GetAccessKeyLastUsed",
    ] {
        let (stage, _) = healthy().await;
        stage.sim.add_fault(Fault::on(operation, 0, FaultKind::Denied));
        let ran = Seat::of(&stage.sim).run(LINE).await;
        assert_eq!(ran.code, 3, "{operation}\n{}", ran.out);
        assert!(ran.out.contains("not checked") && ran.out.contains(operation), "{operation}\n{}", ran.out);
    }
}

#[tokio::test(start_paused = true)]
async fn endpoints_of_a_function_in_a_vpc_are_said_not_to_be_checked() {
    let (stage, _) = healthy().await;
    stage.sim.set_up_function(FUNCTION, FunctionSetup { vpc: Some("vpc-1".into()), ..setup(&[]) });
    let ran = Seat::of(&stage.sim).run(LINE).await;
    ran.ends(0);
    assert!(ran.out.contains("endpoints: not checked"), "{}", ran.out);
}
