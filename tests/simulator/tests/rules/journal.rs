//! What the journal tells about each call: action, resource and condition keys.

use serde_json::{Value, json};
use simulator::{Call, Fault, FaultKind, KeyPair, Simulator};

use crate::{ACCOUNT, FUNCTION, world};

async fn journalled(aws: &Simulator, pair: &KeyPair, service: &str, operation: &str, params: Value) -> Call {
    // Whether it is refused does not matter here.
    let _ = aws.call_as(pair, service, operation, params).await;
    aws.journal().pop().unwrap()
}

fn key<'a>(call: &'a Call, name: &str) -> Option<&'a str> {
    call.context.get(name).map(String::as_str)
}

#[tokio::test(start_paused = true)]
async fn calls_about_users_are_evaluated_on_the_user_with_its_path_and_tags() {
    let (aws, root) = world();
    let params = json!({"UserName": "alice", "Path": "/apps/", "Tags.member.1.Key": "team", "Tags.member.1.Value": "a"});
    let call = journalled(&aws, &root, "iam", "CreateUser", params).await;
    assert_eq!(call.action, "iam:CreateUser");
    assert_eq!(call.resource, "arn:aws:iam::111122223333:user/apps/alice");
    assert_eq!(key(&call, "aws:RequestTag/team"), Some("a"));
    assert_eq!(key(&call, "aws:TagKeys"), Some("team"));
    let call = journalled(&aws, &root, "iam", "CreateAccessKey", json!({"UserName": "alice"})).await;
    assert_eq!(call.resource, "arn:aws:iam::111122223333:user/apps/alice");
    assert_eq!(key(&call, "iam:ResourceTag/team"), Some("a"));
    assert_eq!(key(&call, "aws:ResourceTag/team"), Some("a"));
    let id = aws.keys(ACCOUNT, "alice")[0].id.clone();
    let call = journalled(&aws, &root, "iam", "GetAccessKeyLastUsed", json!({"AccessKeyId": id})).await;
    assert_eq!(call.resource, "arn:aws:iam::111122223333:user/apps/alice");
    let call = journalled(&aws, &root, "iam", "ListUsers", json!({})).await;
    assert_eq!(call.resource, "*");
    aws.create_group(ACCOUNT, "g");
    let both = json!({"GroupName": "g", "UserName": "alice"});
    let call = journalled(&aws, &root, "iam", "AddUserToGroup", both).await;
    assert_eq!(call.resource, "arn:aws:iam::111122223333:group/g");
}

#[tokio::test(start_paused = true)]
async fn calls_about_secrets_carry_tags_labels_and_what_they_ask_for() {
    let (aws, _) = world();
    let session = aws.role_session(ACCOUNT, "rotator");
    let params = json!({
        "Name": "s", "SecretString": "hidden", "KmsKeyId": "arn:aws:kms:eu-west-1:111122223333:key/1",
        "Tags": [{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}],
        "AddReplicaRegions": [{"Region": "eu-central-1"}, {"Region": "us-east-1"}],
    });
    let call = journalled(&aws, &session, "secretsmanager", "CreateSecret", params).await;
    assert_eq!(call.resource, "arn:aws:secretsmanager:eu-west-1:111122223333:secret:s-??????");
    assert_eq!(key(&call, "secretsmanager:Name"), Some("s"));
    assert_eq!(key(&call, "secretsmanager:KmsKeyArn"), Some("arn:aws:kms:eu-west-1:111122223333:key/1"));
    assert_eq!(key(&call, "secretsmanager:AddReplicaRegions"), Some("eu-central-1,us-east-1"));
    assert_eq!(key(&call, "aws:TagKeys"), Some("b,a"));
    assert_eq!(key(&call, "aws:PrincipalArn"), Some("arn:aws:iam::111122223333:role/rotator"));
    assert_eq!(key(&call, "aws:PrincipalAccount"), Some(ACCOUNT));
    let arn = aws.secret_arns(ACCOUNT, "eu-west-1").remove(0);
    aws.set_rotation(&arn, FUNCTION);
    let params = json!({"SecretId": "s", "VersionStage": "AWSCURRENT"});
    let call = journalled(&aws, &session, "secretsmanager", "GetSecretValue", params).await;
    assert_eq!(call.action, "secretsmanager:GetSecretValue");
    assert_eq!(call.resource, arn);
    assert_eq!(key(&call, "secretsmanager:SecretId"), Some("s"));
    assert_eq!(key(&call, "secretsmanager:VersionStage"), Some("AWSCURRENT"));
    assert_eq!(key(&call, "secretsmanager:ResourceTag/a"), Some("1"));
    assert_eq!(key(&call, "aws:ResourceTag/b"), Some("2"));
    assert_eq!(key(&call, "secretsmanager:resource/AllowRotationLambdaArn"), Some(FUNCTION));
    assert_eq!(key(&call, "secretsmanager:SecretPrimaryRegion"), Some("eu-west-1"));
    let params = json!({"SecretId": arn, "RotationLambdaARN": FUNCTION, "RotateImmediately": false,
                        "RotationRules": {"AutomaticallyAfterDays": 30}});
    let call = journalled(&aws, &session, "secretsmanager", "RotateSecret", params).await;
    assert_eq!(key(&call, "secretsmanager:RotationLambdaARN"), Some(FUNCTION));
    assert_eq!(key(&call, "secretsmanager:ModifyRotationRules"), Some("true"));
    assert_eq!(key(&call, "secretsmanager:RotateImmediately"), Some("false"));
    let call = journalled(&aws, &session, "secretsmanager", "ListSecrets", json!({})).await;
    assert_eq!(call.resource, "*");
}

