//! The inverse over rows that are in its way.

use crate::step;

#[test]
fn a_foreign_key_whose_rows_are_gone_is_restored_not_valid() {
    let found = step(
        "CREATE TABLE users (id int PRIMARY KEY); INSERT INTO users VALUES (1);
         CREATE TABLE posts (author int REFERENCES users ON DELETE CASCADE DEFERRABLE);
         INSERT INTO posts VALUES (1);
         CREATE TABLE \"it's $$\" (author int REFERENCES users);
         INSERT INTO \"it's $$\" VALUES (NULL);",
        "DROP TABLE users CASCADE",
        &["table users"],
    )
    .back_over_rows(
        "",
        "SELECT string_agg(pg_get_constraintdef(oid), E'\\n' ORDER BY conrelid)
         FROM pg_constraint WHERE contype = 'f'",
    );
    insta::assert_snapshot!(found, @"
    FOREIGN KEY (author) REFERENCES users(id) ON DELETE CASCADE DEFERRABLE NOT VALID
    FOREIGN KEY (author) REFERENCES users(id)
    WARNING: foreign key `posts_author_fkey` of `public.posts` is restored NOT VALID: rows refer to others that are not in `public.users`
    ");
}

#[test]
fn a_column_is_restored_without_not_null_where_rows_have_none() {
    let nullable = "SELECT string_agg(attname || ' ' || attnotnull, ' ' ORDER BY attname)
                    FROM pg_attribute WHERE attrelid = 'posts'::regclass AND attnum > 0 AND NOT attisdropped";
    let posts = "CREATE TABLE posts (
                     id int NOT NULL, author int NOT NULL UNIQUE, likes int NOT NULL DEFAULT 5,
                     number int NOT NULL GENERATED ALWAYS AS IDENTITY)";
    let drop = "ALTER TABLE posts DROP COLUMN author, DROP COLUMN likes, DROP COLUMN number";
    let columns = ["column posts.author", "column posts.likes", "column posts.number"];
    let empty = step(posts, drop, &columns).back_over_rows("", nullable);
    insta::assert_snapshot!(empty, @"author true id true likes true number true");
    let full = step(posts, drop, &columns).back_over_rows("INSERT INTO posts VALUES (1)", nullable);
    insta::assert_snapshot!(full, @"
    author false id true likes true number true
    WARNING: column `author` of `public.posts` is restored without NOT NULL: rows have nulls in it
    ");
}

const DOMAINS: &str = "
    CREATE DOMAIN short AS varchar(5);
    CREATE DOMAIN of_short AS short CHECK (VALUE <> 'x');
    CREATE DOMAIN shorts AS varchar(5)[]";

#[test]
fn what_the_old_type_cannot_hold_is_not_cut() {
    for (old, new, fits, too_long) in [
        ("varchar(5)", "text", "abc", "abcdef"),
        ("character(5)", "text", "abc  ", "abcdef"),
        ("varchar(2)[]", "text[]", "{ab}", "{ab,abc}"),
        ("bit(3)", "bit varying", "101", "1011"),
        ("numeric(3,1)", "numeric", "12.5", "1234"),
        ("short", "text", "abc", "abcdef"),
        ("of_short", "text", "abc", "abcdef"),
        ("short[]", "text[]", "{abc}", "{abc,abcdef}"),
        ("shorts", "text[]", "{abc}", "{abc,abcdef}"),
        ("of_short", "text", "abc", "x"),
    ] {
        let widened = |value: &str| {
            let table =
                format!("{DOMAINS}; CREATE TABLE t (a {old}); INSERT INTO t VALUES ('{fits}')");
            let step = step(&table, &format!("ALTER TABLE t ALTER a TYPE {new}"), &["column t.a"]);
            step.back_over_rows(
                &format!("INSERT INTO t VALUES ('{value}')"),
                "SELECT min(a::text) FROM t",
            )
        };
        assert_eq!(widened(fits).trim_end(), fits.trim_end(), "{old}");
        assert!(widened(too_long).starts_with("ERROR: "), "{old}");
    }
}

const CONSTRAINTS: &str =
    "SELECT string_agg(concat_ws(' ', conrelid::regclass, pg_get_constraintdef(oid),
                                 obj_description(oid, 'pg_constraint')), E'\n' ORDER BY conrelid, conname)
     FROM pg_constraint WHERE contype <> 'n' AND conrelid >= 16384";

