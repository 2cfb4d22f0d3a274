//! Mail addresses.

/// An address in the form that SES takes, if a text is one mail address: no list, no header, no display name.
/// Spaces around it do not count, and an internationalized domain becomes Punycode, as SES
/// [demands](https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Destination.html). Whether it exists
/// is SES's to find out.
pub(crate) fn mailbox(text: &str) -> Option<String> {
    let (local, domain) = text.trim().rsplit_once('@')?;
    let plain =
        !local.is_empty() && local.bytes().all(|b| b.is_ascii_graphic() && !b"<>(),;:\\\"[]@".contains(&b));
    let domain = idna::domain_to_ascii_strict(domain).ok().filter(|domain| domain.contains('.'))?;
    let address = format!("{local}@{domain}");
    (plain && address.len() <= 254).then_some(address)
}

/// Whether a text can stand as one mail address as it is; see [`mailbox`].
pub(crate) fn is_address(text: &str) -> bool {
    mailbox(text).is_some_and(|address| address.eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bare_address_is_an_address() {
        for (text, address) in [
            ("a@b.c", "a@b.c"),
            ("ci+x@example.com", "ci+x@example.com"),
            (" ci@example.com \u{a0}", "ci@example.com"),
            ("ci@EXAMPLE.com", "ci@example.com"),
            ("ci@b\u{fc}cher.example", "ci@xn--bcher-kva.example"),
            ("ci@\u{4f8b}\u{3048}.jp", "ci@xn--r8jz45g.jp"),
            ("ci@xn--bcher-kva.example", "ci@xn--bcher-kva.example"),
        ] {
            assert_eq!(mailbox(text).as_deref(), Some(address), "{text:?}");
        }
        for bad in [
            "",
            " ",
            "ci",
            "a@b",
            "a@b.c,d@e.f",
            "A <a@b.c>",
            "a@b.c\nBcc: d@e.f",
            "a b@c.d",
            "@b.c",
            "a@.c",
            "a@b.",
            "a@b..c",
            "a@-b.c",
            "a@b.c d",
            "a@b_c.d e",
            "\u{e9}@b.c",
            "mailto:a@b.c",
            "a@b@c.d",
            "a@[127.0.0.1]",
            "a@b.c.",
        ] {
            assert_eq!(mailbox(bad), None, "{bad:?}");
        }
    }
}
