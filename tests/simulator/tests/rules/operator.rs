//! What an operator looks at beside users and secrets.

use serde_json::json;
use simulator::{KeyState, Options, Simulator};

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

#[tokio::test(start_paused = true)]
async fn the_trail_tells_of_rotations_late_the_newest_first_a_page_at_a_time() {
    let sim = simulator();
    let root = sim.root(ACCOUNT);
    let arn = sim.create_secret("s", Some("{}"), &[]);
    sim.set_rotation(&arn, FUNCTION);
    // The function stores nothing, so the rotation fails.
    assert!(!sim.rotate(&arn).await.succeeded);
    let request = json!({"LookupAttributes": [{"AttributeKey": "ResourceName", "AttributeValue": arn}]});
    let early = sim.call_as(&root, "cloudtrail", "LookupEvents", request.clone()).await.unwrap();
    assert_eq!(early["Events"], json!([]));
    sim.advance(sim.options().trail_lag);
    let answer = sim.call_as(&root, "cloudtrail", "LookupEvents", request.clone()).await.unwrap();
    assert_eq!(answer["Events"][0]["EventName"], "RotationFailed");
    assert_eq!(answer["Events"][1]["EventName"], "RotationStarted");
    let two = json!({"LookupAttributes": [request["LookupAttributes"][0], request["LookupAttributes"][0]]});
    let refused = sim.call_as(&root, "cloudtrail", "LookupEvents", two).await.unwrap_err();
    assert_eq!(refused.code(), Some("InvalidLookupAttributesException"));
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
