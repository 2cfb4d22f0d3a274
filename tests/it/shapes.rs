//! A secret keeps its shape through a whole rotation.

use serde_json::{Value, json};
use simulator::{KeyPair, Options};

use crate::stage::{ACCOUNT, FUNCTION, Stage, TAG, USER};

async fn rotated(value: impl Fn(&KeyPair) -> String, settings: &[(&str, &str)]) -> (Stage, KeyPair, String) {
    let stage = Stage::new(Options::default(), settings);
    let key = stage.sim.create_access_key(ACCOUNT, USER);
    let arn = stage.sim.create_secret("keys/ci-bot", Some(&value(&key)), &[TAG]);
    stage.sim.set_rotation(&arn, FUNCTION);
    stage.rotated(&arn).await;
    let text = stage.sim.secret(&arn).stage("AWSCURRENT").unwrap().text().unwrap().to_owned();
    (stage, key, text)
}

#[tokio::test(start_paused = true)]
async fn every_spelling_of_the_pair_is_rotated_in_its_own_spelling() {
    for (id, secret) in [
        ("AccessKeyId", "SecretAccessKey"),
        ("access_key_id", "secret_access_key"),
        ("aws_access_key_id", "aws_secret_access_key"),
        ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
        ("AccessKey", "SecretKey"),
        ("accessKeyId", "secretAccessKey"),
        ("access_key", "secret_key"),
        ("Access key ID", "Secret access key"),
    ] {
        let (stage, _, text) = rotated(
            |key| {
                format!(
                    r#"{{"before":1.0,"{id}":"{}","{secret}":"{}","after":[]}}"#,
                    key.access_key_id, key.secret_access_key
                )
            },
            &[],
        )
        .await;
        let new = stage.sim.keys(ACCOUNT, USER).into_iter().max_by_key(|key| key.created).unwrap();
        assert_eq!(
            text,
            format!(r#"{{"before":1.0,"{id}":"{}","{secret}":"{}","after":[]}}"#, new.id, new.secret)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_ses_smtp_password_is_derived_anew_and_the_extra_fields_survive() {
    let value = |key: &KeyPair| {
        json!({
            "AccessKeyId": key.access_key_id, "SecretAccessKey": key.secret_access_key,
            "SmtpUsername": key.access_key_id, "SmtpPassword": "", "SmtpRegion": "us-east-1",
            "Status": "Inactive", "CreateDate": "2020-01-01", "team": {"name": "payments"},
        })
        .to_string()
    };
    let (_, key, text) = rotated(value, &[]).await;
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_ne!(value["AccessKeyId"], key.access_key_id);
    assert_eq!(value["SmtpUsername"], value["AccessKeyId"]);
    let secret = iam_key_rotator::model::Sensitive::new(value["SecretAccessKey"].as_str().unwrap());
    let password = iam_key_rotator::model::ses_smtp_password(&secret, "us-east-1");
    assert_eq!(value["SmtpPassword"], password.expose());
    assert_eq!(value["Status"], "Active");
    assert!(value["CreateDate"].as_str().unwrap().starts_with("2026-01-01T00:00"));
    assert_eq!(value["team"]["name"], "payments");
}

#[tokio::test(start_paused = true)]
async fn a_secret_without_a_value_gets_the_configured_shape() {
    let shape = "username,aws_access_key_id,aws_secret_access_key,SMTP_PASSWORD,SMTP_REGION";
    let stage = Stage::new(
        Options::default(),
        &[("ROTATOR_SECRET_SHAPE", shape), ("ROTATOR_SECRET_NAME", "/access-key/{user}")],
    );
    let arn = stage.sim.create_secret("/access-key/ci-bot", None, &[]);
    stage.sim.set_rotation(&arn, FUNCTION);
    stage.rotated(&arn).await;
    let value = stage.current(&arn);
    let fields: Vec<_> = value.as_object().unwrap().keys().cloned().collect();
    assert_eq!(fields, shape.split(',').collect::<Vec<_>>());
    assert_eq!((value["username"].as_str(), value["SMTP_REGION"].as_str()), (Some(USER), Some("eu-west-1")));
}

#[test]
fn the_function_and_the_cdk_take_the_same_shapes() {
    let cases = include_str!("../../cdk/test/shapes.json");
    let cases: Vec<Value> = serde_json::from_str(cases).unwrap();
    for case in cases {
        let names: Vec<&str> =
            case["shape"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        let fits = iam_key_rotator::model::SecretDocument::from_shape(&names).is_some();
        assert_eq!(fits, case["fits"].as_bool().unwrap(), "{names:?}");
    }
}
