//! Values as people store them: what is read, what a rotation writes back, what is refused.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

const OLD: &str = "AKIAIOSFODNN7EXAMPLE";
const NEW: &str = "AKIAI44QH8DHBEXAMPLE";
const OLD_SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const NEW_SECRET: &str = "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY";

fn key() -> Credential {
    Credential { key_id: AccessKeyId::new(NEW), secret: Sensitive::new(NEW_SECRET) }
}

fn shape() -> SecretDocument {
    SecretDocument::from_shape(&["UserName", "AccessKeyId", "SecretAccessKey"]).unwrap()
}

/// What a rotation in eu-west-1 makes of a value. OLD, OLD_SECRET, NEW, NEW_SECRET and PASSWORD(region) in a
/// text stand for what they name.
fn rotated(text: &str, named: Option<&str>) -> Result<String, DocumentError> {
    let named = named.map(|names| FieldNames::parse(names).unwrap());
    let created = "2026-01-02T03:04:05Z".parse().unwrap();
    let document = SecretDocument::parse(&filled(text), named.as_ref())?.completed(&shape())?;
    let next = document.with_credential("ci", &key(), created, "eu-west-1").to_json();
    // What a rotation stores, the next one can read.
    let read = SecretDocument::parse(next.expose(), named.as_ref())?;
    assert_eq!(read.key_id(), Some(key().key_id), "{text}");
    Ok(next.expose().to_owned())
}

fn filled(text: &str) -> String {
    let password = |secret: &str, region| ses_smtp_password(&Sensitive::new(secret), region);
    let mut text = text.to_owned();
    for region in ["eu-west-1", "eu-west-3", "us-east-1", "us-west-2"] {
        text = text.replace(&format!("OLD_PASSWORD({region})"), password(OLD_SECRET, region).expose());
        text = text.replace(&format!("NEW_PASSWORD({region})"), password(NEW_SECRET, region).expose());
    }
    let names = [("OLD_SECRET", OLD_SECRET), ("NEW_SECRET", NEW_SECRET), ("OLD", OLD), ("NEW", NEW)];
    names.into_iter().fold(text, |text, (name, value)| text.replace(name, value))
}

/// A field's name as a message shows it.
fn q(name: &str) -> String {
    format!("`{name}`")
}

#[track_caller]
fn becomes(before: &str, after: &str) {
    assert_eq!(rotated(before, None), Ok(filled(after)), "{before}");
}

#[track_caller]
fn refused(text: &str) -> DocumentError {
    let error = rotated(text, None).expect_err(text);
    let said = format!("{error} {error:?} {}", error.remedy());
    for secret in [OLD_SECRET, OLD] {
        assert!(!said.contains(secret), "{said}");
    }
    error
}

