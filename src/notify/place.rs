//! Where a secret is found: in the console and on the command line.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::model::SecretState;

/// What a query of a URL holds only as `%XX`
/// ([RFC 3986](https://www.rfc-editor.org/rfc/rfc3986#section-2.3)).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Where a secret is found.
pub(super) struct Place {
    pub(crate) region: String,
    /// Its page in the console.
    pub(crate) console_url: String,
    /// The command that prints its value.
    pub(crate) command: String,
}

impl Place {
    pub(super) fn of(secret: &SecretState) -> Self {
        let (partition, region, _) = secret.home();
        let console = match partition {
            "aws-cn" => "console.amazonaws.cn",
            "aws-us-gov" => "console.amazonaws-us-gov.com",
            _ => "console.aws.amazon.com",
        };
        let (arn, name) = (&secret.arn, utf8_percent_encode(&secret.name, ENCODED));
        Self {
            region: region.to_owned(),
            console_url: format!(
                "https://{region}.{console}/secretsmanager/secret?name={name}&region={region}"
            ),
            command: format!(
                "aws secretsmanager get-secret-value --region {region} --secret-id '{arn}' --query SecretString --output text"
            ),
        }
    }
}
