//! Where a secret is found: in the console and on the command line.

use std::fmt::Write as _;

use crate::model::SecretState;

/// Where a secret is found.
pub(super) struct Place {
    /// Its region.
    pub region: String,
    /// Its page in the console.
    pub console_url: String,
    /// The command that prints its value.
    pub command: String,
}

impl Place {
    pub(super) fn of(secret: &SecretState) -> Self {
        let (partition, region, _) = secret.home();
        let console = match partition {
            "aws-cn" => "console.amazonaws.cn",
            "aws-us-gov" => "console.amazonaws-us-gov.com",
            _ => "console.aws.amazon.com",
        };
        let (arn, name) = (&secret.arn, percent_encode(&secret.name));
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

fn percent_encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