#[test]
fn every_spelling_of_the_pair_is_written_back_as_it_was_found() {
    for (id, secret) in [
        ("AccessKeyId", "SecretAccessKey"),
        ("accessKeyId", "secretAccessKey"),
        ("accessKeyID", "secretAccessKey"),
        ("access_key_id", "secret_access_key"),
        ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"),
        ("access-key-id", "secret-access-key"),
        ("access_key", "secret_key"),
        ("access_key", "secret_access_key"),
        ("accessKey", "secretKey"),
        ("AccessKey", "SecretKey"),
        ("AccessKeyId", "secret_key"),
        ("aws_access_key_id", "aws_secret_access_key"),
        ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
        ("awsAccessKeyId", "awsSecretAccessKey"),
        ("aws.accessKeyId", "aws.secretKey"),
        ("Access key ID", "Secret access key"),
        ("Access Key Id", "Secret Access Key"),
        ("s3_access_key", "s3_secret_key"),
        ("SES_ACCESS_KEY_ID", "SES_SECRET_ACCESS_KEY"),
        ("accesskey", "secretkey"),
        ("accessKeyId", "secret"),
        ("key", "secret"),
        ("keyId", "secretAccessKey"),
    ] {
        becomes(
            &format!(r#"{{"a":1,"{id}":"OLD","b":[],"{secret}":"OLD_SECRET"}}"#),
            &format!(r#"{{"a":1,"{id}":"NEW","b":[],"{secret}":"NEW_SECRET"}}"#),
        );
    }
}

#[test]
fn every_other_field_is_preserved_exactly_and_in_its_place() {
    becomes(
        r#"{ "z": 1.50, "AccessKeyId": "OLD", "n": 12345678901234567890123, "nested": {"b": [1,  2], "a": null}, "SecretAccessKey": "OLD_SECRET", "é": "\u00e9", "key": "of another system", "SECRET_KEY": "django", "user": "db", "id": "7" }"#,
        r#"{"z":1.50,"AccessKeyId":"NEW","n":12345678901234567890123,"nested":{"b": [1,  2], "a": null},"SecretAccessKey":"NEW_SECRET","é":"\u00e9","key":"of another system","SECRET_KEY":"django","user":"db","id":"7"}"#,
    );
}

#[test]
fn a_line_end_that_was_pasted_with_the_key_is_dropped() {
    for end in [r"\n", r"\r\n", " ", r"\t\n"] {
        becomes(
            &format!(r#"{{"AccessKeyId":"OLD{end}","SecretAccessKey":"OLD_SECRET{end}"}}"#),
            r#"{"AccessKeyId":"NEW","SecretAccessKey":"NEW_SECRET"}"#,
        );
        let text = filled(&format!(r#"{{"AccessKeyId":"OLD{end}","SecretAccessKey":"OLD_SECRET{end}"}}"#));
        let read = SecretDocument::parse(&text, None).unwrap().credential().unwrap();
        assert_eq!((read.key_id.as_str(), read.secret.expose()), (OLD, OLD_SECRET));
    }
}

#[test]
fn a_key_with_characters_that_no_key_has_is_refused() {
    for id in [
        r"\nOLD",
        r"OLD\u0000",
        r"AKIA\r\nX-Evil: 1",
        "ключ",
        "OLD,",
        "<your key id>",
        r"OLD\u007f",
        "OLD OLD",
    ] {
        let text = format!(r#"{{"AccessKeyId":"{id}","SecretAccessKey":"OLD_SECRET"}}"#);
        assert_eq!(refused(&text), DocumentError::NotAKeyId(q("AccessKeyId")), "{id}");
    }
    for secret in [r"\nOLD_SECRET", r"OLD_SEC\u0000RET", "секрет", "two words"] {
        let text = format!(r#"{{"AccessKeyId":"OLD","SecretAccessKey":"{secret}"}}"#);
        assert_eq!(refused(&text), DocumentError::NotASecretKey(q("SecretAccessKey")), "{secret}");
    }
}

#[test]
fn a_secret_that_waits_for_its_first_key_gets_the_configured_shape_beside_what_it_has() {
    for (before, after) in [
        ("{}", r#"{"UserName":"ci","AccessKeyId":"NEW","SecretAccessKey":"NEW_SECRET"}"#),
        (
            r#"{"user_name":"bot","x":1}"#,
            r#"{"user_name":"bot","x":1,"AccessKeyId":"NEW","SecretAccessKey":"NEW_SECRET"}"#,
        ),
        (
            r#"{"User name":""}"#,
            r#"{"User name":"ci","UserName":"ci","AccessKeyId":"NEW","SecretAccessKey":"NEW_SECRET"}"#,
        ),
        (r#"{"access_key_id":null}"#, r#"{"access_key_id":"NEW","secret_access_key":"NEW_SECRET"}"#),
        (
            r#"{"SecretKey":"x"}"#,
            r#"{"SecretKey":"x","UserName":"ci","AccessKeyId":"NEW","SecretAccessKey":"NEW_SECRET"}"#,
        ),
        (r#"{"SecretKey":""}"#, r#"{"SecretKey":"NEW_SECRET","AccessKey":"NEW"}"#),
        (r#"{"secretAccessKey":""}"#, r#"{"secretAccessKey":"NEW_SECRET","accessKeyId":"NEW"}"#),
        (
            r#"{"Access key ID":"","Secret access key":null}"#,
            r#"{"Access key ID":"NEW","Secret access key":"NEW_SECRET"}"#,
        ),
        (
            r#"{"username":"ci","password":"x","host":"db.internal"}"#,
            r#"{"username":"ci","password":"x","host":"db.internal","AccessKeyId":"NEW","SecretAccessKey":"NEW_SECRET"}"#,
        ),
    ] {
        becomes(before, after);
    }
}

#[test]
fn a_value_that_may_hold_a_key_in_another_form_never_waits_for_its_first() {
    let file = "[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n";
    let encoded = STANDARD.encode(file);
    for (text, field) in [
        (r#"{"public":"OLD","private":"OLD_SECRET"}"#.to_owned(), "`public`"),
        (r#"{"UserName":"OLD"}"#.into(), "`UserName`"),
        (r#"{"username":"OLD","password":"OLD_SECRET"}"#.into(), "`username`"),
        (r#"{"credentials":"[default]\naws_access_key_id = x"}"#.into(), "`credentials`"),
        (r#"{"env":"export AWS_SECRET_ACCESS_KEY=x"}"#.into(), "`env`"),
        (format!(r#"{{"file":"{encoded}"}}"#), "`file`"),
        (r#"{"url":"s3://OLD:OLD_SECRET@bucket"}"#.into(), "`url`"),
        (r#"{"keys":["OLD","OLD_SECRET"]}"#.into(), "`keys`"),
        (r#"{"env":[{"name":"AWS_ACCESS_KEY_ID","value":"OLD"}]}"#.into(), "`env`"),
        (r#"{"OLD":"OLD_SECRET"}"#.into(), "`AKIAIOSFODNN7EXAMPLE`"),
        (r#"{"OLD_SECRET":"OLD"}"#.into(), "field 1 of its value"),
        (r#"{"a":0,"OLD:OLD_SECRET":""}"#.into(), "field 2 of its value"),
        (r#"{"AccessKeyId":"","SecretAccessKey":"","old":"OLD"}"#.into(), "`old`"),
        (r#"{"AccessKeyId":"changeme","SecretAccessKey":"changeme","real":{"i":"OLD"}}"#.into(), "`real`"),
        (r#"{"json":"{\"i\":\"OLD\"}"}"#.into(), "`json`"),
    ] {
        let error = rotated(&text, None).expect_err(&text);
        assert_eq!(error, DocumentError::Unrecognised(field.into()), "{text}");
        assert!(!error.to_string().contains(OLD_SECRET) && error.remedy().contains("iam-key-rotator:fields"));
    }
    for text in [file, "\"AKIA\"", "[]", "", "{} {}", "AccessKeyId,SecretAccessKey\nAKIA,x"] {
        assert_eq!(rotated(text, None), Err(DocumentError::NotAnObject), "{text}");
    }
}

#[test]
fn a_pair_inside_an_object_or_a_list_is_refused_even_beside_another() {
    let nested = |name: &str| DocumentError::NestedPair(q(name));
    for text in [
        r#"{"aws":{"accessKeyId":"OLD","secretAccessKey":"OLD_SECRET"}}"#,
        r#"{"aws":[{"access_key":"OLD","secret_key":"OLD_SECRET"}]}"#,
        r#"{"aws":{"eu":{"prod":[{"AccessKeyId":"","SecretAccessKey":""}]}}}"#,
        r#"{"AccessKeyId":"OLD","SecretAccessKey":"OLD_SECRET","aws":{"AccessKeyId":"x","SecretAccessKey":"y"}}"#,
    ] {
        assert_eq!(refused(text), nested("aws"), "{text}");
    }
}

#[test]
fn a_field_that_repeats_the_key_is_refused_because_it_would_go_stale() {
    let copied = |name: &str| DocumentError::Copied(q(name), q("AccessKeyId"));
    for (more, field) in [
        (r#""keyId":"OLD""#, "keyId"),
        (r#""dsn":"ses+smtp://OLD:x@default""#, "dsn"),
        (r#""file":"[default]\nkey = OLD_SECRET""#, "file"),
        (r#""list":[["OLD"]]"#, "list"),
    ] {
        let text = format!(r#"{{"AccessKeyId":"OLD","SecretAccessKey":"OLD_SECRET",{more}}}"#);
        assert_eq!(refused(&text), copied(field), "{text}");
    }
    becomes(
        r#"{"AccessKeyId":"OLD","SecretAccessKey":"OLD_SECRET","note":"OLD was made by Ann","other":"AKIAOTHEROTHEROTHER1"}"#,
        r#"{"AccessKeyId":"NEW","SecretAccessKey":"NEW_SECRET","note":"OLD was made by Ann","other":"AKIAOTHEROTHEROTHER1"}"#,
    );
}

#[test]
fn temporary_credentials_are_refused() {
    for (text, field) in [
        (
            r#"{"AccessKeyId":"OLD","SecretAccessKey":"OLD_SECRET","aws_session_token":"t"}"#,
            "aws_session_token",
        ),
        (r#"{"accessKeyId":"OLD","secretAccessKey":"OLD_SECRET","sessionToken":"t"}"#, "sessionToken"),
        (r#"{"AccessKeyId":"ASIAIOSFODNN7EXAMPLE","SecretAccessKey":"OLD_SECRET"}"#, "AccessKeyId"),
    ] {
        assert_eq!(refused(text), DocumentError::Temporary(q(field)), "{text}");
    }
    becomes(
        r#"{"AccessKeyId":"OLD","SecretAccessKey":"OLD_SECRET","aws_session_token":""}"#,
        r#"{"AccessKeyId":"NEW","SecretAccessKey":"NEW_SECRET","aws_session_token":""}"#,
    );
}

#[test]
fn a_tag_names_the_fields_of_a_pair_that_has_unusual_names() {
    let tagged = |text: &str| rotated(text, Some("login:token"));
    let after = Ok(filled(r#"{"login":"NEW","token":"NEW_SECRET","x":1}"#));
    assert_eq!(tagged(r#"{"login":"OLD","token":"OLD_SECRET","x":1}"#), after);
    assert_eq!(tagged(r#"{"login":"","token":"","x":1}"#), after);
    assert_eq!(tagged(r#"{"x":1}"#), Ok(filled(r#"{"x":1,"login":"NEW","token":"NEW_SECRET"}"#)));
    let as_smtp = r#"{"username":"OLD","password":"OLD_PASSWORD(us-east-1)"}"#;
    assert_eq!(
        rotated(as_smtp, Some("username:password")),
        Err(DocumentError::AnSmtpPassword(q("password")))
    );
    for (text, error) in [
        (r#"{"login":"db-user","token":"db-password"}"#, DocumentError::NotAKeyId(q("login"))),
        (r#"{"login":"OLD"}"#, DocumentError::NoPartner(q("login"))),
        (
            r#"{"login":"","token":"","AccessKeyId":"OLD","SecretAccessKey":"OLD_SECRET"}"#,
            DocumentError::TwoPairs(q("login"), q("AccessKeyId")),
        ),
        (r#"{"login":"","token":"","other":"OLD"}"#, DocumentError::Unrecognised("`other`".into())),
        (r#"{"login":"","login":"","token":""}"#, DocumentError::Duplicate(q("login"))),
    ] {
        assert_eq!(tagged(text), Err(error), "{text}");
    }
    for tag in ["", "a", "a:", ":b", "a:a", "a:b:c"] {
        assert_eq!(FieldNames::parse(tag), None, "{tag}");
    }
}

#[test]
fn smtp_credentials_alone_are_rotated_as_what_they_are() {
    for (before, after) in [
        (
            r#"{"smtp_username":"OLD","smtp_password":"OLD_PASSWORD(us-east-1)","smtp_server":"email-smtp.us-east-1.amazonaws.com"}"#,
            r#"{"smtp_username":"NEW","smtp_password":"NEW_PASSWORD(us-east-1)","smtp_server":"email-smtp.us-east-1.amazonaws.com"}"#,
        ),
        (
            r#"{"username":"OLD","password":"x","host":"email-smtp.us-west-2.amazonaws.com","port":587}"#,
            r#"{"username":"NEW","password":"NEW_PASSWORD(us-west-2)","host":"email-smtp.us-west-2.amazonaws.com","port":587}"#,
        ),
        (
            r#"{"username":"OLD","password":"OLD_PASSWORD(eu-west-3)","host":"mail.internal","smtp_region":"EU-WEST-3"}"#,
            r#"{"username":"NEW","password":"NEW_PASSWORD(eu-west-3)","host":"mail.internal","smtp_region":"EU-WEST-3"}"#,
        ),
        (
            r#"{"MAIL_HOST":"email-smtp.eu-west-1.amazonaws.com","MAIL_USERNAME":"OLD","MAIL_PASSWORD":"x"}"#,
            r#"{"MAIL_HOST":"email-smtp.eu-west-1.amazonaws.com","MAIL_USERNAME":"NEW","MAIL_PASSWORD":"NEW_PASSWORD(eu-west-1)"}"#,
        ),
        (
            r#"{"SMTP_USER":"","SMTP_PASS":"","SES_REGION":"us-east-1"}"#,
            r#"{"SMTP_USER":"NEW","SMTP_PASS":"NEW_PASSWORD(us-east-1)","SES_REGION":"us-east-1"}"#,
        ),
        (
            r#"{"smtp_username":"","smtp_password":"","smtp_region":""}"#,
            r#"{"smtp_username":"NEW","smtp_password":"NEW_PASSWORD(eu-west-1)","smtp_region":"eu-west-1"}"#,
        ),
    ] {
        becomes(before, after);
        let document = SecretDocument::parse(&filled(after), None).unwrap();
        assert!(document.is_smtp_only() && document.credential().is_none(), "{after}");
    }
}

#[test]
fn the_region_of_an_smtp_password_is_never_guessed() {
    let pair = r#""AccessKeyId":"OLD","SecretAccessKey":"OLD_SECRET""#;
    let new = r#""AccessKeyId":"NEW","SecretAccessKey":"NEW_SECRET""#;
    for (more, after) in [
        // The old password shows it.
        (r#""smtp_password":"OLD_PASSWORD(eu-west-3)""#, r#""smtp_password":"NEW_PASSWORD(eu-west-3)""#),
        // A region that may be S3's loses against what the old password shows.
        (
            r#""region":"us-east-1","SmtpPassword":"OLD_PASSWORD(us-west-2)""#,
            r#""region":"us-east-1","SmtpPassword":"NEW_PASSWORD(us-west-2)""#,
        ),
        (
            r#""region":"us-east-1","SmtpPassword":"""#,
            r#""region":"us-east-1","SmtpPassword":"NEW_PASSWORD(us-east-1)""#,
        ),
        (
            r#""smtp_user":"OLD","smtp_pass":"stale","ses_region":"us-east-1""#,
            r#""smtp_user":"NEW","smtp_pass":"NEW_PASSWORD(us-east-1)","ses_region":"us-east-1""#,
        ),
        (
            r#""username":"OLD","password":"x","host":"email-smtp.us-east-1.amazonaws.com""#,
            r#""username":"NEW","password":"NEW_PASSWORD(us-east-1)","host":"email-smtp.us-east-1.amazonaws.com""#,
        ),
        // Another provider's.
        (r#""SmtpPassword":"mailgun""#, r#""SmtpPassword":"mailgun""#),
        (
            r#""email_password":"app password","region":"us-east-1","SMTP_USER":"""#,
            r#""email_password":"app password","region":"us-east-1","SMTP_USER":"""#,
        ),
        (
            r#""SMTP_HOST":"smtp.mailgun.org","SMTP_USER":"","SMTP_PASSWORD":"","region":"us-east-1""#,
            r#""SMTP_HOST":"smtp.mailgun.org","SMTP_USER":"","SMTP_PASSWORD":"","region":"us-east-1""#,
        ),
        (
            r#""smtp_username":"apikey","smtp_password":"SG.x""#,
            r#""smtp_username":"apikey","smtp_password":"SG.x""#,
        ),
        (
            r#""username":"ci","password":"x","host":"db.internal""#,
            r#""username":"ci","password":"x","host":"db.internal""#,
        ),
        (
            r#""username":"ci","password":"x","host":"email-smtp.us-east-1.amazonaws.com""#,
            r#""username":"ci","password":"x","host":"email-smtp.us-east-1.amazonaws.com""#,
        ),
    ] {
        becomes(&format!("{{{pair},{more}}}"), &format!("{{{new},{after}}}"));
    }
    // With its password, the form of the value that generators of SMTP credentials store.
    becomes(
        r#"{"username":"OLD","password":"OLD_PASSWORD(us-east-1)","region":"us-east-1"}"#,
        r#"{"username":"NEW","password":"NEW_PASSWORD(us-east-1)","region":"us-east-1"}"#,
    );
    becomes(
        r#"{"access_key":"OLD","secret_access_key":"OLD_SECRET","username":"OLD","password":"OLD_PASSWORD(us-west-2)","endpoint":"email-smtp.us-west-2.amazonaws.com"}"#,
        r#"{"access_key":"NEW","secret_access_key":"NEW_SECRET","username":"NEW","password":"NEW_PASSWORD(us-west-2)","endpoint":"email-smtp.us-west-2.amazonaws.com"}"#,
    );
}

#[test]
fn an_smtp_password_whose_region_nothing_shows_is_refused() {
    let pair = r#""AccessKeyId":"OLD","SecretAccessKey":"OLD_SECRET""#;
    let unknown = |field: &str| DocumentError::SmtpRegion(q(field));
    let clash = |a: &str, b: &str| DocumentError::SmtpRegions(a.to_owned(), b.to_owned());
    for (text, error) in [
        (r#"{"smtp_username":"OLD","smtp_password":"x"}"#.to_owned(), unknown("smtp_password")),
        (r#"{"smtp_username":"OLD","smtp_password":"x","smtp_region":""}"#.into(), unknown("smtp_password")),
        (r#"{"username":"OLD","password":"OLD_PASSWORD(us-east-1)"}"#.into(), unknown("password")),
        (
            r#"{"AccessKeyId":"OLD","SecretAccessKey":"OLD_PASSWORD(us-east-1)"}"#.into(),
            DocumentError::AnSmtpPassword(q("SecretAccessKey")),
        ),
        (r#"{"smtp_username":"","smtp_password":""}"#.into(), unknown("smtp_password")),
        (format!(r#"{{{pair},"SmtpPassword":""}}"#), unknown("SmtpPassword")),
        (
            r#"{"smtp_username":"OLD","smtp_password":"x","smtp_region":"eu-west-1","host":"email-smtp.us-east-1.amazonaws.com"}"#.into(),
            clash("eu-west-1", "us-east-1"),
        ),
        (
            format!(r#"{{{pair},"SmtpRegion":"eu-west-1","SmtpPassword":"OLD_PASSWORD(us-east-1)"}}"#),
            clash("eu-west-1", "us-east-1"),
        ),
        (
            format!(r#"{{{pair},"smtp_username":"AKIAOTHEROTHEROTHER1","smtp_password":"x","smtp_region":"eu-west-1"}}"#),
            DocumentError::TwoKeys(q("smtp_username"), q("AccessKeyId")),
        ),
        (
            r#"{"smtp_username":"OLD","smtp_password":"","smtp_region":"eu-west-1"}"#.into(),
            DocumentError::HalfAPair(q("smtp_username"), q("smtp_password")),
        ),
        (
            r#"{"smtp_username":"OLD\n\u0000","smtp_password":"x","smtp_server":"email-smtp.us-east-1.amazonaws.com"}"#.into(),
            DocumentError::NotAKeyId(q("smtp_username")),
        ),
    ] {
        assert_eq!(refused(&text), error, "{text}");
    }
}

#[test]
fn status_and_creation_date_are_refreshed_where_they_are_text() {
    becomes(
        r#"{"AccessKey":"OLD","SecretKey":"OLD_SECRET","Status":"Inactive","CreateDate":""}"#,
        r#"{"AccessKey":"NEW","SecretKey":"NEW_SECRET","Status":"Active","CreateDate":"2026-01-02T03:04:05Z"}"#,
    );
    becomes(
        r#"{"AccessKey":"OLD","SecretKey":"OLD_SECRET","Status":7,"CreateDate":null}"#,
        r#"{"AccessKey":"NEW","SecretKey":"NEW_SECRET","Status":7,"CreateDate":null}"#,
    );
}

#[test]
fn what_is_ambiguous_is_refused() {
    use DocumentError::*;
    for (text, expected) in [
        (
            r#"{"AccessKeyId":"OLD","SecretAccessKey":"b","access_key_id":"c","secret_access_key":"d"}"#,
            TwoPairs(q("AccessKeyId"), q("access_key_id")),
        ),
        (
            r#"{"AccessKeyId":"OLD","SecretAccessKey":"b","secretAccessKey":"d"}"#,
            TwoPairs(q("SecretAccessKey"), q("secretAccessKey")),
        ),
        (r#"{"AccessKeyId":"OLD"}"#, NoPartner(q("AccessKeyId"))),
        (r#"{"aws_access_key":"OLD"}"#, NoPartner(q("aws_access_key"))),
        (r#"{"ses_secret_key":"OLD_SECRET"}"#, NoPartner(q("ses_secret_key"))),
        (r#"{"AccessKeyId":"","SecretAccessKey":"b"}"#, HalfAPair(q("SecretAccessKey"), q("AccessKeyId"))),
        (r#"{"AccessKeyId":"a","AccessKeyId":"a","SecretAccessKey":"b"}"#, Duplicate(q("AccessKeyId"))),
        (r#"{"AccessKeyId":1,"SecretAccessKey":"b"}"#, NotAString(q("AccessKeyId"))),
        (r#"{"UserName":"a","username":"b"}"#, TwoUsers(q("UserName"), q("username"))),
    ] {
        assert_eq!(refused(text), expected, "{text}");
    }
}

#[test]
fn deep_nesting_is_carried_and_does_not_overflow_the_stack() {
    let (open, close) = ("[".repeat(30_000), "]".repeat(30_000));
    let deep = format!(r#"{{"AccessKeyId":"OLD","SecretAccessKey":"OLD_SECRET","deep":{open}{close}}}"#);
    assert!(rotated(&deep, None).unwrap().contains("[[[["));
}

#[test]
fn a_document_prints_its_field_names_and_none_of_its_values() {
    let text = r#"{"AccessKeyId":"AKIAOLD","SecretAccessKey":"hush"}"#;
    let document = SecretDocument::parse(text, None).unwrap();
    assert_eq!(format!("{document:?}"), r#"{"AccessKeyId", "SecretAccessKey"}"#);
}

#[test]
fn a_shape_has_room_for_one_key_and_says_the_region_of_an_smtp_password() {
    for names in [
        &["UserName"][..],
        &["AccessKeyId", "SecretAccessKey", "AccessKey", "SecretKey"],
        &["AccessKeyId", "SecretAccessKey", "Colour"],
        &["AccessKeyId", "SecretAccessKey", "SmtpPassword"],
        &["SmtpPassword", "SmtpRegion"],
    ] {
        assert_eq!(SecretDocument::from_shape(names), None, "{names:?}");
    }
    for names in [
        &["accessKeyId", "secretAccessKey"][..],
        &["AccessKeyId", "SecretAccessKey", "SmtpUsername", "SmtpPassword", "SmtpRegion"],
        &["UserName", "smtp_username", "smtp_password", "smtp_region"],
    ] {
        assert!(SecretDocument::from_shape(names).is_some(), "{names:?}");
    }
}

/// What somebody found who looked for values that are misread: each with what it becomes; nothing where it is refused.
const MISREAD: &[(&str, Option<&str>)] = &[
    (
        r#"{"SECRET_KEY":"django-insecure-x","AWS_KEY":"OLD","AWS_SECRET":"OLD_SECRET"}"#,
        Some(r#"{"SECRET_KEY":"django-insecure-x","AWS_KEY":"NEW","AWS_SECRET":"NEW_SECRET"}"#),
    ),
    (r#"{"access_key":"OLD","secret":"OLD_SECRET","secret_key":"jwt"}"#, None),
    (r#"{"AWS_ACCESS_KEY_ID":"OLD","AWS_SECRET_ACCESS_KEY_VALUE":"OLD_SECRET","secret":"jwt"}"#, None),
    (
        r#"{"username":"OLD","password":"OLD_SECRET","endpoint":"s3.eu-west-1.amazonaws.com","region":"eu-west-1"}"#,
        None,
    ),
    (
        r#"{"smtp_username":"OLD","smtp_password":"OLD_SECRET","smtp_host":"email-smtp.us-east-1.amazonaws.com"}"#,
        None,
    ),
    (
        r#"{"EMAIL_PASSWORD":"imap","SMTP_USERNAME":"OLD","SMTP_PASSWORD":"OLD_PASSWORD(us-east-1)","SMTP_HOST":"email-smtp.us-east-1.amazonaws.com"}"#,
        Some(
            r#"{"EMAIL_PASSWORD":"imap","SMTP_USERNAME":"NEW","SMTP_PASSWORD":"NEW_PASSWORD(us-east-1)","SMTP_HOST":"email-smtp.us-east-1.amazonaws.com"}"#,
        ),
    ),
    (
        r#"{"sasl_password":"OLD_PASSWORD(us-east-1)","smtp_username":"OLD","smtp_password":"OLD_PASSWORD(us-east-1)","ses_region":"us-east-1"}"#,
        None,
    ),
    (
        r#"{"maps":"[mail]:587 OLD:OLD_PASSWORD(us-east-1)","smtp_username":"OLD","smtp_password":"OLD_PASSWORD(us-east-1)","ses_region":"us-east-1"}"#,
        None,
    ),
    (r#"{"AccessKeyId":"OLD","SecretAccessKey":"OLD_SECRET","password":"OLD_PASSWORD(us-east-1)"}"#, None),
    (r#"{"SMTP_PASSWORD":"OLD_PASSWORD(us-east-1)","SMTP_REGION":"us-east-1"}"#, None),
    (r#"{"password":"OLD_PASSWORD(us-east-1)"}"#, None),
    (r#"{"ses_smtp_password_v4":"OLD_PASSWORD(us-east-1)"}"#, None),
    (r#"{"smtp_password":"OLD_PASSWORD(us-east-1)","smtp_host":"email-smtp.us-east-1.amazonaws.com"}"#, None),
    (
        r#"{"AccessKeyId":null,"smtp_username":"OLD","smtp_password":"OLD_PASSWORD(us-east-1)","ses_region":"us-east-1"}"#,
        Some(
            r#"{"AccessKeyId":null,"smtp_username":"NEW","smtp_password":"NEW_PASSWORD(us-east-1)","ses_region":"us-east-1"}"#,
        ),
    ),
    (
        r#"{"SECRET_KEY":"django","EMAIL_HOST":"email-smtp.us-east-1.amazonaws.com","EMAIL_HOST_USER":"OLD","EMAIL_HOST_PASSWORD":"OLD_PASSWORD(us-east-1)"}"#,
        Some(
            r#"{"SECRET_KEY":"django","EMAIL_HOST":"email-smtp.us-east-1.amazonaws.com","EMAIL_HOST_USER":"NEW","EMAIL_HOST_PASSWORD":"NEW_PASSWORD(us-east-1)"}"#,
        ),
    ),
    (
        r#"{"UserName":"ci","MAIL_HOST":"email-smtp.us-east-1.amazonaws.com"}"#,
        Some(
            r#"{"UserName":"ci","MAIL_HOST":"email-smtp.us-east-1.amazonaws.com","AccessKeyId":"NEW","SecretAccessKey":"NEW_SECRET"}"#,
        ),
    ),
    (
        r#"{"UserName":"ci","AccessKeyId":"OLD","SecretAccessKey":"OLD_SECRET","USERNAME":"dbuser","app_session_token":"t"}"#,
        Some(
            r#"{"UserName":"ci","AccessKeyId":"NEW","SecretAccessKey":"NEW_SECRET","USERNAME":"dbuser","app_session_token":"t"}"#,
        ),
    ),
    (r#"{"S3_ACCESS_KEY":"DO00ABCDEFGHIJKLMNOP","S3_SECRET_KEY":"OLD_SECRET","my_aws_id":"OLD"}"#, None),
    (r#"{"smtp_username":"OLD","smtp_password":"x","smtp_region":"Ireland","region":"eu-west-1"}"#, None),
    (r#"{"smtp_username":"OLD","smtp_password":"x","AWS_DEFAULT_REGION":"eu-west-1"}"#, None),
    (
        r#"{"smtp_username":"OLD","smtp_password":"x","smtp_host":"smtp.gmail.com","region":"eu-west-1"}"#,
        None,
    ),
    (
        r#"{"smtp_username":"OLD","smtp_password":"x","hosts":"email-smtp.us-east-1.amazonaws.com,email-smtp.eu-west-1.amazonaws.com"}"#,
        None,
    ),
    (r#"{"AccessKey":{"AccessKeyId":"OLD","SecretAccessKey":"OLD_SECRET"}}"#, None),
];

#[test]
fn a_field_of_another_meaning_is_never_taken_for_a_half_of_the_key() {
    for &(before, after) in MISREAD {
        match after {
            Some(after) => becomes(before, after),
            None => drop(refused(before)),
        }
    }
}

#[test]
fn a_tag_has_nothing_overwritten_that_is_not_a_key() {
    for (text, names) in [
        (
            r#"{"smtp_username":"OLD","smtp_password":"OLD_PASSWORD(us-east-1)","smtp_server":"email-smtp.us-east-1.amazonaws.com"}"#,
            "smtp_username:smtp_server",
        ),
        (r#"{"key":"OLD","secret":"OLD_SECRET","webhook_url":"https://example.com"}"#, "key:webhook_url"),
        (r#"{"UserName":"ci","order":"INVOICE20260101A1","db_password":"hunter2"}"#, "order:db_password"),
    ] {
        assert!(rotated(text, Some(names)).is_err(), "{text}");
    }
    // Where several pairs are there, the tag says which is AWS's.
    let both = r#"{"SECRET_KEY":"django","aws_id":"OLD","aws_key":"OLD_SECRET","S3_ACCESS_KEY":"DO00ABCDEFGHIJKLMNOP","S3_SECRET_KEY":"x"}"#;
    let after = r#"{"SECRET_KEY":"django","aws_id":"NEW","aws_key":"NEW_SECRET","S3_ACCESS_KEY":"DO00ABCDEFGHIJKLMNOP","S3_SECRET_KEY":"x"}"#;
    assert_eq!(rotated(both, Some("aws_id:aws_key")), Ok(filled(after)));
    let raw = r#"{"username":"OLD","password":"OLD_SECRET"}"#;
    assert_eq!(
        rotated(raw, Some("username:password")),
        Ok(filled(r#"{"username":"NEW","password":"NEW_SECRET"}"#))
    );
}
