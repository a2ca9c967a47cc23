//! As much of JSON as writing a plan takes, so that the migrations of a new project build in
//! seconds; the engine reads it with serde.

/// Writes JSON into a string: objects in the order given, two plans of the same migrations are
/// the same bytes.
#[derive(Default)]
pub(crate) struct Json {
    text: String,
    /// Whether the innermost open object or list has an element already.
    started: Vec<bool>,
}

impl Json {
    pub(crate) fn into_string(self) -> String {
        self.text
    }

    fn separate(&mut self) {
        if let Some(started) = self.started.last_mut()
            && std::mem::replace(started, true)
        {
            self.text.push(',');
        }
    }

    /// `{ … }` with the fields that `inside` writes.
    pub(crate) fn object(&mut self, inside: impl FnOnce(&mut Self)) {
        self.separate();
        self.nest('{', '}', inside);
    }

    /// `[ … ]` with what `write` makes of each item.
    pub(crate) fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        self.separate();
        self.nest('[', ']', |json| items.into_iter().for_each(|item| write(json, item)));
    }

    fn nest(&mut self, open: char, close: char, inside: impl FnOnce(&mut Self)) {
        self.text.push(open);
        self.started.push(false);
        inside(self);
        self.started.pop();
        self.text.push(close);
    }

    /// `"name":` and the one value that `value` writes.
    pub(crate) fn field(&mut self, name: &str, value: impl FnOnce(&mut Self)) {
        self.separate();
        self.quoted(name);
        self.text.push(':');
        // The value follows the colon, not another value.
        self.started.push(false);
        value(self);
        self.started.pop();
    }

    pub(crate) fn string(&mut self, text: &str) {
        self.separate();
        self.quoted(text);
    }

    pub(crate) fn strings<'a>(&mut self, texts: impl IntoIterator<Item = &'a String>) {
        self.list(texts, |json, text| json.string(text));
    }

    pub(crate) fn number(&mut self, number: impl Into<u64>) {
        self.separate();
        self.text.push_str(&number.into().to_string());
    }

    pub(crate) fn bool(&mut self, value: bool) {
        self.separate();
        self.text.push_str(if value { "true" } else { "false" });
    }

    pub(crate) fn null(&mut self) {
        self.separate();
        self.text.push_str("null");
    }

    fn quoted(&mut self, text: &str) {
        self.text.push('"');
        for character in text.chars() {
            match character {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                '\n' => self.text.push_str("\\n"),
                c if c < ' ' => self.text.push_str(&format!("\\u{:04x}", u32::from(c))),
                c => self.text.push(c),
            }
        }
        self.text.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_values() {
        let mut json = Json::default();
        json.object(|json| {
            json.field("a", |json| json.strings(&["\"\\\n\u{1}é".to_owned(), String::new()]));
            json.field("b", |json| json.object(|_| {}));
            json.field("c", |json| json.list([1u64, 2], Json::number));
            json.field("d", Json::null);
            json.field("e", |json| json.bool(true));
        });
        assert_eq!(
            json.into_string(),
            r#"{"a":["\"\\\n\u0001é",""],"b":{},"c":[1,2],"d":null,"e":true}"#
        );
    }
}
