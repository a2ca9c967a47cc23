//! Extended statistics, see
//! [Statistics Used by the Planner](https://www.postgresql.org/docs/current/planner-stats.html#PLANNER-STATS-EXTENDED).

mod alter_statistics;
mod create_statistics;
mod drop_statistics;
mod rename_statistics;

pub use alter_statistics::AlterStatistics;
pub use create_statistics::CreateStatistics;
