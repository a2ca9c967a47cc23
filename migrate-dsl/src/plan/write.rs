//! The plan as JSON, written without serde: a migrations crate builds in seconds. What serde makes of the
//! same types, where an engine turns it on, is the same.

use super::{Capture, Inverse, Irreversible, Migration, Object, Plan, Statement, Step};
use crate::json::Json;
use crate::{Only, Place};

impl Plan {
    /// The plan as JSON. Its `hash` is what the build was given, so that whoever asked for the
    /// plan knows that it is not served an older one.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut json = Json::default();
        json.object(|json| {
            json.field("format", |json| json.number(self.format));
            json.field("generator", |json| json.string(&self.generator));
            json.field("hash", |json| json.string(&self.hash));
            json.field("migrations", |json| json.list(&self.migrations, write_migration));
        });
        json.into_string()
    }
}

fn write_migration(json: &mut Json, migration: &Migration) {
    json.object(|json| {
        json.field("name", |json| json.string(&migration.name));
        json.field("file", |json| json.string(&migration.file));
        json.field("source_digest", |json| json.string(&migration.source_digest));
        json.field("irreversible", |json| match &migration.irreversible {
            None => json.null(),
            Some(Irreversible { reason, place }) => json.object(|json| {
                json.field("reason", |json| json.string(reason));
                json.field("place", |json| write_place(json, place));
            }),
        });
        json.field("up", |json| json.list(&migration.up, write_step));
        json.field("down", |json| match &migration.down {
            None => json.null(),
            Some(steps) => json.list(steps, write_step),
        });
        json.field("files", |json| json.strings(&migration.files));
        json.field("problems", |json| {
            json.list(&migration.problems, |json, problem| {
                json.object(|json| {
                    json.field("verb", |json| match &problem.verb {
                        Some(verb) => json.string(verb),
                        None => json.null(),
                    });
                    json.field("message", |json| json.string(&problem.message));
                    json.field("place", |json| write_place(json, &problem.place));
                });
            });
        });
    });
}

fn write_step(json: &mut Json, step: &Step) {
    json.object(|json| {
        json.field("verb", |json| json.string(&step.verb));
        json.field("summary", |json| json.string(&step.summary));
        json.field("place", |json| write_place(json, &step.place));
        json.field("transactional", |json| json.bool(step.transactional));
        json.field("statements", |json| json.list(&step.statements, write_statement));
        json.field("inverse", |json| {
            json.object(|json| match &step.inverse {
                Inverse::Derived { statements } => {
                    json.field("kind", |json| json.string("construction"));
                    json.field("statements", |json| json.list(statements, write_statement));
                }
                Inverse::Declared { statements } => {
                    json.field("kind", |json| json.string("declaration"));
                    json.field("statements", |json| json.list(statements, write_statement));
                }
                Inverse::Captured(capture) => {
                    json.field("kind", |json| json.string("capture"));
                    write_capture(json, capture);
                }
                Inverse::None { reason } => {
                    json.field("kind", |json| json.string("none"));
                    json.field("reason", |json| json.string(reason));
                }
            });
        });
        if let Some(table) = &step.merged_by_children_of {
            json.field("merged_by_children_of", |json| write_object(json, table));
        }
        if step.destroys {
            json.field("destroys", |json| json.bool(true));
        }
        if step.idempotent {
            json.field("idempotent", |json| json.bool(true));
        }
        optional(json, "done_when", step.done_when.as_deref());
        json.field("hints", |json| json.strings(&step.hints));
    });
}

fn write_capture(json: &mut Json, capture: &Capture) {
    json.field("objects", |json| {
        json.list(&capture.objects, write_object);
    });
    if capture.must_exist {
        json.field("must_exist", |json| json.bool(true));
    }
    optional(json, "lost", capture.lost.as_deref());
    if let Some(through) = capture.through {
        json.field("through", |json| json.number(through as u64));
    }
    json.field("first", |json| json.list(&capture.first, write_statement));
    optional(json, "only", capture.only.map(Only::word));
}

fn write_object(json: &mut Json, object: &Object) {
    json.object(|json| {
        json.field("kind", |json| json.string(&object.kind));
        optional(json, "schema", object.schema.as_deref());
        json.field("name", |json| json.string(&object.name));
        optional(json, "member", object.member.as_deref());
        if let Some(arguments) = &object.arguments {
            json.field("arguments", |json| json.strings(arguments));
        }
    });
}

/// A field that is left out where there is nothing to say.
fn optional(json: &mut Json, name: &str, text: Option<&str>) {
    if let Some(text) = text {
        json.field(name, |json| json.string(text));
    }
}

fn write_statement(json: &mut Json, statement: &Statement) {
    json.object(|json| {
        json.field("sql", |json| json.string(&statement.sql));
        json.field("line", |json| json.number(statement.line as u64));
        for (name, version) in [("since", statement.since), ("until", statement.until)] {
            if version > 0 {
                json.field(name, |json| json.number(version));
            }
        }
        if !statement.requires.is_empty() {
            json.field("requires", |json| {
                json.list(&statement.requires, |json, requirement| {
                    json.object(|json| {
                        json.field("version", |json| json.number(requirement.version));
                        json.field("what", |json| json.string(&requirement.what));
                    });
                });
            });
        }
        if !statement.secrets.is_empty() {
            json.field("secrets", |json| {
                json.list(&statement.secrets, |json, secret| {
                    json.object(|json| {
                        json.field("variable", |json| json.string(secret.variable()));
                        json.field("scram", |json| json.bool(secret.scram()));
                    });
                });
            });
        }
        optional(json, "input", statement.input.as_deref());
        optional(json, "input_file", statement.input_file.as_deref());
        optional(json, "summary", statement.summary.as_deref());
        if let Some(function) = &statement.rust {
            json.field("rust", |json| {
                json.object(|json| {
                    json.field("migration", |json| json.string(&function.migration));
                    json.field("within", |json| json.string(function.within.as_str()));
                    json.field("name", |json| json.string(&function.name));
                    json.field("way", |json| json.string(function.way.as_str()));
                });
            });
        }
        if statement.captured {
            json.field("captured", |json| json.bool(true));
        }
    });
}

fn write_place(json: &mut Json, place: &Place) {
    json.object(|json| {
        json.field("file", |json| json.string(&place.file));
        json.field("line", |json| json.number(place.line));
        json.field("column", |json| json.number(place.column));
    });
}
