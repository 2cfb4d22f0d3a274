//! Whose a secret is, and whose it may be.

use super::authority::{check_account, is_anchored, others_of};
use super::sample::{NEW, OLD, OTHER_ARN, at, id, key, secret, used, user, version};
use super::{Change, Planned, because, bind_user, bind_user_by_labels, blocked, field_names, is_nobodys};
use crate::model::names::{TAG_FIELDS, TAG_USER};
use crate::model::{
    AccessKey, Claims, FieldNames, KeyStatus, Keyring, LastUse, Observation, OtherSecret, Policy,
    SecretDocument, SecretState, UserRef, VersionId,
};
use crate::plan::sample::{DAY, HOUR};

fn named(name: &str, tag: Option<&str>) -> SecretState {
    let mut secret = secret(vec![version("v1", &["AWSCURRENT", NEW])]);
    secret.name = name.into();
    secret.tags.clear();
    secret.tags.extend(tag.map(|tag| (TAG_USER.to_owned(), tag.to_owned())));
    secret
}

#[test]
fn without_a_value_the_tag_binds_a_secret_then_a_name_that_is_a_users() {
    let bound = |name, tag, template, known: bool| {
        let bound = bind_user_by_labels(&named(name, tag), template, |_| known);
        bound.map(|user| format!("{}/{}", user.account, user.name))
    };
    let home = |user: &str| Some(format!("111122223333/{user}"));
    assert_eq!(bound("iam-key/bob", Some("ci"), "iam-key/{user}", false), home("ci"));
    assert_eq!(bound("iam-key/bob", Some("c i"), "iam-key/{user}", true), None);
    assert_eq!(bound("iam-key/bob", None, "iam-key/{user}", true), home("bob"));
    assert_eq!(bound("iam-key/bob", None, "iam-key/{user}", false), None);
    assert_eq!(bound("bob", None, "iam-key/{user}", true), None);
    // Who the users of another account are is not known here.
    let other = bound("444455556666/bob", None, "{account}/{user}", false);
    assert_eq!(other.as_deref(), Some("444455556666/bob"));
    assert_eq!(bound("111122223333/bob", None, "{account}/{user}", false), None);
}

#[test]
fn an_account_stands_before_or_after_the_user_in_a_name() {
    let bound = |name, template| {
        let user = bind_user(&named(name, None), None, template).ok();
        user.map(|user| format!("{}/{}", user.account, user.name))
    };
    let other = Some("444455556666/bob".to_owned());
    assert_eq!(bound("a/444455556666/bob/z", "a/{account}/{user}/z"), other);
    assert_eq!(bound("a/bob/444455556666/z", "a/{user}/{account}/z"), other);
    assert_eq!(bound("a/bob/44445555666x/z", "a/{user}/{account}/z"), None);
    assert_eq!(bound("a/444455556666/bob/y", "a/{account}/{user}/z"), None);
    assert_eq!(bound("a", "a/{account}/{user}/z"), None);
    assert_eq!(bound("bob", "nobody"), None);
}

