//! The timestamp in front of a migration's name.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

/// How far a clock may be ahead of ours before its timestamps count as future ones.
const CLOCK_SKEW_SECONDS: u64 = 10 * 60;

/// A second in UTC as 14 digits, `20261120101500`: sorts by time as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The time now.
    #[must_use]
    pub fn now() -> Self {
        Self::at(SystemTime::now())
    }

    /// The second of this moment; a moment before 1970 counts as 1970.
    #[must_use]
    pub fn at(moment: SystemTime) -> Self {
        let seconds = moment.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let (days, second_of_day) = (seconds / 86_400, seconds % 86_400);
        let (year, month, day) = civil_from_days(days);
        let (hour, minute, second) =
            (second_of_day / 3600, second_of_day / 60 % 60, second_of_day % 60);
        let date = (year * 100 + month) * 100 + day;
        Self(((date * 100 + hour) * 100 + minute) * 100 + second)
    }

    /// Reads 14 digits that name a second of a day that exists.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 14 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let number: u64 = text.parse().ok()?;
        let field = |divisor: u64| number / divisor % 100;
        let (year, month, day) = (number / 10_000_000_000, field(100_000_000), field(1_000_000));
        let exists = year >= 1970
            && (1..=12).contains(&month)
            && (1..=days_in_month(year, month)).contains(&day)
            && field(10_000) < 24
            && field(100) < 60
            && field(1) < 60;
        exists.then_some(Self(number))
    }

    /// Whether the time is still to come, by more than clocks may differ.
    #[must_use]
    pub fn is_future(self) -> bool {
        self > Self::latest()
    }

    /// The last one that is not still to come.
    pub(super) fn latest() -> Self {
        Self::at(SystemTime::now() + std::time::Duration::from_secs(CLOCK_SKEW_SECONDS))
    }

    /// The second after this one.
    #[must_use]
    pub fn next(self) -> Self {
        // Counts up from right to left; each field starts again where it is full.
        let (date, time) = (self.0 / 1_000_000, self.0 % 1_000_000);
        let (hour, minute, second) = (time / 10_000, time / 100 % 100, time % 100);
        let of_day = (hour * 60 + minute) * 60 + second + 1;
        let (year, month, day) = (date / 10_000, date / 100 % 100, date % 100);
        let date = match (of_day == 86_400, day == days_in_month(year, month), month == 12) {
            (false, ..) => date,
            (true, false, _) => date + 1,
            (true, true, false) => (year * 100 + month + 1) * 100 + 1,
            (true, true, true) => (year + 1) * 10_000 + 101,
        };
        Self((((date * 100 + of_day / 3600 % 24) * 100) + of_day / 60 % 60) * 100 + of_day % 60)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:014}", self.0)
    }
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_in_month(year: u64, month: u64) -> u64 {
    match month {
        2 => 28 + u64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Year, month and day of a day counted from 1970-01-01.
fn civil_from_days(mut days: u64) -> (u64, u64, u64) {
    let mut year = 1970;
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let mut month = 1;
    while days >= days_in_month(year, month) {
        days -= days_in_month(year, month);
        month += 1;
    }
    (year, month, days + 1)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn seconds_since_1970_as_a_date() {
        let at = |seconds| Timestamp::at(UNIX_EPOCH + Duration::from_secs(seconds)).to_string();
        assert_eq!(at(0), "19700101000000");
        assert_eq!(at(951_782_399), "20000228235959");
        assert_eq!(at(951_782_400), "20000229000000");
        assert_eq!(at(1_795_169_700), "20261120101500");
    }

    #[test]
    fn only_seconds_that_exist() {
        assert!(Timestamp::parse("20240229235959").is_some());
        for wrong in [
            "20230229000000",
            "20261301000000",
            "20260101240000",
            "2026010100000",
            "20260101000060",
            "+2026010100000",
        ] {
            assert_eq!(Timestamp::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_next_second_crosses_midnight() {
        assert_eq!(
            Timestamp::parse("20261231235959").unwrap().next().to_string(),
            "20270101000000"
        );
    }

    #[test]
    fn now_is_not_the_future() {
        assert!(!Timestamp::now().is_future());
        assert!(Timestamp::parse("29990101000000").unwrap().is_future());
    }
}
