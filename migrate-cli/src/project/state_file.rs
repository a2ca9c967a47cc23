//! The file in which the state of a project is stored: first the index, which every command reads,
//! then the plans, a line each, which are needed only if there is something to do.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// How many digits say how long the index is.
const DIGITS: usize = 16;

/// The plans of a file. They stay those of the index that was read with them, since a new state takes the
/// file's place, and does not change it.
#[derive(Debug, Default)]
pub(super) struct Plans {
    file: Option<File>,
    /// Where they begin.
    start: u64,
}

/// Reads the index of a file, and where the plans are.
pub(super) fn read<I: DeserializeOwned>(mut file: File) -> io::Result<(I, Plans)> {
    let mut digits = [0; DIGITS];
    file.read_exact(&mut digits)?;
    let length =
        std::str::from_utf8(&digits).ok().and_then(|it| usize::from_str_radix(it, 16).ok());
    let length = length.ok_or(io::ErrorKind::InvalidData)?;
    let start = (DIGITS as u64).saturating_add(length as u64);
    if start > file.metadata()?.len() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let mut index = vec![0; length];
    file.read_exact(&mut index)?;
    Ok((serde_json::from_slice(&index)?, Plans { file: Some(file), start }))
}

/// Writes a file beside this one, and puts it in its place.
pub(super) fn write<'a>(
    path: &Path,
    index: &impl Serialize,
    plans: impl IntoIterator<Item = &'a [u8]>,
) -> io::Result<()> {
    let index = serde_json::to_vec(index)?;
    let mut content = format!("{:0DIGITS$x}", index.len()).into_bytes();
    content.extend(index);
    plans.into_iter().for_each(|plan| content.extend(plan));
    let side = path.with_extension("new");
    fs::write(&side, content)?;
    fs::rename(&side, path)
}

impl Plans {
    /// All of them.
    pub(super) fn read(&mut self) -> io::Result<PlanTexts> {
        let mut text = Vec::new();
        if let Some(file) = &mut self.file {
            file.seek(SeekFrom::Start(self.start))?;
            file.read_to_end(&mut text)?;
        }
        Ok(PlanTexts(text))
    }
}

/// The JSON of plans.
pub(super) struct PlanTexts(Vec<u8>);

impl PlanTexts {
    /// That of one plan; nothing where the file ends before it.
    pub(super) fn get(&self, place: &Range<usize>) -> Option<&[u8]> {
        self.0.get(place.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.state");
        write(&path, &[1, 2], [b"one".as_slice(), b"two"]).unwrap();
        let (index, mut plans) = read::<Vec<u32>>(File::open(&path).unwrap()).unwrap();
        assert_eq!(index, [1, 2]);
        // Another one in its place changes nothing of what is read.
        write(&path, &[3], [b"other".as_slice()]).unwrap();
        let plans = plans.read().unwrap();
        assert_eq!(plans.get(&(3..6)), Some(b"two".as_slice()));
        assert_eq!(plans.get(&(3..7)), None);
    }

    #[test]
    fn what_is_cut_or_something_else_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.state");
        write(&path, &[1, 2], []).unwrap();
        let whole = fs::read(&path).unwrap();
        let long = b"ffffffffffffffff[]".to_vec();
        let cut = (0..whole.len()).map(|length| whole[..length].to_vec());
        for content in cut.chain([long, b"no digits at all".to_vec()]) {
            fs::write(&path, &content).unwrap();
            assert!(read::<Vec<u32>>(File::open(&path).unwrap()).is_err(), "{content:?}");
        }
    }
}
