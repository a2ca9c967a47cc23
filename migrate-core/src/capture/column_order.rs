//! Definitions that depend on the position of columns.
//!
//! `pg_get_viewdef` writes `public.t t(id, b, c)` where a column was renamed since, where the author
//! gave the list, and after every function that returns rows. A column that was dropped is added back
//! as the last one, so that the list would give other columns these names, without an error if the
//! types fit. What has such a list is therefore made by a block that looks up the order of the
//! columns when it runs; and where it cannot be known what a list is of, the block raises an error
//! if any of the columns that matter stand in another order by then.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use migrate_dsl::{Identifier, quote_literal};
use postgres::Client;
use postgres::types::Type;

use super::alias_list::{AliasList, Of, alias_lists, names_of, width_of_query};
use super::fact::{Address, Fact};
use super::form::{Change, ColumnsOf, Form, Limit};

/// Where statements have such lists: views, rules, functions with a body that was parsed, policies.
const CLASSES: &[&str] = &["pg_class", "pg_rewrite", "pg_proc", "pg_policy"];

/// Makes what has lists of aliases independent of the order of columns.
pub(super) fn make_independent(
    client: &mut Client,
    facts: &mut HashMap<Address, Fact>,
) -> Result<(), postgres::Error> {
    let mut lists: HashMap<Address, Vec<AliasList>> = HashMap::new();
    for (address, fact) in
        facts.iter().filter(|(address, fact)| may_have_lists(&address.class, fact))
    {
        let form = fact.form();
        let found: Vec<_> = texts(&form).iter().flat_map(|text| alias_lists(text)).collect();
        if !found.is_empty() || texts(&form).iter().any(|text| makes_rows(text)) {
            lists.insert(address.clone(), found);
        }
    }
    if lists.is_empty() {
        return Ok(());
    }
    let catalog = Catalog::read(client, &lists)?;
    for address in lists.into_keys() {
        let Some(fact) = facts.get_mut(&address) else { continue };
        let mut form = fact.form();
        let rows = catalog.rows_of.get(&address);
        let mut limits = Vec::new();
        for (of, text) in texts_mut(&mut form) {
            let is_unknown =
                |list: &AliasList| catalog.columns(list).is_none() && !catalog.is_fixed(list);
            let mut fixed = Columns::new();
            if let Some(rows) = rows {
                if alias_lists(text).iter().any(is_unknown) {
                    fixed.extend(rows.of_relations.clone());
                    fixed.extend(rows.of_types.clone());
                }
                if text.contains("ROW(") {
                    fixed.extend(rows.of_types.clone());
                }
            }
            let result = rows.filter(|_| is_parsed_function(text));
            let mut result = result.map(|rows| rows.of_result.clone()).unwrap_or_default();
            // One that returns a row as one column, or too few since its type has got more.
            if let Some(width) = query_of(text).and_then(|(_, query)| width_of_query(query)) {
                result.retain(|_, columns| columns.len() == width);
            }
            if let Some((block, fixed)) = catalog.block(text, fixed, &result) {
                let made = made_by(text);
                limits.extend(fixed.keys().filter_map(|relation| {
                    let reason = format!(
                        "what uses columns of `{relation}` by position cannot be recreated once they \
                         are in another order: {made}"
                    );
                    let columns = catalog.columns_of.get(relation)?.clone();
                    let unless_in_order = Some(columns);
                    Some(Limit { of: of.to_owned(), reason, fails: true, unless_in_order })
                }));
                *text = block;
            }
        }
        form.limits.extend(limits);
        fact.set_form(form);
    }
    Ok(())
}

fn may_have_lists(class: &str, fact: &Fact) -> bool {
    CLASSES.contains(&class) && !fact.is_table() && fact.is_created()
}

fn texts(form: &Form) -> Vec<&String> {
    let bodies = form.settings.iter().filter_map(|setting| match &setting.change {
        Change::Statements(statements) if setting.name == "change body" => Some(statements),
        _ => None,
    });
    form.create.iter().chain(bodies.flatten()).filter(|text| has_lists(text)).collect()
}

