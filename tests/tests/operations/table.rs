use migrate_dsl::prelude::*;
use migrate_dsl::{Compression, LikeOption};

use crate::case::{Case, POSTS, case};

/// A table with all that can hang on one.
const FULL: &str = "CREATE TABLE users (id bigint PRIMARY KEY);
     CREATE TABLE posts (
         id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
         title text NOT NULL DEFAULT 'none' CHECK (title <> ''),
         author bigint REFERENCES users ON DELETE CASCADE,
         slug text GENERATED ALWAYS AS (lower(title)) STORED UNIQUE,
         number serial,
         during tstzrange,
         parent bigint REFERENCES posts,
         EXCLUDE USING gist (during WITH &&)
     ) WITH (fillfactor = 70, toast.autovacuum_enabled = false);
     CREATE INDEX posts_idx ON posts (lower(title)) WHERE author > 0;
     CREATE UNIQUE INDEX posts_number ON posts (number);
     ALTER TABLE posts REPLICA IDENTITY USING INDEX posts_number, CLUSTER ON posts_pkey,
         ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
     CREATE POLICY mine ON posts FOR SELECT USING (author = 1);
     CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
     CREATE TRIGGER watch BEFORE UPDATE OF title ON posts FOR EACH ROW EXECUTE FUNCTION f();
     ALTER TABLE posts DISABLE TRIGGER watch;
     COMMENT ON TABLE posts IS 'what people write';
     COMMENT ON COLUMN posts.title IS 'it''s short';
     COMMENT ON INDEX posts_idx IS 'for the front page';
     GRANT SELECT ON posts TO PUBLIC;
     CREATE STATISTICS both_of_them ON title, author FROM posts;
     CREATE TABLE comments (post bigint CONSTRAINT of REFERENCES posts ON UPDATE CASCADE);
     INSERT INTO users VALUES (1);
     INSERT INTO posts (title, author) VALUES ('A', 1), ('B', 1);";

/// The same with what reads it.
const READ: &str = "CREATE TABLE posts (id bigint PRIMARY KEY, title text);
     CREATE VIEW titles AS SELECT title FROM posts;
     CREATE MATERIALIZED VIEW lengths AS SELECT length(title) AS length FROM titles;
     CREATE INDEX lengths_idx ON lengths (length);
     INSERT INTO posts VALUES (1, 'A');";

const PARTITIONED: &str = "CREATE TABLE hits (at date NOT NULL, page text) PARTITION BY RANGE (at);
     CREATE INDEX hits_page ON hits (page);
     CREATE TABLE hits_2026 PARTITION OF hits FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
     CREATE TABLE other (at date NOT NULL, page text);
     COMMENT ON TABLE hits_2026 IS 'this year';";

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = created();
    cases.extend(types());
    cases.extend(partitions());
    cases.extend(dropped());
    cases.extend(altered());
    cases
}

fn created() -> Vec<Case> {
    vec![
        case("", |pgm| {
            pgm.create_table("everything", |t| {
                t.id();
                t.timestamps();
                t.varchar("a", 10).not_null().default("it's").collate("C").comment("a \"comment\"");
                t.numeric("b", (10, 2)).check("b > 0").default(0);
                t.text("c").array().default(expr("'{}'::text[]"));
                t.integer("d").generated("length(a)");
                t.unique(["a", "b"]).named("Ünique");
                t.bigint("parent").references("everything", "id").on_delete(SetNull).initially_deferred();
            })
            .parameter("toast.autovacuum_enabled", false)
            .using("heap")
            .tablespace("pg_default")
            .comment("everything at once");
        }),
        case("", |pgm| _ = pgm.create_table("t", |t| t.numeric("hundreds", (3, -2)))).since(15),
        case("CREATE EXTENSION citext", |pgm| _ = pgm.create_table("t", |t| t.citext("a"))),
        case("", |pgm| {
            pgm.create_table("multiranges", |t| {
                t.int4multirange("a");
                t.int8multirange("b");
                t.nummultirange("c");
                t.tsmultirange("d");
                t.tstzmultirange("e");
                t.datemultirange("f");
            });
        })
        .since(14),
        case("CREATE TABLE rooms (id int, house int, PRIMARY KEY (id, house))", |pgm| {
            pgm.create_table("stays", |t| {
                t.integer("room");
                t.integer("house");
                t.tstzrange("during");
                t.primary_key(["room", "during"]).named("the stay");
                t.unique("house").deferrable();
                t.check("room > 0").no_inherit();
                t.foreign_key(["room", "house"], "rooms", ["id", "house"]).on_delete(Cascade);
                t.exclude("gist", [(col("during"), "&&")]).only_where("room > 7");
            });
        }),
        case(POSTS, |pgm| _ = pgm.create_table("log", |t| t.text("line")).unlogged()),
        case(POSTS, |pgm| {
            pgm.create_table("a", |t| t.text("line")).temporary();
            pgm.create_table("b", |t| t.text("line")).temporary().on_commit_delete_rows();
            pgm.create_table("c", |t| t.text("line")).temporary().on_commit_drop();
        }),
        case("CREATE TABLE facts (at date); CREATE TABLE events (kind text)", |pgm| {
            pgm.create_table("visits", |t| t.text("page")).inherits("facts").inherits("events");
        }),
        case("CREATE TYPE person AS (id bigint, name text)", |pgm| {
            pgm.create_table("people", |t| {
                t.attribute("id").primary_key();
                t.attribute("name").not_null().default("nobody");
            })
            .of_type("person");
        }),
        case(POSTS, |pgm| {
            pgm.create_table("posts", |t| t.text("other")).if_not_exists();
            pgm.create_table("new", |t| t.text("other")).if_not_exists();
        }),
        case(FULL, |pgm| {
            pgm.create_table("old", |t| {
                t.like("posts").including(LikeOption::All).excluding(LikeOption::Indexes);
            });
            pgm.create_table("newer", |t| {
                t.like("posts")
                    .including(LikeOption::Comments)
                    .including(LikeOption::Constraints)
                    .including(LikeOption::Defaults)
                    .including(LikeOption::Generated)
                    .including(LikeOption::Identity)
                    .including(LikeOption::Statistics)
                    .including(LikeOption::Storage);
            });
        }),
        case(POSTS, |pgm| {
            pgm.create_table("old", |t| {
                t.like("posts").including(LikeOption::Compression).excluding(LikeOption::Storage);
            });
            pgm.create_table("squeezed", |t| t.text("a").compression(Compression::Default));
        })
        .since(14),
    ]
}

