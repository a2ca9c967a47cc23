//! A plan in a file.

use serde::{Deserialize, Serialize};

use super::{Migration, Plan, PlanError, check, parse};

/// A plan as it travels: with the name of the history that its migrations are recorded in.
///
/// Without that name, another machine would look at the default table, find nothing there, and
/// apply everything again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanFile {
    /// The plan.
    #[serde(flatten)]
    pub plan: Plan,
    /// Where its migrations are recorded; the program of a migrations crate does not know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<HistoryName>,
}

/// Which tables are the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryName {
    /// Their schema.
    pub schema: String,
    /// The history table; the others are named after it.
    pub table: String,
}

impl PlanFile {
    /// Reads a plan, and the name of the history where it has one. What the language refuses is a
    /// problem here, too: the author of the file is unknown.
    ///
    /// # Errors
    ///
    /// As [`from_json`](super::from_json).
    pub fn from_json(text: &str) -> Result<Self, PlanError> {
        // `flatten` would keep all of it in memory once more.
        #[derive(Deserialize)]
        struct Whole {
            format: u32,
            generator: String,
            hash: String,
            migrations: Vec<Migration>,
            #[serde(default)]
            history: Option<HistoryName>,
        }
        let whole = parse(text, |whole: &Whole| whole.format)?;
        let Whole { format, generator, hash, migrations, history } = whole;
        let mut plan = Plan { format, generator, hash, migrations };
        check::nothing_is_captured(&mut plan);
        check::check(&mut plan)?;
        Ok(Self { plan, history })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_travels_with_the_name_of_its_history() {
        let bare = r#"{"format":1,"generator":"g","hash":"h","migrations":[]}"#;
        let mut file = PlanFile::from_json(bare).unwrap();
        assert_eq!(file.history, None);
        assert_eq!(serde_json::to_string(&file).unwrap(), bare);
        file.history = Some(HistoryName { schema: "ops".to_owned(), table: "changes".to_owned() });
        let text = serde_json::to_string(&file).unwrap();
        assert!(text.ends_with(r#","history":{"schema":"ops","table":"changes"}}"#), "{text}");
        assert_eq!(PlanFile::from_json(&text).unwrap(), file);
        assert_eq!(crate::plan::from_json(&text).unwrap(), file.plan);
    }
}
