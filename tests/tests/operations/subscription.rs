use migrate_dsl::prelude::*;

use crate::case::{Case, case};

const SUBSCRIPTION: &str = "CREATE SUBSCRIPTION sub CONNECTION 'host=blog dbname=blog' PUBLICATION p, q WITH (connect = false)";

/// Subscribed to itself.
const LOOP: &str = "CREATE TABLE t (id int PRIMARY KEY); CREATE PUBLICATION p FOR TABLE t;
     DO $$ BEGIN EXECUTE format(
         'CREATE SUBSCRIPTION sub CONNECTION %L PUBLICATION p WITH (connect = false, slot_name = none_such)',
         format('host=%s port=%s dbname=%s user=postgres',
                trim('\"' FROM split_part(current_setting('unix_socket_directories'), ',', 1)),
                current_setting('port'), current_database())
     ); END $$;
     ALTER SUBSCRIPTION sub ENABLE";

/// The same, with a slot that is there.
const SLOT: &str = "SELECT pg_create_logical_replication_slot(current_database(), 'pgoutput');
     CREATE TABLE t (id int PRIMARY KEY); CREATE PUBLICATION p FOR TABLE t;
     DO $$ BEGIN EXECUTE format(
         'CREATE SUBSCRIPTION sub CONNECTION %L PUBLICATION p WITH (connect = false, slot_name = %I)',
         format('host=%s port=%s dbname=%s user=postgres',
                trim('\"' FROM split_part(current_setting('unix_socket_directories'), ',', 1)),
                current_setting('port'), current_database()),
         current_database()
     ); END $$";

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("", |pgm| {
            pgm.create_subscription("say \"hi\"", "host=blog", ["p", "q"])
                .connect(false)
                .comment("it's one");
        }),
        case("", |pgm| {
            pgm.create_subscription("sub", env("BLOG_URL"), "p")
                .connect(false)
                .create_slot(false)
                .enabled(false)
                .copy_data(false)
                .slot_name("other")
                .synchronous_commit("local");
        }),
        case("", |pgm| {
            pgm.create_subscription("sub", "host=blog", "p").connect(false).no_slot();
        }),
        case("", |pgm| {
            pgm.create_subscription("sub", "host=blog", "p")
                .connect(false)
                .binary(true)
                .streaming("on");
        })
        .since(14),
        case("", |pgm| {
            pgm.create_subscription("sub", "host=blog", "p")
                .connect(false)
                .two_phase(true)
                .disable_on_error(true);
        })
        .since(15),
        case("", |pgm| {
            pgm.create_subscription("sub", "host=blog", "p")
                .connect(false)
                .streaming("parallel")
                .password_required(false)
                .run_as_owner(true)
                .origin("none");
        })
        .since(16),
        case("", |pgm| {
            pgm.create_subscription("sub", "host=blog", "p").connect(false).failover(true);
        })
        .since(17),
        case(SUBSCRIPTION, |pgm| _ = pgm.alter_subscription("sub").connection("host=other")),
        case(SUBSCRIPTION, |pgm| {
            pgm.alter_subscription("sub").set_publication(["q", "r"]).refresh(false);
        }),
        case(SUBSCRIPTION, |pgm| {
            pgm.alter_subscription("sub").add_publication("r").refresh(false);
            pgm.alter_subscription("sub").drop_publication(["p", "q"]).refresh(false);
        })
        .since(14),
        case(SUBSCRIPTION, |pgm| _ = pgm.alter_subscription("sub").enable()),
        case(SUBSCRIPTION, |pgm| _ = pgm.alter_subscription("sub").enable().disable()),
        case(SUBSCRIPTION, |pgm| {
            pgm.alter_subscription("sub").slot_name("other").synchronous_commit("remote_apply");
        }),
        case(SUBSCRIPTION, |pgm| _ = pgm.alter_subscription("sub").no_slot()),
        case(SUBSCRIPTION, |pgm| {
            pgm.alter_subscription("sub").binary(true).streaming("on");
        })
        .since(14),
        case(SUBSCRIPTION, |pgm| {
            pgm.alter_subscription("sub").disable_on_error(true);
        })
        .since(15),
        case(SUBSCRIPTION, |pgm| _ = pgm.alter_subscription("sub").skip("none")).since(15),
        case(SUBSCRIPTION, |pgm| {
            pgm.alter_subscription("sub").password_required(false).run_as_owner(true).origin("none");
        })
        .since(16),
        case(LOOP, |pgm| _ = pgm.alter_subscription("sub").refresh_publication()).no_inverse(),
        case(LOOP, |pgm| _ = pgm.alter_subscription("sub").refresh_publication().copy_data(false))
            .no_inverse(),
        case(SLOT, |pgm| _ = pgm.alter_subscription("sub").failover(true)).since(17),
        case(SLOT, |pgm| _ = pgm.alter_subscription("sub").two_phase(true)).since(18),
        case(SUBSCRIPTION, |pgm| _ = pgm.rename_subscription("sub", "other \"sub\"")),
        case(SUBSCRIPTION, |pgm| _ = pgm.drop_subscription("sub").keep_slot()),
        case(
            "CREATE SUBSCRIPTION sub CONNECTION 'host=blog' PUBLICATION p WITH (connect = false, slot_name = NONE)",
            |pgm| {
                pgm.drop_subscription("sub").if_exists();
                pgm.drop_subscription("none").if_exists();
            },
        ),
    ]
}