fn types() -> Vec<Case> {
    vec![case("", |pgm| {
        pgm.create_table("types", |t| {
            t.smallint("smallint");
            t.integer("integer");
            t.bigint("bigint");
            t.numeric("numeric", None);
            t.real("real");
            t.double_precision("double");
            t.money("money");
            t.smallserial("smallserial");
            t.serial("serial");
            t.bigserial("bigserial");
            t.text("text");
            t.varchar("varchar", None);
            t.char("char", 3);
            t.bytea("bytea");
            t.boolean("boolean");
            t.date("date");
            t.time("time").precision(3);
            t.timetz("timetz");
            t.timestamp("timestamp").precision(0);
            t.timestamptz("timestamptz");
            t.interval("interval").precision(2);
            t.uuid("uuid");
            t.json("json");
            t.jsonb("jsonb").default("{}");
            t.jsonpath("jsonpath");
            t.xml("xml");
            t.bit("bit", 3);
            t.varbit("varbit", 3);
            t.inet("inet");
            t.cidr("cidr");
            t.macaddr("macaddr");
            t.macaddr8("macaddr8");
            t.point("point");
            t.line("line");
            t.lseg("lseg");
            t.box_("box");
            t.path("path");
            t.polygon("polygon");
            t.circle("circle");
            t.tsvector("tsvector");
            t.tsquery("tsquery");
            t.int4range("int4range");
            t.int8range("int8range");
            t.numrange("numrange");
            t.tsrange("tsrange");
            t.tstzrange("tstzrange");
            t.daterange("daterange");
            t.oid("oid");
            t.regclass("regclass");
            t.regtype("regtype");
            t.regproc("regproc");
            t.regprocedure("regprocedure");
            t.regoper("regoper");
            t.regoperator("regoperator");
            t.regrole("regrole");
            t.regnamespace("regnamespace");
            t.regcollation("regcollation");
            t.regconfig("regconfig");
            t.regdictionary("regdictionary");
            t.tid("tid");
            t.xid("xid");
            t.xid8("xid8");
            t.cid("cid");
            t.pg_snapshot("pg_snapshot");
            t.pg_lsn("pg_lsn");
            t.column("named", "int").array().array();
            t.column("raw", expr("interval day to second(3)"));
        });
    })]
}

