//! What raw statements do to rows and values, which no inverse restores, as far as their words tell.

use super::{Token, Tokens};

/// What does not come back when these statements are reverted by what the catalog says, as a sentence.
pub(crate) fn lost_content<'a>(statements: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut does = [false; 3];
    for statement in statements {
        let words = Words::of(statement);
        does[0] |= words.drop_content();
        does[1] |= words.change_types();
        does[2] |= words.change_rows();
    }
    let sentences = [
        "rows and values of what is dropped do not come back",
        "values come back as far as the old type can hold them",
        "what is done to rows is not reverted",
    ];
    let all: Vec<_> = sentences.into_iter().zip(does).filter(|(_, does)| *does).collect();
    let all: Vec<_> = all.into_iter().map(|(sentence, _)| sentence).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// The words of a statement, in small letters, without comments, strings and quoted names.
struct Words(Vec<String>);

impl Words {
    fn of(statement: &str) -> Self {
        let mut tokens = Tokens::new(statement);
        let words = std::iter::from_fn(|| {
            loop {
                if let Token::Word(word) = tokens.next()?.0 {
                    return Some(word.to_ascii_lowercase());
                }
            }
        });
        Self(words.collect())
    }

    fn begin_with(&self, words: &[&str]) -> bool {
        self.0.iter().zip(words).filter(|(own, word)| own == word).count() == words.len()
    }

    fn have(&self, words: &[&str]) -> bool {
        self.0.iter().any(|own| words.contains(&own.as_str()))
    }

    fn drop_content(&self) -> bool {
        let content = ["table", "column", "schema"];
        let mut pairs = self.0.iter().zip(self.0.iter().skip(1));
        pairs.any(|(first, second)| first == "drop" && content.contains(&second.as_str()))
    }

    fn change_types(&self) -> bool {
        self.begin_with(&["alter", "table"]) && self.have(&["type"])
    }

    fn change_rows(&self) -> bool {
        let statements = ["insert", "update", "delete", "merge", "truncate"];
        statements.iter().any(|statement| self.begin_with(&[statement]))
            || self.begin_with(&["with"]) && self.have(&statements[..4])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lost_by_words() {
        let lost = |sql: &str| lost_content([sql]).unwrap_or("nothing".into());
        let all = [
            "DROP TABLE a",
            "alter table a drop column b",
            "ALTER TABLE a ALTER b TYPE int USING c::int",
            "TRUNCATE a",
            "WITH gone AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT * FROM gone",
            "UPDATE a SET b = 'drop table'",
            "ALTER TYPE mood ADD VALUE 'sad'",
            "ALTER TABLE a DROP CONSTRAINT c, ADD FOREIGN KEY (b) REFERENCES b ON DELETE CASCADE",
            "CREATE TABLE a (\"drop\" int, \"table\" int) -- drop table",
            "WITH a AS (SELECT 1) SELECT FROM a",
            "ALTER",
            "",
        ];
        let all: Vec<_> = all.iter().map(|sql| format!("{sql}: {}", lost(sql))).collect();
        insta::assert_snapshot!(all.join("\n"), @r#"
        DROP TABLE a: rows and values of what is dropped do not come back
        alter table a drop column b: rows and values of what is dropped do not come back
        ALTER TABLE a ALTER b TYPE int USING c::int: values come back as far as the old type can hold them
        TRUNCATE a: what is done to rows is not reverted
        WITH gone AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT * FROM gone: what is done to rows is not reverted
        UPDATE a SET b = 'drop table': what is done to rows is not reverted
        ALTER TYPE mood ADD VALUE 'sad': nothing
        ALTER TABLE a DROP CONSTRAINT c, ADD FOREIGN KEY (b) REFERENCES b ON DELETE CASCADE: nothing
        CREATE TABLE a ("drop" int, "table" int) -- drop table: nothing
        WITH a AS (SELECT 1) SELECT FROM a: nothing
        ALTER: nothing
        : nothing
        "#);
        let both = lost_content(["DROP TABLE a", "DELETE FROM b", "DELETE FROM c"]);
        insta::assert_snapshot!(
            both.unwrap(),
            @"rows and values of what is dropped do not come back; what is done to rows is not reverted"
        );
    }
}