/// Those texts, and what they are in: a setting, or `create`.
fn texts_mut(form: &mut Form) -> impl Iterator<Item = (&str, &mut String)> {
    let bodies = form.settings.iter_mut().filter_map(|setting| match &mut setting.change {
        Change::Statements(statements) if setting.name == "change body" => {
            Some(statements.iter_mut().map(|text| (setting.name.as_str(), text)))
        }
        _ => None,
    });
    let create = form.create.iter_mut().map(|text| ("create", text));
    create.chain(bodies.flatten()).filter(|(_, text)| has_lists(text))
}

/// A function whose body is a text is not parsed by the server, and so nothing is known of it.
fn has_lists(text: &str) -> bool {
    [
        "CREATE VIEW ",
        "CREATE OR REPLACE VIEW ",
        "CREATE MATERIALIZED VIEW ",
        "CREATE RULE ",
        "CREATE POLICY ",
    ]
    .iter()
    .any(|start| text.starts_with(start))
        || is_parsed_function(text)
}

fn is_parsed_function(text: &str) -> bool {
    (text.starts_with("CREATE OR REPLACE FUNCTION ")
        || text.starts_with("CREATE OR REPLACE PROCEDURE "))
        && (text.contains("\nBEGIN ATOMIC\n") || text.contains("\nRETURN "))
}

/// Whether values become rows of a type by position: in a row's constructor, and in what a function
/// returns.
fn makes_rows(text: &str) -> bool {
    text.contains("ROW(") || is_parsed_function(text)
}

/// Relations, and the names of their columns in order.
type Columns = BTreeMap<String, Vec<String>>;

/// Whose order of columns matters to an object.
#[derive(Default)]
struct Rows {
    of_relations: Columns,
    of_types: Columns,
    /// Of a function: what it returns.
    of_result: Columns,
}

/// What the lists are of.
#[derive(Default)]
struct Catalog {
    relations: Columns,
    /// The relation whose rows a function returns; none if it returns something else.
    functions: HashMap<String, Option<String>>,
    rows_of: HashMap<Address, Rows>,
    /// Of the relations whose rows the objects use.
    columns_of: HashMap<String, ColumnsOf>,
}

impl Catalog {
    fn read(
        client: &mut Client,
        lists: &HashMap<Address, Vec<AliasList>>,
    ) -> Result<Self, postgres::Error> {
        let mut catalog = Self::default();
        let of = lists.values().flatten().map(|list| &list.of);
        let (mut relations, mut functions) = (BTreeSet::new(), BTreeSet::new());
        for of in of {
            match of {
                Of::Relation(name) if names_of(name).len() == 2 => {
                    _ = relations.insert(name.clone())
                }
                Of::Function(name) if names_of(name).len() == 2 => {
                    _ = functions.insert(name.clone())
                }
                _ => {}
            }
        }
        let parts = |names: &BTreeSet<String>, part: usize| {
            names.iter().map(|name| names_of(name).swap_remove(part)).collect::<Vec<_>>()
        };
        let names: Vec<&String> = functions.iter().collect();
        let rows = client.query_typed(
            "
SELECT f.name, count(DISTINCT (typrelid, typtype = 'p' AND typname <> 'record')) = 1
               AND NOT bool_or(typtype = 'd' OR typtype = 'p' AND typname NOT IN ('record', 'void')),
       max(CASE WHEN typrelid <> 0 THEN typrelid::regclass::text END)
FROM unnest($1::text[], $2::text[], $3::text[]) AS f(name, schema, function)
JOIN pg_namespace n ON nspname = schema
JOIN pg_proc ON pronamespace = n.oid AND proname = function
JOIN pg_type t ON t.oid = prorettype
GROUP BY f.name",
            &[
                (&names, Type::TEXT_ARRAY),
                (&parts(&functions, 0), Type::TEXT_ARRAY),
                (&parts(&functions, 1), Type::TEXT_ARRAY),
            ],
        )?;
        for row in rows.iter().filter(|row| row.get(1)) {
            let returned: Option<String> = row.get(2);
            relations.extend(returned.clone());
            catalog.functions.insert(row.get(0), returned);
        }
        let names: Vec<&String> = relations.iter().collect();
        let rows = client.query_typed(
            "
SELECT r.name, array_agg(attname::text ORDER BY attnum)
FROM unnest($1::text[], $2::text[], $3::text[]) AS r(name, schema, relation)
JOIN pg_namespace n ON nspname = schema
JOIN pg_class c ON relnamespace = n.oid AND relname = relation
JOIN pg_attribute ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped
GROUP BY r.name",
            &[
                (&names, Type::TEXT_ARRAY),
                (&parts(&relations, 0), Type::TEXT_ARRAY),
                (&parts(&relations, 1), Type::TEXT_ARRAY),
            ],
        )?;
        catalog.relations = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        catalog.read_rows(client, lists.keys())?;
        Ok(catalog)
    }