fn partitions() -> Vec<Case> {
    vec![
        case(POSTS, |pgm| {
            pgm.create_table("old_posts", |t| {
                t.like("posts").including(LikeOption::Defaults);
                t.timestamptz("at").precision(3).not_null();
            })
            .partition_by_range("at");
            pgm.create_partition("old_posts_2026", "old_posts")
                .from_to(["2026-01-01"], ["2027-01-01"])
                .unlogged()
                .using("heap")
                .parameter("fillfactor", 70)
                .tablespace("pg_default")
                .comment("it's old");
            pgm.create_partition("older_posts", "old_posts")
                .from_to([expr("MINVALUE")], ["2026-01-01"])
                .partition_by_range("at");
        }),
        case("", |pgm| {
            pgm.create_table("hits", |t| t.text("page")).partition_by_list("page");
            pgm.create_partition("hits_a", "hits").values_in(["a", "b"]).partition_by_hash("page");
            pgm.create_partition("hits_a_0", "hits_a").modulus(2, 0);
            pgm.create_partition("hits_rest", "hits").default_partition().partition_by_list("page");
            pgm.create_table("logs", |t| t.text("line")).partition_by_hash([expr("lower(line)")]);
        }),
        case(PARTITIONED, |pgm| {
            pgm.create_partition("hits_2026", "hits").default_partition().if_not_exists();
            pgm.create_partition("hits_rest", "hits").default_partition().if_not_exists();
        }),
        case(PARTITIONED, |pgm| {
            pgm.attach_partition("hits", "other").from_to(["2025-01-01"], ["2026-01-01"]);
        }),
        case(
            "CREATE TABLE kept (id int, at int, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
             CREATE TABLE refers (id int, at int, FOREIGN KEY (id, at) REFERENCES kept)",
            |pgm| _ = pgm.create_partition("kept_first", "kept").from_to([0], [10]),
        ),
        case(PARTITIONED, |pgm| _ = pgm.attach_partition("hits", "other").default_partition()),
        case(
            "CREATE TABLE lists (a int) PARTITION BY LIST (a); CREATE TABLE l (a int);
             CREATE TABLE hashes (a int) PARTITION BY HASH (a); CREATE TABLE h (a int)",
            |pgm| {
                pgm.attach_partition("lists", "l").values_in([0, 1]);
                pgm.attach_partition("hashes", "h").modulus(2, 1);
            },
        ),
        case(PARTITIONED, |pgm| _ = pgm.detach_partition("hits", "hits_2026")),
        case(PARTITIONED, |pgm| _ = pgm.detach_partition("hits", "hits_2026").concurrently())
            .since(14),
        case(PARTITIONED, |pgm| _ = pgm.drop_table("hits")),
        case(PARTITIONED, |pgm| _ = pgm.drop_table("hits_2026")),
        case(PARTITIONED, |pgm| _ = pgm.drop_table("hits").keep_data()),
        case(PARTITIONED, |pgm| _ = pgm.drop_table("hits_2026").keep_data()),
    ]
}

fn dropped() -> Vec<Case> {
    vec![
        case(FULL, |pgm| _ = pgm.drop_table(["comments", "posts"])),
        case(FULL, |pgm| _ = pgm.drop_table("posts").cascade()),
        case(READ, |pgm| _ = pgm.drop_table("posts").cascade()),
        case("", |pgm| _ = pgm.drop_table("posts").if_exists()),
        case(FULL, |pgm| _ = pgm.drop_table("posts").keep_data()),
        case(FULL, |pgm| _ = pgm.drop_table(["users", "posts"]).keep_data()),
        case(READ, |pgm| _ = pgm.drop_table("posts").keep_data().cascade()),
        case(
            "CREATE TABLE a (i int CONSTRAINT more CHECK (i > 0));
             CREATE TABLE b (i int CONSTRAINT more CHECK (i > 0)) INHERITS (a)",
            |pgm| _ = pgm.drop_table("b").keep_data(),
        ),
        case(POSTS, |pgm| {
            pgm.drop_table("posts").keep_data();
            pgm.create_table("posts", |t| t.id());
            pgm.purge_table("posts");
            pgm.purge_table("nothing").if_exists();
        }),
        case(FULL, |pgm| _ = pgm.truncate_table(["posts", "comments"]).restart_identity())
            .no_inverse(),
        case(FULL, |pgm| _ = pgm.truncate_table("users").cascade()).no_inverse(),
    ]
}

fn altered() -> Vec<Case> {
    vec![
        case(POSTS, |pgm| _ = pgm.rename_table("posts", "articles")),
        case(POSTS, |pgm| {
            pgm.alter_table("posts").set_unlogged().enable_row_security().force_row_security();
            pgm.alter_table("users").replica_identity_full().cluster_on("users_pkey");
            pgm.alter_table("nothing").if_exists().without_cluster();
        }),
        case(
            "CREATE UNLOGGED TABLE t (id int); ALTER TABLE t ENABLE ROW LEVEL SECURITY,
                 FORCE ROW LEVEL SECURITY, REPLICA IDENTITY NOTHING",
            |pgm| {
                pgm.alter_table("t")
                    .set_logged()
                    .disable_row_security()
                    .no_force_row_security()
                    .replica_identity_default();
            },
        ),
        case(FULL, |pgm| {
            pgm.alter_table("posts")
                .set_parameter("autovacuum_enabled", false)
                .reset_parameter("fillfactor")
                .reset_parameter("toast.autovacuum_enabled")
                .set_tablespace("pg_default")
                .without_cluster()
                .replica_identity_nothing();
        }),
        case(FULL, |pgm| _ = pgm.alter_table("posts").replica_identity_default().cluster_on("posts_number")),
        case(POSTS, |pgm| _ = pgm.alter_table("posts").replica_identity_using_index("posts_pkey")),
        case(POSTS, |pgm| _ = pgm.alter_table("posts").set_access_method("heap")).since(15),
        case(
            "CREATE TABLE a (i int CHECK (i > 0)); CREATE TABLE b (i int);
             CREATE TABLE c (i int, CONSTRAINT a_i_check CHECK (i > 0)) INHERITS (b)",
            |pgm| _ = pgm.alter_table("c").no_inherit("b").inherit("a"),
        ),
        case("CREATE TYPE p AS (i int); CREATE TABLE t (i int); CREATE TABLE u OF p", |pgm| {
            pgm.alter_table("t").of_type("p");
            pgm.alter_table("u").not_of_type();
        }),
    ]
}
