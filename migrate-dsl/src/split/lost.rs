//! What raw statements do to rows and values, which no inverse restores, as far as their words tell.

use super::{Token, Tokens};

/// What is not restored when these statements are reverted by what the catalog says, as a sentence.
pub(crate) fn lost_content<'a>(statements: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut does = [false; 5];
    let (mut drops, mut makes) = (false, false);
    for statement in statements {
        let words = Words::of(statement);
        does[0] |= words.drop_content();
        does[1] |= words.change_types();
        does[2] |= words.change_rows();
        does[3] |= words.set_sequences();
        does[4] |= words.drop_options();
        drops |= words.begin_with(&["drop", "sequence"]) || words.have_pair("drop", "identity");
        makes |= words.begin_with(&["create", "sequence"]) || words.have_pair("add", "generated");
    }
    // A sequence that is recreated starts again.
    does[3] |= drops && makes;
    let sentences = [
        "rows and values of what is dropped are not restored",
        "values are converted back from what they have become",
        "what is done to rows is not reverted",
        "sequences that were set are not set back",
        "options that may hold secrets are not restored",
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

    fn have_pair(&self, first: &str, second: &str) -> bool {
        self.0.windows(2).any(|pair| pair[0] == first && pair[1] == second)
    }

    fn drop_content(&self) -> bool {
        let content = ["table", "column", "schema", "attribute", "owned"];
        // Of a column, what it is called may follow at once.
        let others = ["constraint", "default", "expression", "identity", "not"];
        let is_of_table = self.begin_with(&["alter", "table"]);
        let mut places = self.0.iter().enumerate().filter(|(_, word)| *word == "drop");
        let drops = places.any(|(place, _)| match self.0.get(place + 1).map(String::as_str) {
            Some(word) => content.contains(&word) || is_of_table && !others.contains(&word),
            None => is_of_table,
        });
        let types = [["drop", "type"], ["drop", "domain"]];
        drops || types.iter().any(|words| self.begin_with(words)) && self.have(&["cascade"])
    }

    fn change_types(&self) -> bool {
        self.begin_with(&["alter", "table"]) && self.have(&["type"])
    }

    /// Options of what foreign data wrappers need, which are not kept unless they are known to hold no
    /// secret.
    fn drop_options(&self) -> bool {
        let kinds: [&[&str]; 3] = [&["server"], &["foreign"], &["user", "mapping"]];
        let begin_with =
            |verb| kinds.iter().any(|kind| self.begin_with(&[&[verb], *kind].concat()));
        begin_with("drop") || begin_with("alter") && self.have(&["options"])
    }

    fn set_sequences(&self) -> bool {
        let restarts = ["alter", "truncate"].iter().any(|word| self.begin_with(&[word]));
        self.have(&["setval"]) || restarts && self.have(&["restart"])
    }

    fn change_rows(&self) -> bool {
        let statements = ["insert", "update", "delete", "merge", "truncate"];
        let holds_others = ["with", "explain", "prepare"];
        statements.iter().any(|statement| self.begin_with(&[statement]))
            || holds_others.iter().any(|word| self.begin_with(&[word]))
                && self.have(&statements[..4])
            || self.begin_with(&["copy"]) && self.have(&["from"]) && !self.have(&["to"])
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
            "ALTER TABLE a DROP b, ADD c int",
            "ALTER TABLE a DROP \"b\"",
            "ALTER TYPE a DROP ATTRIBUTE b",
            "DROP TYPE a CASCADE",
            "DROP TYPE a",
            "DROP OWNED BY a",
            "COPY a FROM PROGRAM 'echo 1'",
            "EXPLAIN (ANALYZE) DELETE FROM a",
            "PREPARE a AS DELETE FROM a",
            "COPY a TO STDOUT",
            "ALTER TABLE a ALTER b DROP NOT NULL, ALTER c DROP DEFAULT",
            "ALTER TABLE a ALTER b TYPE int USING c::int",
            "TRUNCATE a",
            "TRUNCATE a RESTART IDENTITY",
            "ALTER SEQUENCE a RESTART WITH 5",
            "ALTER TABLE a ALTER b RESTART",
            "SELECT setval('a', 5)",
            "ALTER TABLE a ALTER b DROP IDENTITY, ALTER b ADD GENERATED ALWAYS AS IDENTITY",
            "ALTER TABLE a ALTER b DROP IDENTITY",
            "DROP SEQUENCE a",
            "DROP SERVER a CASCADE",
            "ALTER SERVER a OPTIONS (DROP b)",
            "ALTER SERVER a VERSION '2'",
            "DROP FOREIGN TABLE a",
            "ALTER FOREIGN DATA WRAPPER a OPTIONS (SET b '2')",
            "DROP USER MAPPING FOR a SERVER b",
            "DROP USER a",
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
        DROP TABLE a: rows and values of what is dropped are not restored
        alter table a drop column b: rows and values of what is dropped are not restored
        ALTER TABLE a DROP b, ADD c int: rows and values of what is dropped are not restored
        ALTER TABLE a DROP "b": rows and values of what is dropped are not restored
        ALTER TYPE a DROP ATTRIBUTE b: rows and values of what is dropped are not restored
        DROP TYPE a CASCADE: rows and values of what is dropped are not restored
        DROP TYPE a: nothing
        DROP OWNED BY a: rows and values of what is dropped are not restored
        COPY a FROM PROGRAM 'echo 1': what is done to rows is not reverted
        EXPLAIN (ANALYZE) DELETE FROM a: what is done to rows is not reverted
        PREPARE a AS DELETE FROM a: what is done to rows is not reverted
        COPY a TO STDOUT: nothing
        ALTER TABLE a ALTER b DROP NOT NULL, ALTER c DROP DEFAULT: nothing
        ALTER TABLE a ALTER b TYPE int USING c::int: values are converted back from what they have become
        TRUNCATE a: what is done to rows is not reverted
        TRUNCATE a RESTART IDENTITY: what is done to rows is not reverted; sequences that were set are not set back
        ALTER SEQUENCE a RESTART WITH 5: sequences that were set are not set back
        ALTER TABLE a ALTER b RESTART: sequences that were set are not set back
        SELECT setval('a', 5): sequences that were set are not set back
        ALTER TABLE a ALTER b DROP IDENTITY, ALTER b ADD GENERATED ALWAYS AS IDENTITY: sequences that were set are not set back
        ALTER TABLE a ALTER b DROP IDENTITY: nothing
        DROP SEQUENCE a: nothing
        DROP SERVER a CASCADE: options that may hold secrets are not restored
        ALTER SERVER a OPTIONS (DROP b): options that may hold secrets are not restored
        ALTER SERVER a VERSION '2': nothing
        DROP FOREIGN TABLE a: options that may hold secrets are not restored
        ALTER FOREIGN DATA WRAPPER a OPTIONS (SET b '2'): options that may hold secrets are not restored
        DROP USER MAPPING FOR a SERVER b: options that may hold secrets are not restored
        DROP USER a: nothing
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
            @"rows and values of what is dropped are not restored; what is done to rows is not reverted"
        );
    }
}
