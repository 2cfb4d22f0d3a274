//! The credential report.

use std::time::Duration;

use base64::Engine;
use serde_json::{Value, json};
use simulator::{KeyPair, Options, ReportKeyOrder, Simulator};

use crate::{ACCOUNT, code, element, with_options, world};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

async fn generate(aws: &Simulator, root: &KeyPair) -> String {
    let answer = aws.call_as(root, "iam", "GenerateCredentialReport", json!({})).await.unwrap();
    element(&answer, "State").to_owned()
}

async fn get(aws: &Simulator, root: &KeyPair) -> Result<String, String> {
    let answer = aws.call_as(root, "iam", "GetCredentialReport", json!({})).await;
    let answer: Value = match answer {
        Ok(answer) => answer,
        refused => return Err(code(refused)),
    };
    assert_eq!(element(&answer, "ReportFormat"), "text/csv");
    let content = base64::engine::general_purpose::STANDARD.decode(element(&answer, "Content")).unwrap();
    Ok(String::from_utf8(content).unwrap())
}

/// The row of a user, column by column.
async fn row(aws: &Simulator, root: &KeyPair, user: &str) -> Vec<String> {
    generate(aws, root).await;
    let report = get(aws, root).await.unwrap();
    let found = report.lines().find(|line| line.starts_with(&format!("{user},"))).unwrap();
    found.split(',').map(str::to_owned).collect()
}

#[tokio::test(start_paused = true)]
async fn a_report_has_awss_22_columns_root_first_and_a_row_for_each_user() {
    let (aws, root) = world();
    aws.create_user(ACCOUNT, "bob");
    aws.create_user(ACCOUNT, "Alice");
    aws.create_login_profile(ACCOUNT, "bob");
    assert_eq!(get(&aws, &root).await.unwrap_err(), "ReportNotPresent");
    assert_eq!(generate(&aws, &root).await, "STARTED");
    assert_eq!(generate(&aws, &root).await, "COMPLETE");
    let report = get(&aws, &root).await.unwrap();
    let lines: Vec<&str> = report.lines().collect();
    assert_eq!(
        lines[0],
        "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,\
         password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,\
         access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,\
         access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,\
         access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,\
         cert_1_last_rotated,cert_2_active,cert_2_last_rotated"
    );
    assert!(lines.iter().all(|line| line.split(',').count() == 22));
    assert!(lines[1].starts_with("<root_account>,arn:aws:iam::111122223333:root,"));
    assert!(lines[1].contains(",not_supported,no_information,not_supported,not_supported,"));
    assert_eq!(
        lines[2],
        "Alice,arn:aws:iam::111122223333:user/Alice,2026-01-01T00:00:00+00:00,false,N/A,N/A,N/A,\
         false,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A"
    );
    assert!(lines[3].starts_with("bob,"));
    assert!(lines[3].contains(",true,no_information,2026-01-01T00:00:00+00:00,N/A,"));
    assert_eq!(lines.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_report_is_kept_for_four_hours_and_expires_then() {
    let (aws, root) = world();
    generate(&aws, &root).await;
    aws.create_user(ACCOUNT, "late");
    aws.advance(4 * HOUR);
    assert_eq!(generate(&aws, &root).await, "COMPLETE");
    assert!(!get(&aws, &root).await.unwrap().contains("late"));
    aws.advance(Duration::from_secs(1));
    assert_eq!(get(&aws, &root).await.unwrap_err(), "ReportExpired");
    assert_eq!(generate(&aws, &root).await, "STARTED");
    assert!(get(&aws, &root).await.unwrap().contains("late"));
}

#[tokio::test(start_paused = true)]
async fn a_report_that_takes_its_time_is_in_progress_meanwhile() {
    let (aws, root) = with_options(Options { report_takes: HOUR, ..Options::default() });
    assert_eq!(generate(&aws, &root).await, "STARTED");
    assert_eq!(generate(&aws, &root).await, "INPROGRESS");
    assert_eq!(get(&aws, &root).await.unwrap_err(), "ReportInProgress");
    aws.advance(HOUR);
    assert_eq!(generate(&aws, &root).await, "COMPLETE");
    assert!(get(&aws, &root).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn last_rotated_is_when_a_key_was_made_or_its_status_changed_and_uses_are_late() {
    let (aws, root) = world();
    aws.create_user(ACCOUNT, "alice");
    let older = aws.create_access_key(ACCOUNT, "alice");
    aws.advance(DAY);
    let newer = aws.create_access_key(ACCOUNT, "alice");
    aws.advance(DAY);
    aws.set_key_status(&older.access_key_id, false);
    aws.use_key(&newer.access_key_id, "s3", "eu-west-1");
    let columns = row(&aws, &root, "alice").await;
    assert_eq!(columns[8..13], ["false", "2026-01-03T00:00:00+00:00", "N/A", "N/A", "N/A"]);
    assert_eq!(columns[13..18], ["true", "2026-01-02T00:00:00+00:00", "N/A", "N/A", "N/A"]);
    aws.advance(5 * HOUR);
    aws.update(|options| options.report_dates_inactive_keys = false);
    let columns = row(&aws, &root, "alice").await;
    assert_eq!(columns[8..10], ["false", "N/A"]);
    assert_eq!(columns[15..18], ["2026-01-03T00:00:00+00:00", "eu-west-1", "s3"]);
}

#[tokio::test(start_paused = true)]
async fn which_key_is_the_first_is_a_switch() {
    for order in [ReportKeyOrder::OldestFirst, ReportKeyOrder::PlaceKept] {
        let (aws, root) =
            with_options(Options { report_key_order: order, report_dates_in_z: true, ..Options::default() });
        aws.create_user(ACCOUNT, "alice");
        let first = aws.create_access_key(ACCOUNT, "alice");
        aws.advance(DAY);
        aws.create_access_key(ACCOUNT, "alice");
        aws.delete_access_key(&first.access_key_id);
        aws.advance(DAY);
        aws.create_access_key(ACCOUNT, "alice");
        let columns = row(&aws, &root, "alice").await;
        let dates = ["2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"];
        let kept = order == ReportKeyOrder::PlaceKept;
        assert_eq!(columns[9], dates[usize::from(kept)]);
        assert_eq!(columns[14], dates[usize::from(!kept)]);
    }
}
