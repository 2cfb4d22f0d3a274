//! Whatever comes in: never a panic, always the named error, the secret untouched.

use iam_key_rotator::config::{Config, SETTINGS, parse_regions};
use iam_key_rotator::event::{RotationEvent, SweepEvent};
use iam_key_rotator::model::{
    AccessKeyId, Credential, Intent, LastUse, Policy, ReportedKey, SecretDocument, Sensitive, UserRef,
    Version, parse_duration, read_report,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::property::{any_text, holds, text_of};
use crate::stage::{ACCOUNT, FUNCTION, Stage, TAG};

const CASES: u64 = 1_000;

/// Any JSON, with our own field names in it more often than chance would have it.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any_text().prop_map(Value::from),
        any_step().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((any_name(), inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "Step",
            "SecretId",
            "ClientRequestToken",
            "RotationToken",
            "AccessKeyId",
            "SecretAccessKey",
            "access_key_id",
            "secret_access_key",
            "AccessKey",
            "SecretKey",
            "UserName",
            "username",
            "User",
            "Status",
            "CreateDate",
            "SmtpPassword",
            "smtp_username",
            "SES_REGION",
            "action",
            "account",
            "marker",
            "continue",
            "results",
        ])
        .prop_map(str::to_owned),
        any_text(),
    ]
}

fn any_step() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["createSecret", "setSecret", "testSecret", "finishSecret", "create_secret"])
        .prop_map(str::to_owned)
}

#[test]
fn any_event_is_an_event_or_an_invalid_event() {
    holds("bad input, events", CASES, any_json(), |event| {
        let errors = [RotationEvent::parse(&event).err(), SweepEvent::parse(&event).err()];
        for error in errors.into_iter().flatten() {
            prop_assert_eq!(error.error_type(), "InvalidEvent");
        }
        Ok(())
    });
}

/// A credential report of some users, whose every key is active and known to have been used.
fn report_of(users: usize) -> String {
    let head = "user,arn,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,\
        access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date\n";
    let key = "true,2026-01-01T00:00:00+00:00,2026-02-01T00:00:00+00:00";
    let row = |nth| format!("u{nth},arn:aws:iam::{ACCOUNT}:user/u{nth},{key},{key}\n");
    head.to_owned() + &(0..users).map(row).collect::<String>()
}

#[test]
fn any_credential_report_is_read_or_refused_and_damage_makes_no_key_an_unused_one() {
    let junk = prop_oneof![any::<Vec<u8>>(), text_of("abcdeXYZ,\"\n:_", 12).prop_map(String::into_bytes)];
    let places = (any::<prop::sample::Index>(), any::<prop::sample::Index>());
    holds("bad input, credential reports", CASES, (1..5_usize, places, junk), |(users, (from, to), junk)| {
        let mut report = report_of(users).into_bytes();
        let (from, to) = (from.index(report.len()), to.index(report.len()));
        let said_so = junk.windows(3).any(|bytes| bytes == b"N/A");
        report.splice(from.min(to)..from.max(to), junk);
        if let Ok(read) = read_report(&report) {
            let unused = |key: &ReportedKey| key.last_use == Some(LastUse::Never);
            prop_assert!(said_so || !read.users.iter().any(|user| user.keys.iter().any(unused)));
        }
        Ok(())
    });
}

#[test]
fn any_value_is_a_document_or_is_refused_and_a_document_takes_a_key() {
    holds("bad input, secret documents", CASES, (any_json(), any_text()), |(value, text)| {
        let _ = SecretDocument::parse(&text, None);
        let Ok(document) = SecretDocument::parse(&value.to_string(), None) else { return Ok(()) };
        let shape = Config::default().secret_shape;
        let key = Credential { key_id: AccessKeyId::new("AKIANEW"), secret: Sensitive::new("s3cr\"t") };
        let Ok(document) = document.completed(&shape) else { return Ok(()) };
        let next = document.with_credential("ci", &key, jiff::Timestamp::UNIX_EPOCH, "eu-west-1");
        let again = SecretDocument::parse(next.to_json().expose(), None).unwrap();
        prop_assert_eq!(again.key_id(), Some(key.key_id.clone()));
        prop_assert!(again.is_smtp_only() || again.credential() == Some(key));
        // Every field that was there is there still.
        let after: Value = serde_json::from_str(next.to_json().expose()).unwrap();
        for name in value.as_object().unwrap().keys() {
            prop_assert!(after.get(name).is_some(), "{}", name);
        }
        Ok(())
    });
}

#[test]
fn any_tag_and_any_label_is_read_or_not() {
    holds(
        "bad input, tags and labels",
        CASES,
        prop_oneof![any_text(), text_of("ABCDTZ0123456789 /:-", 80)],
        |text| {
            let _ = Intent::from_tag(&text).map(|intent| intent.begun(jiff::Timestamp::UNIX_EPOCH).to_tag());
            let _ = UserRef::parse(&text, "aws", ACCOUNT);
            let _ = Version::new("v", [text.clone()]);
            let _ = parse_duration(&text);
            let _ = parse_regions(&text);
            let tags = [("iam-key-rotator:overlap".to_owned(), text.clone())].into();
            let read = Policy::default().with_tags(&tags);
            prop_assert_eq!(read.is_ok(), parse_duration(&text).is_some());
            Ok(())
        },
    );
}

