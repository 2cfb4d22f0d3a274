//! Whose keys does a secret hold? Never guessed: the tag decides, else the JSON, else the name.

use crate::error::{Error, Result};
use crate::model::names::TAG_USER;
use crate::model::{SecretDocument, SecretState, UserRef};

/// Binds a secret to its IAM user.
///
/// The tag `iam-key-rotator:user` decides where it is present, and the JSON's user field must then
/// agree. Without it the JSON's user field decides; without either, the name template read
/// backwards.
pub(crate) fn bind_user(
    secret: &SecretState,
    document: Option<&SecretDocument>,
    name_template: &str,
) -> Result<UserRef> {
    let (partition, _, account) = secret.home();
    let unknown = |problem: String| Error::UserUnknown { secret: secret.arn.clone(), problem };
    let parse = |text: &str, place: &str| {
        UserRef::parse(text, partition, account)
            .map_err(|error| unknown(format!("names its user in {place} as {text:?}, which {error}")))
    };
    let tagged = secret.tags.get(TAG_USER).map(|text| parse(text, "its tag")).transpose()?;
    let written = document.and_then(SecretDocument::user);
    match (tagged, written) {
        (Some(tagged), Some(written)) => {
            let same = UserRef::parse(&written, &tagged.partition, &tagged.account)
                .is_ok_and(|user| user.is_same(&tagged));
            if same {
                return Ok(tagged);
            }
            let problem = format!("its value names {written:?}");
            let remedy = "Correct the tag `iam-key-rotator:user` or the secret's value.";
            Err(Error::UserMismatch { secret: secret.arn.clone(), user: tagged, problem, remedy })
        }
        (Some(tagged), None) => Ok(tagged),
        (None, Some(written)) => parse(&written, "its value"),
        (None, None) => match user_in_name(&secret.name, name_template, account) {
            Some((account, user)) => UserRef::parse(user, partition, account)
                .map_err(|error| unknown(format!("has the name of user {user:?}, which {error}"))),
            None => Err(unknown(format!(
                "names no IAM user, neither in its tag nor in its value, nor is it named as {name_template:?}"
            ))),
        },
    }
}

/// Binds a secret to its user without reading its value: the tag decides, else the name template
/// read backwards, where `is_user` knows such a user of the secret's own account.
///
/// The rotation function, which reads the value, binds by it before it falls back on the name. A
/// sweep that is mistaken here touches nothing: it takes no key away from a user whose keys are not
/// in the secret's labels.
pub(crate) fn bind_user_by_labels(
    secret: &SecretState,
    name_template: &str,
    is_user: impl Fn(&str) -> bool,
) -> Option<UserRef> {
    let (partition, _, home) = secret.home();
    if let Some(tag) = secret.tags.get(TAG_USER) {
        return UserRef::parse(tag, partition, home).ok();
    }
    let (account, user) = user_in_name(&secret.name, name_template, home)?;
    let user = UserRef::parse(user, partition, account).ok()?;
    (account != home || is_user(&user.name)).then_some(user)
}

/// Reads a name template backwards: the account and the user in a secret's name.
pub(super) fn user_in_name<'n>(name: &'n str, template: &str, home: &'n str) -> Option<(&'n str, &'n str)> {
    const ACCOUNT: &str = "{account}";
    let (before, after) = template.split_once("{user}")?;
    // An account is always twelve digits, so what stands around the user has a known length.
    let rest = |literal: &str| literal.replace(ACCOUNT, "000000000000").len();
    let end = name.len().checked_sub(rest(after))?;
    let user = name.get(rest(before)..end)?;
    let account_at = |literal: &str, offset: usize| {
        let (head, _) = literal.split_once(ACCOUNT)?;
        name.get(offset + head.len()..offset + head.len() + 12)
    };
    let account = account_at(before, 0).or_else(|| account_at(after, end)).unwrap_or(home);
    let fits = template.replace(ACCOUNT, account).replace("{user}", user) == name;
    (fits && !user.is_empty()).then_some((account, user))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn secret(name: &str, tag: Option<&str>) -> SecretState {
        SecretState {
            arn: format!("arn:aws:secretsmanager:eu-west-1:111122223333:secret:{name}-AbCdEf"),
            name: name.into(),
            tags: tag
                .map(|user| BTreeMap::from([(TAG_USER.to_owned(), user.to_owned())]))
                .unwrap_or_default(),
            rotation_enabled: true,
            ..SecretState::default()
        }
    }

    fn bind(
        name: &str,
        tag: Option<&str>,
        value: &str,
        template: &str,
    ) -> std::result::Result<String, &'static str> {
        let document = SecretDocument::parse(value, None).unwrap();
        bind_user(&secret(name, tag), Some(&document), template)
            .map(|user| format!("{}/{}", user.account, user.name))
            .map_err(|error| error.error_type())
    }

    #[test]
    fn the_tag_decides_then_the_value_then_the_name() {
        for (name, tag, value, template, bound) in [
            ("s", Some("ci"), "{}", "{user}", Ok("111122223333/ci")),
            ("s", Some("ci"), r#"{"UserName":"CI"}"#, "{user}", Ok("111122223333/ci")),
            (
                "s",
                Some("arn:aws:iam::444455556666:user/a/ci"),
                r#"{"user_name":"ci"}"#,
                "{user}",
                Ok("444455556666/ci"),
            ),
            ("s", Some("ci"), r#"{"UserName":"bob"}"#, "{user}", Err("UserMismatch")),
            ("s", Some("c i"), "{}", "{user}", Err("UserUnknown")),
            ("s", None, r#"{"username":"bob"}"#, "{user}", Ok("111122223333/bob")),
            ("bob", None, "{}", "{user}", Ok("111122223333/bob")),
            ("bob_credentials", None, "{}", "{user}_credentials", Ok("111122223333/bob")),
            ("/access-key/bob", None, "{}", "/access-key/{user}", Ok("111122223333/bob")),
            (
                "Account_444455556666_User_bob_AccessKey",
                None,
                "{}",
                "Account_{account}_User_{user}_AccessKey",
                Ok("444455556666/bob"),
            ),
            ("bob.444455556666", None, "{}", "{user}.{account}", Ok("444455556666/bob")),
            (
                "Account_x_User_bob_AccessKey",
                None,
                "{}",
                "Account_{account}_User_{user}_AccessKey",
                Err("UserUnknown"),
            ),
            ("_credentials", None, "{}", "{user}_credentials", Err("UserUnknown")),
            ("prod/bob", None, "{}", "{user}", Err("UserUnknown")),
            ("é", None, "{}", "ab{user}", Err("UserUnknown")),
        ] {
            assert_eq!(bind(name, tag, value, template), bound.map(str::to_owned), "{name} {tag:?} {value}");
        }
    }
}
