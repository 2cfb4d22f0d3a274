//! One section of a digest. It stays short whatever the sweep met: a mail that nobody reads to its end helps nobody.

/// Lines of a section.
const MOST_LINES: usize = 20;
/// Names on one line.
const MOST_NAMES: usize = 5;

/// Rows of one kind.
#[derive(Debug)]
pub(crate) struct Section {
    pub(crate) title: String,
    /// What to do about all of them; empty: nothing, or it stands beside each.
    pub(crate) remedy: String,
    pub(crate) lines: Vec<Line>,
    /// How many rows are on no line.
    pub(crate) more: usize,
}

/// What happened to a user.
#[derive(Clone, Debug)]
pub(crate) struct DigestRow {
    pub(crate) user: String,
    pub(crate) what: String,
    /// What to do about it; empty: nothing.
    pub(crate) remedy: String,
    /// The same for any user, where there is such a text.
    pub(crate) any_remedy: &'static str,
}

/// Rows that say the same.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) users: String,
    pub(crate) what: String,
    pub(crate) remedy: String,
}

impl DigestRow {
    /// A row without a remedy.
    pub(crate) fn new(user: impl Into<String>, what: impl Into<String>) -> Self {
        Self { user: user.into(), what: what.into(), remedy: String::new(), any_remedy: "" }
    }

    /// What it says without the user's own name.
    fn nameless(&self) -> String {
        let part_of_name = |letter: char| letter.is_alphanumeric() || "+=,.@_-".contains(letter);
        let mut text = String::new();
        let mut rest = self.what.as_str();
        while let Some(at) = rest.find(&self.user).filter(|_| !self.user.is_empty()) {
            let (before, after) = (&rest[..at], &rest[at + self.user.len()..]);
            // A sentence may end behind a name.
            let ends = after.trim_start_matches(['.', ',']).chars().next().is_none_or(|c| !part_of_name(c))
                || after.starts_with([' ', '"']);
            let begins = !before.ends_with(part_of_name);
            text.push_str(before);
            text.push_str(if begins && ends { "USER" } else { &self.user });
            rest = after;
        }
        text + rest
    }
}

impl Section {
    /// A section of these rows. Rows that say the same, but for the user's name, share a line.
    pub(crate) fn of(title: &str, rows: Vec<DigestRow>) -> Self {
        let title = if rows.len() > 1 { format!("{title} ({})", rows.len()) } else { title.to_owned() };
        let remedy = common_remedy(&rows);
        let mut groups: Vec<(String, Vec<DigestRow>)> = Vec::new();
        for row in rows {
            let says = row.nameless();
            match groups.iter_mut().find(|(same, of)| *same == says && of[0].remedy == row.remedy) {
                Some((_, of)) => of.push(row),
                None => groups.push((says, vec![row])),
            }
        }
        let more = groups.iter().skip(MOST_LINES).map(|(_, of)| of.len()).sum();
        let lines = groups.into_iter().take(MOST_LINES).map(|(says, of)| Line::of(says, &of, &remedy));
        Self { title, lines: lines.collect(), more, remedy }
    }
}

/// The remedy that holds for all rows: the same words, or words in which each row's names are to be filled in.
fn common_remedy(rows: &[DigestRow]) -> String {
    let Some((first, others)) = rows.split_first() else { return String::new() };
    if others.iter().all(|row| row.remedy == first.remedy) {
        return first.remedy.clone();
    }
    match others.iter().all(|row| row.any_remedy == first.any_remedy) {
        true => first.any_remedy.to_owned(),
        false => String::new(),
    }
}

impl Line {
    fn of(says: String, rows: &[DigestRow], common: &str) -> Self {
        let names: Vec<&str> = rows.iter().take(MOST_NAMES).map(|row| row.user.as_str()).collect();
        let more = rows.len().saturating_sub(MOST_NAMES);
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        let (what, remedy) = match rows {
            [row] => (row.what.clone(), row.remedy.clone()),
            _ => (says, rows[0].remedy.clone()),
        };
        Self {
            users: format!("{}{rest}", names.join(", ")),
            what,
            remedy: if common.is_empty() { remedy } else { String::new() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: usize, what: impl Fn(&str) -> String) -> Vec<DigestRow> {
        (0..count).map(|nth| format!("u{nth}")).map(|user| DigestRow::new(&user, what(&user))).collect()
    }

    #[test]
    fn a_section_has_twenty_lines_at_most_and_counts_the_rest() {
        let section = Section::of("Done", rows(179, |user| format!("rotated key K-{}", user.len())));
        assert_eq!((section.lines.len(), section.more), (3, 0), "names are of three lengths");
        let mut nth = 0;
        let section = Section::of(
            "Done",
            rows(179, |_| String::new())
                .into_iter()
                .map(|row| {
                    nth += 1;
                    DigestRow { what: format!("action {nth}"), ..row }
                })
                .collect(),
        );
        assert_eq!((section.lines.len(), section.more, section.title.as_str()), (20, 159, "Done (179)"));
    }

    #[test]
    fn the_same_error_is_one_line_which_names_five_users_and_counts_the_others() {
        let section = Section::of("Failed", rows(30, |user| format!("AccessDenied on user {user}.")));
        let [line] = &section.lines[..] else { panic!("{section:?}") };
        assert_eq!(line.what, "AccessDenied on user USER.");
        assert_eq!(line.users, "u0, u1, u2, u3, u4 and 25 more");
        let one = Section::of("Failed", rows(1, |user| format!("AccessDenied on user {user}.")));
        assert_eq!((one.lines[0].what.as_str(), one.title.as_str()), ("AccessDenied on user u0.", "Failed"));
    }

    #[test]
    fn a_name_is_found_only_where_it_stands_by_itself() {
        for (user, what, nameless) in [
            ("a", "a: data of a. Call a", "USER: data of USER. Call USER"),
            ("ci", "arn:aws:iam::1:user/ci-2 and user/ci", "arn:aws:iam::1:user/ci-2 and user/USER"),
            ("ci", "\"ci\", (ci)", "\"USER\", (USER)"),
            ("", "nothing", "nothing"),
        ] {
            assert_eq!(DigestRow::new(user, what).nameless(), nameless);
        }
    }

    #[test]
    fn what_to_do_is_said_once_for_all_and_with_the_names_for_one() {
        let row = |user: &str, remedy: &str| DigestRow {
            remedy: remedy.into(),
            any_remedy: "enroll USER",
            ..DigestRow::new(user, user)
        };
        let section = Section::of("Found", vec![row("a", "enroll a"), row("b", "enroll b")]);
        assert_eq!(section.remedy, "enroll USER");
        assert!(section.lines.iter().all(|line| line.remedy.is_empty()));
        assert_eq!(Section::of("Found", vec![row("a", "enroll a")]).remedy, "enroll a");
        let other = DigestRow { any_remedy: "", ..row("c", "delete c") };
        let section = Section::of("Found", vec![row("a", "enroll a"), other]);
        assert_eq!((section.remedy.as_str(), section.lines[1].remedy.as_str()), ("", "delete c"));
    }
}
