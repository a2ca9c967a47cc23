//! Options that may hold secrets are not stored, and are reported.

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

/// Returns what is reported at the end of `up`, and by `down` before it begins; and the options then.
fn lost_of(up: Up) -> (Vec<String>, Vec<String>, String) {
    let (at_the_end, by_down, engine) = lost_after(SETUP, up);
    (at_the_end, by_down, engine.value(OPTIONS))
}

fn lost_after(setup: &str, up: Up) -> (Vec<String>, Vec<String>, Engine) {
    let engine = Engine::new();
    engine.database.execute(setup);
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
    (at_the_end, by_down, engine)
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

/// Neither are connections and passwords, which no more come from `pg_dump` than from here.
#[test]
fn connections_and_passwords_that_are_not_kept_are_named() {
    let cases: [(Up, &[&str]); 5] = [
        (
            |pgm| {
                _ = pgm
                    .sql("DROP SUBSCRIPTION followed")
                    .captures(Object::subscription("followed"));
            },
            &["the connection of subscription `followed`"],
        ),
        (
            |pgm| {
                let sql = "ALTER SUBSCRIPTION followed CONNECTION 'host=elsewhere'";
                _ = pgm.sql(sql).captures(Object::subscription("followed"));
            },
            &["the connection of subscription `followed`"],
        ),
        (
            |pgm| {
                let sql = "ALTER SUBSCRIPTION plain CONNECTION 'host=b password=q'";
                _ = pgm.sql(sql).captures(Object::subscription("plain"));
            },
            &[],
        ),
        (
            |pgm| {
                let sql = "ALTER ROLE withheld_role PASSWORD 'other'";
                _ = pgm.sql(sql).captures(Object::role("withheld_role"));
            },
            &["the password of role `withheld_role`"],
        ),
        (|pgm| _ = pgm.drop_role("withheld_role"), &["the password of role `withheld_role`"]),
    ];
    let setup = "DROP ROLE IF EXISTS withheld_role; CREATE ROLE withheld_role LOGIN PASSWORD 'p4ss';
        CREATE SUBSCRIPTION followed CONNECTION 'host=a password=p4ss' PUBLICATION p
            WITH (connect = false, slot_name = NONE);
        CREATE SUBSCRIPTION plain CONNECTION 'host=a' PUBLICATION p WITH (connect = false, slot_name = NONE)";
    for (up, lost) in cases {
        let (at_the_end, by_down, engine) = lost_after(setup, up);
        assert_eq!(by_down, lost);
        let told = at_the_end.iter().map(|lost| lost.split_once("`: ").unwrap().1);
        let expected = lost.iter().map(|lost| format!("{lost} is not restored"));
        assert_eq!(told.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
        let plain = "SELECT subconninfo FROM pg_subscription WHERE subname = 'plain'";
        assert_eq!(engine.value(plain), "host=a");
        engine.database.execute(
            "DROP SUBSCRIPTION followed; DROP SUBSCRIPTION plain; DROP ROLE withheld_role",
        );
    }
}
