//! What a database is like: its catalog, what its relations and functions return, and what its
//! constraints and triggers do.

use std::collections::{BTreeMap, HashMap};

use postgres::Client;

use crate::catalog;

/// Functions that save and restore rows by the names of their columns, and look at the results.
pub(super) const HELPERS: &str = r#"
CREATE SCHEMA round_trip;
CREATE TABLE round_trip.rows (relation text, row jsonb);
CREATE TABLE round_trip.probes (number int, sql text);
CREATE FUNCTION round_trip.save() RETURNS void LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
    found record;
BEGIN
    FOR found IN SELECT c.oid::pg_catalog.regclass::text AS name FROM pg_catalog.pg_class c
                 JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace
                 WHERE relkind = 'r' AND nspname IN ('public', 'shop', 'Odd one')
    LOOP
        EXECUTE pg_catalog.format('INSERT INTO round_trip.rows SELECT %L, pg_catalog.to_jsonb(r) FROM ONLY %s r',
                                  found.name, found.name);
    END LOOP;
END $$;
CREATE FUNCTION round_trip.empty() RETURNS void LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
    found record;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR found IN SELECT c.oid::pg_catalog.regclass::text AS name FROM pg_catalog.pg_class c
                 JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace
                 WHERE relkind = 'r' AND nspname IN ('public', 'shop', 'Odd one')
    LOOP
        EXECUTE pg_catalog.format('DELETE FROM ONLY %s', found.name);
    END LOOP;
    -- some triggers fire always
    DELETE FROM public.audit;
    SET LOCAL session_replication_role = origin;
END $$;
CREATE FUNCTION round_trip.restore() RETURNS void LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
    found record;
    columns text;
BEGIN
    PERFORM round_trip.empty();
    SET LOCAL session_replication_role = replica;
    FOR found IN SELECT relation FROM round_trip.rows WHERE pg_catalog.to_regclass(relation) IS NOT NULL GROUP BY relation
                          ORDER BY relation = 'public.audit', relation
    LOOP
        DELETE FROM public.audit;
        SELECT pg_catalog.string_agg(pg_catalog.quote_ident(attname), ', ') INTO columns FROM pg_catalog.pg_attribute
        WHERE attrelid = found.relation::pg_catalog.regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
          AND attname <> 'others_column';
        EXECUTE pg_catalog.format('INSERT INTO %1$s (%2$s) OVERRIDING SYSTEM VALUE SELECT %2$s FROM round_trip.rows,
                                       pg_catalog.jsonb_populate_record(NULL::%1$s, row) WHERE relation = %1$L',
                                  found.relation, columns);
    END LOOP;
    SET LOCAL session_replication_role = origin;
    FOR round IN 1..3 LOOP
        FOR found IN SELECT c.oid::pg_catalog.regclass::text AS name FROM pg_catalog.pg_class c
                     JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace WHERE relkind = 'm'
        LOOP
            BEGIN
                EXECUTE 'REFRESH MATERIALIZED VIEW ' || found.name;
            EXCEPTION WHEN OTHERS THEN NULL;
            END;
        END LOOP;
    END LOOP;
END $$;
CREATE FUNCTION round_trip.data() RETURNS TABLE (name text, value text) LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
    found record;
BEGIN
    FOR found IN SELECT c.oid::pg_catalog.regclass::text AS source FROM pg_catalog.pg_class c
                 JOIN pg_catalog.pg_namespace n ON n.oid = relnamespace
                 WHERE relkind IN ('r', 'p', 'v', 'm') AND nspname IN ('public', 'shop', 'Odd one')
                 UNION ALL
                 SELECT pg_catalog.format('%s.%I()', pronamespace::pg_catalog.regnamespace, proname) FROM pg_catalog.pg_proc p
                 JOIN pg_catalog.pg_namespace n ON n.oid = pronamespace
                 WHERE nspname IN ('public', 'shop') AND pronargs = 0 AND prokind = 'f'
                   AND prorettype <> 'pg_catalog.trigger'::pg_catalog.regtype
    LOOP
        name := found.source;
        BEGIN
            EXECUTE 'SELECT pg_catalog.jsonb_agg(pg_catalog.to_jsonb(x) ORDER BY pg_catalog.to_jsonb(x)::text)::text FROM '
                    || found.source || ' x' INTO value;
        EXCEPTION WHEN OTHERS THEN
            -- which value of several is looked at first says nothing
            value := CASE WHEN SQLSTATE LIKE '22%' THEN SQLSTATE ELSE SQLSTATE || ' ' || SQLERRM END;
        END;
        RETURN NEXT;
    END LOOP;
END $$;
CREATE FUNCTION round_trip.tried() RETURNS TABLE (name text, value text) LANGUAGE plpgsql SET search_path = public, pg_catalog AS $$
DECLARE
    probe record;
    broken text;
BEGIN
    FOR probe IN SELECT * FROM round_trip.probes ORDER BY number
    LOOP
        name := probe.sql;
        BEGIN
            SET CONSTRAINTS ALL IMMEDIATE;
            EXECUTE probe.sql;
            RAISE EXCEPTION USING ERRCODE = 'P0099',
                MESSAGE = 'accepted: ' || (SELECT COALESCE(string_agg(what, ',' ORDER BY what), '') FROM public.audit);
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS broken = CONSTRAINT_NAME;
            value := CASE SQLSTATE WHEN 'P0099' THEN SQLERRM -- which of two indexes or foreign keys is looked at first says nothing
                          WHEN '23505' THEN SQLSTATE WHEN '23503' THEN SQLSTATE ELSE SQLSTATE || ' ' || broken END;
        END;
        RETURN NEXT;
    END LOOP;