    /// Reads whose rows the objects use.
    fn read_rows<'a>(
        &mut self,
        client: &mut Client,
        objects: impl Iterator<Item = &'a Address>,
    ) -> Result<(), postgres::Error> {
        let objects: Vec<&Address> = objects.collect();
        let classes: Vec<&str> = objects.iter().map(|address| address.class.as_ref()).collect();
        let (ids, _) = super::objects::ids(objects.iter().copied());
        let rows = client.query_typed(
            "
WITH depending AS (
    SELECT number, id, CASE class WHEN 'pg_class' THEN 'pg_rewrite' ELSE class END::regclass AS classid,
           COALESCE((SELECT u.oid FROM pg_rewrite u WHERE class = 'pg_class' AND ev_class = id
                                                          AND rulename = '_RETURN'), id) AS objid
    FROM unnest($1::text[], $2::oid[]) WITH ORDINALITY AS o(class, id, number)
),
needed AS (
    SELECT number, refclassid, refobjid FROM depending d JOIN pg_depend USING (classid, objid)
    WHERE deptype IN ('n', 'a') AND refobjid NOT IN (d.id, d.objid)
),
rows_of AS (
    SELECT number, refobjid AS relation, 'relation' AS used FROM needed WHERE refclassid = 'pg_class'::regclass
    UNION
    SELECT number, t.typrelid, 'type'
    FROM needed
    CROSS JOIN LATERAL (
        SELECT refobjid AS type WHERE refclassid = 'pg_type'::regclass
        UNION ALL
        SELECT unnest(prorettype || proargtypes::oid[]) FROM pg_proc
        WHERE refclassid = 'pg_proc'::regclass AND pg_proc.oid = refobjid
    ) AS types
    JOIN pg_type u ON u.oid = types.type
    JOIN pg_type t ON t.oid IN (u.oid, u.typelem, u.typbasetype) AND t.typrelid <> 0
    UNION
    SELECT number, typrelid, 'result'
    FROM depending JOIN pg_proc p ON classid = 'pg_proc'::regclass AND p.oid = objid
    JOIN pg_type t ON t.oid = prorettype AND typrelid <> 0
)
SELECT number, used, relation::regclass::text, array_agg(attname::text ORDER BY attnum),
       relation, array_agg(attnum::int8 ORDER BY attnum)
FROM rows_of
JOIN pg_class c ON c.oid = relation AND relkind IN ('r', 'p', 'f', 'v', 'm', 'c') AND c.oid >= 16384
JOIN pg_attribute ON attrelid = relation AND attnum > 0 AND NOT attisdropped
GROUP BY number, used, relation",
            &[(&classes, Type::TEXT_ARRAY), (&ids, Type::OID_ARRAY)],
        )?;
        for row in rows {
            let number = usize::try_from(row.get::<_, i64>(0)).unwrap_or_default();
            let Some(address) = number.checked_sub(1).and_then(|index| objects.get(index)) else {
                continue;
            };
            let columns_of = ColumnsOf { relation: row.get(4), numbers: row.get(5) };
            self.columns_of.insert(row.get(2), columns_of);
            let rows = self.rows_of.entry((*address).clone()).or_default();
            let columns = match row.get(1) {
                "relation" => &mut rows.of_relations,
                "type" => &mut rows.of_types,
                _ => &mut rows.of_result,
            };
            columns.insert(row.get(2), row.get(3));
        }
        Ok(())
    }

    /// Whether the order of these columns cannot change.
    fn is_fixed(&self, list: &AliasList) -> bool {
        match &list.of {
            Of::Query => true,
            // One of the catalog's.
            Of::Relation(name) => !self.relations.contains_key(name) && !list.names.is_empty(),
            Of::Function(name) => matches!(self.functions.get(name), Some(None)),
            // What several functions return, or one of PostgreSQL's own, has a name for each.
            Of::Unknown => list.names.len() == 1,
        }
    }

    /// The relation, and its columns, that a list is of.
    fn columns(&self, list: &AliasList) -> Option<(&String, &Vec<String>)> {
        let name = match &list.of {
            Of::Relation(name) => name,
            Of::Function(name) => self.functions.get(name)?.as_ref()?,
            Of::Query | Of::Unknown => return None,
        };
        let (name, columns) = self.relations.get_key_value(name)?;
        (columns.len() <= list.names.len()).then_some((name, columns))
    }

    /// The block that runs a statement with lists in the order of then, after a look at the order of
    /// `fixed`; where that changed, the values that a query returns as rows of `result` are put in
    /// theirs. And the columns that it raises an error about.
    fn block(&self, text: &str, mut fixed: Columns, result: &Columns) -> Option<(String, Columns)> {
        let (statement, has_lists) = self.execution(text, None);
        let reordered =
            result.iter().next().filter(|_| result.len() == 1).and_then(|(relation, columns)| {
                let text = in_the_order_of_then(text, columns)?;
                Some((relation, columns, self.execution(&text, Some(relation)).0))
            });
        let statement = match &reordered {
            Some((relation, columns, other)) => format!(
                "
    IF {} THEN{}
    ELSE{}
    END IF;",
                differs(relation, columns),
                other,
                statement,
            ),
            None => {
                fixed.extend(result.clone());
                statement
            }
        };
        if !has_lists && fixed.is_empty() && reordered.is_none() {
            return None;
        }
        let body = format!("\nBEGIN{}{statement}\nEND\n", assertion(text, &fixed));
        let block = if body.contains("$$") {
            format!("DO {}", quote_literal(&body))
        } else {
            format!("DO $${body}$$")
        };
        Some((block, fixed))
    }

    /// Returns what runs a text with its lists, and with the columns of a relation for the mark, in the
    /// order of that time; and whether there are any lists.
    fn execution(&self, text: &str, marked: Option<&str>) -> (String, bool) {
        let lists = alias_lists(text);
        let lists: Vec<_> =
            lists.iter().filter_map(|list| Some((list, self.columns(list)?))).collect();
        let has_lists = !lists.is_empty();
        let mut template = String::new();
        let mut arguments = String::new();
        let mut done = 0;
        if let Some(relation) = marked {
            arguments.push_str(&format!(
                ",
        (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(attname::pg_catalog.text), ', ' ORDER BY attnum)
         FROM pg_catalog.pg_attribute
         WHERE attrelid OPERATOR(pg_catalog.=) {}::pg_catalog.regclass
           AND attnum OPERATOR(pg_catalog.>) 0 AND NOT attisdropped)",
                quote_literal(relation)
            ));
        }
        for (list, (relation, columns)) in lists {
            template.push_str(&text[done..list.place.start].replace('%', "%%"));
            template.push_str("%s");
            done = list.place.end;
            let more = list.names[columns.len()..].iter();
            let more = more.map(|name| format!(", {}", Identifier::from(name.as_str()).quoted()));
            let more = more.collect::<String>();
            let more = if more.is_empty() { more } else { format!(" || {}", quote_literal(&more)) };
            let (names, aliases) = (array(columns), array(&list.names[..columns.len()]));
            arguments.push_str(&format!(
                ",
        (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(COALESCE(alias, attname::pg_catalog.text)), ', ' ORDER BY attnum)
         FROM pg_catalog.pg_attribute
         LEFT JOIN (SELECT pg_catalog.unnest({names}), pg_catalog.unnest({aliases})) AS known(name, alias)
             ON name OPERATOR(pg_catalog.=) attname::pg_catalog.text
         WHERE attrelid OPERATOR(pg_catalog.=) {}::pg_catalog.regclass
           AND attnum OPERATOR(pg_catalog.>) 0 AND NOT attisdropped){more}",
                quote_literal(relation)
            ));
        }
        template.push_str(&text[done..].replace('%', "%%"));
        let template = template.replacen(MARK, "%s", usize::from(marked.is_some()));
        let run =
            format!("\n    EXECUTE pg_catalog.format({}{arguments});", quote_literal(&template));
        (run, has_lists)
    }
}