#[test]
fn any_environment_is_a_configuration_or_an_invalid_config() {
    let known = prop::sample::select(SETTINGS.map(|setting| setting.name).to_vec()).prop_map(str::to_owned);
    let name = prop_oneof![known, text_of("ABCDEFG_", 12).prop_map(|rest| format!("ROTATOR_{rest}"))];
    holds("bad input, settings", CASES, (name, any_text()), |(name, value)| {
        if let Err(error) = Config::from_variables([(name.clone(), value)]) {
            prop_assert_eq!(error.error_type(), "InvalidConfig");
            prop_assert!(error.to_string().contains(&name));
        }
        Ok(())
    });
}

#[tokio::test(start_paused = true)]
async fn an_event_of_six_megabytes_is_refused_and_not_repeated() {
    let stage = Stage::plain();
    let event = json!({"Step": "createSecret", "SecretId": "x".repeat(6_000_000), "ClientRequestToken": "t"});
    let error = stage.sim.invoke(FUNCTION, event).await.unwrap_err();
    assert_eq!(error.error_type, "InvalidEvent");
    assert!(error.message.len() < 500 && stage.log.text().len() < 10_000);
}

#[tokio::test(start_paused = true)]
async fn a_token_of_another_secret_is_refused() {
    let stage = Stage::plain();
    let (_, arn) = stage.adopted();
    let other = stage.sim.create_secret("other", Some("{}"), &[TAG]);
    stage.sim.set_rotation(&other, FUNCTION);
    let token = "00000000-0000-4000-8000-000000000001";
    stage.sim.stage_pending(&other, token, None);
    for step in ["createSecret", "testSecret", "finishSecret"] {
        assert_eq!(stage.step(step, &arn, token).await.unwrap_err().error_type, "VersionNotStaged", "{step}");
    }
    assert_eq!(stage.keys().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn secrets_that_cannot_be_read_are_left_as_they_are() {
    let pair = r#""AccessKeyId":"AKIAIOSFODNN7EXAMPLE","SecretAccessKey":"x""#;
    let deep = format!("{{{pair},\"deep\":{}{}}}", "[".repeat(20_000), "]".repeat(20_000));
    let values = [
        String::new(),
        "AKIAIOSFODNN7EXAMPLE:secret".to_owned(),
        format!("[{{{pair}}}]"),
        format!("{{{pair},{pair}}}"),
        format!("{{{pair}}}{{{pair}}}"),
        r#"{"AccessKeyId":["AKIAIOSFODNN7EXAMPLE"],"SecretAccessKey":"x"}"#.to_owned(),
        "{\"AccessKeyId\":\"AKIA".to_owned(),
    ];
    for value in values {
        let stage = Stage::plain();
        let arn = stage.secret(if value.is_empty() { " " } else { &value });
        let before = stage.sim.secret(&arn).stage("AWSCURRENT").unwrap().clone();
        assert_eq!(stage.failed(&arn).await.error_type, "SecretMalformed", "{value}");
        assert_eq!(
            format!("{:?}", stage.sim.secret(&arn).stage("AWSCURRENT").unwrap()),
            format!("{before:?}")
        );
        assert!(stage.keys().is_empty());
    }
    // Deep nesting is no reason to refuse: what is not understood is carried.
    let stage = Stage::plain();
    let arn = stage.secret(&deep);
    stage.rotated(&arn).await;
}

#[tokio::test(start_paused = true)]
async fn a_binary_secret_is_refused() {
    let stage = Stage::plain();
    let root = stage.sim.root(ACCOUNT);
    let request =
        json!({"Name": "binary", "SecretBinary": "//79/A==", "Tags": [{"Key": TAG.0, "Value": TAG.1}]});
    let answer = stage.sim.call_as(&root, "secretsmanager", "CreateSecret", request).await.unwrap();
    let arn = answer["ARN"].as_str().unwrap();
    stage.sim.set_rotation(arn, FUNCTION);
    let error = stage.failed(arn).await;
    assert_eq!(error.error_type, "SecretMalformed");
    assert!(error.message.contains("binary"), "{}", error.message);
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_would_grow_beyond_what_secrets_manager_stores_leaves_no_key_behind() {
    let stage = Stage::plain();
    // 65,536 bytes is the most; the value fits until the key is put in.
    let arn = stage.secret(&format!(r#"{{"UserName":"ci-bot","pad":"{}"}}"#, "x".repeat(65_480)));
    let error = stage.failed(&arn).await;
    assert_eq!(error.error_type, "Refused");
    assert!(error.message.contains("no key was created"), "{}", error.message);
    assert!(stage.keys().is_empty(), "no key was made");
}
