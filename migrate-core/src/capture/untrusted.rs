//! Code of roles that are not trusted, which would run where it is restored.
//!
//! A step can affect what belongs to other roles: `DROP TYPE .. CASCADE` drops the columns of that type
//! in tables of all roles. To restore such a table or column, the server evaluates its defaults, checks
//! and generated columns, or folds what is constant in them, with the rights of the role that
//! migrates, see [Function Security](https://www.postgresql.org/docs/current/perm-functions.html). So
//! an inverse that would do this names the owner of that code, and is refused where that role is not
//! [trusted](crate::history).
//!
//! An expression that calls nothing but functions of the server that do nothing besides computing
//! their result may belong to any role.

use std::collections::{BTreeSet, HashMap};

use postgres::Client;
use postgres::types::{Oid, ToSql, Type};

use super::State;
use super::class::class;
use super::fact::Address;
use super::form::{Phase, Setting};
use crate::connect::permission::TRUSTED_ROLES;
use crate::plan;

/// Whose code it is, and of which object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub(crate) struct Code {
    pub(crate) owner: String,
    /// As the subject of a sentence.
    pub(crate) object: String,
    /// The relation that had none yet, and may have got some when it is changed back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    relation: Option<String>,
    #[serde(skip)]
    id: Oid,
}

impl Code {
    /// Whether there was some when it was captured.
    pub(crate) fn runs(&self) -> bool {
        self.relation.is_none()
    }
}

/// The expressions of relations: one of the common table expressions of a query.
const EXPRESSION: &str = "\
expression (relation, tree) AS (
    SELECT r.oid, adbin FROM relation r JOIN pg_attrdef ON adrelid = r.oid
    UNION ALL
    SELECT r.oid, conbin FROM relation r JOIN pg_constraint ON conrelid = r.oid AND conbin IS NOT NULL
    UNION ALL
    SELECT r.oid, indexprs FROM relation r JOIN pg_index ON indrelid = r.oid
    UNION ALL
    SELECT r.oid, indpred FROM relation r JOIN pg_index ON indrelid = r.oid
    UNION ALL
    SELECT r.oid, partexprs FROM relation r JOIN pg_partitioned_table ON partrelid = r.oid
    UNION ALL
    SELECT r.oid, stxexprs FROM relation r JOIN pg_statistic_ext ON stxrelid = r.oid
)";

/// The code that the objects of a state have, by the class and the id of each; of a column, with its
/// number, and as `pg_attribute` where it is the casts of its type.
pub(super) type Codes = HashMap<(String, Oid, i64), Code>;

/// Kinds of nodes that call nothing but what they say, as the server's versions name them.
const NODES: &str = "'CONST', 'VAR', 'FUNCEXPR', 'OPEXPR', 'BOOLEXPR', 'NULLTEST', 'BOOLEANTEST', \
     'RELABELTYPE', 'NEXTVALUEEXPR', 'SQLVALUEFUNCTION', 'SCALARARRAYOPEXPR', 'DISTINCTEXPR', \
     'ARRAY', 'ARRAYEXPR', 'CASE', 'CASEEXPR', 'WHEN', 'CASEWHEN', 'COALESCE', 'COALESCEEXPR', \
     'COERCETODOMAINVALUE', 'COLLATEEXPR', 'COLLATE', 'COERCEVIAIO'";

/// Functions that are not immutable, and still only compute something.
const FUNCTIONS: &str = "'nextval', 'now', 'random', 'gen_random_uuid', 'uuidv4', 'uuidv7', \
     'clock_timestamp', 'statement_timestamp', 'transaction_timestamp', 'timezone', 'date_trunc', \
     'date_part', 'extract', 'timestamp', 'timestamptz', 'date', 'time', 'to_char', 'to_date', \
     'to_timestamp'";

/// Returns SQL for whether an expression, as the catalog has it, does anything but compute with
/// functions of the server.
fn calls_others(tree: &str) -> String {
    format!(
        "(EXISTS (SELECT FROM regexp_matches({tree}, '[{{]([A-Z_]+)', 'g') AS m(names) \
             WHERE names[1] NOT IN ({NODES})) \
         OR EXISTS (SELECT FROM regexp_matches({tree}, ':resulttype ([0-9]+)', 'g') AS m(ids) \
             WHERE ids[1]::oid >= 16384) \
         OR EXISTS (SELECT FROM regexp_matches({tree}, ':(?:funcid|opfuncid) ([0-9]+)', 'g') AS m(ids) \
             LEFT JOIN pg_proc p ON p.oid = m.ids[1]::oid \
             WHERE p.oid IS NULL OR p.oid >= 16384 \
                OR p.provolatile <> 'i' AND p.proname NOT IN ({FUNCTIONS})))"
    )
}