END $$;
"#;

/// What is compared.
#[derive(Debug, Clone)]
pub(super) struct Look {
    catalog: Vec<String>,
    data: BTreeMap<String, String>,
    tried: BTreeMap<String, String>,
}

impl Look {
    /// Looks at the database, and rolls back what the session has open.
    pub(super) fn take(client: &mut Client) -> Result<Self, postgres::Error> {
        client
            .batch_execute("SET LOCAL client_min_messages = error; SELECT round_trip.restore()")?;
        let mut pairs = |query: &str| -> Result<BTreeMap<String, String>, postgres::Error> {
            let rows = client.query(query, &[])?;
            let value = |row: &postgres::Row| row.get::<_, Option<String>>(1).unwrap_or_default();
            Ok(rows.iter().map(|row| (row.get(0), value(row))).collect())
        };
        let data = pairs("SELECT * FROM round_trip.data()")?;
        let tried = pairs("SELECT * FROM round_trip.tried()")?;
        let text = catalog(client, &["round_trip.rows", "round_trip.probes"]);
        let text = without_reordering(&text);
        // An inherited constraint is valid as soon as all rows are checked, and there is no inverse.
        let normal = |line: &str| match line {
            // From 18 on it has a name, which a column that is added gives to those of all partitions.
            line if line.ends_with("(inherited)") && line.contains(" NOT NULL ") => {
                let table = line.split(' ').next().unwrap_or_default();
                format!("{table} {}", &line[line.find("NOT NULL ").unwrap_or(0)..])
            }
            line if line.ends_with("(inherited)") => line.replace(" NOT VALID", ""),
            // A list of aliases says nothing by itself: what is made of it is in the data.
            line if ["FROM ", "JOIN "].iter().any(|word| line.contains(word)) => {
                without_lists(line)
            }
            line => line.to_owned(),
        };
        // It is shown where the schema was recreated.
        let lines =
            text.split('\n').filter(|line| *line != "schema public: standard public schema");
        // Queries are indented by how deep they stand.
        let mut catalog: Vec<_> = lines.map(|line| normal(line.trim_start())).collect();
        catalog.sort_unstable();
        Ok(Self { catalog, data, tried })
    }

    /// Returns the differences, besides the order of columns and the like; and whether that differs.
    pub(super) fn differences(&self, other: &Self) -> (Vec<String>, bool) {
        let mut differences = Vec::new();
        for (what, own, others) in
            [("returns", &self.data, &other.data), ("tried", &self.tried, &other.tried)]
        {
            for (name, value) in own {
                match others.get(name) {
                    Some(found) if found == value => {}
                    found => differences.push(format!(
                        "{what} {name}: {} instead of {}",
                        cut(found.map_or("nothing", String::as_str)),
                        cut(value)
                    )),
                }
            }
        }
        // As often as they are more there than here.
        let lines = |lines: &[String], others: &[String]| {
            let mut counts = HashMap::<&str, usize>::new();
            others.iter().for_each(|line| *counts.entry(line).or_default() += 1);
            let is_more = |line: &&String| match counts.get_mut(line.as_str()) {
                Some(count) if *count > 0 => {
                    *count -= 1;
                    false
                }
                _ => true,
            };
            lines.iter().filter(is_more).cloned().collect::<Vec<_>>()
        };
        let missing = lines(&self.catalog, &other.catalog);
        let added = lines(&other.catalog, &self.catalog);
        let is_in_order = missing.is_empty() && added.is_empty();
        let sorted = |lines: &[String]| {
            let text = lines.join(" ");
            let words = text.split(|letter: char| " ,(){};".contains(letter));
            let mut words: Vec<_> =
                words.filter(|word| !word.is_empty()).map(str::to_owned).collect();
            words.sort_unstable();
            words
        };
        if sorted(&missing) != sorted(&added) {
            differences.extend(missing.iter().map(|line| format!("missing: {}", cut(line))));
            differences.extend(added.iter().map(|line| format!("added: {}", cut(line))));
        }
        (differences, is_in_order)
    }
}

fn cut(text: &str) -> String {
    text.chars().take(400).collect()
}

/// The queries of functions that put their columns in another order, without that: whether it is the
/// right one is in the data.
fn without_reordering(text: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some((start, end, inner)) = reordering(rest) {
        result.push_str(&rest[..start]);
        result.push_str(inner);
        rest = &rest[end..];
    }
    result + rest
}

/// Finds the first such query, and what it has put in order.
fn reordering(text: &str) -> Option<(usize, usize, &str)> {
    let start = text.find(" SELECT result.")?;
    let from = start + text[start..].find(" FROM ( ")?;
    let inner = from + " FROM (".len();
    let close = inner + text[inner..].find(") result")?;
    let end = close + text[close..].find(';')?;
    Some((start, end, &text[inner..close]))
}

/// A line without what is between brackets that stand at the end of a word.
fn without_lists(line: &str) -> String {
    let mut result = String::new();
    let mut rest = line;
    while let Some(open) = rest.find('(') {
        let end = rest[open..].find(')').map_or(rest.len(), |end| open + end);
        result.push_str(&rest[..open]);
        let inner = &rest[open..end];
        let is_list = inner[1..].split(", ").all(|name| {
            name.chars().all(|letter| letter.is_alphanumeric() || "_\" ".contains(letter))
        });
        if !is_list || rest[..open].ends_with([' ', '(']) {
            result.push_str(&rest[open..open + 1]);
            rest = &rest[open + 1..];
            continue;
        }
        rest = &rest[end..];
    }
    result.push_str(rest);
    result
}
