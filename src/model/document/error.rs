//! Why a value cannot be rotated, and what to do about it.

/// Why a value is no secret that this product can rotate. Names fields, and never quotes a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Not a JSON object at all.
    #[error("its value is not a JSON object")]
    NotAnObject,
    /// Binary values have no fields.
    #[error("its value is binary; a JSON object in SecretString is expected")]
    Binary,
    /// Which pair is the key cannot be told.
    #[error("it is not clear which of {0} and {1} belongs to the access key")]
    TwoPairs(String, String),
    /// An id without a secret, or the reverse.
    #[error("{0} is filled in but {1} is not")]
    HalfAPair(String, String),
    /// A field for one half of a pair, and none for the other.
    #[error("{0} is one half of an access key pair, and no field for the other half is recognised")]
    NoPartner(String),
    /// A field this product reads stands there twice.
    #[error("the field {0} occurs twice")]
    Duplicate(String),
    /// A field this product reads is not a string.
    #[error("the field {0} is not a string")]
    NotAString(String),
    /// Two fields name different users.
    #[error("{0} and {1} name different users")]
    TwoUsers(String, String),
    /// Something looks like a key, and no pair is recognised.
    #[error("{0} looks like an access key or a credentials file, and no access key pair is recognised")]
    Unrecognised(String),
    /// The pair is deeper than at the top level.
    #[error("{0} holds an access key pair inside an object or list; only top-level fields are rotated")]
    NestedPair(String),
    /// A field repeats the key, and would go on holding the old one.
    #[error("{0} repeats the access key of {1}, and would keep the old key after a rotation")]
    Copied(String, String),
    /// The id is none of an IAM user's access key.
    #[error(
        "{0} does not hold an access key id of an IAM user, which begins with AKIA and has letters and digits alone"
    )]
    NotAKeyId(String),
    /// The secret half has characters that no secret access key has.
    #[error("{0} does not hold a secret access key: those have 40 letters, digits and the signs + and /")]
    NotASecretKey(String),
    /// The secret half is derived, and would be replaced by what its consumers cannot use.
    #[error("{0} holds a password of Amazon SES's SMTP endpoint, where a secret access key is expected")]
    AnSmtpPassword(String),
    /// The SMTP password is a secret access key, which no mail server takes.
    #[error("{0} holds a secret access key, where a password of Amazon SES's SMTP endpoint is expected")]
    NotAnSmtpPassword(String),
    /// The secret's tag names a field that is understood otherwise.
    #[error("the tag `iam-key-rotator:fields` names {0}, which is an SMTP field or names a host")]
    NotAKeyField(String),
    /// The value holds another key of the user's.
    #[error("{0} holds key {1}, which is another access key of the same user")]
    AnotherKey(String, String),
    /// The key belongs to a temporary session.
    #[error("{0} belongs to temporary credentials, which expire by themselves and are never rotated")]
    Temporary(String),
    /// The SMTP user name is another key's.
    #[error("{0} names another access key than {1}")]
    TwoKeys(String, String),
    /// The region of an SMTP password is not known.
    #[error("the region that {0} is derived for is not known")]
    SmtpRegion(String),
    /// Two sources name different regions for an SMTP password.
    #[error("the region of the SMTP password is not clear: {0} or {1}")]
    SmtpRegions(String, String),
}

impl DocumentError {
    /// What to change in the secret.
    pub(crate) fn remedy(&self) -> &'static str {
        match self {
            Self::Unrecognised(_) | Self::NoPartner(_) => {
                "Store the pair in top-level fields `AccessKeyId` and `SecretAccessKey` (README, \"Your secrets\", lists the other spellings), or name your two fields in the secret's tag `iam-key-rotator:fields`, the id's first: `ID-FIELD:SECRET-FIELD`."
            }
            Self::AnSmtpPassword(_) => {
                "Store SMTP credentials in fields `smtp_username` and `smtp_password`, with their region in `smtp_region`."
            }
            Self::NotAnSmtpPassword(_) => {
                "Store an access key pair in fields such as `AccessKeyId` and `SecretAccessKey`, or store the SMTP password."
            }
            Self::NotAKeyField(_) => "Correct the tag, or remove it.",
            Self::AnotherKey(..) => "Keep each access key in a secret of its own.",
            Self::NestedPair(_) => "Move the pair to top-level fields of the JSON object.",
            Self::Copied(..) => {
                "Remove that field, or keep each key in a secret of its own, and let consumers read the pair."
            }
            Self::Temporary(_) => "Store a long-lived access key of an IAM user, without a session token.",
            Self::SmtpRegion(_) => {
                "Add a field `smtp_region`, or a field with the endpoint, such as `email-smtp.eu-west-1.amazonaws.com`."
            }
            Self::SmtpRegions(..) => {
                "Correct the SMTP region, the mail host or the password, so that they agree."
            }
            Self::NotAKeyId(_) | Self::NotASecretKey(_) => {
                "Store the key again without what was added by accident, or leave both fields empty to have the first rotation fill them."
            }
            _ => "Store a JSON object with one access key pair, or with the user's name alone.",
        }
    }
}

/// A field's name for a message. A name that could itself be somebody's key is not shown.
pub(super) fn shown(name: &str, position: usize) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "_-. ".contains(c);
    if (1..=32).contains(&name.len()) && name.chars().all(harmless) {
        format!("`{name}`")
    } else {
        format!("field {} of its value", position + 1)
    }
}
