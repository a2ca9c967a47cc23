//! x
/// x
pub fn catalog() {}
