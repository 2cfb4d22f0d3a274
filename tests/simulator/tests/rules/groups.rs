//! IAM groups.

use serde_json::{Value, json};

use crate::sdk::config;
use crate::{ACCOUNT, code, world};

#[tokio::test(start_paused = true)]
async fn a_group_shows_its_users_page_by_page() {
    let (aws, root) = world();
    aws.create_group(ACCOUNT, "robots");
    for n in 0..5 {
        let name = format!("user-{n}");
        aws.create_user(ACCOUNT, &name);
        aws.add_to_group(ACCOUNT, "robots", &name);
    }
    aws.remove_from_group(ACCOUNT, "robots", "user-3");
    let iam = aws_sdk_iam::Client::new(&config(&aws, &root));
    let mut pages = iam.get_group().group_name("robots").into_paginator().send();
    let mut names = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        assert!(page.users().len() <= 2);
        assert_eq!(page.group().unwrap().arn(), "arn:aws:iam::111122223333:group/robots");
        names.extend(page.users().iter().map(|user| user.user_name().to_owned()));
    }
    assert_eq!(names, ["user-0", "user-1", "user-2", "user-4"]);
}

#[tokio::test(start_paused = true)]
async fn users_come_and_go_and_see_their_groups() {
    let (aws, root) = world();
    let iam = aws_sdk_iam::Client::new(&config(&aws, &root));
    aws.create_user(ACCOUNT, "alice");
    for name in ["a", "b", "c"] {
        iam.create_group().group_name(name).path("/teams/").send().await.unwrap();
        iam.add_user_to_group().group_name(name).user_name("Alice").send().await.unwrap();
    }
    iam.add_user_to_group().group_name("a").user_name("alice").send().await.unwrap();
    iam.remove_user_from_group().group_name("b").user_name("alice").send().await.unwrap();
    let pages = iam.list_groups_for_user().user_name("alice").into_paginator().items().send();
    let groups: Vec<_> = pages.collect::<Result<_, _>>().await.unwrap();
    let arns: Vec<_> = groups.iter().map(|group| group.arn()).collect();
    assert_eq!(arns, ["arn:aws:iam::111122223333:group/teams/a", "arn:aws:iam::111122223333:group/teams/c"]);
}

#[tokio::test(start_paused = true)]
async fn all_users_are_shown_with_their_groups_and_tags_page_by_page() {
    let (aws, root) = world();
    aws.create_group(ACCOUNT, "robots");
    for n in 0..5 {
        let name = format!("user-{n}");
        aws.create_user(ACCOUNT, &name);
        aws.tag_user(ACCOUNT, &name, "team", &name);
    }
    aws.add_to_group(ACCOUNT, "robots", "user-3");
    let iam = aws_sdk_iam::Client::new(&config(&aws, &root));
    let request = iam.get_account_authorization_details().filter(aws_sdk_iam::types::EntityType::User);
    let mut pages = request.max_items(1000).into_paginator().send();
    let mut seen = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        assert!(page.user_detail_list().len() <= 2 && page.role_detail_list().is_empty());
        for user in page.user_detail_list() {
            assert_eq!(user.tags()[0].value(), user.user_name().unwrap());
            seen.push((user.user_name().unwrap().to_owned(), user.group_list().join(" ")));
        }
    }
    let group = |n| if n == 3 { "robots".to_owned() } else { String::new() };
    assert_eq!(seen, (0..5).map(|n| (format!("user-{n}"), group(n))).collect::<Vec<_>>());
    let other = aws.call_as(&root, "iam", "GetAccountAuthorizationDetails", json!({})).await;
    assert_eq!(code(other), "ValidationError");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_is_no_such_entity() {
    let (aws, root) = world();
    aws.create_user(ACCOUNT, "alice");
    aws.create_group(ACCOUNT, "g");
    let call =
        async |operation: &str, params: Value| code(aws.call_as(&root, "iam", operation, params).await);
    let both = |group: &str, user: &str| json!({"GroupName": group, "UserName": user});
    assert_eq!(call("GetGroup", json!({"GroupName": "x"})).await, "NoSuchEntity");
    assert_eq!(call("DeleteGroup", json!({"GroupName": "x"})).await, "NoSuchEntity");
    assert_eq!(call("ListGroupsForUser", json!({"UserName": "x"})).await, "NoSuchEntity");
    assert_eq!(call("AddUserToGroup", both("x", "alice")).await, "NoSuchEntity");
    assert_eq!(call("AddUserToGroup", both("g", "x")).await, "NoSuchEntity");
    assert_eq!(call("RemoveUserFromGroup", both("g", "alice")).await, "NoSuchEntity");
    assert_eq!(call("CreateGroup", json!({"GroupName": "G"})).await, "EntityAlreadyExists");
}

#[tokio::test(start_paused = true)]
async fn neither_a_group_with_users_nor_a_user_with_groups_is_deleted() {
    let (aws, root) = world();
    aws.create_user(ACCOUNT, "alice");
    aws.create_group(ACCOUNT, "g");
    aws.add_to_group(ACCOUNT, "g", "alice");
    let call =
        async |operation: &str, params: Value| code(aws.call_as(&root, "iam", operation, params).await);
    assert_eq!(call("DeleteGroup", json!({"GroupName": "g"})).await, "DeleteConflict");
    assert_eq!(call("DeleteUser", json!({"UserName": "alice"})).await, "DeleteConflict");
    let both = json!({"GroupName": "g", "UserName": "alice"});
    assert_eq!(call("RemoveUserFromGroup", both).await, "Ok");
    assert_eq!(call("DeleteGroup", json!({"GroupName": "g"})).await, "Ok");
    assert_eq!(call("DeleteUser", json!({"UserName": "alice"})).await, "Ok");
}

#[tokio::test(start_paused = true)]
async fn a_user_is_in_ten_groups_at_most() {
    let (aws, root) = world();
    aws.create_user(ACCOUNT, "alice");
    for n in 0..11 {
        aws.create_group(ACCOUNT, &format!("g{n}"));
    }
    let mut codes = Vec::new();
    for n in 0..11 {
        let both = json!({"GroupName": format!("g{n}"), "UserName": "alice"});
        codes.push(code(aws.call_as(&root, "iam", "AddUserToGroup", both).await));
    }
    assert!(codes[..10].iter().all(|code| code == "Ok"));
    assert_eq!(codes[10], "LimitExceeded");
}
