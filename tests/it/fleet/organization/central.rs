//! Secrets of other accounts' users in the sweep's own account.

use serde_json::json;

use super::{MEMBER, OTHER, Organization};
use crate::stage::{ACCOUNT, days};

const CENTRAL: [(&str, &str); 2] =
    [("ROTATOR_SECRETS_IN", "central"), ("ROTATOR_SECRET_NAME", "Account_{account}_User_{user}_AccessKey")];

fn name_of(account: &str, user: &str) -> String {
    format!("Account_{account}_User_{user}_AccessKey")
}

#[tokio::test(start_paused = true)]
async fn secrets_of_all_accounts_lie_here_and_keys_are_made_through_each_members_role() {
    let organization = Organization::new(&CENTRAL);
    let accounts = [ACCOUNT, MEMBER, OTHER];
    let old = accounts.map(|account| organization.user(account, "ci", 100));
    for account in accounts {
        let answer = organization.swept(account).await;
        assert_eq!(answer["actions"], json!({"enroll": 1, "request-rotation": 1}), "{answer}");
    }
    // Rotations of secrets that lie here are under way until they are waited for.
    organization.fleet.settle().await;
    for (account, old) in accounts.iter().zip(old) {
        let new = organization.working_key(ACCOUNT, &name_of(account, "ci"));
        assert_eq!(organization.keys(account, "ci"), [(old, true), (new, true)], "{account}");
    }
    assert!(organization.secrets(MEMBER).is_empty() && organization.secrets(OTHER).is_empty());
    let tags: Vec<String> = organization
        .secrets(ACCOUNT)
        .iter()
        .map(|arn| organization.sim.secret(arn).tags["iam-key-rotator:user"].clone())
        .collect();
    assert_eq!(tags, ["ci", "arn:aws:iam::444455556666:user/ci", "arn:aws:iam::555566667777:user/ci"]);
}

#[tokio::test(start_paused = true)]
async fn they_lie_here_unless_a_setting_says_otherwise() {
    let organization =
        Organization::new(&[("ROTATOR_SECRETS_IN", ""), ("ROTATOR_SECRET_NAME", "{account}-{user}")]);
    organization.user(MEMBER, "ci", 100);
    organization.swept(MEMBER).await;
    organization.fleet.settle().await;
    organization.working_key(ACCOUNT, &format!("{MEMBER}-ci"));
    assert!(organization.secrets(MEMBER).is_empty());
}

#[tokio::test(start_paused = true)]
async fn each_account_is_swept_for_its_own_users_and_retires_its_own_keys() {
    let organization = Organization::new(&CENTRAL);
    for account in [ACCOUNT, MEMBER] {
        organization.user(account, "ci", 100);
        organization.swept(account).await;
    }
    organization.fleet.settle().await;
    organization.sim.advance(days(2));
    organization.swept(MEMBER).await;
    let active = |account| organization.keys(account, "ci").iter().filter(|(_, active)| *active).count();
    assert_eq!((active(ACCOUNT), active(MEMBER)), (2, 1));
    let answer = organization.swept(ACCOUNT).await;
    assert_eq!(answer["users"]["in_scope"], 1, "{answer}");
    assert_eq!((active(ACCOUNT), active(MEMBER)), (1, 1));
    organization.sim.advance(days(8));
    organization.swept(MEMBER).await;
    assert_eq!((organization.keys(ACCOUNT, "ci").len(), organization.keys(MEMBER, "ci").len()), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn a_name_without_the_account_is_taken_once_and_the_second_user_is_a_finding() {
    let organization =
        Organization::new(&[("ROTATOR_SECRETS_IN", "central"), ("ROTATOR_SECRET_NAME", "iam-key/{user}")]);
    organization.user(MEMBER, "ci", 100);
    let second = organization.user(OTHER, "ci", 100);
    organization.swept(MEMBER).await;
    organization.fleet.settle().await;
    let first = organization.working_key(ACCOUNT, "ci");
    let answer = organization.swept(OTHER).await;
    assert_eq!((&answer["actions"], &answer["findings"]["NameTaken"]), (&json!({}), &json!(1)), "{answer}");
    assert_eq!(organization.working_key(ACCOUNT, "ci"), first);
    assert_eq!(organization.keys(OTHER, "ci"), [(second, true)]);
}

#[tokio::test(start_paused = true)]
async fn one_user_of_a_member_can_be_forced() {
    let organization = Organization::new(&CENTRAL);
    organization.user(MEMBER, "ci", 10);
    organization.user(MEMBER, "shop", 100);
    let event = json!({"account": MEMBER, "name": "build", "email": "o@example.com", "ForceRotate": "ci"});
    let answer = organization.fleet.send(event.clone()).await.unwrap();
    assert_eq!(answer["actions"], json!({"enroll": 1, "request-rotation": 1}), "{answer}");
    let new = organization.working_key(ACCOUNT, &name_of(MEMBER, "ci"));
    assert_eq!(organization.keys(MEMBER, "shop").len(), 1, "the others have their own time");
    let again = organization.fleet.send(event).await.unwrap();
    assert_eq!(again["actions"], json!({}), "{again}");
    assert_eq!(organization.working_key(ACCOUNT, &name_of(MEMBER, "ci")), new);
}
