//! Organizations.

use serde_json::{Value, json};
use simulator::{AccountFields, KeyPair, Options, Simulator};

use crate::{ACCOUNT, code, with_options, world};

const MEMBER: &str = "222233334444";

fn organization() -> (Simulator, KeyPair) {
    let (aws, root) = world();
    aws.create_organization(ACCOUNT);
    let unit = aws.add_organizational_unit(&aws.root_id(), "workloads");
    aws.add_account(MEMBER, "one", "one@example.com", &unit);
    for n in 1..=4 {
        let account = format!("{n:012}");
        aws.add_account(&account, &format!("account {n}"), &format!("{n}@example.com"), &unit);
    }
    aws.set_account_state("000000000004", "SUSPENDED");
    (aws, root)
}

/// Every page of a list, as long as there is a token.
async fn pages(aws: &Simulator, pair: &KeyPair, operation: &str, mut params: Value) -> Vec<Value> {
    let mut pages = Vec::new();
    loop {
        let page = aws.call_as(pair, "organizations", operation, params.clone()).await.unwrap();
        params["NextToken"] = page["NextToken"].clone();
        let last = page["NextToken"].is_null();
        pages.push(page);
        if last {
            return pages;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_page_is_empty_and_still_has_a_token() {
    let (aws, root) = organization();
    let listed = pages(&aws, &root, "ListAccounts", json!({})).await;
    let sizes: Vec<_> = listed.iter().map(|page| page["Accounts"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [0, 2, 2, 2]);
    aws.update(|options| options.empty_pages = false);
    assert_eq!(pages(&aws, &root, "ListAccounts", json!({})).await.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_account_shows_its_name_email_arn_and_state_and_no_status() {
    let (aws, root) = organization();
    let listed = pages(&aws, &root, "ListAccounts", json!({})).await;
    let accounts: Vec<&Value> = listed.iter().flat_map(|page| page["Accounts"].as_array().unwrap()).collect();
    let one = accounts.iter().find(|account| account["Id"] == MEMBER).unwrap();
    assert_eq!(one["Name"], "one");
    assert_eq!(one["Email"], "one@example.com");
    assert_eq!((&one["State"], &one["Status"]), (&json!("ACTIVE"), &Value::Null));
    let arn = one["Arn"].as_str().unwrap();
    assert!(arn.starts_with("arn:aws:organizations::111122223333:account/o-"), "{arn}");
    assert!(arn.ends_with("/222233334444"));
    assert_eq!(accounts.last().unwrap()["State"], "SUSPENDED");
}

#[tokio::test(start_paused = true)]
async fn an_account_has_one_of_five_states_and_a_switch_brings_back_its_status() {
    let (aws, root) = organization();
    let states = ["PENDING_ACTIVATION", "ACTIVE", "SUSPENDED", "PENDING_CLOSURE", "CLOSED"];
    let statuses = ["SUSPENDED", "ACTIVE", "SUSPENDED", "PENDING_CLOSURE", "SUSPENDED"];
    for (state, status) in states.into_iter().zip(statuses) {
        aws.set_account_state(MEMBER, state);
        let shown = async |fields| {
            aws.update(|options| options.account_fields = fields);
            let listed = pages(&aws, &root, "ListAccounts", json!({})).await;
            let mut accounts = listed.iter().flat_map(|page| page["Accounts"].as_array().unwrap());
            let one = accounts.find(|account| account["Id"] == MEMBER).unwrap();
            (one["State"].clone(), one["Status"].clone())
        };
        assert_eq!(shown(AccountFields::State).await, (json!(state), Value::Null));
        assert_eq!(shown(AccountFields::Status).await, (Value::Null, json!(status)));
        assert_eq!(shown(AccountFields::Both).await, (json!(state), json!(status)));
        assert_eq!(shown(AccountFields::Neither).await, (Value::Null, Value::Null));
    }
}

#[tokio::test(start_paused = true)]
async fn a_parent_has_its_own_accounts_and_units_but_not_those_below() {
    let (aws, root) = organization();
    aws.update(|options| options.page_size = 20);
    let top = aws.root_id();
    let ids = async |operation: &str, parent: &str, list: &str| -> Vec<String> {
        let listed = pages(&aws, &root, operation, json!({"ParentId": parent})).await;
        let items = listed.iter().flat_map(|page| page[list].as_array().unwrap().clone());
        items.map(|item| item["Id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids("ListAccountsForParent", &top, "Accounts").await, [ACCOUNT]);
    let units = ids("ListOrganizationalUnitsForParent", &top, "OrganizationalUnits").await;
    assert_eq!(units.len(), 1);
    assert!(units[0].starts_with(&top.replace("r-", "ou-")));
    assert_eq!(ids("ListAccountsForParent", &units[0], "Accounts").await.len(), 5);
    let call = async |params| aws.call_as(&root, "organizations", "ListAccountsForParent", params).await;
    assert_eq!(code(call(json!({"ParentId": "ou-none-00000000"})).await), "ParentNotFoundException");
    let roots = pages(&aws, &root, "ListRoots", json!({})).await;
    assert_eq!(roots[1]["Roots"][0]["Id"], json!(top));
}

#[tokio::test(start_paused = true)]
async fn only_the_management_account_and_delegated_administrators_may_read() {
    let (aws, root) = organization();
    let list =
        async |pair: &KeyPair| code(aws.call_as(pair, "organizations", "ListAccounts", json!({})).await);
    let describe = async |pair: &KeyPair| {
        code(aws.call_as(pair, "organizations", "DescribeOrganization", json!({})).await)
    };
    let member = aws.root(MEMBER);
    assert_eq!(list(&member).await, "AccessDeniedException");
    assert_eq!(describe(&member).await, "Ok");
    aws.register_delegated_administrator(MEMBER);
    assert_eq!(list(&member).await, "Ok");
    let stranger = aws.root("999999999999");
    assert_eq!(list(&stranger).await, "AWSOrganizationsNotInUseException");
    assert_eq!(describe(&stranger).await, "AWSOrganizationsNotInUseException");
    assert_eq!(list(&root).await, "Ok");
}

#[tokio::test(start_paused = true)]
async fn a_page_has_twenty_entries_at_most_and_bad_input_has_a_reason() {
    let (aws, root) = with_options(Options { page_size: 100, empty_pages: false, ..Options::default() });
    aws.create_organization(ACCOUNT);
    for n in 1..=30 {
        aws.add_account(&format!("{n:012}"), "a", "a@example.com", &aws.root_id());
    }
    let listed = pages(&aws, &root, "ListAccounts", json!({})).await;
    assert_eq!(listed[0]["Accounts"].as_array().unwrap().len(), 20);
    let refused = async |params| {
        let error = aws.call_as(&root, "organizations", "ListAccounts", params).await.unwrap_err();
        assert_eq!(error.code(), Some("InvalidInputException"));
        error.to_string()
    };
    assert!(refused(json!({"MaxResults": 21})).await.contains("MAX_VALUE_EXCEEDED"));
    assert!(refused(json!({"NextToken": "x"})).await.contains("INVALID_NEXT_TOKEN"));
}
