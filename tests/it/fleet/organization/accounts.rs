//! The `accounts` event: which accounts the state machine is to have swept.

use serde_json::{Value, json};
use simulator::{AccountFields, FunctionError, Options};

use super::super::{Fleet, SWEEP};
use crate::stage::ACCOUNT;

/// An account that manages an organization, with pages of two.
fn managing() -> (Fleet, String) {
    let fleet = Fleet::with(Options::default(), &[]);
    fleet.sim.create_organization(ACCOUNT);
    let root = fleet.sim.root_id();
    (fleet, root)
}

fn number(nth: usize) -> String {
    format!("{:012}", 200_000_000_000 + nth)
}

fn add(fleet: &Fleet, nth: usize, parent: &str) {
    fleet.sim.add_account(&number(nth), &format!("n{nth}"), &format!("o{nth}@example.com"), parent);
}

/// Every page of accounts that the event is answered with, as numbers.
async fn pages(fleet: &Fleet, mut event: Value) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    event["action"] = json!("accounts");
    loop {
        let answer = fleet.sim.invoke(SWEEP, event.clone()).await.unwrap();
        let accounts = answer["accounts"].as_array().unwrap().iter();
        pages.push(accounts.map(|account| account["account"].as_str().unwrap().to_owned()).collect());
        event["marker"] = answer["marker"].clone();
        if event["marker"].is_null() {
            return pages;
        }
        assert!(pages.len() < 100, "it never ends");
    }
}

async fn named(fleet: &Fleet, event: Value) -> Vec<String> {
    let mut accounts = pages(fleet, event).await.concat();
    accounts.sort();
    accounts
}

#[tokio::test(start_paused = true)]
async fn every_active_account_is_named_with_its_name_and_owner_and_no_suspended_one() {
    let (fleet, root) = managing();
    for nth in 0..5 {
        add(&fleet, nth, &root);
    }
    fleet.sim.set_account_state(&number(1), "SUSPENDED");
    fleet.sim.set_account_state(&number(2), "PENDING_CLOSURE");
    let expected = [ACCOUNT.to_owned(), number(0), number(3), number(4)];
    assert_eq!(named(&fleet, json!({})).await, expected);
    let answer = fleet.sim.invoke(SWEEP, json!({"action": "accounts", "marker": null})).await.unwrap();
    let third = json!({"account": number(3), "name": "n3", "email": "o3@example.com"});
    assert!(answer["accounts"].as_array().unwrap().contains(&third), "{answer}");
}

/// The error that the event fails with, of which the topic is told.
async fn refused(fleet: &Fleet, mut event: Value) -> FunctionError {
    event["action"] = json!("accounts");
    let told = fleet.alerts().len();
    let error = fleet.sim.invoke(SWEEP, event).await.unwrap_err();
    assert_eq!(fleet.alerts()[told..], [format!("Key sweep failed: {}", error.error_type)]);
    error
}

