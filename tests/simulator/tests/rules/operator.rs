//! What an operator looks at beside users and secrets.

use serde_json::json;
use simulator::{FunctionError, KeyState, Options, Simulator};

use crate::code;

const ACCOUNT: &str = "111122223333";
const FUNCTION: &str = "arn:aws:lambda:eu-west-1:111122223333:function:f";

fn simulator() -> Simulator {
    let sim = Simulator::new(Options::default());
    sim.add_function(FUNCTION, |_, _| Box::pin(async { Ok(json!({})) }));
    sim
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_not_there_is_not_found_and_one_that_is_tells_its_state() {
    let sim = simulator();
    let (root, key) = (sim.root(ACCOUNT), "arn:aws:kms:eu-west-1:111122223333:key/k");
    let request = json!({"KeyId": key});
    let missing = sim.call_as(&root, "kms", "DescribeKey", request.clone()).await.unwrap_err();
    assert_eq!(missing.code(), Some("NotFoundException"));
    sim.set_kms_key_state(key, KeyState::PendingDeletion);
    let answer = sim.call_as(&root, "kms", "DescribeKey", request).await.unwrap();
    assert_eq!(
        (&answer["KeyMetadata"]["KeyState"], &answer["KeyMetadata"]["Enabled"]),
        (&json!("PendingDeletion"), &json!(false))
    );
}

fn by_name(name: &str) -> serde_json::Value {
    json!({"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": name}]})
}

#[tokio::test(start_paused = true)]
async fn the_trail_shows_a_rotation_late_under_its_events_name_and_never_under_the_secrets() {
    let sim = simulator();
    let root = sim.root(ACCOUNT);
    let arn = sim.create_secret("s", Some("{}"), &[]);
    sim.set_rotation(&arn, FUNCTION);
    sim.add_function(FUNCTION, |_, _| Box::pin(async { Err(FunctionError::answered("Error", "no")) }));
    assert!(!sim.rotate(&arn).await.succeeded);
    let early = sim.call_as(&root, "cloudtrail", "LookupEvents", by_name("RotationFailed")).await.unwrap();
    assert_eq!(early["Events"], json!([]));
    sim.advance(sim.options().trail_lag);
    let by_resource = json!({"LookupAttributes": [{"AttributeKey": "ResourceName", "AttributeValue": arn}]});
    let none = sim.call_as(&root, "cloudtrail", "LookupEvents", by_resource).await.unwrap();
    assert_eq!(none["Events"], json!([]));
    let answer = sim.call_as(&root, "cloudtrail", "LookupEvents", by_name("RotationFailed")).await.unwrap();
    let event = &answer["Events"][0];
    assert_eq!((&event["EventName"], &event["Resources"]), (&json!("RotationFailed"), &json!([])));
    let record: serde_json::Value = serde_json::from_str(event["CloudTrailEvent"].as_str().unwrap()).unwrap();
    assert_eq!(record["additionalEventData"], json!({"SecretId": arn}));
    assert_eq!(record["eventType"], "AwsServiceEvent");
    let error = format!("Error when executing lambda {FUNCTION} during createSecret step");
    assert_eq!(record["errorMessage"], error);
    assert!(record["requestID"].as_str().unwrap().starts_with(&format!("Rotation-{arn}-")));
}

