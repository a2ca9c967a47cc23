use migrate_dsl::prelude::*;
use migrate_dsl::sea_query::{ColumnDef, Expr, ExprTrait, Query, Table as SeaTable};
use migrate_tests::{Engine, migration};

use crate::case::{Case, POSTS, case};

const WORDS: &str = "CREATE TABLE words (word text, weight int)";

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case(POSTS, |pgm| {
            pgm.sql("VACUUM posts").outside_transaction().idempotent().down("");
            pgm.sql("ANALYZE posts").outside_transaction().done_when("SELECT true").down("");
            let all = || migrate_dsl::sea_query::Query::delete().from_table("posts").to_owned();
            pgm.statement(all()).idempotent().down(all());
            pgm.statement(all()).done_when("SELECT true").down(all());
        }),
        case(POSTS, |pgm| {
            pgm.sql("COMMENT ON TABLE posts IS 'seen'").down("COMMENT ON TABLE posts IS NULL");
        }),
        case(POSTS, |pgm| {
            pgm.sql("ALTER TABLE posts ALTER title SET NOT NULL; DROP TABLE users; CREATE TABLE tags ()")
                .captures(Object::table("posts"))
                .captures(Object::table("users"))
                .captures(Object::table("tags"));
        }),
        case("CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w", |pgm| {
            pgm.sql("CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS (a 'b')")
                .captures(Object::user_mapping(Role::public(), "s"));
        }),
        case("CREATE ROLE ada", |pgm| {
            pgm.sql("GRANT SET ON PARAMETER log_min_messages TO ada")
                .captures(Object::parameter("log_min_messages"));
        })
        .since(15),
        case(POSTS, |pgm| _ = pgm.sql("ANALYZE posts")).no_inverse(),
        case(POSTS, |pgm| {
            pgm.sql("VACUUM posts; VACUUM users").down("").outside_transaction();
        }),
        case(POSTS, |pgm| {
            pgm.sql_file("../fixtures/reading_time.sql").down("DROP FUNCTION reading_time(posts)");
        }),
        case(POSTS, |pgm| {
            pgm.sql_file("../fixtures/reading_time.sql")
                .captures(Object::function("reading_time").arguments(["posts"]));
        }),
        case(WORDS, |pgm| {
            pgm.rust("fill", |db| {
                db.execute("INSERT INTO words VALUES ($1, $2)", &[&"it's", &7])?;
                db.batch("COMMENT ON TABLE words IS 'filled'; ANALYZE words")?;
                db.transaction(|db| Ok(db.execute("UPDATE words SET weight = 8", &[])?))?;
                db.each("SELECT word FROM words", &[], |db, row| {
                    let word: String = row.get("word")?;
                    db.execute("DELETE FROM words WHERE word = $1", &[&word])?;
                    Ok(())
                })
            })
            .down(|db| Ok(db.batch("COMMENT ON TABLE words IS NULL")?));
            pgm.rust("vacuum", |db| Ok(db.batch("VACUUM words")?))
                .outside_transaction()
                .idempotent()
                .down(|_| Ok(()));
            pgm.rust("analyze", |db| Ok(db.batch("ANALYZE words")?))
                .done_when("SELECT true")
                .down(|_| Ok(()));
        }),
        case(POSTS, |pgm| _ = pgm.rust("nothing", |_| Ok(()))).no_inverse(),
        case(WORDS, |pgm| {
            pgm.statement(
                Query::insert().into_table("words").columns(["word"]).values_panic(["it's".into()]),
            )
            .down(Query::delete().from_table("words").and_where(Expr::col("word").eq("it's")));
            pgm.statement(Query::update().table("words").value("weight", 0))
                .down(Query::update().table("words").value("weight", Option::<i32>::None))
                .down(Query::delete().from_table("words"));
        }),
        case(WORDS, |pgm| {
            let mut letter = ColumnDef::new("letter");
            letter.char();
            pgm.statement(SeaTable::alter().table("words").add_column(&mut letter))
                .captures(Object::table("words"));
        }),
        case(WORDS, |pgm| {
            pgm.copy_from("words", "../fixtures/words.csv").csv().header().down("DELETE FROM words");
            pgm.copy_from("words", "../fixtures/words.txt").text().columns(["word"]).down("");
        }),
        case(WORDS, |pgm| {
            pgm.copy_from("words", "../fixtures/words_quoted.csv")
                .csv()
                .delimiter(";")
                .null("-")
                .quote("'")
                .escape("\\")
                .force_not_null(["word"])
                .force_null("weight")
                .only_where("weight >= 0")
                .down("DELETE FROM words");
        }),
        case(WORDS, |pgm| {
            pgm.copy_from("words", "../fixtures/words.csv").csv().header_match().down("");
        })
        .since(15),
        case(WORDS, |pgm| {
            pgm.copy_from("words", "../fixtures/words.csv").csv().header().default("x").down("");
        })
        .since(16),
        case(WORDS, |pgm| {
            pgm.copy_from("words", "../fixtures/words.csv").csv().on_error_ignore().down("");
        })
        .since(17),
        case(WORDS, |pgm| _ = pgm.copy_from("words", "../fixtures/words.csv").csv().header())
            .no_inverse(),
    ]
}

#[test]
fn rows_arrive_as_they_stand_in_the_file() {
    let engine = Engine::new();
    engine.database.execute(WORDS);
    let up = |pgm: &mut Pgm| {
        pgm.copy_from("words", "../fixtures/words.csv").csv().header().down("DELETE FROM words");
    };
    engine.up(&[migration("20260101000000_words", up)]).unwrap();
    let mut client = engine.database.client();
    let rows = client.query("SELECT word, weight FROM words ORDER BY weight", &[]).unwrap();
    let rows: Vec<(String, Option<i32>)> =
        rows.into_iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(rows, [("it's, so".to_owned(), Some(0)), ("Łódź".to_owned(), None)]);
}
