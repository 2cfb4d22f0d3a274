//! How people spell the fields of an access key.
//!
//! A name is compared without its case, hyphens, underscores, dots and spaces, and without a prefix such as
//! `aws_` or `ses_`: `AWS_ACCESS_KEY_ID`, `accessKeyId` and the console's `Access key ID` are one spelling.

/// What a field of a pair holds, as its name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    /// The access key id.
    Id,
    /// The secret access key. The lower number is the better partner of an id.
    Secret(u8),
}

/// What an SMTP field holds, as its name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Smtp {
    /// The user name, which for Amazon SES is the access key id.
    Username,
    /// The password, which for Amazon SES is derived from the secret access key.
    Password,
    /// The region that the password is derived for.
    Region,
}

/// Prefixes that do not change what a name means.
const PREFIXES: [&str; 5] = ["aws", "amazon", "iam", "ses", "s3"];
/// Literal spellings of a pair: where only an empty id is there, its partner is added in the same style.
const PARTNERS: [(&str, &str); 10] = [
    ("AccessKeyId", "SecretAccessKey"),
    ("accessKeyId", "secretAccessKey"),
    ("access_key_id", "secret_access_key"),
    ("access-key-id", "secret-access-key"),
    ("aws_access_key_id", "aws_secret_access_key"),
    ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    ("Access key ID", "Secret access key"),
    ("AccessKey", "SecretKey"),
    ("accessKey", "secretKey"),
    ("access_key", "secret_key"),
];

/// What half of a pair a field holds, if its name alone tells.
pub(super) fn half(name: &str) -> Option<Half> {
    let plain = plain(name);
    match stem(&plain) {
        "accesskeyid" | "accesskey" => Some(Half::Id),
        "secretaccesskey" => Some(Half::Secret(0)),
        "secretkey" | "accesskeysecret" => Some(Half::Secret(1)),
        _ => None,
    }
}

/// What half of a pair a field holds whose name says little: it counts only if the values agree.
pub(super) fn weak_half(name: &str) -> Option<Half> {
    let plain = plain(name);
    match stem(&plain) {
        "key" | "id" | "keyid" | "accessid" => Some(Half::Id),
        "secret" | "keysecret" | "accesssecret" => Some(Half::Secret(2)),
        _ => None,
    }
}

/// The name of the field that belongs to one half of a pair, in the same style.
pub(super) fn partner(name: &str) -> Option<&'static str> {
    PARTNERS.iter().find_map(|(id, secret)| match name {
        _ if name == *id => Some(*secret),
        _ if name == *secret => Some(*id),
        _ => None,
    })
}

/// Whether a name says whose secret or id it is, as in `aws_secret`.
pub(super) fn has_prefix(name: &str) -> bool {
    let plain = plain(name);
    stem(&plain) != plain
}

/// Whether a name speaks of a secret, with whatever around it.
pub(super) fn speaks_of_a_secret(name: &str) -> bool {
    plain(name).contains("secret")
}

/// Whether a name is of SMTP, and not of mail in general.
pub(super) fn speaks_of_smtp(name: &str) -> bool {
    plain(name).contains("smtp")
}

/// Whether a field names the IAM user. Other spellings are left alone: they are as often another system's.
pub(super) fn is_user(name: &str) -> bool {
    ["UserName", "user_name", "username", "User", "User name"].contains(&name)
}

/// What a field holds whose name speaks of SMTP.
pub(super) fn smtp(name: &str) -> Option<Smtp> {
    let plain = plain(name);
    match (plain.as_str(), stem(&plain)) {
        ("sesregion", _) | (_, "smtpregion") => Some(Smtp::Region),
        (_, "smtpusername" | "smtpuser" | "smtplogin" | "mailusername" | "mailuser") => Some(Smtp::Username),
        (_, "emailhostuser" | "emailusername" | "emailuser" | "saslusername") => Some(Smtp::Username),
        (_, "smtppassword" | "smtppass" | "mailpassword" | "mailpass") => Some(Smtp::Password),
        (_, "emailhostpassword" | "emailpassword" | "saslpassword") => Some(Smtp::Password),
        _ => None,
    }
}

/// The same for names that are SMTP's only where other fields show it.
pub(super) fn weak_smtp(name: &str) -> Option<Smtp> {
    match plain(name).as_str() {
        "username" | "user" | "login" => Some(Smtp::Username),
        "password" | "pass" | "passwd" => Some(Smtp::Password),
        "region" | "awsregion" => Some(Smtp::Region),
        _ => None,
    }
}

/// Whether a field names a mail server.
pub(super) fn is_host(name: &str) -> bool {
    let plain = plain(name);
    let ends = ["host", "hostname", "server", "endpoint", "relay", "relayhost"];
    ends.iter().any(|end| plain.ends_with(end))
}

/// Whether a field holds the token of a temporary session.
pub(super) fn is_session_token(name: &str) -> bool {
    let plain = plain(name);
    let tokens =
        ["sessiontoken", "awssessiontoken", "securitytoken", "awssecuritytoken", "xamzsecuritytoken"];
    tokens.contains(&plain.as_str())
}

fn plain(name: &str) -> String {
    // U+FEFF is what a CSV file may begin with.
    let separator = |c: &char| ['-', '_', ' ', '.', '\u{feff}'].contains(c);
    name.trim().chars().filter(|c| !separator(c)).flat_map(char::to_lowercase).collect()
}

fn stem(plain: &str) -> &str {
    let mut stem = plain;
    while let Some(rest) = PREFIXES.iter().find_map(|prefix| stem.strip_prefix(prefix)) {
        stem = rest;
    }
    stem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_the_same_in_every_style() {
        for name in [
            "AccessKeyId",
            "accessKeyID",
            "ACCESS_KEY_ID",
            "access-key-id",
            "Access key ID",
            "aws.accessKeyId",
            "AwsAccessKeyId",
            "ses_access_key",
            "AWS_SES_ACCESS_KEY_ID",
        ] {
            assert_eq!(half(name), Some(Half::Id), "{name}");
        }
        for name in ["secretAccessKey", "Secret access key", "aws-secret-key", "S3_SECRET_KEY"] {
            assert!(matches!(half(name), Some(Half::Secret(_))), "{name}");
        }
        for name in ["aws", "", "AccessKeyIdOld", "access_key_2", "SecretArn", "ses"] {
            assert_eq!(half(name), None, "{name}");
        }
    }

    #[test]
    fn smtp_fields_are_known_by_the_names_of_common_mail_software() {
        for (name, holds) in [
            ("smtp_username", Smtp::Username),
            ("SMTP_USER", Smtp::Username),
            ("sesSmtpPassword", Smtp::Password),
            ("MAIL_PASSWORD", Smtp::Password),
            ("EMAIL_HOST_USER", Smtp::Username),
            ("ses_region", Smtp::Region),
            ("SmtpRegion", Smtp::Region),
        ] {
            assert_eq!(smtp(name), Some(holds), "{name}");
        }
        assert_eq!((smtp("password"), weak_smtp("password")), (None, Some(Smtp::Password)));
    }
}