#[tokio::test(start_paused = true)]
async fn the_trail_answers_the_newest_first_within_the_time_asked_for_and_for_one_attribute() {
    let sim = simulator();
    let root = sim.root(ACCOUNT);
    let arn = sim.create_secret("s", Some("{}"), &[]);
    sim.set_rotation(&arn, FUNCTION);
    // The function stores nothing, so each rotation fails.
    for _ in 0..2 {
        assert!(!sim.rotate(&arn).await.succeeded);
        sim.advance(std::time::Duration::from_secs(3600));
    }
    let lookup = async |request: serde_json::Value| {
        sim.advance(std::time::Duration::from_secs(1));
        sim.call_as(&root, "cloudtrail", "LookupEvents", request).await
    };
    let all = lookup(by_name("RotationFailed")).await.unwrap()["Events"].as_array().unwrap().clone();
    let times: Vec<i64> = all.iter().map(|event| event["EventTime"].as_i64().unwrap()).collect();
    assert!(times.len() == 2 && times[0] > times[1], "{times:?}");
    let mut since = by_name("RotationFailed");
    since["StartTime"] = json!(times[0]);
    assert_eq!(lookup(since.clone()).await.unwrap()["Events"].as_array().unwrap().len(), 1);
    since["EndTime"] = json!(times[1]);
    assert_eq!(lookup(since).await.unwrap_err().code(), Some("InvalidTimeRangeException"));
    let attribute = by_name("RotationFailed")["LookupAttributes"][0].clone();
    let two = json!({"LookupAttributes": [attribute, attribute]});
    assert_eq!(lookup(two).await.unwrap_err().code(), Some("InvalidLookupAttributesException"));
    sim.advance(std::time::Duration::from_secs(91 * 24 * 3600));
    assert_eq!(lookup(by_name("RotationFailed")).await.unwrap()["Events"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn a_third_lookup_within_a_second_is_throttled() {
    let sim = simulator();
    let root = sim.root(ACCOUNT);
    let lookup = async || code(sim.call_as(&root, "cloudtrail", "LookupEvents", json!({})).await);
    assert_eq!([lookup().await, lookup().await, lookup().await], ["Ok", "Ok", "ThrottlingException"]);
    sim.advance(std::time::Duration::from_secs(1));
    assert_eq!(lookup().await, "Ok");
}

#[tokio::test(start_paused = true)]
async fn a_search_in_a_log_finds_the_lines_whose_fields_fit() {
    let sim = simulator();
    let root = sim.root(ACCOUNT);
    let search = |pattern: &str| json!({"logGroupName": "/aws/lambda/f", "filterPattern": pattern});
    let missing = sim.call_as(&root, "logs", "FilterLogEvents", search("")).await.unwrap_err();
    assert_eq!(missing.code(), Some("ResourceNotFoundException"));
    sim.set_log("/aws/lambda/f", [r#"{"errorType":"A","token":"1"}"#, r#"{"token":"1"}"#].map(str::to_owned));
    let pattern = r#"{ $.errorType = "*" && $.token = "1" }"#;
    let answer = sim.call_as(&root, "logs", "FilterLogEvents", search(pattern)).await.unwrap();
    assert_eq!(answer["events"].as_array().unwrap().len(), 1);
    let refused = sim.call_as(&root, "logs", "FilterLogEvents", search("ERROR")).await.unwrap_err();
    assert_eq!(refused.code(), Some("InvalidParameterException"));
}

#[tokio::test(start_paused = true)]
async fn a_role_is_simulated_by_its_policies_and_only_if_it_exists() {
    let sim = simulator();
    let root = sim.root(ACCOUNT);
    let role = "arn:aws:iam::111122223333:role/r";
    let request = json!({"PolicySourceArn": role, "ActionNames.member.1": "iam:CreateAccessKey",
        "ActionNames.member.2": "iam:DeleteAccessKey", "ResourceArns.member.1": "arn:aws:iam::111122223333:user/u"});
    let missing = sim.call_as(&root, "iam", "SimulatePrincipalPolicy", request.clone()).await.unwrap_err();
    assert_eq!(missing.code(), Some("NoSuchEntity"));
    sim.create_role(ACCOUNT, "r", vec![], None);
    let allow = json!({"Statement": {"Effect": "Allow", "Action": "iam:Create*", "Resource": "arn:aws:iam::*:user/*"}});
    sim.set_role_policies(role, vec![allow]);
    let answer = sim.call_as(&root, "iam", "SimulatePrincipalPolicy", request).await.unwrap().to_string();
    assert!(answer.contains("allowed") && answer.contains("implicitDeny"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_nobody_confirmed_has_no_arn() {
    let sim = simulator();
    let root = sim.root(ACCOUNT);
    let topic = sim.create_topic("t");
    sim.subscribe(&topic, "email", "a@example.com", false);
    let request = json!({"TopicArn": topic});
    let answer = sim.call_as(&root, "sns", "ListSubscriptionsByTopic", request).await.unwrap().to_string();
    assert!(answer.contains("PendingConfirmation"), "{answer}");
}
