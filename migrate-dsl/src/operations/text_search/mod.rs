//! Text search, see [Full Text Search](https://www.postgresql.org/docs/current/textsearch.html).

mod alter_text_search_configuration;
mod alter_text_search_dictionary;
mod create_text_search_configuration;
mod create_text_search_dictionary;
mod drop_text_search_configuration;
mod drop_text_search_dictionary;
mod rename_text_search_configuration;
mod rename_text_search_dictionary;

pub use alter_text_search_configuration::AlterTextSearchConfiguration;
pub use alter_text_search_dictionary::AlterTextSearchDictionary;
pub use create_text_search_configuration::CreateTextSearchConfiguration;
pub use create_text_search_dictionary::CreateTextSearchDictionary;