impl State {
    /// Reads the code of untrusted roles that what the state has would run when it is restored.
    pub(super) fn read_code(&mut self, client: &mut Client) -> Result<(), postgres::Error> {
        let of_class = |class: &str| {
            let whole = self.facts.values().map(|fact| &fact.address);
            let whole = whole.filter(|address| address.class == class);
            let ids: BTreeSet<Oid> = whole.map(|address| address.object).collect();
            ids.into_iter().collect::<Vec<_>>()
        };
        let classes =
            ["pg_class", "pg_type", "pg_proc", "pg_constraint", "pg_attrdef", "pg_statistic_ext"];
        let ids = classes.map(of_class);
        let calls_others = calls_others("tree::text");
        let sql = format!(
            "
WITH RECURSIVE {TRUSTED_ROLES},
touched (oid) AS MATERIALIZED (
    SELECT unnest($1)
    UNION
    SELECT indrelid FROM pg_index WHERE indexrelid = ANY ($1)
    UNION
    SELECT conrelid FROM pg_constraint WHERE oid = ANY ($4)
    UNION
    SELECT adrelid FROM pg_attrdef WHERE oid = ANY ($5)
    UNION
    SELECT stxrelid FROM pg_statistic_ext WHERE oid = ANY ($6)
),
relation AS MATERIALIZED (
    SELECT c.oid, relowner AS owner FROM touched JOIN pg_class c ON c.oid = touched.oid
    WHERE relkind IN ('r', 'p', 'f', 'm') AND relowner NOT IN (SELECT role FROM trusted)
),
{EXPRESSION},
-- a domain checks values wherever it is used
domain AS MATERIALIZED (
    SELECT t.oid, typowner AS owner FROM pg_constraint c JOIN pg_type t ON t.oid = contypid
    WHERE conrelid = 0 AND contypid <> 0 AND typowner NOT IN (SELECT role FROM trusted)
      AND EXISTS (SELECT FROM (SELECT conbin AS tree) AS e WHERE tree IS NOT NULL AND {calls_others})
    UNION
    SELECT t.oid, owner FROM domain d JOIN pg_type t ON t.typbasetype = d.oid
),
-- a value that is cast to a type, or from it
cast_by AS MATERIALIZED (
    SELECT unnest(ARRAY[castsource, casttarget]) AS oid, proowner AS owner
    FROM pg_cast JOIN pg_proc p ON p.oid = castfunc
    WHERE proowner NOT IN (SELECT role FROM trusted)
),
runs AS MATERIALIZED (
    SELECT DISTINCT relation AS oid FROM expression WHERE tree IS NOT NULL AND {calls_others}
),
judged AS MATERIALIZED (
    SELECT r.oid, owner, u.oid IS NOT NULL AS runs FROM relation r LEFT JOIN runs u ON u.oid = r.oid
),
found (class, object, part, owner, described_class, described, runs) AS (
    SELECT 'pg_class', oid, 0, owner, 'pg_class', oid, runs FROM judged
    UNION ALL
    SELECT 'pg_attrdef', d.oid, 0, owner, 'pg_class', r.oid, runs FROM judged r JOIN pg_attrdef d ON adrelid = r.oid
    UNION ALL
    SELECT 'pg_constraint', c.oid, 0, owner, 'pg_class', r.oid, runs FROM judged r JOIN pg_constraint c ON conrelid = r.oid
    UNION ALL
    SELECT 'pg_class', indexrelid, 0, owner, 'pg_class', r.oid, runs FROM judged r JOIN pg_index ON indrelid = r.oid
    UNION ALL
    SELECT 'pg_statistic_ext', s.oid, 0, owner, 'pg_class', r.oid, runs FROM judged r JOIN pg_statistic_ext s ON stxrelid = r.oid
    UNION ALL
    SELECT 'pg_type', oid, 0, owner, 'pg_type', oid, true FROM domain WHERE oid = ANY ($2)
    UNION ALL
    SELECT 'pg_constraint', c.oid, 0, owner, 'pg_type', d.oid, true FROM domain d JOIN pg_constraint c ON contypid = d.oid
    UNION ALL
    SELECT class, attrelid, attnum, owner, 'pg_type', t.oid, true
    FROM (SELECT 'pg_class', * FROM domain UNION ALL SELECT 'pg_attribute', * FROM cast_by WHERE oid >= 16384)
        AS t(class, oid, owner)
    JOIN pg_attribute ON atttypid = t.oid
    WHERE attrelid = ANY ($1) AND attnum > 0 AND NOT attisdropped
    UNION ALL
    -- its first state is read as a value of its type
    SELECT 'pg_proc', p.oid, 0, proowner, 'pg_proc', p.oid, true
    FROM pg_proc p JOIN pg_aggregate ON aggfnoid = p.oid
    WHERE p.oid = ANY ($3) AND agginitval IS NOT NULL AND aggtranstype >= 16384
      AND proowner NOT IN (SELECT role FROM trusted)
    UNION ALL
    -- what a foreign key compares is cast to what its operators take
    SELECT 'pg_constraint', c.oid, 0, r.relowner, 'pg_class', r.oid, true
    FROM pg_constraint c JOIN pg_class r ON r.oid IN (c.conrelid, c.confrelid)
    WHERE c.oid = ANY ($4) AND contype = 'f' AND r.relowner NOT IN (SELECT role FROM trusted)
      AND EXISTS (SELECT FROM pg_attribute
                  WHERE (attrelid = c.conrelid AND attnum = ANY (c.conkey)
                         OR attrelid = c.confrelid AND attnum = ANY (c.confkey)) AND atttypid >= 16384)
)
SELECT class, object, part::int8, pg_get_userbyid(owner)::text, type || ' `' || identity || '`',
       CASE WHEN NOT runs THEN described::regclass::text END, described
FROM found CROSS JOIN pg_identify_object(described_class::regclass, described, 0)"
        );
        let parameters = ids.each_ref().map(|ids| (ids as &(dyn ToSql + Sync), Type::OID_ARRAY));
        let rows = client.query_typed(&sql, &parameters)?;
        let codes = rows.iter().map(|row| {
            let code = Code {
                owner: row.get(3),
                object: row.get(4),
                relation: row.get(5),
                id: row.get(6),
            };
            ((row.get(0), row.get(1), row.get(2)), code)
        });
        self.codes = codes.collect();
        Ok(())
    }

