//! [`ALTER TEXT SEARCH CONFIGURATION`](https://www.postgresql.org/docs/current/sql-altertsconfig.html).

use crate::operations::macros::{operation, options};
use crate::{
    Identifier, IntoIdentifiers, Inverse, Name, Object, Operation, Pgm, Statement, Writer,
};

operation! {
    /// Changes which dictionaries look at which kinds of words.
    pub struct AlterTextSearchConfiguration(name: Name) {
        if_exists: bool,
        actions: Vec<Action>,
    }
}

#[derive(Debug, Clone)]
enum Action {
    Add(Vec<Identifier>, Vec<Name>),
    Alter(Vec<Identifier>, Vec<Name>),
    /// Of these kinds of words, or of all.
    Replace(Vec<Identifier>, Name, Name),
    Drop(Vec<Identifier>),
}

impl Pgm {
    /// Changes which dictionaries look at which
    /// [kinds of words](https://www.postgresql.org/docs/current/textsearch-parsers.html#TEXTSEARCH-DEFAULT-PARSER),
    /// each change by a statement of its own.
    ///
    /// ```
    /// # use migrate_dsl::Pgm;
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.alter_text_search_configuration("polish").alter_mapping(["word", "hword"], ["polish_stop", "simple"]);
    /// }
    ///
    /// assert_eq!(
    ///     migrate_dsl::plan_text(up),
    ///     "ALTER TEXT SEARCH CONFIGURATION \"polish\" ALTER MAPPING FOR \"word\", \"hword\" \
    ///      WITH \"polish_stop\", \"simple\";"
    /// );
    /// assert_eq!(migrate_dsl::plan_text_down(up), "-- as it was: text search configuration `polish`");
    /// ```
    #[track_caller]
    pub fn alter_text_search_configuration(
        &mut self,
        name: impl Into<Name>,
    ) -> &mut AlterTextSearchConfiguration {
        self.record(AlterTextSearchConfiguration::new(name.into()))
    }
}

impl AlterTextSearchConfiguration {
    /// Has words of these kinds, which no dictionary looks at yet, looked up in these
    /// dictionaries, one after the other.
    pub fn add_mapping<D: Into<Name>>(
        &mut self,
        tokens: impl IntoIdentifiers,
        dictionaries: impl IntoIterator<Item = D>,
    ) -> &mut Self {
        let dictionaries = dictionaries.into_iter().map(Into::into).collect();
        self.action(Action::Add(tokens.into_identifiers(), dictionaries))
    }

    /// Has words of these kinds looked up in these dictionaries instead.
    pub fn alter_mapping<D: Into<Name>>(
        &mut self,
        tokens: impl IntoIdentifiers,
        dictionaries: impl IntoIterator<Item = D>,
    ) -> &mut Self {
        let dictionaries = dictionaries.into_iter().map(Into::into).collect();
        self.action(Action::Alter(tokens.into_identifiers(), dictionaries))
    }

    /// Puts another dictionary in the place of one, wherever it stands.
    pub fn replace_dictionary(&mut self, from: impl Into<Name>, to: impl Into<Name>) -> &mut Self {
        self.action(Action::Replace(Vec::new(), from.into(), to.into()))
    }

    /// Puts another dictionary in the place of one, for words of these kinds.
    pub fn replace_dictionary_for(
        &mut self,
        tokens: impl IntoIdentifiers,
        from: impl Into<Name>,
        to: impl Into<Name>,
    ) -> &mut Self {
        self.action(Action::Replace(tokens.into_identifiers(), from.into(), to.into()))
    }

    /// Has words of these kinds passed over.
    pub fn drop_mapping(&mut self, tokens: impl IntoIdentifiers) -> &mut Self {
        self.action(Action::Drop(tokens.into_identifiers()))
    }
}

options! { AlterTextSearchConfiguration {
    /// With [`drop_mapping`](Self::drop_mapping): passes over kinds that no dictionary looks at.
    pub fn if_exists(&mut self) { self.if_exists = true }
}}

impl AlterTextSearchConfiguration {
    fn action(&mut self, action: Action) -> &mut Self {
        self.actions.push(action);
        self
    }