#[tokio::test(start_paused = true)]
async fn only_the_active_of_the_five_states_is_swept_by_whichever_field_shows_it() {
    for fields in [AccountFields::State, AccountFields::Status, AccountFields::Both] {
        let (fleet, root) = managing();
        fleet.sim.update(|options| options.account_fields = fields);
        let states = ["PENDING_ACTIVATION", "ACTIVE", "SUSPENDED", "PENDING_CLOSURE", "CLOSED"];
        for (nth, state) in states.into_iter().enumerate() {
            add(&fleet, nth, &root);
            fleet.sim.set_account_state(&number(nth), state);
        }
        assert_eq!(named(&fleet, json!({})).await, [ACCOUNT.to_owned(), number(1)], "{fields:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_with_neither_state_nor_status_fails_the_list_and_is_named() {
    let (fleet, _) = managing();
    fleet.sim.update(|options| options.account_fields = AccountFields::Neither);
    let error = refused(&fleet, json!({})).await;
    assert_eq!(error.error_type, "ServiceUnavailable", "{}", error.message);
    for fact in [ACCOUNT, "State", "Status", "organizations:ListAccounts"] {
        assert!(error.message.contains(fact), "{fact}: {}", error.message);
    }
    assert!(fleet.sim.alerts()[0].message.contains(ACCOUNT));
}

#[tokio::test(start_paused = true)]
async fn an_organization_without_an_active_account_is_an_error_and_no_success() {
    let (fleet, root) = managing();
    let unit = fleet.sim.add_organizational_unit(&root, "closing");
    let empty = fleet.sim.add_organizational_unit(&root, "empty");
    add(&fleet, 0, &unit);
    add(&fleet, 1, &unit);
    fleet.sim.set_account_state(&number(0), "SUSPENDED");
    fleet.sim.set_account_state(&number(1), "CLOSED");
    fleet.sim.set_account_state(ACCOUNT, "SUSPENDED");
    let list = json!({"accounts": [number(0), "999999999999"]});
    for (event, facts) in [
        (json!({}), vec!["organization", "3 accounts", "2 SUSPENDED", "1 CLOSED"]),
        (json!({"unit": unit}), vec![unit.as_str(), "2 accounts", "1 SUSPENDED", "1 CLOSED"]),
        (json!({"unit": empty}), vec![empty.as_str(), "no accounts"]),
        (list, vec!["1 account", "1 SUSPENDED", "999999999999"]),
    ] {
        let error = refused(&fleet, event).await;
        assert_eq!(error.error_type, "InvalidConfig", "{}", error.message);
        for fact in facts.into_iter().chain(["aws organizations list-accounts"]) {
            assert!(error.message.contains(fact), "{fact}: {}", error.message);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_unit_brings_the_units_beneath_it_and_no_others() {
    let (fleet, root) = managing();
    let unit = fleet.sim.add_organizational_unit(&root, "workloads");
    let inner = fleet.sim.add_organizational_unit(&unit, "test");
    let innermost = fleet.sim.add_organizational_unit(&inner, "europe");
    let empty = fleet.sim.add_organizational_unit(&unit, "empty");
    let beside = fleet.sim.add_organizational_unit(&root, "security");
    for (nth, parent) in
        [&root, &unit, &unit, &unit, &inner, &innermost, &innermost, &beside].iter().enumerate()
    {
        add(&fleet, nth, parent);
    }
    fleet.sim.set_account_state(&number(6), "SUSPENDED");
    assert_eq!(named(&fleet, json!({"unit": unit})).await, [1, 2, 3, 4, 5].map(number));
    assert_eq!(named(&fleet, json!({"unit": innermost})).await, [number(5)]);
    assert!(refused(&fleet, json!({"unit": empty})).await.message.contains(&empty));
    // The root is a unit like others.
    assert_eq!(named(&fleet, json!({"unit": root})).await.len(), 8);
}

#[tokio::test(start_paused = true)]
async fn a_list_is_held_against_the_organization() {
    let (fleet, root) = managing();
    for nth in 0..4 {
        add(&fleet, nth, &root);
    }
    fleet.sim.set_account_state(&number(2), "SUSPENDED");
    let list = json!({"accounts": [number(1), number(2), number(3), "999999999999"]});
    assert_eq!(named(&fleet, list.clone()).await, [1, 3].map(number));
    // A misspelt number is no wish that nobody hears.
    let event = json!({"action": "accounts", "accounts": list["accounts"]});
    let answer = fleet.sim.invoke(SWEEP, event).await.unwrap();
    assert_eq!(answer["unknown"], json!(["999999999999"]));
    let log = fleet.stage.log.text();
    let warnings: Vec<&str> = log.lines().filter(|line| line.contains("\"WARN\"")).collect();
    assert!(warnings.iter().any(|line| line.contains("999999999999")), "{warnings:?}");
}

#[tokio::test(start_paused = true)]
async fn a_large_organization_comes_in_pages_that_name_each_account_once() {
    for nested in [false, true] {
        let (fleet, root) = managing();
        fleet.sim.update(|options| options.page_size = 20);
        let unit = fleet.sim.add_organizational_unit(&root, "all");
        let mut parent = if nested { unit.clone() } else { root };
        for nth in 0..1100 {
            if nested && nth % 150 == 0 {
                parent = fleet.sim.add_organizational_unit(&parent, &format!("u{nth}"));
            }
            add(&fleet, nth, &parent);
        }
        let event = if nested { json!({"unit": unit}) } else { json!({}) };
        let pages = pages(&fleet, event).await;
        assert!(pages.len() >= 3 && pages.iter().all(|page| page.len() <= 500), "{}", pages.len());
        let mut all = pages.concat();
        all.retain(|account| account != ACCOUNT);
        let listed = all.len();
        all.sort();
        all.dedup();
        assert_eq!((listed, all.len()), (1100, 1100), "nested: {nested}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_marker_or_no_unit_ends_in_an_error_that_says_so() {
    let (fleet, _) = managing();
    for marker in ["page-2", "{}", "[]", "{\"units\":1}"] {
        let event = json!({"action": "accounts", "marker": marker});
        let error = fleet.sim.invoke(SWEEP, event).await.unwrap_err();
        assert_eq!(error.error_type, "InvalidEvent", "{marker}");
        assert!(error.message.contains("`marker`"), "{}", error.message);
    }
    let event = json!({"action": "accounts", "unit": "ou-none-11111111"});
    let error = fleet.sim.invoke(SWEEP, event).await.unwrap_err();
    assert!(error.message.contains("ParentNotFoundException"), "{}", error.message);
}

#[tokio::test(start_paused = true)]
async fn only_the_management_account_and_a_delegated_administrator_see_the_organization() {
    let fleet = Fleet::with(Options::default(), &[]);
    let manager = number(7);
    fleet.sim.create_organization(&manager);
    let root = fleet.sim.root_id();
    fleet.sim.add_account(ACCOUNT, "security", "security@example.com", &root);
    let error = fleet.sim.invoke(SWEEP, json!({"action": "accounts"})).await.unwrap_err();
    assert_eq!(error.error_type, "AccessDenied");
    assert!(error.message.contains("organizations:ListAccounts"), "{}", error.message);
    fleet.sim.register_delegated_administrator(ACCOUNT);
    assert_eq!(named(&fleet, json!({})).await, [ACCOUNT.to_owned(), manager]);
}
