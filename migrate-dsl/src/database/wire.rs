//! Messages between a program of migrations and the engine: a length, a tag, the fields.
//!
//! Both ends are this code, so that there is nothing to agree on but its version; and texts with any
//! character in them, and bytes, need no escaping.

use super::{Asked, DatabaseError, MAX_MESSAGE, Reply, Request, Value};
use crate::Place;
use crate::direction::Direction;
use crate::function::{Function, FunctionError};

/// The version of these messages.
pub const VERSION: u32 = 1;

/// The longest message: what it carries, with something for the lengths between.
const LONGEST: usize = 2 * MAX_MESSAGE;

/// What is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Garbage;

/// What a program says to the engine.
#[derive(Debug, Clone, PartialEq)]
pub enum FromProgram {
    /// The first word: the version of its messages.
    Hello(u32),
    /// Its function asks this.
    Request(Request),
    /// Its function has ended.
    Ended(Result<(), FunctionError>),
}

/// What the engine says to a program.
#[derive(Debug, Clone, PartialEq)]
pub enum FromEngine {
    /// This function is to run.
    Run(Function),
    /// The answer to a request.
    Answer(Result<Reply, DatabaseError>),
}

/// The first whole message of what has come so far, taken out of it; none where more has to come.
///
/// # Errors
///
/// When it cannot be one.
pub fn take<T: Message>(bytes: &mut Vec<u8>) -> Result<Option<T>, Garbage> {
    let Some((head, rest)) = bytes.split_first_chunk::<4>() else { return Ok(None) };
    let length = u32::from_le_bytes(*head) as usize;
    if length > LONGEST {
        return Err(Garbage);
    }
    let Some(body) = rest.get(..length) else { return Ok(None) };
    let mut body = body;
    let message = T::read(&mut body)?;
    if !body.is_empty() {
        return Err(Garbage);
    }
    bytes.drain(..4 + length);
    Ok(Some(message))
}

/// A message as it travels; nothing where it is too long for that.
#[must_use]
pub fn packed(message: &impl Message) -> Option<Vec<u8>> {
    let mut bytes = vec![0; 4];
    message.write(&mut bytes);
    let length = bytes.len() - 4;
    let head = u32::try_from(length).ok().filter(|_| length <= LONGEST)?;
    bytes[..4].copy_from_slice(&head.to_le_bytes());
    Some(bytes)
}

/// What goes into a message.
pub trait Message: Sized {
    /// Puts it behind the bytes.
    fn write(&self, bytes: &mut Vec<u8>);
    /// Takes it from the front of the bytes.
    ///
    /// # Errors
    ///
    /// When it is not there.
    fn read(bytes: &mut &[u8]) -> Result<Self, Garbage>;
}

/// Fields one after the other.
macro_rules! record {
    ($of:path { $($field:ident),* }) => {
        impl Message for $of {
            fn write(&self, bytes: &mut Vec<u8>) {
                $(self.$field.write(bytes);)*
            }

            fn read(bytes: &mut &[u8]) -> Result<Self, Garbage> {
                $(let $field = Message::read(bytes)?;)*
                Ok(Self { $($field),* })
            }
        }
    };
}

/// A number, and the field of the variant that has it.
macro_rules! choice {
    ($of:path { $($tag:literal => $variant:ident $(($field:ident))?,)* }) => {
        impl Message for $of {
            fn write(&self, bytes: &mut Vec<u8>) {
                match self {
                    $(Self::$variant $(($field))? => {
                        bytes.push($tag);
                        $($field.write(bytes);)?
                    })*
                }
            }

            fn read(bytes: &mut &[u8]) -> Result<Self, Garbage> {
                Ok(match u8::read(bytes)? {
                    $($tag => Self::$variant $((choice!(read bytes $field)))?,)*
                    _ => return Err(Garbage),
                })
            }
        }
    };
    (read $bytes:ident $field:ident) => { Message::read($bytes)? };
}

record!(Reply { affected, columns, rows });
record!(Place { file, line, column });
record!(DatabaseError { message, code, detail, hint, position, asked });
record!(Asked { sql, place, verb });
record!(Function { migration, within, name, way });
record!(FunctionError { message, panicked, place, query });
choice!(Direction { 0 => Up, 1 => Down, });
choice!(Value { 0 => Null, 1 => Bool(it), 2 => Int(it), 3 => Float(it), 4 => Text(it), 5 => Bytes(it), });
choice!(FromProgram { 0 => Hello(it), 1 => Request(it), 2 => Ended(it), });
choice!(FromEngine { 0 => Run(it), 1 => Answer(it), });

impl Message for Request {
    fn write(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Query { sql, values, rows } => {
                bytes.push(0);
                sql.write(bytes);
                values.write(bytes);
                rows.write(bytes);
            }
            Self::Batch { sql } => {
                bytes.push(1);
                sql.write(bytes);
            }
            Self::Begin => bytes.push(2),
            Self::Commit => bytes.push(3),
            Self::Rollback => bytes.push(4),
        }
    }

    fn read(bytes: &mut &[u8]) -> Result<Self, Garbage> {
        Ok(match u8::read(bytes)? {
            0 => Self::Query {
                sql: Message::read(bytes)?,
                values: Message::read(bytes)?,
                rows: Message::read(bytes)?,
            },
            1 => Self::Batch { sql: Message::read(bytes)? },
            2 => Self::Begin,
            3 => Self::Commit,
            4 => Self::Rollback,
            _ => return Err(Garbage),
        })
    }
}