    fn alter(&self, action: &Action) -> Statement {
        Writer::statement(|sql| {
            Object::text_search_configuration(&self.name).write(sql.text("ALTER"));
            match action {
                Action::Add(tokens, dictionaries) => {
                    write_tokens(sql.text("ADD MAPPING FOR"), tokens);
                    write_dictionaries(sql, dictionaries);
                }
                Action::Alter(tokens, dictionaries) => {
                    write_tokens(sql.text("ALTER MAPPING FOR"), tokens);
                    write_dictionaries(sql, dictionaries);
                }
                Action::Replace(tokens, from, to) => {
                    sql.text("ALTER MAPPING");
                    if !tokens.is_empty() {
                        write_tokens(sql.text("FOR"), tokens);
                    }
                    sql.text("REPLACE").name(from).text("WITH").name(to);
                }
                Action::Drop(tokens) => {
                    sql.text("DROP MAPPING").flag(self.if_exists, "IF EXISTS").text("FOR");
                    write_tokens(sql, tokens);
                }
            }
            sql
        })
    }
}

fn write_tokens(sql: &mut Writer, tokens: &[Identifier]) {
    if tokens.is_empty() {
        sql.problem("a mapping is for no kind of words: name some, such as `word`");
    }
    sql.list(tokens, |sql, token| _ = sql.identifier(token));
}

fn write_dictionaries(sql: &mut Writer, dictionaries: &[Name]) {
    if dictionaries.is_empty() {
        sql.problem("a mapping has no dictionary: name one, such as `simple`");
    }
    sql.text("WITH").list(dictionaries, |sql, dictionary| _ = sql.name(dictionary));
}

impl Operation for AlterTextSearchConfiguration {
    fn verb(&self) -> &'static str {
        "alter_text_search_configuration"
    }

    fn describe(&self) -> String {
        format!("alter text search configuration `{}`", self.name)
    }

    fn statements(&self) -> Vec<Statement> {
        if self.actions.is_empty() {
            return vec![Writer::statement(|sql| {
                Object::text_search_configuration(&self.name).write(sql.text("ALTER"));
                sql.problem(format!(
                    "`alter_text_search_configuration` changes nothing about `{}`",
                    self.name
                ))
            })];
        }
        self.actions.iter().map(|action| self.alter(action)).collect()
    }

    fn inverse(&self) -> Inverse {
        Inverse::capture([Object::text_search_configuration(&self.name)])
    }
}

#[cfg(test)]
mod tests {
    use crate::{plan_problems, plan_text};

    #[test]
    fn every_option() {
        let plan = plan_text(|pgm| {
            pgm.alter_text_search_configuration(("app", "polish"))
                .add_mapping("word", [("app", "stop")])
                .alter_mapping(["email", "url"], ["simple"])
                .replace_dictionary("simple", ("app", "stop"))
                .replace_dictionary_for("int", "simple", "stop")
                .drop_mapping(["file", "host"])
                .if_exists();
        });
        insta::assert_snapshot!(plan, @r#"
        ALTER TEXT SEARCH CONFIGURATION "app"."polish" ADD MAPPING FOR "word" WITH "app"."stop";
        ALTER TEXT SEARCH CONFIGURATION "app"."polish" ALTER MAPPING FOR "email", "url" WITH "simple";
        ALTER TEXT SEARCH CONFIGURATION "app"."polish" ALTER MAPPING REPLACE "simple" WITH "app"."stop";
        ALTER TEXT SEARCH CONFIGURATION "app"."polish" ALTER MAPPING FOR "int" REPLACE "simple" WITH "stop";
        ALTER TEXT SEARCH CONFIGURATION "app"."polish" DROP MAPPING IF EXISTS FOR "file", "host";
        "#);
    }

    #[test]
    fn what_cannot_be_said() {
        let problems = plan_problems(|pgm| {
            pgm.alter_text_search_configuration("polish");
            let none = Vec::<&str>::new();
            pgm.alter_text_search_configuration("polish").add_mapping(none.clone(), none);
        });
        insta::assert_snapshot!(problems, @"
        `alter_text_search_configuration` changes nothing about `polish`
        a mapping is for no kind of words: name some, such as `word`
        a mapping has no dictionary: name one, such as `simple`
        ");
    }
}
