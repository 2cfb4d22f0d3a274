//! SDK clients in front of the in-process connector.

use aws_credential_types::Credentials;
use aws_sdk_secretsmanager::config::retry::RetryConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use simulator::{Fault, FaultKind, KeyPair, Simulator};

use crate::{ACCOUNT, world};

pub(crate) fn config(simulator: &Simulator, pair: &KeyPair) -> SdkConfig {
    let credentials = Credentials::new(
        &pair.access_key_id,
        &pair.secret_access_key,
        pair.session_token.clone(),
        None,
        "test",
    );
    SdkConfig::builder()
        .behavior_version(aws_sdk_iam::config::BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .http_client(simulator.http_client())
        .time_source(simulator.time_source())
        .sleep_impl(aws_smithy_async::rt::sleep::SharedAsyncSleep::new(
            aws_smithy_async::rt::sleep::TokioSleep::new(),
        ))
        .retry_config(RetryConfig::standard())
        .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(credentials))
        .build()
}

#[tokio::test(start_paused = true)]
async fn sdk_clients_page_through_users_and_secrets() {
    let (aws, root) = world();
    for n in 0..5 {
        aws.create_user(ACCOUNT, &format!("user-{n}"));
        aws.create_secret(&format!("secret-{n}"), Some("{}"), &[("n", "v")]);
    }
    let config = config(&aws, &root);
    let iam = aws_sdk_iam::Client::new(&config);
    let users: Vec<_> =
        iam.list_users().into_paginator().items().send().collect::<Result<_, _>>().await.unwrap();
    assert_eq!(users.len(), 5);
    let secrets = aws_sdk_secretsmanager::Client::new(&config);
    let mut pages = secrets.list_secrets().into_paginator().send();
    let mut sizes = Vec::new();
    while let Some(page) = pages.next().await {
        sizes.push(page.unwrap().secret_list().len());
    }
    assert_eq!(sizes, [2, 2, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_role_session_may_do_everything_in_its_account() {
    let (aws, _) = world();
    let session = aws.role_session(ACCOUNT, "rotator");
    let config = config(&aws, &session);
    let identity = aws_sdk_sts::Client::new(&config).get_caller_identity().send().await.unwrap();
    assert_eq!(identity.arn(), Some("arn:aws:sts::111122223333:assumed-role/rotator/simulator-session"));
    aws_sdk_iam::Client::new(&config).create_user().user_name("alice").send().await.unwrap();
    assert_eq!(aws.journal()[1].caller, identity.arn().unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_wrong_by_more_than_five_minutes_is_a_signature_that_does_not_match() {
    for (seconds, words) in [
        (
            -600,
            Some(
                "Signature expired: 20251231T235000Z is now earlier than 20251231T235500Z (20260101T000000Z - 5 min.)",
            ),
        ),
        (
            600,
            Some(
                "Signature not yet current: 20260101T001000Z is still later than 20260101T000500Z (20260101T000000Z + 5 min.)",
            ),
        ),
        (240, None),
    ] {
        let (aws, root) = world();
        let skewed = config(&aws, &root).into_builder().time_source(aws.skewed_time_source(seconds)).build();
        let config = skewed.to_builder().retry_config(RetryConfig::disabled()).build();
        let answer = aws_sdk_sts::Client::new(&config).get_caller_identity().send().await;
        let refused = answer.err().map(aws_sdk_sts::error::SdkError::into_service_error);
        let told = refused.as_ref().map(|error| (error.meta().code(), error.meta().message()));
        assert_eq!(told, words.map(|words| (Some("SignatureDoesNotMatch"), Some(words))));
        let corrected = aws_sdk_sts::Client::new(&skewed).get_caller_identity().send().await;
        assert!(corrected.is_ok(), "the SDK's retry signs by our Date");
    }
}

#[tokio::test(start_paused = true)]
async fn a_region_that_is_not_enabled_knows_no_key() {
    let (aws, root) = world();
    let asked = async |region: &'static str| {
        let config = config(&aws, &root).into_builder().region(Region::new(region)).build();
        let answer = aws_sdk_sts::Client::new(&config).get_caller_identity().send().await;
        answer.err().and_then(|error| error.into_service_error().meta().code().map(str::to_owned))
    };
    assert_eq!(asked("eu-central-1").await, None);
    assert_eq!(asked("me-south-1").await.as_deref(), Some("InvalidClientTokenId"));
    aws.update(|options| assert!(options.disabled_regions.remove("me-south-1")));
    assert_eq!(asked("me-south-1").await, None);
}

#[tokio::test(start_paused = true)]
async fn the_sdks_own_retry_makes_a_second_key_when_the_first_response_is_lost() {
    let (aws, root) = world();
    aws.create_user(ACCOUNT, "alice");
    aws.add_fault(Fault::on("CreateAccessKey", 1, FaultKind::ResponseLost));
    let iam = aws_sdk_iam::Client::new(&config(&aws, &root));
    iam.create_access_key().user_name("alice").send().await.unwrap();
    assert_eq!(aws.keys(ACCOUNT, "alice").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn throttled_and_failed_calls_are_retried_by_the_sdk_without_effect() {
    let (aws, root) = world();
    aws.add_fault(Fault::on("CreateSecret", 1, FaultKind::Throttle));
    aws.add_fault(Fault::on("CreateSecret", 2, FaultKind::Error5xx));
    let secrets = aws_sdk_secretsmanager::Client::new(&config(&aws, &root));
    secrets.create_secret().name("s").secret_string("v").send().await.unwrap();
    let outcomes: Vec<String> = aws.journal().iter().map(|call| format!("{:?}", call.outcome)).collect();
    assert_eq!(outcomes, ["Error(\"ThrottlingException\")", "Error(\"InternalServiceError\")", "Ok"]);
}

#[tokio::test(start_paused = true)]
async fn modelled_errors_arrive_as_such() {
    let (aws, root) = world();
    aws.create_user(ACCOUNT, "alice");
    let config = config(&aws, &root);
    let iam = aws_sdk_iam::Client::new(&config);
    for _ in 0..2 {
        iam.create_access_key().user_name("alice").send().await.unwrap();
    }
    let third = iam.create_access_key().user_name("alice").send().await.unwrap_err().into_service_error();
    assert!(third.is_limit_exceeded_exception(), "{third:?}");
    let secrets = aws_sdk_secretsmanager::Client::new(&config);
    let missing = secrets.get_secret_value().secret_id("x").send().await.unwrap_err().into_service_error();
    assert!(missing.is_resource_not_found_exception(), "{missing:?}");
}

#[tokio::test(start_paused = true)]
async fn an_sdk_client_keeps_working_after_the_clock_was_advanced() {
    let (aws, root) = world();
    let sts = aws_sdk_sts::Client::new(&config(&aws, &root));
    for _ in 0..3 {
        sts.get_caller_identity().send().await.unwrap();
        aws.advance(std::time::Duration::from_secs(40 * 86_400));
    }
    assert_eq!(aws.journal().len(), 3);
}
