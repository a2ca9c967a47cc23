//! Several locks at once, where other clients lock the tables in another order.

use migrate_dsl::quote_literal;

/// How long the server itself tries.
const TRIES: &str = "500 ms";
/// How long one attempt waits for each lock: about as long as a short transaction takes. What takes longer
/// mostly waits behind us with another of the tables, and would do so forever.
const ATTEMPT: &str = "15 ms";
/// How long others have the tables for themselves between two attempts, at most, in seconds. At random:
/// sessions that have waited behind an attempt continue together.
const PAUSE: &str = "0.02";

/// Returns SQL that takes all of these locks (each given as a statement), or none.
///
/// A session that holds the second table and waits for the first behind this request keeps it from the
/// second for as long as it waits. It takes a moment in which no session is in between, and the more
/// attempts there are, the sooner one of them succeeds; so the server makes them, without a round trip
/// for each. Each lock is the first one in turn, requested with and without a wait.
pub(super) fn one_of_several(locks: &[String]) -> String {
    let mut attempts = String::new();
    for first in 0..locks.len() {
        let others = locks[first + 1..].iter().chain(&locks[..first]);
        let others: String = others.map(|lock| format!("            {lock};\n")).collect();
        for wait in [" NOWAIT", ""] {
            attempts += &format!(
                "        BEGIN
            PERFORM pg_catalog.set_config('lock_timeout', '{ATTEMPT}', true);
            {}{wait};
{others}            PERFORM pg_catalog.set_config('lock_timeout', budget, true);
            RETURN;
        EXCEPTION WHEN lock_not_available THEN
            IF pg_catalog.clock_timestamp() OPERATOR(pg_catalog.>=) latest THEN
                RAISE;
            END IF;
        END;
        PERFORM pg_catalog.pg_sleep(pg_catalog.random() OPERATOR(pg_catalog.*) {PAUSE});
",
                locks[first]
            );
        }
    }
    let body = format!(
        "
DECLARE
    budget pg_catalog.text := pg_catalog.current_setting('lock_timeout');
    latest pg_catalog.timestamptz :=
        pg_catalog.clock_timestamp() OPERATOR(pg_catalog.+) '{TRIES}'::pg_catalog.interval;
BEGIN
    LOOP
{attempts}    END LOOP;
END
"
    );
    format!("DO LANGUAGE plpgsql {}", quote_literal(&body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_lock_comes_first_in_turn() {
        let sql = one_of_several(&["LOCK a".to_owned(), "LOCK b".to_owned()]);
        let locks: Vec<_> =
            sql.lines().map(str::trim).filter(|line| line.starts_with("LOCK")).collect();
        let expected =
            "LOCK a NOWAIT; LOCK b; LOCK a; LOCK b; LOCK b NOWAIT; LOCK a; LOCK b; LOCK a;";
        assert_eq!(locks.join(" "), expected);
    }
}
