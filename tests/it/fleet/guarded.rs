//! Enrolled secrets without a resource policy, where the sweep is to close its users' secrets.

use serde_json::{Value, json};

use super::Fleet;
use crate::stage::ACCOUNT;

const ROLE: (&str, &str) = ("ROTATOR_ROTATION_ROLE_ARN", "arn:aws:iam::111122223333:role/rotation-function");
const CLOSED: [(&str, &str); 3] =
    [("ROTATOR_SCOPE", "all"), ("ROTATOR_SECRET_NAME", "{user}_credentials"), ROLE];

fn policy_puts(fleet: &Fleet) -> usize {
    fleet.sweep_calls().get("PutResourcePolicy").copied().unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn an_enrolled_secret_without_a_policy_gets_one_that_lets_the_user_read_it_and_shuts_out_nobody() {
    let fleet = Fleet::new(&CLOSED);
    let key = fleet.user("app", 90);
    let arn = fleet.holding_as("app_credentials", "app", &key);
    let answer = fleet.sweep().await;
    assert_eq!(answer["actions"], json!({"let-user-read": 1, "request-rotation": 1}), "{answer}");
    let policy: Value = serde_json::from_str(&fleet.sim.secret(&arn).policy.unwrap()).unwrap();
    let statements = policy["Statement"].as_array().unwrap();
    assert!(statements.iter().all(|statement| statement["Effect"] == "Allow"), "{policy}");
    let user = format!("arn:aws:iam::{ACCOUNT}:user/app");
    assert_eq!(statements[0]["Principal"]["AWS"], user.as_str());
    for _ in 0..20 {
        fleet.day().await;
    }
    assert_eq!(policy_puts(&fleet), 1);
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_there_is_is_never_replaced() {
    let fleet = Fleet::new(&CLOSED);
    let key = fleet.user("app", 90);
    let arn = fleet.holding_as("app_credentials", "app", &key);
    let own = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/app"},"Action":"secretsmanager:GetSecretValue","Resource":"*"}]}"#;
    fleet.sim.put_policy(&arn, own);
    for _ in 0..3 {
        fleet.day().await;
    }
    assert_eq!(fleet.sim.secret(&arn).policy.as_deref(), Some(own));
    assert_eq!(policy_puts(&fleet), 0);
}

#[tokio::test(start_paused = true)]
async fn no_policy_is_set_in_another_mode_on_another_secret_or_where_nobody_asked_for_it() {
    for (settings, name) in [
        (vec![("ROTATOR_MODE", "audit")], "app_credentials"),
        (vec![("ROTATOR_MODE", "retire")], "app_credentials"),
        (vec![("ROTATOR_SCOPE", "enrolled")], "app_credentials"),
        (vec![("ROTATOR_ROTATION_ROLE_ARN", "")], "app_credentials"),
        (vec![("ROTATOR_EXEMPT_USERS", "app")], "app_credentials"),
        (vec![], "other"),
    ] {
        let kept = CLOSED.into_iter().filter(|(name, _)| !settings.iter().any(|(set, _)| set == name));
        let fleet = Fleet::new(&kept.chain(settings.clone()).collect::<Vec<_>>());
        let key = fleet.user("app", 90);
        fleet.holding_as(name, "app", &key);
        fleet.sweep().await;
        assert_eq!(policy_puts(&fleet), 0, "{settings:?} {name}");
    }
}
