//! What is told in the end, of all accounts together.

use serde_json::{Value, json};

use super::super::{Fleet, MAILS};
use super::{MEMBER, OTHER};
use crate::stage::ACCOUNT;

fn swept(account: &str, actions: &Value) -> Value {
    json!({"account": account, "mode": "enforce", "outcome": "done", "marker": null,
        "users": {"total": 3, "in_scope": 3, "visited": 1, "overdue": 0},
        "actions": actions, "findings": {}, "failures": 0})
}

fn failed(account: &str, error: &str, message: &str) -> Value {
    let cause = json!({"errorType": error, "errorMessage": message}).to_string();
    json!({"account": account, "error": error, "cause": cause})
}

async fn conclude(fleet: &Fleet, results: Vec<Value>) -> Value {
    fleet.send(json!({"action": "conclude", "results": results})).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn all_failed_accounts_are_in_one_alert_and_all_accounts_in_one_mail() {
    let fleet = Fleet::new(&MAILS);
    let results = vec![
        swept(ACCOUNT, &json!({"request-rotation": 2, "delete": 1})),
        failed(MEMBER, "AccessDenied", "Access to sts:AssumeRole was denied."),
        failed(OTHER, "Sandbox.Timedout", "Task timed out after 900 seconds"),
    ];
    assert_eq!(conclude(&fleet, results).await, json!({"swept": 3, "failed": 2}));
    let alerts = fleet.sim.alerts();
    let [alert] = &alerts[..] else { panic!("{alerts:?}") };
    assert_eq!(alert.subject.as_deref(), Some("Key sweep: 2 of 3 accounts failed"));
    for fact in [MEMBER, OTHER, "sts:AssumeRole was denied", "Task timed out"] {
        assert!(alert.message.contains(fact), "{fact}: {}", alert.message);
    }
    let facts: Value = serde_json::from_str(&alert.message[alert.message.find("\n{\n").unwrap()..]).unwrap();
    assert_eq!(facts["failed"], json!([MEMBER, OTHER]));
    let mails = fleet.sim.mails();
    let [mail] = &mails[..] else { panic!("{mails:?}") };
    assert_eq!(mail.to, ["admin@example.com"]);
    for part in [mail.text.as_deref().unwrap(), mail.html.as_deref().unwrap()] {
        assert!(part.contains(ACCOUNT) && part.contains("3 actions, 0 findings"), "{part}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_that_left_users_out_is_a_failed_one() {
    let fleet = Fleet::new(&MAILS);
    let mut partly = swept(MEMBER, &json!({"request-rotation": 1}));
    partly["failures"] = json!(2);
    assert_eq!(conclude(&fleet, vec![partly]).await["failed"], 1);
    let alert = fleet.sim.alerts().remove(0);
    assert!(alert.message.contains("2 users were left out"), "{}", alert.message);
}

#[tokio::test(start_paused = true)]
async fn accounts_with_nothing_to_tell_are_told_to_nobody() {
    let fleet = Fleet::new(&MAILS);
    let quiet = vec![swept(ACCOUNT, &json!({})), swept(MEMBER, &json!({}))];
    assert_eq!(conclude(&fleet, quiet).await, json!({"swept": 2, "failed": 0}));
    assert!(fleet.sim.alerts().is_empty() && fleet.sim.mails().is_empty());
    // Without failures there is a summary, and nobody is woken.
    conclude(&fleet, vec![swept(ACCOUNT, &json!({"delete": 1}))]).await;
    assert_eq!((fleet.alerts().len(), fleet.mails("admin@example.com").len()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn hostile_text_in_a_cause_stays_text() {
    let fleet = Fleet::new(&MAILS);
    let hostile = "<script>alert(1)</script>\u{1b}[31m\r\nSubject: forged\n\nAll accounts are well.";
    let results = vec![
        failed(MEMBER, "Access\nDenied<b>", hostile),
        json!({"account": "1\n<img src=x>", "error": "E", "cause": hostile}),
        json!({"account": 12, "error": ["not", "a", "text"], "cause": {"a": hostile}}),
        json!("no object at all"),
    ];
    assert_eq!(conclude(&fleet, results).await, json!({"swept": 4, "failed": 4}));
    let (alert, mail) = (fleet.sim.alerts().remove(0), fleet.sim.mails().remove(0));
    let html = mail.html.unwrap();
    assert!(!html.contains("<script>") && !html.contains("<img") && !html.contains("<b>"), "{html}");
    for text in [alert.message.as_str(), mail.text.as_deref().unwrap(), &html] {
        assert!(!text.contains('\u{1b}') && !text.contains('\r'), "{text:?}");
        assert!(!text.lines().any(|line| line.trim_start().starts_with("Subject: forged")), "{text}");
        assert!(!text.lines().any(|line| line.trim() == "All accounts are well."), "{text}");
    }
    assert!(alert.subject.unwrap().is_ascii() && !mail.subject.contains('\n'));
}

#[tokio::test(start_paused = true)]
async fn a_summary_that_cannot_be_sent_does_not_fail_the_conclusion() {
    let fleet = Fleet::new(&[("ROTATOR_ALERT_TOPIC_ARN", "arn:aws:sns:eu-west-1:111122223333:gone")]);
    let answer = conclude(&fleet, vec![failed(MEMBER, "AccessDenied", "no")]).await;
    assert_eq!(answer, json!({"swept": 1, "failed": 1}));
}

#[tokio::test(start_paused = true)]
async fn the_same_of_every_hour_is_told_once_and_a_failure_once_a_day() {
    let fleet = Fleet::new(&[]);
    let known = json!({"account": MEMBER, "failures": 0, "actions": {}, "findings": {"UnknownKey": 2}});
    for _ in 0..48 {
        conclude(&fleet, vec![known.clone()]).await;
        fleet.sim.advance(crate::stage::hours(1));
    }
    assert_eq!(fleet.alerts().len(), 1, "{:?}", fleet.alerts());
    for _ in 0..48 {
        conclude(&fleet, vec![failed(MEMBER, "AccessDenied", "no")]).await;
        fleet.sim.advance(crate::stage::hours(1));
    }
    assert!((3..=4).contains(&fleet.alerts().len()), "{:?}", fleet.alerts());
    // What was done is told whenever it was done.
    let before = fleet.alerts().len();
    for _ in 0..2 {
        conclude(&fleet, vec![swept(MEMBER, &json!({"deactivate": 1}))]).await;
    }
    assert_eq!(fleet.alerts().len(), before + 2);
}