macro_rules! numbers {
    ($($of:ty)*) => {$(
        impl Message for $of {
            fn write(&self, bytes: &mut Vec<u8>) {
                bytes.extend(self.to_le_bytes());
            }

            fn read(bytes: &mut &[u8]) -> Result<Self, Garbage> {
                let (head, rest) = bytes.split_first_chunk().ok_or(Garbage)?;
                *bytes = rest;
                Ok(Self::from_le_bytes(*head))
            }
        }
    )*};
}

numbers! { u8 u32 u64 i64 f64 }

impl Message for bool {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.push((*self).into());
    }

    fn read(bytes: &mut &[u8]) -> Result<Self, Garbage> {
        Ok(u8::read(bytes)? != 0)
    }
}

impl Message for () {
    fn write(&self, _: &mut Vec<u8>) {}

    fn read(_: &mut &[u8]) -> Result<Self, Garbage> {
        Ok(())
    }
}

impl Message for String {
    fn write(&self, bytes: &mut Vec<u8>) {
        (self.len() as u64).write(bytes);
        bytes.extend(self.as_bytes());
    }

    fn read(bytes: &mut &[u8]) -> Result<Self, Garbage> {
        let length = usize::try_from(u64::read(bytes)?).map_err(|_| Garbage)?;
        let (text, rest) = bytes.split_at_checked(length).ok_or(Garbage)?;
        *bytes = rest;
        Self::from_utf8(text.to_vec()).map_err(|_| Garbage)
    }
}

impl<T: Message> Message for Vec<T> {
    fn write(&self, bytes: &mut Vec<u8>) {
        (self.len() as u64).write(bytes);
        self.iter().for_each(|item| item.write(bytes));
    }

    fn read(bytes: &mut &[u8]) -> Result<Self, Garbage> {
        let length = u64::read(bytes)?;
        // No length is believed further than there are bytes: each item but `()` has one.
        (length <= bytes.len() as u64).then_some(()).ok_or(Garbage)?;
        (0..length).map(|_| T::read(bytes)).collect()
    }
}

impl<T: Message> Message for Box<T> {
    fn write(&self, bytes: &mut Vec<u8>) {
        (**self).write(bytes);
    }

    fn read(bytes: &mut &[u8]) -> Result<Self, Garbage> {
        T::read(bytes).map(Self::new)
    }
}

impl<T: Message> Message for Option<T> {
    fn write(&self, bytes: &mut Vec<u8>) {
        self.is_some().write(bytes);
        if let Some(it) = self {
            it.write(bytes);
        }
    }

    fn read(bytes: &mut &[u8]) -> Result<Self, Garbage> {
        bool::read(bytes)?.then(|| T::read(bytes)).transpose()
    }
}

impl<T: Message, E: Message> Message for Result<T, E> {
    fn write(&self, bytes: &mut Vec<u8>) {
        self.is_ok().write(bytes);
        match self {
            Ok(it) => it.write(bytes),
            Err(it) => it.write(bytes),
        }
    }

    fn read(bytes: &mut &[u8]) -> Result<Self, Garbage> {
        Ok(if bool::read(bytes)? { Ok(T::read(bytes)?) } else { Err(E::read(bytes)?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages() -> Vec<FromProgram> {
        let values = vec![
            Value::Null,
            Value::Bool(true),
            Value::Int(i64::MIN),
            Value::Float(f64::NEG_INFINITY),
            Value::Text("Łódź \0 \n \"日本\"".to_owned()),
            Value::Bytes((0..=255).collect()),
        ];
        let place = Place { file: "src/m.rs".to_owned(), line: 3, column: 9 };
        let query = DatabaseError {
            code: Some("23505".to_owned()),
            position: Some(7),
            asked: Box::new(Asked { place: Some(place), ..Asked::default() }),
            ..DatabaseError::new("no")
        };
        let error = FunctionError { query: Some(Box::new(query)), ..FunctionError::new("no") };
        vec![
            FromProgram::Hello(VERSION),
            FromProgram::Request(Request::Query { sql: "SELECT".to_owned(), values, rows: true }),
            FromProgram::Request(Request::Batch { sql: String::new() }),
            FromProgram::Request(Request::Begin),
            FromProgram::Ended(Ok(())),
            FromProgram::Ended(Err(error)),
        ]
    }

    #[test]
    fn what_is_packed_is_unpacked_however_it_is_cut() {
        let sent: Vec<u8> =
            messages().iter().flat_map(|message| packed(message).unwrap()).collect();
        let (mut come, mut taken) = (Vec::new(), Vec::new());
        for byte in sent {
            come.push(byte);
            taken.extend(take::<FromProgram>(&mut come).unwrap());
        }
        assert_eq!(taken, messages());
        assert!(come.is_empty());
    }

    #[test]
    fn garbage_is_garbage() {
        for bytes in [&b"hello, world"[..], &[1, 0, 0, 0, 9], &[2, 0, 0, 0, 2, 1, 0]] {
            let taken = take::<FromProgram>(&mut bytes.to_vec());
            assert!(
                matches!(taken, Err(Garbage) | Ok(Some(FromProgram::Ended(Ok(()))))),
                "{bytes:?}"
            );
        }
        assert_eq!(take::<FromProgram>(&mut vec![255; 64]), Err(Garbage));
        // Whatever byte is wrong, it does no harm.
        for message in messages() {
            let good = packed(&message).unwrap();
            for at in 0..good.len() {
                for wrong in [0, 1, 127, 255] {
                    let mut bytes = good.clone();
                    bytes[at] = wrong;
                    _ = take::<FromProgram>(&mut bytes);
                }
            }
        }
    }
}
