//! Options that may hold secrets are not kept, and it is said which.

use migrate_core::{DownTo, Event, UpTo};
use migrate_dsl::{Object, Pgm};
use migrate_tests::{Engine, migration};

type Up = fn(&mut Pgm);

/// A wrapper that knows no options and so takes all, with what hangs on it.
const SETUP: &str = "CREATE FOREIGN DATA WRAPPER w;
    CREATE SERVER sv FOREIGN DATA WRAPPER w OPTIONS (host '1', endpoint 'x', pg_key 'a=b');
    CREATE USER MAPPING FOR PUBLIC SERVER sv OPTIONS (\"user\" 'u', password 'p4ss');
    CREATE FOREIGN TABLE t (id int OPTIONS (column_name 'n', cipher 'x')) SERVER sv
        OPTIONS (table_name 't', token 'x')";

/// All options.
const OPTIONS: &str = "SELECT concat_ws(' ',
    (SELECT srvoptions FROM pg_foreign_server),
    (SELECT umoptions FROM pg_user_mapping),
    (SELECT ftoptions FROM pg_foreign_table),
    (SELECT attfdwoptions FROM pg_attribute WHERE attrelid = to_regclass('t') AND attname = 'id'))";

/// What is told at the end of `up`, and by `down` before it begins; and the options after that.
fn lost_of(up: Up) -> (Vec<String>, Vec<String>, String) {
    let engine = Engine::new();
    engine.database.execute(SETUP);
    let all = [migration("20260101000000_a", up)];
    let (mut at_the_end, mut by_down) = (Vec::new(), Vec::new());
    let mut listen = |event: Event| match event {
        Event::Finished { lost, .. } => at_the_end.extend(lost),
        Event::NotRestored { objects, .. } => by_down.extend(objects),
        _ => {}
    };
    let migrator = engine.migrator(&all);
    migrator.up(&mut engine.session(), &UpTo::default(), &mut listen).unwrap();
    let stored = engine.value("SELECT string_agg(down::text, '') FROM migrations");
    assert!(!stored.contains("p4ss"), "{stored}");
    migrator.down(&mut engine.session(), &DownTo::Count(1), &mut listen).unwrap();
    (at_the_end, by_down, engine.value(OPTIONS))
}

#[test]
fn options_that_are_not_kept_are_named() {
    let before = "{host=1,endpoint=x,pg_key=a=b} {user=u,password=p4ss} {table_name=t,token=x} {column_name=n,cipher=x}";
    let without = "{host=1} {user=u} {table_name=t} {column_name=n}";
    let all: &[&str] = &[
        "the option `cipher` of foreign table column `public.t.id`",
        "the option `endpoint` of server `sv`",
        "the option `password` of user mapping `public on server sv`",
        "the option `pg_key` of server `sv`",
        "the option `token` of foreign table `public.t`",
    ];
    let changed: &[&str] = &["the option `endpoint` of server `sv`"];
    let with = |options: &str| before.replace("endpoint=x", options);
    let cases: [(Up, &[&str], String); 8] = [
        (
            |pgm| _ = pgm.sql("DROP SERVER sv CASCADE").captures(Object::server("sv")),
            all,
            without.to_owned(),
        ),
        (|pgm| _ = pgm.drop_server("sv").cascade(), all, without.to_owned()),
        (
            |pgm| {
                let sql = "ALTER SERVER sv OPTIONS (SET endpoint 'y', SET host '2')";
                _ = pgm.sql(sql).captures(Object::server("sv"));
            },
            changed,
            with("endpoint=y"),
        ),
        (
            |pgm| {
                let sql = "ALTER SERVER sv OPTIONS (DROP endpoint)";
                _ = pgm.sql(sql).captures(Object::server("sv"));
            },
            changed,
            before.replace("endpoint=x,", ""),
        ),
        (
            |pgm| {
                let sql = "ALTER SERVER sv OPTIONS (ADD other 'y', DROP host)";
                _ = pgm.sql(sql).captures(Object::server("sv"));
            },
            &[],
            before.replace("{host=1,endpoint=x,pg_key=a=b}", "{endpoint=x,pg_key=a=b,host=1}"),
        ),
        (|pgm| _ = pgm.alter_server("sv").add_option("other", "y"), &[], before.to_owned()),
        (|pgm| _ = pgm.alter_server("sv").set_option("endpoint", "y"), changed, with("endpoint=y")),
        (
            |pgm| {
                let sql = "ALTER FOREIGN TABLE t ALTER id OPTIONS (SET cipher 'y'); ALTER FOREIGN TABLE t RENAME TO u";
                _ = pgm.sql(sql).captures(Object::foreign_table("t"));
            },
            &["the option `cipher` of foreign table column `public.t.id`"],
            before.replace("cipher=x", "cipher=y"),
        ),
    ];
    for (up, lost, options) in cases {
        let (at_the_end, by_down, after) = lost_of(up);
        assert_eq!(by_down, lost);
        assert_eq!(after, options);
        let told = at_the_end.iter().map(|lost| lost.split_once("`: ").unwrap().1);
        let expected = lost.iter().map(|lost| format!("{lost} is not restored"));
        assert_eq!(told.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    }
}
