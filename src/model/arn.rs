//! Amazon Resource Names.

/// The parts of an ARN
/// ([ARNs](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arn<'a> {
    /// `aws`, `aws-cn`, `aws-us-gov`, …
    pub(crate) partition: &'a str,
    /// The service, e.g. `iam`.
    pub(crate) service: &'a str,
    /// The region; empty where the resource has none.
    pub(crate) region: &'a str,
    /// The account's twelve digits; empty where the resource has none.
    pub(crate) account: &'a str,
    /// The rest, e.g. `user/team/ci-bot` or `function:rotation`.
    pub(crate) resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Reads an ARN; `None` if the text is none.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.strip_prefix("arn:")?.splitn(5, ':');
        let mut next = || parts.next();
        let arn = Self {
            partition: next()?,
            service: next()?,
            region: next()?,
            account: next()?,
            resource: next()?,
        };
        let is_whole = !arn.partition.is_empty() && !arn.service.is_empty() && !arn.resource.is_empty();
        is_whole.then_some(arn).filter(|arn| arn.account.is_empty() || is_account_id(arn.account))
    }
}

/// The account that an ARN names; empty where the text is no ARN, or names none.
pub(crate) fn account_of(arn: &str) -> &str {
    Arn::parse(arn).map_or("", |arn| arn.account)
}

/// The region that an ARN names, if it names one.
pub(crate) fn region_of(arn: &str) -> Option<&str> {
    Arn::parse(arn).map(|arn| arn.region).filter(|region| !region.is_empty())
}

/// Whether a text is the id of an AWS account: twelve digits.
pub(crate) fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_is_read_into_its_parts_and_nothing_else_is() {
        let arn = Arn::parse("arn:aws-cn:lambda:cn-north-1:111122223333:function:rotation:live").unwrap();
        assert_eq!((arn.partition, arn.service, arn.region), ("aws-cn", "lambda", "cn-north-1"));
        assert_eq!((arn.account, arn.resource), ("111122223333", "function:rotation:live"));
        assert_eq!(Arn::parse("arn:aws:iam::111122223333:user/a/ci").unwrap().resource, "user/a/ci");
        assert_eq!(Arn::parse("arn:aws:s3:::bucket").unwrap().account, "");
        for text in
            ["", "ci", "arn", "arn:aws:iam", "arn:aws:iam::1111:user/ci", "arn::iam::111122223333:user/ci"]
        {
            assert_eq!(Arn::parse(text), None, "{text}");
        }
    }
}
