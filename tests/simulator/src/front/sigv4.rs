//! Signature Version 4, both sides.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest, Sha256};

use crate::front::protocol::Request;

/// Everything but the unreserved characters of RFC 3986.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// The same, with the path's own separator kept.
const PATH: &AsciiSet = &QUERY.remove(b'/');

/// The parts of an `Authorization` header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Authorization {
    pub access_key_id: String,
    pub date: String,
    pub region: String,
    pub service: String,
    pub signed_headers: Vec<String>,
    pub signature: String,
}

impl Authorization {
    /// Reads `AWS4-HMAC-SHA256 Credential=…/date/region/service/aws4_request, SignedHeaders=…,
    /// Signature=…`.
    pub(crate) fn parse(header: &str) -> Option<Self> {
        let rest = header.strip_prefix("AWS4-HMAC-SHA256")?;
        let field =
            |name: &str| rest.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
        let mut scope = field("Credential")?.split('/');
        let parsed = Self {
            access_key_id: scope.next()?.to_owned(),
            date: scope.next()?.to_owned(),
            region: scope.next()?.to_owned(),
            service: scope.next()?.to_owned(),
            signed_headers: field("SignedHeaders")?.split(';').map(str::to_owned).collect(),
            signature: field("Signature")?.to_owned(),
        };
        (scope.next()? == "aws4_request" && scope.next().is_none()).then_some(parsed)
    }

    /// Whether `secret` made this signature over `request`.
    pub(crate) fn verifies(&self, request: &Request, secret: &str) -> bool {
        let Some(date) = request.header("x-amz-date") else {
            return false;
        };
        let hash = match request.header("x-amz-content-sha256") {
            Some("UNSIGNED-PAYLOAD") => "UNSIGNED-PAYLOAD".to_owned(),
            stated => {
                let actual = sha256(&request.body);
                if stated.is_some_and(|stated| stated != actual) {
                    return false;
                }
                actual
            }
        };
        let host_is_signed = self.signed_headers.iter().any(|name| name == "host");
        let token_is_signed = request.header("x-amz-security-token").is_none()
            || self.signed_headers.iter().any(|name| name == "x-amz-security-token");
        host_is_signed
            && token_is_signed
            && date.starts_with(&self.date)
            && self.signature == self.sign(request, secret, date, &hash)
    }

    fn sign(&self, request: &Request, secret: &str, date: &str, payload_hash: &str) -> String {
        let canonical = canonical_request(request, &self.signed_headers, payload_hash);
        let scope = format!("{}/{}/{}/aws4_request", self.date, self.region, self.service);
        let to_sign = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", sha256(canonical.as_bytes()));
        let key = [&self.date, &self.region, &self.service, "aws4_request"]
            .iter()
            .fold(format!("AWS4{secret}").into_bytes(), |key, part| hmac(&key, part.as_bytes()));
        hex(&hmac(&key, to_sign.as_bytes()))
    }
}

/// Signs a request in place: adds `host`, `x-amz-date`, the session token and `authorization`.
pub(crate) fn sign(
    request: &mut Request,
    pair: &crate::KeyPair,
    service: &str,
    region: &str,
    amz_date: &str,
) {
    let mut add = |name: &str, value: &str| {
        request.headers.push((name.to_owned(), value.to_owned()));
    };
    add("x-amz-date", amz_date);
    if let Some(token) = &pair.session_token {
        add("x-amz-security-token", token);
    }
    if request.header("host").is_none() {
        let authority = request.authority.clone();
        request.headers.push(("host".to_owned(), authority));
    }
    let mut signed_headers: Vec<String> = request.headers.iter().map(|(name, _)| name.clone()).collect();
    signed_headers.sort();
    let mut authorization = Authorization {
        access_key_id: pair.access_key_id.clone(),
        date: amz_date[..8].to_owned(),
        region: region.to_owned(),
        service: service.to_owned(),
        signed_headers,
        signature: String::new(),
    };
    let hash = sha256(&request.body);
    authorization.signature = authorization.sign(request, &pair.secret_access_key, amz_date, &hash);
    let header = format!(
        "AWS4-HMAC-SHA256 Credential={}/{}/{region}/{service}/aws4_request, SignedHeaders={}, \
         Signature={}",
        authorization.access_key_id,
        authorization.date,
        authorization.signed_headers.join(";"),
        authorization.signature
    );
    request.headers.push(("authorization".to_owned(), header));
}

fn canonical_request(request: &Request, signed_headers: &[String], payload_hash: &str) -> String {
    let path = if request.path.is_empty() { "/" } else { &request.path };
    // Every service but S3 signs the path encoded twice.
    let path = utf8_percent_encode(path, PATH).to_string();
    let headers: String =
        signed_headers.iter().map(|name| format!("{name}:{}\n", header_value(request, name))).collect();
    format!(
        "{}\n{path}\n{}\n{headers}\n{}\n{payload_hash}",
        request.method,
        canonical_query(&request.query),
        signed_headers.join(";")
    )
}

fn header_value(request: &Request, name: &str) -> String {
    let values: Vec<String> = request
        .headers
        .iter()
        .filter(|(key, _)| key == name)
        .map(|(_, value)| value.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    if values.is_empty() && name == "host" {
        return request.authority.clone();
    }
    values.join(",")
}

fn canonical_query(query: &str) -> String {
    let encode = |text: &str| {
        let decoded = percent_decode_str(text).decode_utf8_lossy().into_owned();
        utf8_percent_encode(&decoded, QUERY).to_string()
    };
    let mut pairs: Vec<String> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            format!("{}={}", encode(name), encode(value))
        })
        .collect();
    pairs.sort();
    pairs.join("&")
}

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked example of AWS's signing documentation (IAM ListUsers of 2015-08-30).
    fn documented() -> Request {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Request {
            method: "GET".to_owned(),
            path: "/".to_owned(),
            query: "Action=ListUsers&Version=2010-05-08".to_owned(),
            authority: String::new(),
            headers: vec![
                header("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
                header("host", "iam.amazonaws.com"),
                header("x-amz-date", "20150830T123600Z"),
            ],
            body: bytes::Bytes::new(),
        }
    }

    const AUTHORIZATION: &str = "AWS4-HMAC-SHA256 \
        Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
        SignedHeaders=content-type;host;x-amz-date, \
        Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    #[test]
    fn the_documented_signature_verifies() {
        let authorization = Authorization::parse(AUTHORIZATION).unwrap();
        assert!(authorization.verifies(&documented(), SECRET));
        assert!(!authorization.verifies(&documented(), "another secret"));
    }

    #[test]
    fn a_changed_body_query_or_header_breaks_the_signature() {
        let authorization = Authorization::parse(AUTHORIZATION).unwrap();
        let mut changed = documented();
        changed.body = bytes::Bytes::from_static(b"x");
        assert!(!authorization.verifies(&changed, SECRET));
        let mut changed = documented();
        changed.query.push('9');
        assert!(!authorization.verifies(&changed, SECRET));
        let mut changed = documented();
        changed.headers[0].1.push('9');
        assert!(!authorization.verifies(&changed, SECRET));
    }

    #[test]
    fn a_session_token_must_be_signed() {
        let authorization = Authorization::parse(AUTHORIZATION).unwrap();
        let mut changed = documented();
        changed.headers.push(("x-amz-security-token".to_owned(), "token".to_owned()));
        assert!(!authorization.verifies(&changed, SECRET));
    }
}