/// Stands for the columns of a row in their order.
const MARK: &str = "\u{1}";

/// A function whose body is one query that returns these columns, with the mark in their place.
fn in_the_order_of_then(text: &str, columns: &[String]) -> Option<String> {
    let (head, query) = query_of(text)?;
    if text.contains(MARK) || width_of_query(query).is_none() {
        return None;
    }
    let names: Vec<_> =
        columns.iter().map(|name| Identifier::from(name.as_str()).quoted()).collect();
    let names = names.join(", ");
    Some(format!("{head}\nBEGIN ATOMIC\n SELECT {MARK} FROM ({query}) result({names});\nEND"))
}

/// Returns the text before the body of a function, and that body without its end.
fn query_of(text: &str) -> Option<(&str, &str)> {
    let (head, body) = text.split_once("\nBEGIN ATOMIC\n")?;
    Some((head, body.strip_suffix("END")?.trim_end().strip_suffix(';')?))
}

/// Statements that raise an error where these columns are in another order.
fn assertion(text: &str, fixed: &Columns) -> String {
    let what = made_by(text);
    let checks = fixed.iter().map(|(relation, columns)| {
        let message = format!("cannot recreate what uses columns of `{relation}` by position");
        let detail = format!("The columns are in another order than when it was captured: {what}");
        let hint =
            "Recreate it with the columns in their new order, in a `down` of the migration's own.";
        format!(
            "
    IF {} THEN
        RAISE EXCEPTION USING MESSAGE = {}, DETAIL = {}, HINT = {};
    END IF;",
            differs(relation, columns),
            quote_literal(&message),
            quote_literal(&detail),
            quote_literal(hint),
        )
    });
    checks.collect()
}

/// Returns the beginning of a statement.
fn made_by(text: &str) -> String {
    let first = text.lines().next().unwrap_or_default().trim_end_matches(" AS");
    first.chars().take(200).collect()
}

/// Returns SQL for whether the columns of a relation are in a different order.
fn differs(relation: &str, columns: &[String]) -> String {
    format!(
        "(SELECT pg_catalog.array_agg(attname::pg_catalog.text ORDER BY attnum)
            OPERATOR(pg_catalog.<>) {}
        FROM pg_catalog.pg_attribute
        WHERE attrelid OPERATOR(pg_catalog.=) {}::pg_catalog.regclass
          AND attnum OPERATOR(pg_catalog.>) 0 AND NOT attisdropped)",
        array(columns),
        quote_literal(relation),
    )
}

fn array(names: &[String]) -> String {
    let names = names.iter().map(|name| quote_literal(name)).collect::<Vec<_>>().join(", ");
    format!("ARRAY[{names}]::pg_catalog.text[]")
}