    /// Whether restoring it runs no code of untrusted roles.
    pub(super) fn has_no_code(&self) -> bool {
        self.codes.is_empty()
    }

    /// The code that restoring this setting of an object would run.
    pub(super) fn code_of_setting(&self, address: &Address, setting: &Setting) -> Option<&Code> {
        if setting.when.phase >= Phase::Owner || setting.name.ends_with(" comment") {
            return None;
        }
        let cast = match setting.name.as_str() {
            "change type" => {
                self.codes.get(&("pg_attribute".to_owned(), address.object, address.part))
            }
            _ => None,
        };
        cast.or_else(|| self.code_of(address))
    }

    /// The code that recreating this would run. A relation without any that is recreated as a whole
    /// has none then, either.
    pub(super) fn code_of_made(
        &self,
        address: &Address,
        is_made: impl Fn(&Address) -> bool,
    ) -> Option<&Code> {
        let is_made = |object: Oid| is_made(&Address { class: class("pg_class"), object, part: 0 });
        self.code_of(address).filter(|code| code.relation.is_none() || !is_made(code.id))
    }

    fn code_of(&self, address: &Address) -> Option<&Code> {
        if self.codes.is_empty() {
            return None;
        }
        // To attach a partition checks that its rows belong there.
        let class = match address.class.as_ref() {
            "pg_inherits" => "pg_class",
            class => class,
        };
        let of = |part| self.codes.get(&(class.to_owned(), address.object, part));
        of(0).or_else(|| of(address.part))
    }
}

/// How a line of a captured statement begins that says whose code it runs.
const RUNS: &str = "-- may run code of an untrusted role: ";

/// Adds to a captured statement whose code runs with it and those after it.
pub(crate) fn note_code(sql: &mut String, codes: &BTreeSet<Code>) {
    for code in codes {
        if let Ok(json) = serde_json::to_string(code) {
            sql.push('\n');
            sql.push_str(RUNS);
            sql.push_str(&json);
        }
    }
}

/// Whose code a captured statement says that it runs.
pub(crate) fn code_of(statement: &plan::Statement) -> impl Iterator<Item = Code> {
    let lines = statement.sql.lines().filter(|_| statement.captured).collect::<Vec<_>>();
    // Only after the statement itself: a body of a function may have any line.
    let notes = lines.into_iter().rev().take_while(|line| line.starts_with("-- "));
    notes.filter_map(|line| serde_json::from_str(line.strip_prefix(RUNS)?).ok())
}

/// Of these, the code of roles that the current role does not trust.
///
/// # Errors
///
/// When the server refuses the query.
pub(crate) fn untrusted(
    client: &mut Client,
    mut codes: Vec<Code>,
) -> Result<Vec<Code>, postgres::Error> {
    if codes.is_empty() {
        return Ok(codes);
    }
    let owners: Vec<_> = codes.iter().map(|code| code.owner.as_str()).collect();
    let trusted = client.query_typed(
        &format!(
            "WITH RECURSIVE {TRUSTED_ROLES} SELECT rolname::text FROM pg_roles \
             WHERE rolname = ANY ($1::text[]) AND oid IN (SELECT role FROM trusted)"
        ),
        &[(&owners, Type::TEXT_ARRAY)],
    )?;
    let trusted: Vec<String> = trusted.iter().map(|row| row.get(0)).collect();
    codes.retain(|code| !trusted.contains(&code.owner));
    let names: Vec<_> = codes.iter().filter_map(|code| code.relation.as_deref()).collect();
    if !names.is_empty() {
        let calls_others = calls_others("tree::text");
        let run = client.query_typed(
            &format!(
                "WITH relation AS MATERIALIZED (SELECT name, to_regclass(name)::oid AS oid \
                 FROM unnest($1::text[]) AS name), {EXPRESSION} \
                 SELECT name FROM relation JOIN expression ON relation = oid \
                 WHERE tree IS NOT NULL AND {calls_others}"
            ),
            &[(&names, Type::TEXT_ARRAY)],
        )?;
        let run: Vec<String> = run.iter().map(|row| row.get(0)).collect();
        codes.retain(|code| code.relation.as_ref().is_none_or(|name| run.contains(name)));
    }
    Ok(codes)
}
