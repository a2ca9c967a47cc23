//! [`COMMENT ON`](https://www.postgresql.org/docs/current/sql-comment.html).

use crate::operations::macros::operation;
use crate::{Inverse, Object, Only, Operation, Pgm, Statement, Writer};

/// The kinds of objects that cannot have one.
const WITHOUT_COMMENT: &[&str] = &["DEFAULT PRIVILEGES", "PARAMETER", "USER MAPPING"];

operation! {
    /// Comments on an object, or takes its comment away.
    pub struct CommentOn(object: Object, text: Option<String>) {
        down: Option<Option<String>>,
    }
}

impl Pgm {
    /// Sets the comment that tools show beside an object; `None` takes it away.
    ///
    /// ```
    /// use migrate_dsl::{Object, Pgm};
    ///
    /// fn up(pgm: &mut Pgm) {
    ///     pgm.comment_on(Object::column("posts", "title"), "it's short");
    /// }
    ///
    /// assert_eq!(migrate_dsl::plan_text(up), r#"COMMENT ON COLUMN "posts"."title" IS 'it''s short';"#);
    /// assert_eq!(migrate_dsl::plan_text_down(up), "-- as it was: column `title` of `posts`");
    /// ```
    #[track_caller]
    pub fn comment_on<'a>(
        &mut self,
        object: Object,
        text: impl Into<Option<&'a str>>,
    ) -> &mut CommentOn {
        self.record(CommentOn::new(object, text.into().map(str::to_owned)))
    }
}

impl CommentOn {
    /// The comment that `down` sets, in place of the one that was there before; `None` for none.
    pub fn down<'a>(&mut self, text: impl Into<Option<&'a str>>) -> &mut Self {
        self.down = Some(text.into().map(str::to_owned));
        self
    }

    fn comment(&self, text: Option<&str>) -> Statement {
        Writer::statement(|sql| {
            sql.text("COMMENT ON");
            self.object.write(sql);
            sql.text("IS").comment(text);
            if WITHOUT_COMMENT.contains(&self.object.kind()) {
                sql.problem(format!("PostgreSQL keeps no comment on {}", self.object));
            }
            sql
        })
    }
}

impl Operation for CommentOn {
    fn verb(&self) -> &'static str {
        "comment_on"
    }

    fn describe(&self) -> String {
        format!("comment on {}", self.object)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![self.comment(self.text.as_deref())]
    }

    fn inverse(&self) -> Inverse {
        match &self.down {
            Some(before) => Inverse::Declared(vec![self.comment(before.as_deref())]),
            // That of a domain's constraint is read with the domain.
            None if self.object.is_of_domain() => Inverse::capture([self.object.clone()]),
            None => Inverse::capture_only(Only::Comment, [self.object.clone()]),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Object, Pgm, plan_problems, plan_text, plan_text_down};

    #[test]
    fn anything_can_have_a_comment() {
        let up = |pgm: &mut Pgm| {
            pgm.comment_on(Object::table(("app", "posts")), None);
            pgm.comment_on(Object::schema("app"), "ours").down("theirs");
            pgm.comment_on(Object::trigger("posts", "touch"), r"a\b");
            pgm.comment_on(Object::function("f"), "the only f");
            pgm.comment_on(Object::server("files"), "on disk");
            pgm.comment_on(Object::domain_constraint(("app", "percent"), "in_range"), None);
            pgm.comment_on(Object::procedure("p").arguments(["int"]), "Łódź");
        };
        insta::assert_snapshot!(plan_text(up), @r#"
        COMMENT ON TABLE "app"."posts" IS NULL;
        COMMENT ON SCHEMA "app" IS 'ours';
        COMMENT ON TRIGGER "touch" ON "posts" IS E'a\\b';
        COMMENT ON FUNCTION "f" IS 'the only f';
        COMMENT ON SERVER "files" IS 'on disk';
        COMMENT ON CONSTRAINT "in_range" ON DOMAIN "app"."percent" IS NULL;
        COMMENT ON PROCEDURE "p" (int) IS 'Łódź';
        "#);
        insta::assert_snapshot!(plan_text_down(up), @r#"
        -- as it was: procedure `p`
        -- as it was: constraint `in_range` of `app.percent`
        -- as it was: server `files`
        -- as it was: function `f`
        -- as it was: trigger `touch` of `posts`
        COMMENT ON SCHEMA "app" IS 'theirs';
        -- as it was: table `app.posts`
        "#);
    }

    #[test]
    fn some_things_have_none() {
        let problems = plan_problems(|pgm| {
            pgm.comment_on(Object::user_mapping("ada", "files"), "hers");
        });
        insta::assert_snapshot!(problems, @"PostgreSQL keeps no comment on user mapping of `ada` on `files`");
    }
}