#[test]
fn a_key_whose_column_has_no_values_is_left_off() {
    let users = "
        CREATE TABLE users (id int CONSTRAINT \"the key\" PRIMARY KEY WITH (fillfactor = 70), name text);
        CREATE TABLE posts (id int PRIMARY KEY, author int REFERENCES users ON DELETE CASCADE);
        ALTER TABLE users CLUSTER ON \"the key\", REPLICA IDENTITY USING INDEX \"the key\";
        COMMENT ON CONSTRAINT \"the key\" ON users IS 'of a $$ key';
        COMMENT ON INDEX \"the key\" IS 'of an index'";
    let drop = "ALTER TABLE users DROP COLUMN id CASCADE";
    let step = |since| step(users, drop, &["column users.id"]).back_over_rows(since, CONSTRAINTS);
    insta::assert_snapshot!(step(""), @r#"
    users PRIMARY KEY (id) of a $$ key
    posts FOREIGN KEY (author) REFERENCES users(id) ON DELETE CASCADE
    posts PRIMARY KEY (id)
    "#);
    insta::assert_snapshot!(
        step("INSERT INTO users VALUES ('ada'); INSERT INTO posts VALUES (1, 7)"),
        @r#"
    posts PRIMARY KEY (id)
    WARNING: column `id` of `public.users` is restored without NOT NULL: rows have nulls in it
    WARNING: primary key `the key` of `public.users` is not restored: rows have nulls in it or are not unique; when they are corrected, run `ALTER TABLE ONLY public.users ADD CONSTRAINT "the key" PRIMARY KEY (id)`
    WARNING: foreign key `posts_author_fkey` of `public.posts` is not restored: rows of `public.users` have no key; when they are corrected, run `ALTER TABLE public.posts ADD CONSTRAINT posts_author_fkey FOREIGN KEY (author) REFERENCES public.users(id) ON DELETE CASCADE`
    "#
    );
}

#[test]
fn what_later_rows_break_is_not_valid_or_left_off() {
    let table = "
        CREATE TABLE t (
            a int CONSTRAINT small CHECK (a < 9), b int CONSTRAINT once UNIQUE,
            c int CONSTRAINT key PRIMARY KEY, d tstzrange,
            e int CONSTRAINT fine UNIQUE CHECK (e > 0),
            CONSTRAINT apart EXCLUDE USING gist (d WITH &&)
        );
        COMMENT ON CONSTRAINT small ON t IS 'of a check';
        COMMENT ON CONSTRAINT once ON t IS 'of a unique one'";
    let drop = "ALTER TABLE t DROP CONSTRAINT small, DROP CONSTRAINT once, DROP CONSTRAINT key,
                DROP CONSTRAINT apart, DROP CONSTRAINT fine, DROP CONSTRAINT t_e_check";
    let step = |since| step(table, drop, &["table t"]).back_over_rows(since, CONSTRAINTS);
    insta::assert_snapshot!(step("INSERT INTO t VALUES (1, 2, 3, '(,)', 5)"), @r#"
    t EXCLUDE USING gist (d WITH &&)
    t UNIQUE (e)
    t PRIMARY KEY (c)
    t UNIQUE (b) of a unique one
    t CHECK ((a < 9)) of a check
    t CHECK ((e > 0))
    "#);
    insta::assert_snapshot!(
        step("INSERT INTO t VALUES (10, 2, 3, '(,)', 5), (10, 2, 3, '(,)', 6)"),
        @r#"
    t UNIQUE (e)
    t CHECK ((a < 9)) NOT VALID of a check
    t CHECK ((e > 0))
    WARNING: primary key `key` of `public.t` is not restored: rows have nulls in it or are not unique; when they are corrected, run `ALTER TABLE ONLY public.t ADD CONSTRAINT key PRIMARY KEY (c)`
    WARNING: unique constraint `once` of `public.t` is not restored: rows are not unique; when they are corrected, run `ALTER TABLE ONLY public.t ADD CONSTRAINT once UNIQUE (b)`
    WARNING: exclusion constraint `apart` of `public.t` is not restored: rows conflict; when they are corrected, run `ALTER TABLE ONLY public.t ADD CONSTRAINT apart EXCLUDE USING gist (d WITH &&)`
    WARNING: check constraint `small` of `public.t` is restored as NOT VALID: some rows violate it
    "#
    );
}

#[test]
fn what_later_rows_break_of_a_partition_is_left_off() {
    let events = "
        CREATE TABLE users (id int PRIMARY KEY);
        CREATE TABLE events (id int, at int, who int REFERENCES users, CONSTRAINT key PRIMARY KEY (id, at))
            PARTITION BY LIST (at);
        CREATE TABLE one PARTITION OF events FOR VALUES IN (1);
        CREATE TABLE two PARTITION OF events FOR VALUES IN (2)";
    let drop = "ALTER TABLE events DROP CONSTRAINT key, DROP CONSTRAINT events_who_fkey";
    let step = |since| step(events, drop, &["table events"]).back_over_rows(since, CONSTRAINTS);
    insta::assert_snapshot!(step("INSERT INTO events VALUES (1, 1)"), @r#"
    users PRIMARY KEY (id)
    events FOREIGN KEY (who) REFERENCES users(id)
    events PRIMARY KEY (id, at)
    one FOREIGN KEY (who) REFERENCES users(id)
    one PRIMARY KEY (id, at)
    two FOREIGN KEY (who) REFERENCES users(id)
    two PRIMARY KEY (id, at)
    "#);
    let told = step("INSERT INTO events VALUES (1, 1, 5), (1, 1, 5), (1, 2, 5)");
    let told = told.replace(" NOT VALID", "");
    assert!(told.contains("primary key `one_pkey` of `public.one` is not restored"), "{told}");
    assert!(told.contains("foreign key `events_who_fkey` of `public.events`"), "{told}");
}

#[test]
fn the_check_of_a_domain_that_later_rows_break_is_not_valid() {
    let domain = "
        CREATE DOMAIN positive AS int CONSTRAINT above CHECK (VALUE > 0);
        COMMENT ON CONSTRAINT above ON DOMAIN positive IS 'of a domain';
        CREATE TABLE t (a positive)";
    let found = step(domain, "ALTER DOMAIN positive DROP CONSTRAINT above", &["domain positive"])
        .back_over_rows(
            "INSERT INTO t VALUES (-1)",
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'above'",
        );
    insta::assert_snapshot!(found, @r#"
    CHECK ((VALUE > 0)) NOT VALID
    WARNING: check `above` of domain `public.positive` is restored NOT VALID: rows violate it
    "#);
}

#[test]
fn a_column_whose_default_is_null_is_restored_without_not_null() {
    let nullable = "SELECT string_agg(concat(attname, ' ', attnotnull, ' ', atthasdef), ', ')
                    FROM pg_attribute WHERE attrelid = 't'::regclass AND attname IN ('b', 'c')";
    let found = step(
        "CREATE TABLE t (a int, b int NOT NULL DEFAULT NULLIF(1, 1), c int NOT NULL DEFAULT 1)",
        "ALTER TABLE t DROP COLUMN b, DROP COLUMN c",
        &["column t.b", "column t.c"],
    )
    .back_over_rows("INSERT INTO t VALUES (1)", nullable);
    insta::assert_snapshot!(found, @r#"
    b f t, c t t
    WARNING: column `b` of `public.t` is restored without NOT NULL: rows have nulls in it
    "#);
}

#[test]
fn a_column_of_a_domain_that_rows_violate_is_restored_with_its_base_type() {
    for domain in ["int NOT NULL", "int CHECK (VALUE IS NOT NULL)"] {
        let before = format!(
            "CREATE DOMAIN d AS {domain}; CREATE TABLE t (x int, a d); CREATE VIEW v AS SELECT a FROM t"
        );
        for (sql, object) in [
            ("ALTER TABLE t DROP COLUMN a CASCADE", "column t.a"),
            ("DROP DOMAIN d CASCADE", "domain d"),
        ] {
            let step = |since| {
                let query = "SELECT format_type(atttypid, -1) FROM pg_attribute
                             WHERE attrelid = 'v'::regclass AND attnum = 1";
                step(&before, sql, &[object]).back_over_rows(since, query)
            };
            assert_eq!(step(""), "d", "{domain}: {sql}");
            assert_eq!(
                step("INSERT INTO t VALUES (1)"),
                "integer\nWARNING: column `a` of `public.t` is restored as `integer`: `public.d` does not allow \
                 what the rows then have in it; when they are corrected, run `ALTER TABLE public.t ALTER COLUMN a TYPE public.d`",
                "{domain}: {sql}"
            );
        }
    }
}

#[test]
fn a_view_that_groups_by_a_key_that_is_left_off_is_left_off() {
    let before = "
        CREATE TABLE t (id int PRIMARY KEY, name text, x int);
        CREATE VIEW v AS SELECT id, name, sum(x) AS sum FROM t GROUP BY id;
        CREATE VIEW vv AS SELECT sum FROM v;
        COMMENT ON VIEW v IS 'grouped';
        GRANT SELECT ON vv TO PUBLIC;
        CREATE VIEW other AS SELECT name FROM t WHERE id > 0";
    let step = |since| {
        step(before, "ALTER TABLE t DROP COLUMN id CASCADE", &["column t.id"]).back_over_rows(
            since,
            "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class
             WHERE relkind = 'v' AND oid >= 16384",
        )
    };
    insta::assert_snapshot!(step(""), @"other v vv");
    let found = step("INSERT INTO t VALUES ('a'), ('b')");
    assert!(found.starts_with("other\n"), "{found}");
    for view in ["v", "vv"] {
        let told = format!("could not run `CREATE VIEW public.{view}`: it needs a constraint");
        assert!(found.contains(&told), "{found}");
    }
}
