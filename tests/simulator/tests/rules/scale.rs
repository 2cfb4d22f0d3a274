//! Thousands of users and secrets, and years.

use std::time::{Duration, Instant};

use serde_json::Value;
use serde_json::json;
use simulator::{KeyPair, Options, Simulator};

use crate::sdk::config;
use crate::{ACCOUNT, FUNCTION, with_options};

/// Far more than it takes, far less than what is quadratic takes.
const PATIENCE: Duration = Duration::from_secs(5);

fn large_world() -> (Simulator, KeyPair) {
    let (aws, root) = with_options(Options { page_size: 100, ..Options::default() });
    aws.create_group(ACCOUNT, "robots");
    for n in 0..5_000 {
        let name = format!("user-{n:04}");
        aws.create_user(ACCOUNT, &name);
        aws.create_access_key(ACCOUNT, &name);
        aws.add_to_group(ACCOUNT, "robots", &name);
        aws.create_secret(&name, Some("{}"), &[("user", &name), ("team", "robots")]);
    }
    (aws, root)
}

#[tokio::test(start_paused = true)]
async fn five_thousand_users_and_secrets_are_listed_in_little_time() {
    let began = Instant::now();
    let (aws, root) = large_world();
    assert!(began.elapsed() < PATIENCE, "set up in {:?}", began.elapsed());
    let config = config(&aws, &root);
    let iam = aws_sdk_iam::Client::new(&config);
    let users: Vec<_> =
        iam.list_users().into_paginator().items().send().collect::<Result<_, _>>().await.unwrap();
    assert_eq!(users.len(), 5_000);
    let mut pages = iam.get_group().group_name("robots").into_paginator().send();
    let mut members = 0;
    while let Some(page) = pages.next().await {
        members += page.unwrap().users().len();
    }
    assert_eq!(members, 5_000);
    let secrets = aws_sdk_secretsmanager::Client::new(&config);
    let mut pages = secrets.list_secrets().into_paginator().send();
    let mut listed = 0;
    while let Some(page) = pages.next().await {
        listed += page.unwrap().secret_list().len();
    }
    assert_eq!(listed, 5_000);
    aws.call_as(&root, "iam", "GenerateCredentialReport", json!({})).await.unwrap();
    aws.call_as(&root, "iam", "GetCredentialReport", json!({})).await.unwrap();
    assert!(began.elapsed() < 2 * PATIENCE, "all of it in {:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn hundreds_of_due_secrets_are_rotated_one_after_the_other() {
    let began = Instant::now();
    let (aws, _) = with_options(Options { page_size: 100, ..Options::default() });
    let inside = aws.clone();
    aws.add_function(FUNCTION, move |event, _| {
        let (arn, token) =
            (event["SecretId"].as_str().unwrap(), event["ClientRequestToken"].as_str().unwrap());
        if event["Step"] == "finishSecret" {
            inside.set_label(arn, token, "AWSCURRENT");
        }
        Box::pin(async { Ok(Value::Null) })
    });
    for n in 0..300 {
        let arn = aws.create_secret(&format!("s-{n}"), Some("v"), &[]);
        aws.set_rotation(&arn, FUNCTION);
        aws.set_rotation_days(&arn, 30);
    }
    for _ in 0..3 {
        aws.advance(Duration::from_secs(30 * 86_400));
        let reports = aws.run_due_rotations().await;
        assert_eq!(reports.iter().filter(|report| report.succeeded).count(), 300);
    }
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn three_years_of_daily_use_end_in_little_time() {
    let began = Instant::now();
    let (aws, _) = with_options(Options { list_lag: Duration::from_secs(300), ..Options::default() });
    let mut keys = Vec::new();
    for n in 0..300 {
        let name = format!("user-{n}");
        aws.create_user(ACCOUNT, &name);
        keys.push(aws.create_access_key(ACCOUNT, &name));
    }
    for day in 0..3 * 365 {
        aws.advance(Duration::from_secs(86_400));
        for (n, pair) in keys.iter_mut().enumerate() {
            aws.use_key(&pair.access_key_id, "s3", "eu-west-1");
            if (day + n) % 90 == 0 {
                aws.delete_access_key(&pair.access_key_id);
                *pair = aws.create_access_key(ACCOUNT, &format!("user-{n}"));
            }
        }
    }
    assert!(began.elapsed() < 2 * PATIENCE, "{:?}", began.elapsed());
}
