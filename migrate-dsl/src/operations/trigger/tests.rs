use crate::{Pgm, plan_problems, plan_text, plan_text_down};

#[test]
fn every_option() {
    let up = |pgm: &mut Pgm| {
        pgm.create_trigger(("app", "posts"), "Log it")
            .or_replace()
            .after()
            .insert()
            .update()
            .delete()
            .truncate()
            .old_rows("was")
            .new_rows("is")
            .execute(("app", "log"))
            .arguments(["it's", "0"]);
        pgm.create_trigger("posts", "balanced")
            .after()
            .insert()
            .update_of(["debit", "credit"])
            .each_row()
            .when("NEW.debit <> NEW.credit")
            .initially_deferred()
            .from(("app", "accounts"))
            .execute("complain");
        pgm.create_trigger("posts", "there").after().delete().each_row().deferrable().execute("f");
        pgm.create_trigger("posts", "stamp")
            .or_replace()
            .before()
            .update()
            .each_row()
            .body("BEGIN RETURN NEW; END");
        pgm.create_trigger("popular_posts", "write_through")
            .instead_of()
            .delete()
            .each_row()
            .body("BEGIN EXECUTE $$SELECT 1$$; RETURN OLD; END");
    };
    insta::assert_snapshot!(plan_text(up), @r#"
    CREATE OR REPLACE TRIGGER "Log it" AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "app"."posts" REFERENCING OLD TABLE AS "was" NEW TABLE AS "is" FOR EACH STATEMENT EXECUTE FUNCTION "app"."log" ('it''s', '0');
    CREATE CONSTRAINT TRIGGER "balanced" AFTER INSERT OR UPDATE OF "debit", "credit" ON "posts" FROM "app"."accounts" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.debit <> NEW.credit) EXECUTE FUNCTION "complain" ();
    CREATE CONSTRAINT TRIGGER "there" AFTER DELETE ON "posts" DEFERRABLE FOR EACH ROW EXECUTE FUNCTION "f" ();
    CREATE OR REPLACE FUNCTION "posts_stamp" () RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
    CREATE OR REPLACE TRIGGER "stamp" BEFORE UPDATE ON "posts" FOR EACH ROW EXECUTE FUNCTION "posts_stamp" ();
    CREATE FUNCTION "popular_posts_write_through" () RETURNS trigger LANGUAGE plpgsql AS $body$BEGIN EXECUTE $$SELECT 1$$; RETURN OLD; END$body$;
    CREATE TRIGGER "write_through" INSTEAD OF DELETE ON "popular_posts" FOR EACH ROW EXECUTE FUNCTION "popular_posts_write_through" ();
    "#);
    insta::assert_snapshot!(plan_text_down(up), @r#"
    DROP TRIGGER "write_through" ON "popular_posts";
    DROP FUNCTION "popular_posts_write_through" ();
    -- as it was: trigger `stamp` of `posts`, function `posts_stamp`
    DROP TRIGGER "there" ON "posts";
    DROP TRIGGER "balanced" ON "posts";
    -- as it was: trigger `Log it` of `app.posts`
    "#);
}

#[test]
fn what_has_to_be_said() {
    let problems = plan_problems(|pgm| {
        pgm.create_trigger("posts", "touch");
        pgm.create_trigger("posts", "t").or_replace().constraint().after().insert().execute("f");
    });
    insta::assert_snapshot!(problems, @"
    `touch` requires `before`, `after` or `instead_of`
    trigger `touch` requires an event: add `insert`, `update`, `update_of`, `delete` or `truncate`
    `touch` requires `execute` or `body`
    PostgreSQL replaces no constraint trigger: drop `t` with `drop_trigger` in place of `or_replace`
    ");
}