#[tokio::test(start_paused = true)]
async fn other_services_have_their_own_keys() {
    let (aws, root) = world();
    aws.verify_identity("example.com");
    let params = json!({
        "FromEmailAddress": "Robot <robot@example.com>",
        "Destination": {"ToAddresses": ["a@example.org"], "CcAddresses": ["b@example.org"]},
        "Content": {"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}},
    });
    let call = journalled(&aws, &root, "ses", "SendEmail", params).await;
    assert_eq!(call.action, "ses:SendEmail");
    assert_eq!(call.resource, "arn:aws:ses:eu-west-1:111122223333:identity/example.com");
    assert_eq!(key(&call, "ses:FromAddress"), Some("robot@example.com"));
    assert_eq!(key(&call, "ses:Recipients"), Some("a@example.org,b@example.org"));
    let topic = aws.create_topic("t");
    let call = journalled(&aws, &root, "sns", "Publish", json!({"TopicArn": topic, "Message": "m"})).await;
    assert_eq!((call.action.as_str(), call.resource.as_str()), ("sns:Publish", topic.as_str()));
    let role = "arn:aws:iam::222233334444:role/r";
    let params = json!({"RoleArn": role, "RoleSessionName": "me", "ExternalId": "x"});
    let call = journalled(&aws, &root, "sts", "AssumeRole", params).await;
    assert_eq!((call.action.as_str(), call.resource.as_str()), ("sts:AssumeRole", role));
    assert_eq!(key(&call, "sts:ExternalId"), Some("x"));
    let call = journalled(&aws, &root, "lambda", "Invoke", json!({"FunctionName": "rotator"})).await;
    assert_eq!((call.action.as_str(), call.resource.as_str()), ("lambda:InvokeFunction", FUNCTION));
    aws.create_organization(ACCOUNT);
    let params = json!({"ParentId": aws.root_id()});
    let call = journalled(&aws, &root, "organizations", "ListAccountsForParent", params).await;
    assert!(call.resource.contains(":root/o-"), "{}", call.resource);
    assert!(key(&call, "aws:PrincipalOrgID").unwrap().starts_with("o-"));
}

#[tokio::test(start_paused = true)]
async fn no_value_and_no_token_is_in_the_journal_even_of_calls_that_never_arrived() {
    let (aws, root) = world();
    let arn = aws.create_secret("s", Some("hidden-0"), &[]);
    aws.add_fault(Fault::on("PutSecretValue", 2, FaultKind::RequestLost));
    for n in 1..=2 {
        let params = json!({
            "SecretId": arn, "SecretString": format!("hidden-{n}"), "RotationToken": "hidden-".repeat(6),
        });
        let call = journalled(&aws, &root, "secretsmanager", "PutSecretValue", params).await;
        assert_eq!(call.action, "secretsmanager:PutSecretValue");
        assert_eq!(call.resource, arn);
    }
    let journal = format!("{:?}", aws.journal());
    assert!(!journal.contains("hidden"), "{journal}");
}
