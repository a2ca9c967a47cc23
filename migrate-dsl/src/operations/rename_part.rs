//! `ALTER … RENAME COLUMN a TO b`, which reads the same for the parts of several objects.

use crate::{Identifier, Inverse, Object, Operation, Statement, Writer};

/// Renames a part of an object: a column, an attribute, a constraint.
#[derive(Debug, Clone)]
pub struct RenamePart {
    verb: &'static str,
    object: Object,
    /// PostgreSQL's word for the part: `COLUMN`.
    part: &'static str,
    from: Identifier,
    to: Identifier,
    pub(crate) cascade: bool,
}

impl RenamePart {
    pub(crate) fn new(
        verb: &'static str,
        object: Object,
        part: &'static str,
        from: Identifier,
        to: Identifier,
    ) -> Self {
        Self { verb, object, part, from, to, cascade: false }
    }

    fn rename(&self, from: &Identifier, to: &Identifier) -> Statement {
        Writer::statement(|sql| {
            self.object.write(sql.text("ALTER"));
            sql.text("RENAME").text(self.part).identifier(from).text("TO").identifier(to);
            sql.flag(self.cascade, "CASCADE")
        })
    }
}

impl Operation for RenamePart {
    fn verb(&self) -> &'static str {
        self.verb
    }

    fn describe(&self) -> String {
        let part = self.part.to_ascii_lowercase();
        format!("rename {part} `{}` of {} to `{}`", self.from, self.object, self.to)
    }

    fn statements(&self) -> Vec<Statement> {
        vec![self.rename(&self.from, &self.to)]
    }

    fn inverse(&self) -> Inverse {
        Inverse::by(self.rename(&self.to, &self.from))
    }
}
