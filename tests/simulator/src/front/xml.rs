//! XML, as much of it as AWS Query answers need.

/// A piece of XML under construction.
#[derive(Clone, Debug, Default)]
pub(crate) struct Xml(String);

impl Xml {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Escaped text, for a list of plain values.
    pub(crate) fn value(text: &str) -> Self {
        Self(escape(text))
    }

    /// `<name>escaped text</name>`.
    pub(crate) fn text(mut self, name: &str, text: &str) -> Self {
        self.0.push_str(&format!("<{name}>{}</{name}>", escape(text)));
        self
    }

    /// The same, or nothing.
    pub(crate) fn optional(self, name: &str, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.text(name, text),
            None => self,
        }
    }

    /// `<name>…</name>` around another piece.
    pub(crate) fn element(mut self, name: &str, inner: &Self) -> Self {
        self.0.push_str(&format!("<{name}>{}</{name}>", inner.0));
        self
    }

    /// Another piece behind this one.
    pub(crate) fn and(mut self, other: &Self) -> Self {
        self.0.push_str(&other.0);
        self
    }

    /// `<name><member>…</member>…</name>`: a list, as Query has them.
    pub(crate) fn list(self, name: &str, members: impl IntoIterator<Item = Self>) -> Self {
        let inner = members.into_iter().fold(Self::new(), |list, member| list.element("member", &member));
        self.element(name, &inner)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            c => out.push(c),
        }
    }
    out
}
