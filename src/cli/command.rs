//! Command lines that are printed for the operator to paste.

use std::borrow::Cow;

use super::Global;

impl Global {
    /// A command line that acts where this one does: the same profile, region, account and function.
    /// Without them the pasted command would act on another account, or on every user.
    pub(super) fn command<'a>(&'a self, args: impl IntoIterator<Item = &'a str>) -> String {
        let options = [
            ("--profile", &self.profile),
            ("--region", &self.region),
            ("--account", &self.account),
            ("--function", &self.function),
        ];
        let given = options.into_iter().filter_map(|(name, value)| Some([name, value.as_deref()?]));
        let words = ["iam-key-rotator"].into_iter().chain(given.flatten()).chain(args);
        words.map(quoted).collect::<Vec<_>>().join(" ")
    }
}

/// A word as a POSIX shell reads it back. No argument holds a NUL, which alone cannot be quoted.
pub(super) fn quoted(word: &str) -> Cow<'_, str> {
    shlex::try_quote(word).unwrap_or(Cow::Borrowed(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_back_what_was_given() {
        let given = |text: &str| Some(text.to_owned());
        let global = Global {
            profile: given("prod; rm -rf ~"),
            region: given("eu-west-1"),
            account: given("444455556666"),
            function: given("arn:aws:lambda:eu-west-1:444455556666:function:sweep"),
            json: true,
        };
        let line = global.command(["sweep", "--apply", "--user", "o'neil $(id)"]);
        let words = shlex::split(&line).unwrap();
        let expected = [
            "iam-key-rotator",
            "--profile",
            "prod; rm -rf ~",
            "--region",
            "eu-west-1",
            "--account",
            "444455556666",
            "--function",
            "arn:aws:lambda:eu-west-1:444455556666:function:sweep",
            "sweep",
            "--apply",
            "--user",
            "o'neil $(id)",
        ];
        assert_eq!(words, expected);
        assert_eq!(Global::default().command(["plan"]), "iam-key-rotator plan");
    }
}
