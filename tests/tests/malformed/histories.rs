//! Rows of the history that were edited by hand.

use migrate_core::history::LogQuery;
use migrate_core::{DownTo, Error, Event, UpTo};
use migrate_tests::Engine;
use serde_json::Value;

use crate::Tried;
use crate::mutate::{Random, nasty_texts, nasty_value, value};
use crate::plans::{history, migrations};

/// What may be edited, and its type.
const COLUMNS: &[(&str, &str, &str)] = &[
    ("migrations", "name", "text"),
    ("migrations", "checksum", "text"),
    ("migrations", "source_digest", "text"),
    ("migrations", "generator", "text"),
    ("migrations", "execution_time_ms", "bigint"),
    ("migrations", "applied_at", "timestamptz"),
    ("migrations", "id", "integer"),
    ("migrations", "up", "jsonb"),
    ("migrations", "down", "jsonb"),
    ("migrations_journal", "direction", "text"),
    ("migrations_journal", "statements_done", "integer"),
    ("migrations_journal", "checksum", "text"),
    ("migrations_journal", "captured", "jsonb"),
    ("migrations_journal", "noted", "jsonb"),
    ("migrations_journal", "name", "text"),
    ("migrations_settings", "value", "text"),
    ("migrations_settings", "key", "text"),
];

#[test]
fn rows_edited_by_hand() {
    let mut tried = Tried::new("rows of the history");
    let mut random = Random::of("histories");
    let engine = Engine::new();
    let all = migrations();
    engine.up(&all[..3]).unwrap();
    // One that is partially applied.
    let stopped = migrate_tests::migration("20260106000000_stopped", |pgm| {
        pgm.sql("CREATE TABLE half ()").outside_transaction().down("DROP TABLE half");
        pgm.sql("VACUUM nothing").outside_transaction().down("");
    });
    let with_stopped = [all[..3].to_vec(), vec![stopped]].concat();
    assert!(engine.up(&with_stopped).is_err());
    let mut client = engine.database.client();
    for table in ["migrations", "migrations_journal", "migrations_settings"] {
        client.batch_execute(&format!("CREATE TABLE kept_{table} AS TABLE {table}")).unwrap();
    }
    let (catalog, before) = (engine.catalog(), history(&engine));
    let mut session = engine.session();
    for number in 0..90 {
        let (table, column, kind) = *random.pick(COLUMNS);
        let new = match kind {
            "jsonb" => {
                let sql = format!(
                    "SELECT {column}::text FROM {table} ORDER BY md5(ctid::text || '{number}') LIMIT 1"
                );
                let old: Option<String> = client.query_one(&sql, &[]).unwrap().get(0);
                let old = old.and_then(|old| serde_json::from_str::<Value>(&old).ok());
                let new = match old {
                    Some(old) if random.below(4) > 0 => value(&old, &mut random),
                    _ => nasty_value(&mut random),
                };
                new.to_string()
            }
            "timestamptz" => {
                (*random.pick(&["infinity", "-infinity", "4713-01-01 BC", "294276-12-31"]))
                    .to_owned()
            }
            "integer" => (*random.pick(&["0", "-1", "2147483647", "-2147483648", "5"])).to_owned(),
            "bigint" => (*random.pick(&["-1", "9223372036854775807", "0"])).to_owned(),
            _ => random.pick(&nasty_texts()).clone(),
        };
        let literal = migrate_dsl::quote_literal(&new);
        let edit = format!(
            "UPDATE {table} SET {column} = {literal}::{kind} WHERE ctid IN (SELECT ctid FROM {table} \
             ORDER BY md5(ctid::text || '{number}') LIMIT {})",
            1 + random.below(2)
        );
        // What the server does not take was never there.
        if client.batch_execute(&edit).is_err() {
            continue;
        }
        let (session, with_stopped, engine_) = (&mut session, &with_stopped, &engine);
        tried.input(&edit, move || {
            let told = |error: Error| {
                let told = error.diagnostics().remove(0);
                format!("{} {:?}", told.message, told.helps)
            };
            let migrator = engine_.migrator(with_stopped);
            let read = [
                migrator.status(session).map(drop).map_err(told),
                migrator.verify(session).map(drop).map_err(told),
                migrator.log(session, &LogQuery::default()).map(drop).map_err(told),
                migrator.would_apply(session, &UpTo::default()).map(drop).map_err(told),
            ];
            // Many of these cannot be had with the one that stopped.
            for to in [DownTo::All, DownTo::Count(1), DownTo::Name("20260101".to_owned())] {
                _ = migrator.would_revert(session, &to).map_err(told);
            }
            read.into_iter().collect::<Result<(), _>>()
        });
        let back = ["migrations", "migrations_journal", "migrations_settings"].map(|table| {
            let columns = if table == "migrations" { "OVERRIDING SYSTEM VALUE" } else { "" };
            format!("DELETE FROM {table}; INSERT INTO {table} {columns} TABLE kept_{table};")
        });
        client.batch_execute(&back.concat()).unwrap();
    }
    assert_eq!((engine.catalog(), history(&engine)), (catalog, before));
    let mut quiet = |_: Event| {};
    let ended = engine.migrator(&with_stopped).down(&mut session, &DownTo::All, &mut quiet);
    assert!(ended.is_ok(), "{:?}", ended.err());
}
