//! What holds for all verbs. One that is missing here fails a test.
#![cfg_attr(
    not(test),
    expect(dead_code, unused_imports, reason = "the list alone is for other crates")
)]

use std::collections::BTreeSet;
use std::path::Path;

use sea_query::Query;

use crate::prelude::*;
use crate::step::Step;
use crate::{Object, Operation};

/// Something that a migration asks for.
pub type Verb<'a> = Box<dyn FnOnce(&mut Pgm) + 'a>;

/// Each verb, with `n` wherever it takes a name, and where it takes a value of an enum.
pub fn verbs(n: &str) -> Vec<Verb<'_>> {
    macro_rules! verbs {
        ($(|$pgm:ident| $record:expr;)*) => {
            vec![$(Box::new(move |$pgm: &mut Pgm| { $record; }) as Verb<'_>),*]
        };
    }
    let both = (n, n);
    verbs! {
        |pgm| pgm.add_check(both, n, "true");
        |pgm| pgm.add_column(both, |t| t.column(n, both).references(both, n).comment("c"));
        |pgm| pgm.add_enum_value(both, n).after(n);
        |pgm| pgm.add_exclusion(both, "gist", [(col(n), "=")]).named(n);
        |pgm| pgm.add_foreign_key(both, n, both, n).named(n);
        |pgm| pgm.add_not_null(both, n).named(n).comment("c");
        |pgm| pgm.add_primary_key(both, n).named(n).tablespace(n).comment("c");
        |pgm| pgm.add_unique(both, n).named(n).using_index(n);
        |pgm| pgm.alter_column(both, n).set_type(both).collate(both).set_not_null().comment("c");
        |pgm| pgm.alter_constraint(both, n).deferrable();
        |pgm| pgm.alter_default_privileges().for_role(n).in_schema(n).grant("ALL").on_tables().to(n);
        |pgm| pgm.alter_foreign_data_wrapper(n).handler(both).validator(both).set_option(n, "v");
        |pgm| pgm.alter_foreign_table(both).add_column_option(n, n, "v");
        |pgm| pgm.alter_policy(both, n).to(n);
        |pgm| pgm.alter_publication(n).add_table(both).columns(n).drop_tables_in_schema(n);
        |pgm| pgm.alter_role(n).set(n, ["v"]).in_database(n);
        |pgm| pgm.alter_index(both).set_parameter(n, 1).reset_parameter(n).set_tablespace(n);
        |pgm| pgm.alter_sequence(both).data_type(both).owned_by(both, n);
        |pgm| pgm.alter_table(both).inherit(both).cluster_on(n).set_parameter(n, 1).of_type(both);
        |pgm| pgm.alter_server(n).version("v").drop_option(n);
        |pgm| pgm.alter_subscription(n).set_publication(n).slot_name("s");
        |pgm| pgm.alter_user_mapping(n, n).add_option(n, "v");
        |pgm| pgm.attach_index_partition(both, both);
        |pgm| pgm.attach_partition(both, both).default_partition();
        |pgm| pgm.add_to_operator_family(both, n, |f| {
            f.operator(1, (n, "<")).types(both, both).order_by(both);
            f.function(1, both).types(both, both).arguments([both]);
        });
        |pgm| pgm.alter_composite_type(both).add_attribute(n, both).collate(both).drop_attribute(n);
        |pgm| pgm.alter_domain(both).set_default("v").add_check(n, "true").drop_constraint(n);
        |pgm| pgm.alter_function(both).arguments([both]).support(both).set(n, ["v"]).reset(n);
        |pgm| pgm.alter_materialized_view(both).set_parameter(n, "v").set_column_storage(n, "main");
        |pgm| pgm.alter_operator((n, "<")).rightarg(both).restrict(both).negator((n, "<>"));
        |pgm| pgm.alter_procedure(both).arguments([both]).set_from_current(n);
        |pgm| pgm.alter_statistics(both).set_statistics(0);
        |pgm| pgm.alter_text_search_configuration(both).add_mapping(n, [both]);
        |pgm| pgm.alter_text_search_dictionary(both).set_option(n, "v").reset_option(n);
        |pgm| pgm.alter_view(both).set_default(n, "v").set_parameter(n, "v");
        |pgm| pgm.comment_on(Object::column(both, n), "c");
        |pgm| pgm.create_aggregate(both, |a| {
            a.argument(n, both);
            a.sfunc(both).stype(both).initcond("v").sortop((n, "<"));
        }).comment("c");
        |pgm| pgm.create_cast(both, both).with_function(both).arguments([both]).comment("c");
        |pgm| pgm.create_collation(both).provider(n).locale("v").comment("c");
        |pgm| pgm.create_composite_type(both, |t| t.column(n, both));
        |pgm| pgm.create_domain(both, both).check_named(n, "true").comment("c");
        |pgm| pgm.create_enum(both, [n]).comment("c");
        |pgm| pgm.create_event_trigger(n, n).tags(["v"]).execute(both).comment("c");
        |pgm| pgm.create_extension(n).schema(n).version(n);
        |pgm| pgm.create_foreign_data_wrapper(n).handler(both).validator(both).option(n, "v");
        |pgm| pgm.create_foreign_partition(both, both, n).default_partition().option(n, "v");
        |pgm| pgm.create_foreign_table(both, n, |t| t.column(n, both)).column_option(n, n, "v");
        |pgm| pgm.create_function(both, |f| {
            f.argument(n, both);
            f.returns(both).set(n, ["v"]).body(n, "b");
        });
        |pgm| pgm.create_index(both, n).named(n).include(n).tablespace(n).comment("c");
        |pgm| pgm.create_materialized_view(both, "SELECT 1").columns(n).comment("c");
        |pgm| pgm.create_operator((n, "<"), both).leftarg(both).rightarg(both).commutator((n, ">"));
        |pgm| pgm.create_operator_class(both, n, both, |c| {
            c.operator(1, (n, "<")).order_by(both);
            c.function(1, both).arguments([both]);
            c.storage(both);
        }).family(both).comment("c");
        |pgm| pgm.create_operator_family(both, n).comment("c");
        |pgm| pgm.create_partition(both, both).default_partition().partition_by_list(n);
        |pgm| pgm.create_policy(both, n).to(n).comment("c");
        |pgm| pgm.create_procedure(both, |f| {
            f.argument(n, both);
            f.body(n, "b");
        });
        |pgm| pgm.create_publication(n).table(both).columns(n).tables_in_schema(n);
        |pgm| pgm.create_role(n).in_role(n).role(n).admin(n).comment("c");
        |pgm| pgm.create_range(both, both).collate(both).multirange_type_name(n).comment("c");
        |pgm| pgm.create_rule(both, n).insert().nothing().comment("c");
        |pgm| pgm.create_schema(n).authorization(n);
        |pgm| pgm.create_sequence(both).data_type("int").owned_by(both, n);
        |pgm| pgm.create_server(n, n).server_type("t").version("v").option(n, "v").comment("c");
        |pgm| pgm.create_subscription(n, "host=v", n).connect(false).comment("c");
        |pgm| pgm.create_statistics(both, both, n).comment("c");
        |pgm| pgm.create_table(both, |t| {
            t.column(n, both).identity(Always).sequence_name(both).comment("c");
            t.like(both);
            t.check("true").named(n);
        }).inherits(both).partition_by_hash(n).tablespace(n).comment("c");
        |pgm| pgm.create_table(both, |t| t.attribute(n)).of_type(both).using(n);
        |pgm| pgm.create_text_search_configuration(both).parser(both).comment("c");
        |pgm| pgm.create_text_search_dictionary(both, both).option(n, "v").comment("c");
        |pgm| pgm.create_trigger(both, n).after().update_of(n).new_rows(n).execute(both);
        |pgm| pgm.create_user_mapping(n, n).option(n, "v");
        |pgm| pgm.create_view(both, "SELECT 1").columns(n).parameter(n, true).comment("c");
        |pgm| pgm.detach_partition(both, both);
        |pgm| pgm.disable_event_trigger(n);
        |pgm| pgm.disable_rule(both, n);
        |pgm| pgm.disable_trigger(both, n);
        |pgm| pgm.drop_aggregate(both).arguments([both]);
        |pgm| pgm.drop_cast(both, both);
        |pgm| pgm.drop_collation(both);
        |pgm| pgm.drop_column(both, n);
        |pgm| pgm.drop_column(both, n).keep_data();
        |pgm| pgm.drop_constraint(both, n);
        |pgm| pgm.drop_domain(both);
        |pgm| pgm.drop_event_trigger(n);
        |pgm| pgm.drop_extension(n);
        |pgm| pgm.drop_foreign_data_wrapper(n);
        |pgm| pgm.drop_foreign_table(both);
        |pgm| pgm.drop_function(both).arguments([both]);
        |pgm| pgm.drop_index(both);
        |pgm| pgm.drop_materialized_view(both);
        |pgm| pgm.drop_policy(both, n);
        |pgm| pgm.drop_procedure(both).arguments([both]);
        |pgm| pgm.drop_publication(n);
        |pgm| pgm.drop_role(n);
        |pgm| pgm.drop_operator((n, "<")).leftarg(both).rightarg(both);
        |pgm| pgm.drop_operator_class(both, n);
        |pgm| pgm.drop_operator_family(both, n);
        |pgm| pgm.drop_rule(both, n);
        |pgm| pgm.drop_schema(n);
        |pgm| pgm.drop_sequence(both);
        |pgm| pgm.drop_server(n);
        |pgm| pgm.drop_subscription(n).keep_slot();
        |pgm| pgm.drop_statistics(both);
        |pgm| pgm.drop_table(both);
        |pgm| pgm.drop_table(both).keep_data();
        |pgm| pgm.drop_trigger(both, n);
        |pgm| pgm.drop_type(both);
        |pgm| pgm.drop_user_mapping(n, n);
        |pgm| pgm.drop_view(both);
        |pgm| pgm.grant("SELECT").on_columns(both, n).to(n).granted_by(n);
        |pgm| pgm.grant_role(n, n).granted_by(n);
        |pgm| pgm.import_foreign_schema(n, n, n).limit_to(n).option(n, "v");
        |pgm| pgm.purge_column(both, n);
        |pgm| pgm.purge_table(both);
        |pgm| pgm.refresh_materialized_view(both);
        |pgm| pgm.reindex(Object::index(both)).tablespace(n);
        |pgm| pgm.drop_text_search_configuration(both);
        |pgm| pgm.drop_text_search_dictionary(both);
        |pgm| pgm.enable_event_trigger(n);
        |pgm| pgm.enable_rule(both, n);
        |pgm| pgm.enable_trigger(both, n);
        |pgm| pgm.refresh_collation_version(both);
        |pgm| pgm.remove_from_operator_family(both, n, |f| _ = f.operator(1, both, both));
        |pgm| pgm.rename_aggregate(both, n).arguments([both]);
        |pgm| pgm.rename_collation(both, n);
        |pgm| pgm.rename_attribute(both, n, n);
        |pgm| pgm.rename_column(both, n, n);
        |pgm| pgm.rename_constraint(both, n, n);
        |pgm| pgm.rename_domain(both, n);
        |pgm| pgm.rename_domain_constraint(both, n, n);
        |pgm| pgm.rename_enum_value(both, n, n);
        |pgm| pgm.rename_foreign_data_wrapper(n, n);
        |pgm| pgm.rename_foreign_table(both, n);
        |pgm| pgm.rename_event_trigger(n, n);
        |pgm| pgm.rename_function(both, n).arguments([both]);
        |pgm| pgm.rename_index(both, n);
        |pgm| pgm.rename_materialized_view(both, n);
        |pgm| pgm.rename_policy(both, n, n);
        |pgm| pgm.rename_procedure(both, n).arguments([both]);
        |pgm| pgm.rename_publication(n, n);
        |pgm| pgm.rename_role(n, n);
        |pgm| pgm.rename_materialized_view_column(both, n, n);
        |pgm| pgm.rename_operator_class(both, n, n);
        |pgm| pgm.rename_operator_family(both, n, n);
        |pgm| pgm.rename_rule(both, n, n);
        |pgm| pgm.rename_schema(n, n);
        |pgm| pgm.rename_sequence(both, n);
        |pgm| pgm.rename_server(n, n);
        |pgm| pgm.rename_subscription(n, n);
        |pgm| pgm.rename_statistics(both, n);
        |pgm| pgm.rename_table(both, n);
        |pgm| pgm.rename_text_search_configuration(both, n);
        |pgm| pgm.rename_text_search_dictionary(both, n);
        |pgm| pgm.rename_trigger(both, n, n);
        |pgm| pgm.rename_type(both, n);
        |pgm| pgm.rename_view(both, n);
        |pgm| pgm.rename_view_column(both, n, n);
        |pgm| pgm.revoke("USAGE").on_schema(n).from(n).granted_by(n);
        |pgm| pgm.revoke_role(n, n).granted_by(n);
        |pgm| pgm.set_owner(Object::table(both), n);
        |pgm| pgm.set_schema(Object::table(both), n);
        |pgm| pgm.restart_sequence(both);
        |pgm| pgm.truncate_table(both);
        |pgm| pgm.update_extension(n).to(n);
        |pgm| pgm.validate_constraint(both, n);
    }
}

/// Verbs whose SQL is the author's own.
const RAW: [&str; 5] = ["copy_from", "rust", "sql", "sql_file", "statement"];

fn steps(up: impl FnOnce(&mut Pgm)) -> Vec<Step> {
    let mut pgm = Pgm::new(Path::new(""));
    up(&mut pgm);
    pgm.into_parts().0
}

/// What a verb records.
pub fn operation(verb: impl FnOnce(&mut Pgm)) -> Box<dyn Operation> {
    let mut steps = steps(verb);
    let (Some(step), true) = (steps.pop(), steps.is_empty()) else {
        panic!("a verb is a step");
    };
    step.operation
}

/// What a verb comes to.
struct Recorded {
    verb: &'static str,
    /// Both ways.
    sql: Vec<String>,
    problems: Vec<String>,
}

fn recorded(up: impl FnOnce(&mut Pgm)) -> Recorded {
    let operation = operation(up);
    let back = operation.inverse().statements().to_vec();
    let statements = operation.statements().into_iter().chain(back);
    let (sql, problems): (_, Vec<_>) = statements.map(|s| (s.sql, s.problems)).unzip();
    Recorded { verb: operation.verb(), sql, problems: problems.concat() }
}

/// The verbs that the files below this folder define: in a block of methods, or as rows.
fn verbs_below(folder: &Path) -> BTreeSet<String> {
    let mut verbs = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            verbs.append(&mut verbs_below(&path));
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for start in ["\nimpl Pgm {\n", "\nplain_verbs! {\n"] {
            let blocks = text.split(start).skip(1).filter_map(|rest| rest.split("\n}\n").next());
            let lines = blocks.flat_map(str::lines);
            let names =
                lines.filter_map(|line| line.strip_prefix("    pub fn ")?.split(['(', '<']).next());
            verbs.extend(names.map(str::to_owned));
        }
    }
    verbs
}