#[test]
fn a_value_that_names_the_tagged_user_of_another_account_agrees_with_the_tag() {
    let value = |user: &str| SecretDocument::parse(&format!(r#"{{"UserName":"{user}"}}"#), None).unwrap();
    let tag = Some("arn:aws:iam::444455556666:user/ci");
    let bound = |user| {
        bind_user(&named("s", tag), Some(&value(user)), "x/{user}").map_err(|error| error.error_type())
    };
    assert_eq!(bound("ci").unwrap().account, "444455556666");
    assert_eq!(bound("arn:aws:iam::111122223333:user/ci"), Err("UserMismatch"));
}

#[test]
fn a_secret_is_stored_in_the_users_account_or_in_the_functions() {
    let secret = named("s", None);
    let other = UserRef::parse("arn:aws:iam::444455556666:user/ci", "aws", "").unwrap();
    let refused =
        |user: &UserRef, function| check_account(&secret, user, function).map_err(|e| e.error_type());
    assert_eq!(refused(&user(), None), Ok(()));
    assert_eq!(refused(&user(), Some("444455556666")), Ok(()));
    assert_eq!(refused(&other, Some("111122223333")), Ok(()));
    assert_eq!(refused(&other, Some("444455556666")), Err("UserMismatch"));
    assert_eq!(refused(&other, None), Err("UserMismatch"));
}

#[test]
fn a_name_or_the_users_own_tag_anchors_a_secret() {
    let seen = |name: &str, tag: Option<&str>, account: &str| Observation {
        now: at(0),
        token: VersionId::new("v2"),
        secret: named(name, None),
        user: UserRef { account: account.into(), ..user() },
        keys: Vec::new(),
        current: None,
        pending: None,
        accepted: false,
        stores_smtp: false,
        claims: Claims { user_tag: tag.map(str::to_owned), ..Claims::default() },
    };
    let anchored = |name, tag, account| is_anchored(&seen(name, tag, account), "iam-key/{user}");
    assert!(anchored("iam-key/CI", None, "111122223333"));
    assert!(anchored("s", Some("s"), "111122223333"));
    assert!(!anchored("s", None, "111122223333"));
    assert!(!anchored("iam-key/bob", None, "111122223333"));
    assert!(!anchored("iam-key/ci", None, "444455556666"));
}

#[test]
fn the_users_other_secrets_are_those_that_a_tag_binds_and_that_hold_a_value() {
    let own = named("own", Some("ci"));
    let other = |tag, change: &dyn Fn(&mut SecretState)| {
        let mut other = SecretState { arn: OTHER_ARN.into(), ..named("other", tag) };
        change(&mut other);
        let held = others_of(&user(), &own, &[own.clone(), other]);
        held.into_iter().next()
    };
    let held = |enrolled| Some(OtherSecret { arn: OTHER_ARN.into(), key: Some(id(NEW)), enrolled });
    assert_eq!(other(Some("ci"), &|_| {}), held(true));
    assert_eq!(other(Some("ci"), &|other| other.rotation_function = Some("another".into())), held(false));
    assert_eq!(other(Some("ci"), &|other| other.rotation_function = None), held(false));
    assert_eq!(other(Some("bob"), &|_| {}), None);
    assert_eq!(other(None, &|_| {}), None);
    assert_eq!(other(Some("ci"), &|other| other.versions.clear()), None);
    let unrotated = SecretState { rotation_function: None, ..own.clone() };
    let listed = [SecretState { arn: OTHER_ARN.into(), rotation_function: None, ..own.clone() }];
    assert!(!others_of(&user(), &unrotated, &listed)[0].enrolled);
}

#[test]
fn a_secrets_tag_names_the_fields_of_its_key() {
    let tagged = |tag: Option<&str>| {
        let mut secret = named("s", None);
        secret.tags.extend(tag.map(|tag| (TAG_FIELDS.to_owned(), tag.to_owned())));
        field_names(&secret).map_err(|error| error.error_type())
    };
    assert_eq!(tagged(None), Ok(None));
    assert_eq!(tagged(Some("id:secret")), Ok(FieldNames::parse("id:secret")));
    assert!(FieldNames::parse("id:secret").is_some());
    assert_eq!(tagged(Some("id")), Err("InvalidConfig"));
}

/// A key of a rotation that was given up: its own proof is no use, a later call of STS is one for 35 days.
#[test]
fn a_key_is_nobodys_where_only_a_proof_shows_in_its_last_use() {
    let unused = |last_use: Option<LastUse>, now| {
        is_nobodys(&AccessKey { last_use, ..key(OLD, 0, LastUse::Never) }, at(now))
    };
    assert!(unused(Some(LastUse::Never), 0) && !unused(None, 90 * DAY));
    assert!(unused(Some(used("sts", 12 * HOUR - 1)), DAY) && !unused(Some(used("sts", 12 * HOUR)), DAY));
    assert!(!unused(Some(used("sts", DAY)), 36 * DAY - 1) && unused(Some(used("sts", DAY)), 36 * DAY));
    assert!(!unused(Some(used("s3", DAY)), 90 * DAY));
}

#[test]
fn a_planned_change_is_written_with_its_reason() {
    let planned: Planned<Change> = because(Change::DeleteKey { key: id(OLD) }, "nobody uses it");
    assert_eq!(planned.to_string(), format!("delete key {OLD}: nobody uses it"));
    assert_eq!(planned.said().to_string(), planned.to_string());
    assert_eq!(planned.said().for_auditors().to_string(), "delete key …0000: nobody uses it");
}

#[test]
fn a_second_key_that_may_not_go_blocks_the_next_rotation() {
    let secret = named("s", None);
    let blocked = |keys: &[AccessKey]| {
        let seen = Keyring::of_lists(Some(&secret), keys, at(DAY));
        blocked(seen, &user(), &Policy::default()).map(|error| error.error_type())
    };
    let current = key(NEW, 0, used("s3", 60));
    assert_eq!(blocked(std::slice::from_ref(&current)), None);
    assert_eq!(blocked(&[current.clone(), key(OLD, 0, LastUse::Never)]), Some("KeyLimit"));
    let inactive = AccessKey { status: KeyStatus::Inactive, ..key(OLD, 0, LastUse::Never) };
    assert_eq!(blocked(&[current, inactive]), None);
}
