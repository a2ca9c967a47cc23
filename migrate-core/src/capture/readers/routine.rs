//! Functions, procedures and aggregates.

use super::super::kind::Kind;
use super::super::privileges;
use super::Reader;

pub(super) const FUNCTIONS: Reader =
    Reader::of(&[Kind::Function, Kind::Procedure, Kind::Aggregate], functions);

/// A function whose arguments and result are the same can be replaced, if it then has no fewer
/// defaults.
fn functions() -> String {
    // There is no word for an aggregate where privileges are granted.
    let on = "CASE prokind WHEN 'a' THEN 'ROUTINE ' || p.oid::regprocedure
                           ELSE format('%s %s', word, signature) END";
    let acl = privileges::sql('f', on, "''", "proacl", "proowner");
    format!(
        "
SELECT 'pg_proc', p.oid, 0::int8, what, value, statements
FROM wanted
JOIN pg_proc p ON p.oid = objid
LEFT JOIN pg_aggregate ON aggfnoid = p.oid
CROSS JOIN LATERAL (
    SELECT CASE prokind WHEN 'p' THEN 'PROCEDURE' WHEN 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END AS word,
           format('%s.%I', pronamespace::regnamespace, proname) AS name,
           CASE WHEN prokind = 'a' AND pronargs = 0 THEN '*' ELSE pg_get_function_identity_arguments(p.oid)
           END AS arguments
    OFFSET 0
) AS n
CROSS JOIN LATERAL (
    SELECT format('%s(%s)', name, arguments) AS signature,
           CASE WHEN prokind <> 'a' THEN rtrim(pg_get_functiondef(p.oid), E'\\n')
           ELSE format('CREATE AGGREGATE %s(%s) (%s)', name, arguments, concat_ws(', ',
               'SFUNC = ' || aggtransfn::regproc, 'STYPE = ' || format_type(aggtranstype, NULL),
               'SSPACE = ' || NULLIF(aggtransspace, 0),
               'FINALFUNC = ' || NULLIF(aggfinalfn, 0)::regproc,
               CASE WHEN aggfinalextra THEN 'FINALFUNC_EXTRA' END,
               'FINALFUNC_MODIFY = ' || CASE WHEN aggfinalfn = 0 THEN NULL ELSE
                   CASE aggfinalmodify WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE'
                                       ELSE 'READ_WRITE' END END,
               'COMBINEFUNC = ' || NULLIF(aggcombinefn, 0)::regproc,
               'SERIALFUNC = ' || NULLIF(aggserialfn, 0)::regproc,
               'DESERIALFUNC = ' || NULLIF(aggdeserialfn, 0)::regproc,
               'INITCOND = ' || quote_literal(agginitval),
               'MSFUNC = ' || NULLIF(aggmtransfn, 0)::regproc,
               'MINVFUNC = ' || NULLIF(aggminvtransfn, 0)::regproc,
               'MSTYPE = ' || CASE WHEN aggmtranstype <> 0 THEN format_type(aggmtranstype, NULL) END,
               'MSSPACE = ' || NULLIF(aggmtransspace, 0),
               'MFINALFUNC = ' || NULLIF(aggmfinalfn, 0)::regproc,
               CASE WHEN aggmfinalextra THEN 'MFINALFUNC_EXTRA' END,
               'MFINALFUNC_MODIFY = ' || CASE WHEN aggmfinalfn = 0 THEN NULL ELSE
                   CASE aggmfinalmodify WHEN 'r' THEN 'READ_ONLY' WHEN 's' THEN 'SHAREABLE'
                                        ELSE 'READ_WRITE' END END,
               'MINITCOND = ' || quote_literal(aggminitval),
               'SORTOP = ' || (SELECT format('OPERATOR(%s.%s)', oprnamespace::regnamespace, oprname)
                               FROM pg_operator o WHERE o.oid = aggsortop),
               'PARALLEL = ' || CASE proparallel WHEN 's' THEN 'SAFE' WHEN 'r' THEN 'RESTRICTED'
                                                 ELSE 'UNSAFE' END,
               CASE WHEN aggkind = 'h' THEN 'HYPOTHETICAL' END)) END AS definition
    OFFSET 0
) AS d
CROSS JOIN LATERAL (VALUES
    ('create', CASE WHEN prokind = 'a' THEN definition ELSE
        concat_ws(' ', prokind, proretset, pg_get_function_identity_arguments(p.oid),
                  pg_get_function_result(p.oid), proargnames, proargmodes,
                  (SELECT string_agg(format_type(argument, NULL), ' ' ORDER BY number)
                   FROM unnest(proallargtypes) WITH ORDINALITY AS all_of(argument, number))) END,
        ARRAY[definition]),
    ('drop', NULL, ARRAY[format('DROP %s %s', word, signature)]),
    ('change body', CASE WHEN prokind <> 'a' THEN definition END,
        CASE WHEN prokind <> 'a' THEN ARRAY[definition] END),
    -- one that has too many is recreated
    ('change defaults', pronargdefaults::text, ARRAY[]::text[]),
    ('owner', proowner::regrole::text,
        ARRAY[format('ALTER %s %s OWNER TO %s', word, signature, proowner::regrole)]),
    ('acl f', NULL, {acl})
) AS rows(what, value, statements)
WHERE statements IS NOT NULL"
    )
}