#[test]
fn no_verb_is_missing_here() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/operations");
    let tested = verbs("n").into_iter().map(|verb| recorded(verb).verb.to_owned());
    let mut expected = verbs_below(&folder);
    expected.retain(|verb| !RAW.contains(&verb.as_str()));
    assert_eq!(tested.collect::<BTreeSet<_>>(), expected);
}

#[test]
fn a_name_that_would_be_cut_is_a_problem_wherever_it_stands() {
    let long = "ł".repeat(32);
    for verb in verbs(&long) {
        let Recorded { verb, sql, problems } = recorded(verb);
        let names = sql.join(";").matches(&long).count();
        let found = problems.iter().filter(|problem| problem.contains("has 64 bytes"));
        assert_eq!(found.count(), names, "{verb}: {sql:?}");
    }
}

#[test]
fn names_are_quoted_by_every_verb() {
    for name in
        [r#"weird "name"#, "select", "Łódź", "a.b", "it's", r"back\slash", "a b; DROP TABLE c --"]
    {
        let quoted = crate::Identifier::from(name).quoted();
        let literal = crate::quote_literal(name);
        let kept = crate::kept_name(name).quoted();
        for (plain, verb) in verbs("nnn").into_iter().zip(verbs(name)) {
            let plain = recorded(plain).sql.into_iter();
            let expected = plain.map(|sql| {
                let sql = sql.replace("\"kept_nnn\"", &kept);
                sql.replace("\"nnn\"", &quoted).replace("'nnn'", &literal)
            });
            let Recorded { verb, sql, .. } = recorded(verb);
            assert_eq!(sql, expected.collect::<Vec<_>>(), "{verb}");
            // So far a name that is never quoted would go unseen.
            let without = [&kept, &quoted, &literal]
                .into_iter()
                .fold(sql.join(";"), |sql, name| sql.replace(name, ""));
            assert!(!without.contains(name) || name == "select", "{verb}: {sql:?}");
        }
    }
}

#[test]
fn what_older_servers_do_not_know() {
    let required = |up: fn(&mut Pgm)| {
        let statements = steps(up).into_iter().flat_map(|step| step.operation.statements());
        let requires = statements.flat_map(|statement| statement.requires);
        requires.map(|needed| format!("{} {}", needed.version, needed.what)).collect::<Vec<_>>()
    };
    let routines = required(|pgm| {
        pgm.create_function("f", |f| _ = f.return_expr("1"));
        pgm.create_procedure("p", |f| _ = f.atomic("SELECT 1"));
        pgm.create_trigger("posts", "t").or_replace().after().insert().execute("f");
        pgm.create_event_trigger("hello", "login").execute("f");
    });
    assert_eq!(routines, ["14 return_expr", "14 atomic", "14 or_replace", "17 login"]);
    let views = required(|pgm| {
        pgm.create_view("v", "SELECT 1").parameter("security_invoker", true);
        pgm.alter_view("v").set_parameter("security_invoker", true);
        pgm.alter_materialized_view("m")
            .set_access_method("heap")
            .set_column_compression("a", "lz4");
    });
    assert_eq!(
        views,
        [
            "15 security_invoker",
            "15 security_invoker",
            "15 set_access_method",
            "14 set_column_compression"
        ]
    );
    let others = required(|pgm| {
        pgm.create_range("r", "text").multirange_type_name("m");
        pgm.create_statistics("s", "posts", [expr("a + b"), col("a")]);
        pgm.create_collation("c").locale("und").provider("icu").rules("&V << w");
        pgm.create_collation("b").locale("C").provider("builtin");
        pgm.alter_operator("<").rightarg("int").commutator(">").negator(">=").hashes().merges();
    });
    assert_eq!(
        others,
        [
            "14 multirange_type_name",
            "14 expr",
            "16 rules",
            "17 builtin",
            "17 commutator",
            "17 negator",
            "17 hashes",
            "17 merges"
        ]
    );
}

#[test]
fn statements_are_the_authors_own() {
    let up = |pgm: &mut Pgm| {
        pgm.sql("SELECT 1");
        pgm.statement(Query::select().expr(1));
    };
    let verbs: Vec<_> = steps(up).iter().map(|step| step.operation.verb()).collect();
    assert_eq!(verbs, ["sql", "statement"]);
}
